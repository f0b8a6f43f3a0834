"""What went into the file by its content credentials (C2PA): a good top can stand on a bad ingredient."""

from __future__ import annotations

from typing import Any

from claims.vocabulary import Dimension, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.domain.credentials import (
    CARRIERS,
    Credentials,
    CredentialState,
    Ingredient,
    Manifest,
    say_codes,
    walk,
)
from verification.domain.findings import Finding

_TOLD = 5
_SHOWN = 50
_TITLE_CHARACTERS = 40
_WHO_SAYS = {True: "as its signer recorded", False: "found on validating it"}


class CredentialIngredients:
    slug = "credential_ingredients"
    title = "What went into the file"
    version = "1"
    dimensions = (Dimension.PROVENANCE,)
    media_types = CARRIERS
    help = (
        "Walks through the files that content credentials (C2PA) name as ingredients, and theirs in turn. "
        "Credentials can hold although those of an ingredient do not: whoever signed took it over as it was. "
        "An ingredient without credentials is the usual case and says nothing."
    )
    reads = "The ingredients that a C2PA manifest names, and theirs in turn, each with its own state."
    stances = {
        Stance.NEUTRAL: "What went into the file is said, and nothing in it fails.",
        Stance.INCONCLUSIVE: "An ingredient's credentials do not validate, or the file's own could not be read.",
    }
    cannot_know = "What an ingredient without credentials was, and whether a failing one was tampered with."

    def run(self, media: Media, context: Context) -> list[Finding]:
        credentials, facts = media.credentials(), media.facts()
        if credentials.manifest is None:
            raise NotApplicable("The file carries no content credentials that can be read.")
        chain = list(walk(credentials.manifest))
        reader = facts.read_by("c2pa")
        if not chain:
            sentence = "The file's content credentials name no file that went into it."
            return [Finding(Dimension.PROVENANCE, Stance.NEUTRAL, sentence, {"ingredients": []})]
        bad = [(path, one) for path, one in chain if one.state is CredentialState.INVALID]
        generated = [(path, one.manifest) for path, one in chain if one.manifest and one.manifest.generated]
        return [
            _named(chain, credentials, reader),
            *(_bad(path, one, credentials, reader) for path, one in bad[:_TOLD]),
            *(_generated(path, manifest, reader) for path, manifest in generated[:_TOLD]),
        ]


def _named(chain: list[tuple[tuple[str, ...], Ingredient]], credentials: Credentials, reader: str) -> Finding:
    bare = sum(one.state is CredentialState.ABSENT for _, one in chain)
    bad = sum(one.state is CredentialState.INVALID for _, one in chain)
    first = _title(chain[0][0])
    others = f" and {len(chain) - 1} more" if len(chain) > 1 else ""
    told = [
        f"{bare} without credentials of their own" if bare > 1 else "1 without credentials of its own"
    ] * bool(bare)
    told += [f"{bad} whose credentials do not validate"] * bool(bad)
    sentence = f"The content credentials name what went into the file: {first}{others}"
    sentence += f"; among them {' and '.join(told)}" if told and len(chain) > 1 else ""
    data = {
        "ingredients": [_shown(path, one) for path, one in chain[:_SHOWN]],
        "count": len(chain),
        "reader": reader,
        "cut": credentials.cut or len(chain) > _SHOWN,
    }
    return Finding(Dimension.PROVENANCE, Stance.NEUTRAL, f"{sentence}.", data)


def _bad(path: tuple[str, ...], one: Ingredient, credentials: Credentials, reader: str) -> Finding:
    stands = "do not hold either" if credentials.state is CredentialState.INVALID else "hold all the same"
    who = _WHO_SAYS[all(failure.recorded for failure in one.failures)]
    sentence = (
        f"{_title(path)} went into the file, and its content credentials do not validate "
        f"({say_codes(one.failures)}; {who}); the file's own {stands}, so nothing is known of what came before."
    )
    return Finding(
        Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, {**_shown(path, one), "reader": reader}
    )


def _generated(path: tuple[str, ...], manifest: Manifest, reader: str) -> Finding:
    sentence = (
        f"{_title(path)} went into the file, and its content credentials say that an algorithm made it or part "
        f"of it ({', '.join(manifest.generated[:3])})."
    )
    data = {"path": list(path), "source_types": list(manifest.source_types), "reader": reader}
    return Finding(Dimension.PROVENANCE, Stance.INCONCLUSIVE, sentence, data)


def _title(path: tuple[str, ...]) -> str:
    """The last of the path by its title, with what it went into where that is not the file itself."""
    title = f"“{path[-1][:_TITLE_CHARACTERS]}”"
    return title if len(path) == 1 else f"{title} (by way of “{path[-2][:_TITLE_CHARACTERS]}”)"


def _shown(path: tuple[str, ...], one: Ingredient) -> dict[str, Any]:
    return {
        "path": list(path),
        "relationship": one.relationship,
        "state": one.state.value,
        "codes": [failure.code for failure in one.failures],
        "recorded": [failure.code for failure in one.failures if failure.recorded],
        "generator": one.manifest.generator if one.manifest else None,
    }
