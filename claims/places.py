"""Places as claimed or established: a name, and perhaps a point with the radius it may be off by."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from claims.dates import known_zones
from claims.errors import FieldError, InvalidInput
from claims.plain_text import is_plain
from claims.vocabulary import Precision, Relation

# R1, the arithmetic mean of the GRS 80 ellipsoid's axes: H. Moritz, "Geodetic Reference System 1980",
# Journal of Geodesy 74 (2000), pp. 128-133. Against the ellipsoid a great circle is off by up to 0.6 %.
EARTH_RADIUS_M = 6_371_008.771_4
_METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180

# Half the equator: no point on Earth is farther from another.
MAX_RADIUS_M = 20_040_000
MAX_NAME_LENGTH = 200

# A name claimed with a bare point: as far as gazetteers disagree on the middle of a great city.
_SAME_NAME_WITHIN_M = 25_000.0
_KEYS = ("name", "latitude", "longitude", "radius_m", "precision")

# A square of 1.4 times the radius has its corners just within the radius of its centre (the square root of 2
# would put them on it, and a sphere is not flat).
_CELL_PER_RADIUS = 1.4
_WIDEST_CELL_DEGREES = 90.0
_SNAPPED_DECIMALS = 7


class Located(Protocol):
    """Anything with WGS 84 degrees; None where it has no point."""

    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...


@dataclass(frozen=True)
class Place:
    """A named place. WGS 84 degrees, radius in metres; a place may be known by its name alone."""

    name: str
    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    precision: Precision | None = None

    @property
    def has_point(self) -> bool:
        return self.latitude is not None and self.longitude is not None

    def as_json(self) -> dict[str, str | float | None]:
        """The API's form."""
        return {
            "name": self.name,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "radius_m": self.radius_m,
            "precision": None if self.precision is None else self.precision.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Place:
        """What `as_json` wrote; InvalidInput for anything else."""
        return parse_place(data)


def parse_place(data: Mapping[str, Any]) -> Place:
    """Reads the API's form of a place; InvalidInput names every bad field at once, with the remedy."""
    if not isinstance(data, Mapping):
        raise InvalidInput(
            FieldError("", 'Write a place as an object: {"name": "Izium", "latitude": 49.2, …}.')
        )
    errors = [
        FieldError(f"/{_escaped(str(key))}", f"Unknown. A place has {', '.join(_KEYS)}.", "unknown_field")
        for key in data
        if key not in _KEYS
    ]
    name = _name(data.get("name"), errors)
    latitude = _number(data, "latitude", (-90, 90, "degrees north"), errors)
    longitude = _number(data, "longitude", (-180, 180, "degrees east"), errors)
    radius_m = _number(data, "radius_m", (0, MAX_RADIUS_M, "metres"), errors)
    precision = _precision(data.get("precision"), errors)
    given = {key for key in _KEYS if data.get(key) is not None}
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if one in given and other not in given:
            errors.append(FieldError(f"/{other}", f"Give {one} and {other} together or neither.", "required"))
    if "radius_m" in given and not given & {"latitude", "longitude"}:
        errors.append(
            FieldError("/radius_m", "A radius needs a point: give latitude and longitude.", "invalid")
        )
    if errors:
        raise InvalidInput(errors)
    return Place(name, latitude, longitude, radius_m, precision)


def distance_m(a: Located, b: Located) -> float:
    """Metres along the great circle of a sphere of the mean radius; ValueError where either has no point."""
    (lat_a, lon_a), (lat_b, lon_b) = _radians(a), _radians(b)
    haversine = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(haversine)))


def snapped(place: Place, radius_m: float) -> Place:
    """The place as the public may know it: moved to the centre of its cell in a grid of the public radius.

    All points of one cell give one public point, so that none can be told from another, and the true point
    lies within the radius of it. The place keeps a larger radius of its own, and is no longer `exact`.
    Radius 0 publishes the place as it is. The name is never changed: an editor coarsens that. ValueError for
    a radius that is not between 0 and half the equator.
    """
    if not 0 <= radius_m <= MAX_RADIUS_M:
        raise ValueError(f"A public radius is 0 to {MAX_RADIUS_M} metres, not {radius_m}.")
    if place.latitude is None or place.longitude is None or radius_m == 0:
        return place
    latitude, longitude = _cell_centre(place.latitude, place.longitude, radius_m)
    return replace(
        place,
        latitude=latitude,
        longitude=longitude,
        radius_m=max(float(radius_m), place.radius_m or 0.0),
        precision=Precision.VICINITY if place.precision is Precision.EXACT else place.precision,
    )


