"""Lines in few words: what was decided of which items, and what is printed of it."""

from __future__ import annotations

import pytest

from claims.dates import parse_date
from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Status
from verification.domain.status_line import Decision, LineItem, LineRefused, compile_line

V, U, C = Status.VERIFIED, Status.UNVERIFIED, Status.CONTRADICTED
NOT_APPLICABLE, NOT_CHECKED = Status.NOT_APPLICABLE, Status.NOT_CHECKED
INTERIM = Decision(U, interim=True)

KHERSON, IZIUM, MARIUPOL = Place("Kherson"), Place("Izium"), Place("Mariupol")
BORIVSKA = Place("Borivska Andriivka")
TUESDAY = "2022-10-04"


def so(value):
    """Contradicted, because (a text) or by what is so instead (a place, or an EDTF date in brackets)."""
    if isinstance(value, list):
        return Decision(C, value=parse_date(value[0]))
    if isinstance(value, Place):
        return Decision(C, value=value)
    return Decision(C, phrases=(value,))


def said_of(kind, place=None, on=None, **decided):
    decisions = {
        Dimension(dimension): status if isinstance(status, Decision) else Decision(status)
        for dimension, status in decided.items()
    }
    return LineItem(kind, 0, place, on and parse_date(on), decisions)


def video(place=None, on=None, **decided):
    return said_of(MediaKind.VIDEO, place, on, **decided)


def photo(place=None, on=None, **decided):
    return said_of(MediaKind.PHOTO, place, on, **decided)


def audio(place=None, on=None, **decided):
    return said_of(MediaKind.AUDIO, place, on, **decided)


def document(place=None, on=None, **decided):
    return said_of(MediaKind.DOCUMENT, place, on, **decided)


def claim(place=None, on=None, **decided):
    return said_of(None, place, on, **decided)


def line(*given, house="Reuters", required=(), form="short", language="en"):
    items = [each for each in given if each.kind]
    claims = [each for each in given if not each.kind]
    return compile_line(
        house=house,
        items=items,
        claim=claims[0] if claims else claim(),
        required=set(required),
        form=form,
        language=language,
    )


def blockers(*given, required=()):
    with pytest.raises(LineRefused) as refused:
        line(*given, required=required)
    return [(blocker.code, blocker.detail) for blocker in refused.value.blockers]
