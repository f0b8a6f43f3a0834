"""How a publication reads on a page: from what was rendered for outsiders to words, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from claims.dates import ClaimedDate, say_date
from claims.delivery import Delivery
from claims.published import LINE, VALUE, Alteration, delivery_in, terms_of
from claims.vocabulary import IN_ORDER_OF_WORK, Dimension, Status
from verification.desk.words import label

OUTCOME: dict[str, str] = {
    Status.NOT_CHECKED: "Not checked",
    Status.VERIFIED: "Verified",
    Status.UNVERIFIED: "Could not be independently verified",
    Status.CONTRADICTED: "Contradicted",
    Status.NOT_APPLICABLE: "Does not apply",
    Status.PARTLY_VERIFIED: "Verified in part",
}
"""A status as a reader is told of it."""

THE_CLAIM = "The claim"


@dataclass(frozen=True)
class Value:
    """A place or date in words; `detail` says how exactly it is known."""

    text: str
    detail: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one dimension of one item."""

    dimension: str
    status: str
    text: str
    claimed: Value | None
    established: Value | None


@dataclass(frozen=True)
class Item:
    """The claim itself, or one of its media items, with what was decided of it."""

    name: str
    outcomes: tuple[Outcome, ...]
    not_checked: tuple[str, ...]
    caption: str | None = None
    credit: str | None = None
    url: str | None = None
    flags: tuple[str, ...] = ()
    delivery: Delivery | None = None
    """What may be shown of the media item now, under which terms; None of the claim itself."""
    terms: str = ""


@dataclass(frozen=True)
class Rolled:
    """One dimension over all items."""

    dimension: str
    status: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Face:
    """A publication, ready to be written out."""

    said: Mapping[str, Any]
    items: tuple[Item, ...]
    rolled: tuple[Rolled, ...]
    source_url: str | None


@dataclass(frozen=True)
class Altered:
    """One thing that changed, in words."""

    what: str
    before: str
    after: str
    is_line: bool = False
    statuses: tuple[str, str] | None = None


def face_from(rendered: Mapping[str, Any]) -> Face:
    """A rendered publication in words."""
    names = item_names(rendered["media"])
    items = [_item(THE_CLAIM, rendered, rendered["claim_statuses"])]
    items += [_item(names[each["id"]], each, each["statuses"], media=each) for each in rendered["media"]]
    decided = [
        Rolled(dimension, of["status"], of["counts"])
        for dimension, of in rendered["statuses"].items()
        if of["status"] not in {Status.NOT_CHECKED, Status.NOT_APPLICABLE}
    ]
    source = rendered["source"] or {}
    return Face(
        said=rendered,
        items=tuple(item for item in items if item.outcomes or item.not_checked),
        rolled=tuple(decided),
        source_url=_web(source.get("url")),
    )


def item_names(media: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What each media item is called: "Video 2", or "Photo" where it is the only one of its kind."""
    listed = list(media)
    kinds = [each["kind"] for each in listed]
    names: dict[str, str] = {}
    for index, each in enumerate(listed):
        number = kinds[: index + 1].count(each["kind"])
        names[each["id"]] = label(each["kind"]) + (f" {number}" if kinds.count(each["kind"]) > 1 else "")
    return names


def altered(alterations: Iterable[Alteration], names: Mapping[str, str]) -> list[Altered]:
    """What changed between two publications, in words."""
    return [_altered(each, names) for each in alterations]


def place_said(place: Mapping[str, Any]) -> Value:
    """A place by name, with its point and how far it may be off."""
    if place.get("latitude") is None:
        return Value(place["name"])
    point = f"{place['latitude']:.4f}, {place['longitude']:.4f}"
    radius = place.get("radius_m")
    return Value(place["name"], f"{point}, within {distance_said(radius)}" if radius else point)


def date_said(date: Mapping[str, Any]) -> Value:
    """A date in words, with the zone it is read in."""
    zone = date.get("timezone")
    return Value(say_date(ClaimedDate.from_json(date)), zone.replace("_", " ") if zone else "")


def value_said(value: Mapping[str, Any] | None) -> Value | None:
    if value is None:
        return None
    return date_said(value) if "edtf" in value else place_said(value)


def distance_said(metres: float) -> str:
    """Metres below one kilometre, else kilometres."""
    if metres < 1000:
        return f"{metres:,.0f} m"
    kilometres = metres / 1000
    return f"{kilometres:,.0f} km" if kilometres >= 100 else f"{kilometres:.3g} km"


def _item(
    name: str, said: Mapping[str, Any], statuses: Mapping[str, str], media: Mapping[str, Any] | None = None
) -> Item:
    ordered = [(word.value, statuses[word]) for word in IN_ORDER_OF_WORK if word in statuses]
    outcomes = tuple(
        Outcome(
            dimension,
            status,
            OUTCOME[status],
            claimed=_claimed(said, dimension),
            established=value_said(said["values"].get(dimension)),
        )
        for dimension, status in ordered
        if status != Status.NOT_CHECKED
    )
    # Why it was made is nobody's to print, so that it was not looked into says nothing either.
    unchecked = tuple(
        label(word).lower()
        for word, status in ordered
        if status == Status.NOT_CHECKED and word != Dimension.MOTIVATION
    )
    if media is None:
        return Item(name, outcomes, unchecked)
    return Item(
        name,
        outcomes,
        unchecked,
        caption=media["caption"],
        credit=media["credit"],
        url=_web(media["url"]),
        flags=tuple(media["content_flags"]),
        delivery=delivery_in(media, now=timezone.now()),
        terms="; ".join(filter(None, (terms_of(media)["scope"], terms_of(media)["territory"]))),
    )


def _claimed(said: Mapping[str, Any], dimension: str) -> Value | None:
    if dimension == Dimension.DATE:
        return value_said(said["claimed_date"])
    return value_said(said["claimed_location"]) if dimension == Dimension.LOCATION else None


def _web(url: str | None) -> str | None:
    """An address that a page may link to."""
    return url if url and url.startswith(("https://", "http://")) else None


def _altered(each: Alteration, names: Mapping[str, str]) -> Altered:
    if each.what == LINE:
        return Altered("The line", each.before or "", each.after or "", is_line=True)
    item = names.get(each.media or "", "an item").lower() if each.media else ""
    what = label(each.dimension) + (f", {item}" if item else "")
    if each.what == VALUE:
        return Altered(what, _in_full(each.before), _in_full(each.after))
    return Altered(what, _lower(each.before), _lower(each.after), statuses=(each.before, each.after))


def _in_full(value: Mapping[str, Any] | None) -> str:
    said = value_said(value)
    if said is None:
        return "no value"
    return f"{said.text} ({said.detail})" if said.detail else said.text


def _lower(status: str) -> str:
    return label(status).lower()
