"""Places and dates as people type them into forms."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from claims.dates import ClaimedDate, parse_date
from claims.errors import FieldError, InvalidInput
from claims.needs import parse_words
from claims.places import MAX_RADIUS_M, Place, parse_place

_DECIMAL = re.compile(r"([+-]?\d{1,3}(?:[.]\d+)?)\s*[,;\s]\s*([+-]?\d{1,3}(?:[.]\d+)?)")
_HEMISPHERES = re.compile(
    r"(\d{1,3}(?:[.]\d+)?)\s*°?\s*([NS])\s*[,;]?\s*(\d{1,3}(?:[.]\d+)?)\s*°?\s*([EW])", re.IGNORECASE
)


def read_point(text: str) -> tuple[float, float]:
    """Latitude and longitude in WGS 84 degrees: "46.63, 32.61" or "46.63 N, 32.61 E". Raises InvalidInput."""
    text = text.strip()
    if found := _DECIMAL.fullmatch(text):
        return float(found[1]), float(found[2])
    if found := _HEMISPHERES.fullmatch(text):
        latitude, longitude = float(found[1]), float(found[3])
        return (
            -latitude if found[2] in "Ss" else latitude,
            -longitude if found[4] in "Ww" else longitude,
        )
    raise InvalidInput(FieldError("/point", "Write latitude and longitude in degrees, such as 46.63, 32.61."))


def read_place(*, name: str, point: str, radius_km: str, precision: str = "") -> Place | None:
    """A place from its form fields; None where all are empty.

    Raises InvalidInput at /name, /point, /latitude, /longitude, /radius_m and /precision, in the form's words.
    """
    if not any((name.strip(), point.strip(), radius_km.strip(), precision)):
        return None
    data: dict[str, Any] = {"name": name.strip()}
    if point.strip():
        data["latitude"], data["longitude"] = read_point(point)
    if radius_km.strip():
        try:
            data["radius_m"] = float(radius_km.replace(",", ".")) * 1000
        except ValueError as error:
            raise InvalidInput(FieldError("/radius_m", "Write the radius in km, such as 2.5.")) from error
    if precision:
        data["precision"] = precision
    try:
        return parse_place(data)
    except InvalidInput as error:
        raise InvalidInput([_in_words_of_the_form(one) for one in error.errors]) from error


def _in_words_of_the_form(error: FieldError) -> FieldError:
    if error.code == "range" and error.pointer == "/radius_m":
        detail = f"Write the radius in km: a number from 0 to {MAX_RADIUS_M / 1000:,.0f}."
    elif error.code == "range" and error.pointer in {"/latitude", "/longitude"}:
        detail = f"{error.pointer[1:].capitalize()}: {error.detail[0].lower()}{error.detail[1:]}"
    else:
        return error
    return FieldError(error.pointer, detail, error.code)


def read_date(*, edtf: str, zone: str) -> ClaimedDate | None:
    """A date from its form fields; None where there is none. Raises InvalidInput at "" and /timezone."""
    if not edtf.strip():
        if zone.strip():
            raise InvalidInput(FieldError("", "A time zone needs a date. Write one, or leave the zone out."))
        return None
    return parse_date(edtf.strip(), zone.strip() or None)


def read_words(typed: str) -> list[str]:
    """Skills or topics that were typed with commas between them. Raises ValidationError."""
    try:
        return parse_words(typed.split(","))
    except InvalidInput as error:
        raise forms.ValidationError([one.detail for one in error.errors]) from error