def timezone_at(latitude: float, longitude: float) -> str | None:
    """The IANA zone kept at a point (at sea the nautical one, Etc/GMT±n); None where this machine knows none.

    An offset to reckon with, never a statement about whose territory it is.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    from tzfpy import get_tz  # noqa: PLC0415 it loads its map of the world on import

    zone = str(get_tz(longitude, latitude))
    return zone if zone in known_zones() else None


def relate_places(established: Place, claimed: Place | None) -> Relation:
    """How an established place stands to the claimed one. A proposal: a person knows what a name covers.

    Circles decide where both are drawn: one within the other, or apart; a point without a radius is a point.
    Names decide where they overlap, where one has no point, and where a claimed point says no radius.
    """
    if claimed is None:
        return Relation.NOTHING_CLAIMED
    if same_place(established, claimed):
        return Relation.MATCHES
    named_alike = _folded(established.name) == _folded(claimed.name)
    if established.has_point and claimed.has_point:
        return _relate_circles(established, claimed, named_alike=named_alike)
    return Relation.MATCHES if named_alike else Relation.DIFFERS


def _relate_circles(established: Place, claimed: Place, *, named_alike: bool) -> Relation:
    # To the centimetre, so that rounding does not set two circles apart that are one.
    apart = round(distance_m(established, claimed), 2)
    inner, outer = established.radius_m or 0.0, claimed.radius_m or 0.0
    if named_alike and claimed.radius_m is None and apart <= _SAME_NAME_WITHIN_M + inner:
        return Relation.MATCHES
    if apart == 0 and inner == outer:
        return Relation.MATCHES
    if apart + inner <= outer:
        return Relation.NARROWER
    if apart + outer <= inner:
        return Relation.BROADER
    return Relation.MATCHES if named_alike and apart <= inner + outer else Relation.DIFFERS


def same_place(a: Place, b: Place) -> bool:
    """Places are the same when name (its letter case and spacing aside), point and radius are."""
    return (_folded(a.name), a.latitude, a.longitude, a.radius_m) == (
        _folded(b.name),
        b.latitude,
        b.longitude,
        b.radius_m,
    )


def _name(value: object, errors: list[FieldError]) -> str:
    detail, code = "", "invalid"
    if value is None:
        detail, code = "Say where, such as Izium or Kherson region.", "required"
    elif not isinstance(value, str):
        detail = "Write the name as a text, such as Izium."
    elif not value.strip():
        detail, code = "Say where, such as Izium or Kherson region.", "blank"
    elif len(value) > MAX_NAME_LENGTH:
        detail, code = f"Keep the name within {MAX_NAME_LENGTH} characters.", "too_long"
    elif not is_plain(value):
        detail = "Leave control characters, line breaks, broken characters and what turns text around out of the name."
    if detail or not isinstance(value, str):
        errors.append(FieldError("/name", detail, code))
        return ""
    return unicodedata.normalize("NFC", value).strip()


def _number(
    data: Mapping[str, Any], key: str, limits: tuple[float, float, str], errors: list[FieldError]
) -> float | None:
    value = data.get(key)
    if value is None:
        return None
    low, high, unit = limits
    # NaN fails every comparison; an integer too large for a float is compared before it is converted.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        errors.append(
            FieldError(
                f"/{key}", f"Write a number from {low:g} to {high:_.0f} ({unit}).".replace("_", ","), "range"
            )
        )
        return None
    return float(value) + 0.0  # -0.0 becomes 0.0


def _precision(value: object, errors: list[FieldError]) -> Precision | None:
    if value is None:
        return None
    if isinstance(value, str) and value in set(Precision):
        return Precision(value)
    errors.append(FieldError("/precision", f"Write one of {', '.join(Precision)}.", "choice"))
    return None


def _cell_centre(latitude: float, longitude: float, radius_m: float) -> tuple[float, float]:
    # Finer than a metre is finer than any pin.
    cell = min(max(radius_m, 1.0) * _CELL_PER_RADIUS / _METRES_PER_DEGREE, _WIDEST_CELL_DEGREES)
    rows = math.ceil(180 / cell)
    height = 180 / rows
    row = min(int((latitude + 90) // height), rows - 1)
    south, north = -90 + row * height, -90 + (row + 1) * height
    nearest_equator = 0.0 if south < 0 < north else min(abs(south), abs(north))
    columns = max(1, math.ceil(360 * math.cos(math.radians(nearest_equator)) / cell))
    width = 360 / columns
    # 180 and -180 are one meridian, and a pole has every longitude.
    east = 0.0 if abs(latitude) == 90 else (longitude + 180) % 360
    column = min(int(east // width), columns - 1)
    return (
        round(-90 + (row + 0.5) * height, _SNAPPED_DECIMALS),
        round(-180 + (column + 0.5) * width, _SNAPPED_DECIMALS),
    )


def _radians(point: Located) -> tuple[float, float]:
    if point.latitude is None or point.longitude is None:
        raise ValueError("A distance needs two points.")
    return math.radians(point.latitude), math.radians(point.longitude)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
