"""`README.html` of a bundle: what people read, whole in one file, without scripts and without a word to the outside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine

from verification.domain.exhibits import say_exhibit
from verification.models import Checkpoint
from verification.services.bundles.gathering import Gathered

ERASED = "This text was erased."
_RELATIONS = {
    "matches": "as claimed", "narrower": "narrower than claimed", "broader": "broader than claimed",
    "differs": "not as claimed", "nothing_claimed": "nothing was claimed",
}  # fmt: skip
_ENGINE = Engine(dirs=[str(Path(__file__).parent)], autoescape=True)


@dataclass(frozen=True)
class _Words:
    """Looks up texts and people of the records."""

    texts: Mapping[str, Any]
    people: Mapping[str, Any]

    def text(self, body: str) -> Any:
        """A text's content; None once erased."""
        return self.texts[body]["content"]

    def structured(self, body: str) -> dict[str, Any] | None:
        content = self.text(body)
        found: dict[str, Any] | None = None if content is None else json.loads(content)
        return found

    def person(self, pk: str | None) -> str:
        if pk is None:
            return "the system"
        name: str = self.people[pk]["name"] if pk in self.people else pk
        return name


def render(gathered: Gathered, checkpoint: Checkpoint, made_at: datetime) -> str:
    """The page. Everything that anybody typed is escaped by the template."""
    records = gathered.records
    words = _Words({one["id"]: one for one in records["texts"]}, records["people"])
    originals = {one["sha256"]: one for one in records["originals"]}
    named = {item["id"]: f"{_label(item['kind'])} {item['position']}" for item in records["media"]}
    faces = [_publication(one, words) for one in records["publications"]]
    said: dict[str, Any] = {
        "claim": records["claim"],
        "statement": words.text(records["claim"]["statement"]),
        "line": next((face for face in reversed(faces) if face["line"]), None),
        "standing": faces[-1] if faces else None,
        "publications": faces,
        "media": [_item(item, originals, records) for item in records["media"]],
        "originals": records["originals"],
        "statuses": [
            (
                _label(dimension),
                _label(row["status"]),
                ", ".join(f"{_label(word)} {number}" for word, number in row["counts"].items()),
            )
            for dimension, row in records["claim"]["statuses"].items()
        ],
        "verdicts": [_verdict(one, words, named, records["reviews"]) for one in records["verdicts"]],
        "undone": {one["undoes"] for one in records["verdicts"]},
        "notes": [_note(one, words, named) for one in records["notes"]],
        "redactions": [{**one, "who": words.person(one["by"])} for one in records["redactions"]],
        "entries": [
            {
                **one,
                "who": words.person(one["actor"]),
                "act": _label(one["action"]),
                "said": _details(one["data"]),
            }
            for one in gathered.chain["entries"]
        ],
        "head": gathered.chain["head"],
        "checkpoint": {"number": checkpoint.number, "hash": checkpoint.hash, **checkpoint.said},
        "stamps": records["stamps"],
        "made_at": made_at,
        "version": settings.VERSION,
        "public_url": settings.PUBLIC_URL,
        "erased": ERASED,
    }
    return _ENGINE.get_template("page.html").render(Context(_with_times(said)))


def _with_times(value: Any, name: str = "") -> Any:
    """The same with every time as people write it; they go by the names of their fields."""
    if isinstance(value, Mapping):
        return {key: _with_times(part, str(key)) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_times(part) for part in value]
    if isinstance(value, str) and (name == "at" or name.endswith("_at")):
        return f"{datetime.fromisoformat(value):%-d %B %Y, %H:%M:%S} UTC"
    return value


def _label(word: str) -> str:
    return word.replace("_", " ").replace("-", " ").capitalize()


def _publication(one: Mapping[str, Any], words: _Words) -> dict[str, Any]:
    face = words.structured(one["text"])
    return {
        **one,
        "label": _label(one["kind"]),
        "is_erased": face is None,
        "line": (face or {}).get("line"),
        "note": (face or {}).get("editor_note"),
        "changes": [
            {**change, "dimension": _label(change["dimension"])} for change in (face or {}).get("changes", ())
        ],
    }


def _item(
    item: Mapping[str, Any], originals: Mapping[str, Any], records: Mapping[str, Any]
) -> dict[str, Any]:
    runs = [run for run in records["findings"] if run["media"] == item["id"]]
    return {
        **item,
        "label": _label(item["kind"]),
        "original": originals.get(item["sha256"]),
        "captures": [one for one in records["captures"] if one["media"] == item["id"]],
        "findings": [
            {**found, "check": run["check"], "label": _label(found["dimension"])}
            for run in runs
            for found in run["findings"]
        ],
    }


def _verdict(
    one: Mapping[str, Any], words: _Words, named: Mapping[str, str], reviews: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    content = words.structured(one["text"])
    review = next((review for review in reviews if review["id"] == one["review"]), {})
    return {
        **one,
        "label": _label(one["dimension"]),
        "outcome": _label(one["status"]),
        "of": named.get(one["media"], "the claim"),
        "who": words.person(one["by"]),
        "review_kind": review.get("kind"),
        "is_submitted": review.get("state") == "submitted",
        "is_erased": content is None,
        "reason": (content or {}).get("reason"),
        "basis": [_part(part, named) for part in (content or {}).get("basis", ())],
        "value": _value((content or {}).get("value")),
        "stands_to": _RELATIONS.get(one["relation"], ""),
    }


def _value(value: Mapping[str, Any] | None) -> list[str]:
    """An established date or place in its parts, each to stand for itself whatever is in it."""
    if not value:
        return []
    if "edtf" in value:
        return [str(value[name]) for name in ("edtf", "timezone") if value.get(name)]
    named = [str(value["name"])] if value.get("name") else []
    numbers = ("latitude", "longitude", "radius_m")
    return named + [f"{_label(name)} {value[name]}" for name in numbers if value.get(name) is not None]


def _note(one: Mapping[str, Any], words: _Words, named: Mapping[str, str]) -> dict[str, Any]:
    return {
        **one,
        "who": words.person(one["by"]),
        "of": named.get(one["media"], ""),
        "content": words.text(one["text"]),
    }


def _part(part: Mapping[str, Any], named: Mapping[str, str]) -> list[tuple[str, str]]:
    """A part of a basis; of an exhibit, what is compared with what."""
    if not part.get("exhibit"):
        return _details(part)
    frame, reference = say_exhibit(part["exhibit"], named)
    rest = {name: value for name, value in part.items() if name != "exhibit"}
    url = part["exhibit"]["reference"].get("url")
    return _details(rest | {"frame": frame, "reference_image": reference, "reference_address": url})


def _details(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What an entry or a part of a basis says, each with its name; only what is there."""
    return [
        (
            _label(name),
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True),
        )
        for name, value in data.items()
        if value not in (None, "", [], {})
    ]
