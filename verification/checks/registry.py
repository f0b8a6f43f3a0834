"""Finds the checks: every module of this package that holds one."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, cast

from verification import checks
from verification.checks.base import Check
from verification.domain import likeness
from verification.domain.decoded import RECIPE

_NO_CHECKS = frozenset({"base", "registry"})


class BadRegistry(Exception):
    """A module of the package holds no check, more than one, or one whose slug is not its own or is taken."""


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check there is, sorted by slug."""
    names = (module.name for module in iter_modules(checks.__path__) if module.name not in _NO_CHECKS)
    return register(import_module(f"{checks.__name__}.{name}") for name in names)


@cache
def fingerprint() -> str:
    """Stands for all checks with their versions and for what the decoders read and hash: 16 hex digits."""
    said = [
        f"decoded {RECIPE}",
        f"hashed {likeness.RECIPE}",
        *(f"{check.slug} {check.version}" for check in all_checks()),
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def get(slug: str) -> Check:
    """The check of that slug. Raises KeyError where there is none."""
    return {check.slug: check for check in all_checks()}[slug]


def is_stale(slug: str, version: str) -> bool:
    """Whether a run of that version would be done otherwise, or not at all, by the checks there are now."""
    return all((check.slug, check.version) != (slug, version) for check in all_checks())


def describe(check: Check) -> dict[str, Any]:
    """What a check says of itself, in the API's form."""
    return {
        "slug": check.slug,
        "title": check.title,
        "version": check.version,
        "dimensions": [dimension.value for dimension in check.dimensions],
        "media_types": list(check.media_types),
        "help": check.help,
        "reads": check.reads,
        "stances": {stance.value: meaning for stance, meaning in check.stances.items()},
        "cannot_know": check.cannot_know,
    }


def register(modules: Iterable[ModuleType]) -> tuple[Check, ...]:
    """The checks that the modules hold, sorted by slug. Raises BadRegistry."""
    found: dict[str, Check] = {}
    for module in modules:
        check = _check_in(module)
        if check.slug in found:
            raise BadRegistry(f"Two checks call themselves {check.slug}.")
        if check.slug != module.__name__.rpartition(".")[2]:
            raise BadRegistry(f"{module.__name__} holds a check called {check.slug}; the two must agree.")
        found[check.slug] = check
    return tuple(found[slug] for slug in sorted(found))


def _check_in(module: ModuleType) -> Check:
    own = [
        thing
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if thing.__module__ == module.__name__ and hasattr(thing, "slug") and hasattr(thing, "run")
    ]
    if len(own) != 1:
        raise BadRegistry(f"{module.__name__} holds {len(own)} checks; it should hold one.")
    return cast(Check, own[0]())
