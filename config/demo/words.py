"""Words that the demo's claims are written in: media to be drawn, places, and what is decided of them and why."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from claims.intake import NewMedia
from claims.places import Place
from claims.vocabulary import Dimension, MediaKind, Method, Precision, Status
from config.demo_media import COMMENT, make_photo, make_recording, make_video
from verification.services.verdicts import NewVerdict

_FILM_SIZE, _PHOTO_SIZE, _SECONDS = (426, 240), (480, 360), 3


@dataclass(frozen=True)
class Medium:
    """A file to be made and uploaded, and what is said of it. The same maker makes the same bytes."""

    make: Callable[[Path], Path]
    said: NewMedia

    def drawn(self) -> bytes:
        with tempfile.TemporaryDirectory(prefix="stet-demo-") as folder:
            return self.make(Path(folder) / "made").read_bytes()


def film(
    *lines: str,
    seed: int,
    created_at: datetime | None = None,
    location: tuple[float, float] | None = None,
    **said: Any,
) -> Medium:
    make = partial(
        make_video,
        lines=lines,
        seconds=_SECONDS,
        size=_FILM_SIZE,
        created_at=created_at,
        location=location,
        seed=seed,
    )
    return _medium(make, MediaKind.VIDEO, lines, said)


def photo(
    *lines: str,
    seed: int,
    taken_at: datetime | None = None,
    gps: tuple[float, float] | None = None,
    **said: Any,
) -> Medium:
    make = partial(make_photo, lines=lines, size=_PHOTO_SIZE, taken_at=taken_at, gps=gps, seed=seed)
    return _medium(make, MediaKind.PHOTO, lines, said)


def recording(*lines: str, **said: Any) -> Medium:
    return _medium(partial(make_recording, seconds=_SECONDS), MediaKind.AUDIO, lines, said)


def _medium(
    make: Callable[[Path], Path], kind: MediaKind, lines: Sequence[str], said: dict[str, Any]
) -> Medium:
    return Medium(
        make, NewMedia(kind=kind, caption=f"Demo, synthetic: {'; '.join(lines)}", credit=COMMENT, **said)
    )


def place(name: str, latitude: float, longitude: float, radius_m: float = 5_000) -> Place:
    return Place(name, latitude, longitude, radius_m, Precision.LOCALITY)


def because(method: Method, feature: str, *, phrase: str = "", **more: Any) -> Mapping[str, Any]:
    """A part of a basis; public where it has a phrase that may be printed."""
    said = {"phrase": phrase} if phrase else {}
    return {"method": method.value, "feature": feature, "public": bool(phrase), **said, **more}


def verified(dimension: Dimension, reason: str, *basis: Mapping[str, Any]) -> NewVerdict:
    return NewVerdict(dimension, Status.VERIFIED, reason, basis=basis)


def location_verified(feature: str) -> NewVerdict:
    return verified(
        Dimension.LOCATION,
        "Landmarks and the lie of the streets match.",
        because(
            Method.GEOLOCATION,
            feature,
            reference="satellite imagery",
            phrase="landmarks match satellite imagery",
        ),
    )


def location_contradicted(value: Place, feature: str, phrase: str) -> NewVerdict:
    return NewVerdict(
        Dimension.LOCATION,
        Status.CONTRADICTED,
        "What is seen lies in another town.",
        basis=[because(Method.GEOLOCATION, feature, phrase=phrase)],
        value=value,
    )


def not_applicable(dimension: Dimension) -> NewVerdict:
    return NewVerdict(dimension, Status.NOT_APPLICABLE, "The claim is of an order, not of an event.")


DATE_UNVERIFIED = NewVerdict(
    Dimension.DATE, Status.UNVERIFIED, "No shadow, clock, weather or earlier copy ties it to a day."
)
DATE_VERIFIED = verified(
    Dimension.DATE,
    "The weather and a dated notice fit that day and no other nearby.",
    because(
        Method.CHRONOLOCATION, "shadows and a dated notice", phrase="weather records and shadows fit the day"
    ),
)
AUTHENTICITY_VERIFIED = verified(
    Dimension.AUTHENTICITY,
    "The original file came from who filmed it and was not saved again.",
    because(Method.METADATA, "the camera's original file", phrase="the camera's original file was examined"),
)
