"""Makes a bounded tree of the C2PA library's JSON report: each manifest, and beneath it what went into it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from verification.decoding.tags import clean
from verification.domain.credentials import (
    Action,
    CredentialState,
    Failure,
    Ingredient,
    Manifest,
    TimeStamp,
)

T = TypeVar("T")

_MOST = {"ingredients": 100, "actions": 200, "failures": 200}
"""How much is kept of one file's, so that it fits into the child's answer many times over."""
_CHARACTERS = 100
_DEEPEST = 12
_UNTRUSTED, _TRUSTED = "signingCredential.untrusted", "signingCredential.trusted"
# In claims of the first version the library takes any authority's time-stamp, and calls it trusted all the same.
_STAMPS_JUDGED_IN = 2


class Store:
    """The report on one file. Hostile files name manifests in circles: all of the tree is counted and cut.

    What validating found is told apart from what a manifest's signer recorded of an ingredient at the time: the
    library's report on an ingredient is only what differs from that record.
    """

    def __init__(self, said: dict[str, Any], *, has_trust_list: bool) -> None:
        self.cut = False
        self._said = said
        self._has_trust_list = has_trust_list
        self._left = dict(_MOST)
        results = _dict(said.get("validation_results"))
        self._newest = _Codes(_dict(results.get("activeManifest")))
        self._beneath: defaultdict[str, list[_Codes]] = defaultdict(list)
        self._note(results, recorded=False)

    def newest(self) -> Manifest | None:
        """The manifest that speaks for the file as it is; None where the report names none."""
        named = self._named(self._said)
        return self._manifest(*named, [self._newest], depth=0) if named else None

    def failures(self) -> tuple[Failure, ...]:
        """What failed of the newest manifest."""
        return self._failures([self._newest])

    def _note(self, results: dict[str, Any], *, recorded: bool) -> None:
        for delta in _dicts(results.get("ingredientDeltas")):
            uri = str(delta.get("ingredientAssertionURI", ""))
            self._beneath[uri].append(_Codes(_dict(delta.get("validationDeltas")), recorded=recorded))

    def _manifest(self, label: str, body: dict[str, Any], codes: list[_Codes], *, depth: int) -> Manifest:
        signature = _dict(body.get("signature_info"))
        return Manifest(
            label=_text(label) or "",
            generator=_generator(body),
            issuer=_text(signature.get("issuer")),
            common_name=_text(signature.get("common_name")),
            signed_at=_text(signature.get("time")),
            time_stamp=_time_stamp(body, codes),
            actions=self._as_left("actions", _actions(body)),
            ingredients=tuple(self._ingredients(label, body, depth=depth)),
        )

    def _ingredients(self, above: str, body: dict[str, Any], *, depth: int) -> Iterator[Ingredient]:
        for said in _dicts(body.get("ingredients")):
            if depth == _DEEPEST or not self._as_left("ingredients", [said]):
                self.cut = True
                return
            yield self._ingredient(above, said, depth=depth)

    def _ingredient(self, above: str, said: dict[str, Any], *, depth: int) -> Ingredient:
        recorded = _dict(said.get("validation_results"))
        self._note(recorded, recorded=True)
        codes = [
            *self._beneath[f"self#jumbf=/c2pa/{above}/c2pa.assertions/{said.get('label')}"],
            _Codes(_dict(recorded.get("activeManifest")), recorded=True),
            _Codes({"failure": said.get("validation_status")}, recorded=True),
        ]
        named = self._named(said)
        failures = self._failures(codes)
        return Ingredient(
            title=_text(said.get("title")),
            relationship=_text(said.get("relationship")),
            state=self._state(codes, failures, has_own=named is not None),
            failures=failures,
            manifest=self._manifest(*named, codes, depth=depth + 1) if named else None,
        )

    def _named(self, said: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """The manifest that is named here with its label, if the file has it."""
        label = said.get("active_manifest")
        body = _dict(self._said.get("manifests")).get(label) if isinstance(label, str) else None
        return (label, body) if isinstance(label, str) and isinstance(body, dict) else None

    def _state(self, codes: list[_Codes], failures: tuple[Failure, ...], *, has_own: bool) -> CredentialState:
        if failures:
            return CredentialState.INVALID
        if not has_own:
            return CredentialState.ABSENT
        doubted = any(_UNTRUSTED in one.failed and not one.recorded for one in codes)
        vouched = any(_TRUSTED in one.passed for one in codes)
        return (
            CredentialState.TRUSTED
            if self._has_trust_list and vouched and not doubted
            else CredentialState.VALID
        )

    def _failures(self, codes: list[_Codes]) -> tuple[Failure, ...]:
        """What failed, each code once; that a signer is not on a list is no failure of the credentials."""
        found: dict[str, Failure] = {}
        for one in codes:
            for code, explanation in one.failed.items():
                if code != _UNTRUSTED:
                    found.setdefault(code, Failure(code, explanation, one.recorded))
        return self._as_left("failures", found.values())

    def _as_left(self, kind: str, several: Iterable[T]) -> tuple[T, ...]:
        """As many of them as the file has left of that kind."""
        kept = tuple(several)
        self.cut = self.cut or len(kept) > self._left[kind]
        kept = kept[: self._left[kind]]
        self._left[kind] -= len(kept)
        return kept


class _Codes:
    """The codes of one manifest's validation, each with its explanation."""

    def __init__(self, said: dict[str, Any], *, recorded: bool = False) -> None:
        self.recorded = recorded
        self.passed = _explained(said.get("success"))
        self.told = _explained(said.get("informational"))
        self.failed = _explained(said.get("failure"))


def _explained(said: Any) -> dict[str, str | None]:
    coded = ((_text(one.get("code")), _text(one.get("explanation"))) for one in _dicts(said))
    return {code: explanation for code, explanation in coded if code}


def _time_stamp(body: dict[str, Any], codes: list[_Codes]) -> TimeStamp | None:
    now = [one for one in codes if not one.recorded]
    if any("timeStamp.validated" in one.passed for one in now):
        judged = body.get("claim_version") == _STAMPS_JUDGED_IN
        trusted = judged and any("timeStamp.trusted" in one.passed for one in now)
        return TimeStamp.TRUSTED if trusted else TimeStamp.UNVOUCHED
    told = (code for one in now for code in (*one.failed, *one.told))
    return TimeStamp.FAILED if any(code.startswith("timeStamp.") for code in told) else None


def _generator(body: dict[str, Any]) -> str | None:
    """The program that made the claim, with its version."""
    for info in _dicts(body.get("claim_generator_info")):
        return _text(" ".join(str(info[key]) for key in ("name", "version") if info.get(key)))
    return _text(body.get("claim_generator"))


def _actions(body: dict[str, Any]) -> Iterator[Action]:
    for assertion in _dicts(body.get("assertions")):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for said in _dicts(_dict(assertion.get("data")).get("actions")):
                yield _action(said)


def _action(said: dict[str, Any]) -> Action:
    agent = said.get("softwareAgent")
    source = said.get("digitalSourceType")
    return Action(
        name=_text(said.get("action")) or "",
        source_type=_text(str(source).rstrip("/").rpartition("/")[2]) if source else None,
        software=_text(agent.get("name") if isinstance(agent, dict) else agent),
        at=_text(said.get("when")),
    )


def _text(value: Any) -> str | None:
    text = clean(value)
    return text[:_CHARACTERS] if text else None


def _dict(said: Any) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _dicts(said: Any) -> list[dict[str, Any]]:
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
