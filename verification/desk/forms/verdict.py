"""The form that a verdict is given in: status, for whom, why, on what basis, with which established value."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict

from claims.dates import ClaimedDate
from claims.errors import FieldError, InvalidInput
from claims.places import Place
from claims.vocabulary import Dimension, Method, Relation, Status
from verification.desk.forms import exhibit
from verification.desk.forms.values import read_date, read_place
from verification.desk.words import USUAL_METHOD, label
from verification.models import Verdict
from verification.services.verdicts import NewVerdict

if TYPE_CHECKING:
    from verification.desk.workbench import Workbench

DECISIONS = (Status.VERIFIED, Status.UNVERIFIED, Status.CONTRADICTED, Status.NOT_APPLICABLE)
"""What the keys 1 to 4 set."""

MAX_BASIS = 20
_PARTS = ("method", "feature", "reference", "url", "phrase", "public", "finding", "verdict")
_SAYS_SOMETHING = ("feature", "reference", "url", "phrase", "finding", "verdict")
_FIELD_OF_POINTER = {
    "/reason": "reason",
    "/interim": "interim",
    "/relation": "relation",
    "/media": "target",
    "/basis": "feature_0",
}


_FIELD_OF_PLACE = {
    "/point": "place_point",
    "/latitude": "place_point",
    "/longitude": "place_point",
    "/radius_m": "place_radius_km",
}

_TYPED = {
    "a reason": ("reason",),
    "a basis": (*_SAYS_SOMETHING, *exhibit.SAYS_SOMETHING),
    "a value": ("place_name", "place_point", "place_radius_km", "date_edtf", "date_zone"),
}


def what_is_typed(fields: Mapping[str, list[str]]) -> list[str]:
    """Which kinds of text a form that was not recorded holds, in words. A status alone is no text."""
    filled = {name for name, values in fields.items() if any(value.strip() for value in values)}
    of_rows = {name.rpartition("_")[0] for name in filled if name.rpartition("_")[2].isdecimal()}
    return [words for words, names in _TYPED.items() if (filled | of_rows) & set(names)]


class VerdictForm(forms.Form):
    """A verdict on one dimension. `read` gives what the service takes; `refuse` shows what it refused."""

    status = forms.ChoiceField(
        choices=[(status.value, label(status)) for status in DECISIONS],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose a status: 1 verified, 2 unverified, 3 contradicted, 4 not applicable."
        },
    )
    target = forms.ChoiceField(required=False)
    reason = forms.CharField(required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2}))
    interim = forms.BooleanField(required=False)
    place_name = forms.CharField(required=False, max_length=200)
    place_point = forms.CharField(required=False, max_length=80)
    place_radius_km = forms.CharField(required=False, max_length=20)
    date_edtf = forms.CharField(required=False, max_length=80)
    date_zone = forms.CharField(required=False, max_length=60)
    relation = forms.ChoiceField(
        required=False,
        choices=[("", "Reckoned"), *((one.value, label(one)) for one in Relation)],
    )

    def __init__(self, bench: Workbench, dimension: Dimension, data: Any = None, **options: Any) -> None:
        super().__init__(data, auto_id=f"{dimension}-%s", **options)
        self.dimension = dimension
        self.targets = bench.targets_to_choose(dimension)
        self.findings = [
            (str(row.pk), f"{bench.names[row.run.media_id]}: {row.sentence}")
            for row in bench.findings
            if row.dimension == dimension
        ]
        self.offered = [
            (str(offer.verdict.pk), f"{offer.verdict.claim.ref}: {label(offer.verdict.status)}")
            for offer in bench.offers
            if offer.dimension == dimension
        ]
        self.items_of_claim = [(str(item.pk), bench.names[item.pk]) for item in bench.media]
        self.fields["target"].choices = self.targets or [("", "")]  # type: ignore[attr-defined]
        given = self.data.get("rows", "1") if data is not None else "1"
        self.rows = min(max(int(given) if given.isascii() and given.isdecimal() else 1, 1), MAX_BASIS)
        self.is_more = data is not None and "more_basis" in self.data
        if self.is_more:
            self.rows = min(self.rows + 1, MAX_BASIS)
        for row in range(self.rows):
            self._add_row(row)
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                # By it a style sheet knows of an empty field: see `.unsent`.
                field.widget.attrs["placeholder"] = " "

    @classmethod
    def for_dimension(
        cls, bench: Workbench, dimension: Dimension, *, typed: Mapping[str, list[str]] | None
    ) -> VerdictForm:
        """A fresh form, or one with what was typed before and not recorded."""
        if not typed:
            return cls(bench, dimension)
        kept = QueryDict(mutable=True)
        for name, values in typed.items():
            kept.setlist(name, values)
        form = cls(bench, dimension, kept)
        form._errors = ErrorDict()  # type: ignore[attr-defined]  # what is not recorded yet is not judged
        return form

    @staticmethod
    def fields_of(verdict: Verdict) -> dict[str, list[str]]:
        """A verdict as it was typed, so that it can be said again otherwise."""
        return VerdictForm.as_typed(
            {
                **verdict.content,
                "status": verdict.status,
                "media": verdict.media_id,
                "interim": verdict.interim,
                "relation": verdict.relation,
            }
        )

    @staticmethod
    def as_typed(said: Mapping[str, Any]) -> dict[str, list[str]]:
        """What is said in the words of the API, as it is typed here; what is not said is left empty."""
        value = said["value"] or {}
        typed: dict[str, Any] = {
            "status": said.get("status", ""),
            "target": str(said["media"] or ""),
            "reason": said["reason"],
            "interim": "on" if said["interim"] else "",
            "relation": said.get("relation", "") if value else "",
            "rows": str(max(len(said["basis"]), 1)),
            "date_edtf": value.get("edtf", ""),
            "date_zone": value.get("timezone") or "",
            "place_name": value.get("name", ""),
        }
        if value.get("latitude") is not None:
            typed["place_point"] = f"{value['latitude']}, {value['longitude']}"
        if value.get("radius_m") is not None:
            typed["place_radius_km"] = f"{value['radius_m'] / 1000:g}"
        for row, part in enumerate(said["basis"]):
            typed |= {f"{name}_{row}": str(part[name]) for name in _PARTS if part.get(name)}
            if part.get("exhibit"):
                typed |= {f"{name}_{row}": text for name, text in exhibit.typed(part["exhibit"]).items()}
        return {name: [text] for name, text in typed.items() if text}

    def _add_row(self, row: int) -> None:
        self.fields[f"method_{row}"] = forms.ChoiceField(
            required=False,
            choices=[(method.value, label(method)) for method in Method],
            initial=USUAL_METHOD[self.dimension].value,
        )
        self.fields[f"feature_{row}"] = forms.CharField(required=False, max_length=2000)
        self.fields[f"reference_{row}"] = forms.CharField(required=False, max_length=2000)
        self.fields[f"url_{row}"] = forms.URLField(required=False, max_length=4000, assume_scheme="https")
        self.fields[f"phrase_{row}"] = forms.CharField(required=False, max_length=500)
        self.fields[f"public_{row}"] = forms.BooleanField(required=False)
        self.fields[f"finding_{row}"] = forms.ChoiceField(
            required=False, choices=[("", "No finding"), *self.findings]
        )
        named = str(self.data.get(f"verdict_{row}", ""))
        known = dict([("", "No verdict"), *self.offered])
        if named:
            known.setdefault(named, "One that is not offered any more")
        self.fields[f"verdict_{row}"] = forms.ChoiceField(required=False, choices=list(known.items()))
        self.fields |= {f"{name}_{row}": field for name, field in exhibit.fields(self.items_of_claim).items()}

    @property
    def basis_rows(self) -> Iterator[dict[str, Any]]:
        """The bound fields of each part of the basis, by name."""
        for row in range(self.rows):
            yield {"number": row, **{name: self[f"{name}_{row}"] for name in (*_PARTS, *exhibit.NAMES)}}

    def read(self) -> NewVerdict:
        """What was decided. Raises InvalidInput for a value that can't be read."""
        said = self.cleaned_data
        return NewVerdict(
            dimension=self.dimension,
            status=Status(said["status"]),
            reason=said["reason"],
            media=uuid.UUID(said["target"]) if said["target"] else None,
            interim=said["interim"] and said["status"] == Status.UNVERIFIED,
            basis=list(self._basis()),
            value=self._value(),
            relation=Relation(said["relation"]) if said["relation"] else None,
        )

    def _basis(self) -> Iterator[dict[str, Any]]:
        self.given_rows: list[int] = []
        for row in range(self.rows):
            part = {name: self.cleaned_data[f"{name}_{row}"] for name in _PARTS}
            said = {name: self.cleaned_data[f"{name}_{row}"] for name in exhibit.NAMES}
            if any(said.values()) or any(part[name] for name in _SAYS_SOMETHING):
                self.given_rows.append(row)
                part["exhibit"] = exhibit.read(said, f"/basis/{len(self.given_rows) - 1}/exhibit")
                yield {name: value for name, value in part.items() if value or name == "public"}

    def _value(self) -> Place | ClaimedDate | None:
        said = self.cleaned_data
        try:
            if self.dimension == Dimension.LOCATION:
                return read_place(
                    name=said["place_name"], point=said["place_point"], radius_km=said["place_radius_km"]
                )
            if self.dimension == Dimension.DATE:
                return read_date(edtf=said["date_edtf"], zone=said["date_zone"])
        except InvalidInput as error:
            raise InvalidInput(
                [FieldError(f"/value{one.pointer}", one.detail, one.code) for one in error.errors]
            ) from error
        return None

    def refuse(self, error: InvalidInput) -> None:
        """Puts each refusal at its field, the rest on top."""
        for one in error.errors:
            name = _FIELD_OF_POINTER.get(one.pointer)
            if one.pointer.startswith("/basis/"):
                _, _, index, field, *within = one.pointer.split("/")
                row = self.given_rows[int(index)]
                part = exhibit.field_of("/" + "/".join(within)) if field == "exhibit" else field
                name = f"{part}_{row}" if part else None
            if one.pointer == "/value" or one.pointer.startswith("/value/"):
                name = self._field_of_value(one.pointer.removeprefix("/value"))
            self.add_error(name if name in self.fields else None, one.detail)

    def _field_of_value(self, pointer: str) -> str:
        if self.dimension == Dimension.LOCATION:
            return _FIELD_OF_PLACE.get(pointer, "place_name")
        return "date_zone" if pointer == "/timezone" else "date_edtf"
