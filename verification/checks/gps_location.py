"""Where the file's GPS puts the camera, beside where it is said to have stood and what it is said to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from claims.places import Place
from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.domain.areas import Separation, radius_of, separation
from verification.domain.decoded import Decoded, FoundGps
from verification.domain.findings import Finding, FoundPoint
from verification.domain.wording import say_distance, say_gap

UNSTATED_UNCERTAINTY_M = 100.0
"""What a phone's position may be off by where it does not say: more among houses than in the open."""

_DAY = timedelta(days=1)
_FRESH_FOR = timedelta(minutes=10)
_PROBLEMS = {
    "unset": "is 0, 0: the receiver had no position when the file was made",
    "no_hemisphere": "does not say which hemisphere it means, so it could be in any of four places",
    "zero_denominator": "has a zero where it would have to be divided by: it was never filled in",
    "out_of_range": "lies off the map",
    "unreadable": "can't be read as coordinates",
}


@dataclass(frozen=True)
class _Fix:
    """A usable position; `doubt` says in words why it may be an older one."""

    point: FoundPoint
    doubt: str | None
    data: dict[str, Any]


class GpsLocation:
    slug = "gps_location"
    title = "GPS position"
    version = "1"
    dimensions = (Dimension.LOCATION,)
    media_types = ("image/*", "video/*", "audio/*")
    help = (
        "Measures how far the position in the file lies from the claimed places. It is the camera's "
        "position, not that of what it shows: it can contradict only a claim of where the camera stood."
    )
    reads = "The position that a camera or phone wrote into EXIF or into a film's container, with its own uncertainty."
    stances = {
        Stance.SUPPORTS: "The camera's position lies within the claimed place, both uncertainties allowed for.",
        Stance.CONTRADICTS: "It lies outside of where the camera is claimed to have stood. Never said of the place shown.",
        Stance.NEUTRAL: "There is a position, and no claimed place to measure from.",
        Stance.INCONCLUSIVE: "There is no position, it is no position, or it lies outside of the place that is shown.",
    }
    cannot_know = (
        "What the picture shows, whether somebody wrote the position in later, and how old the fix was."
    )

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.facts()
        gps = facts.gps
        if gps is None:
            failure = facts.failed("metadata")
            if failure:
                raise CheckFailed(f"The file's tags could not be read: {failure.detail}")
            sentence = (
                "The file carries no GPS position; many platforms remove it, so nothing follows from that."
            )
            return [Finding(Dimension.LOCATION, Stance.INCONCLUSIVE, sentence, {"absent": True})]
        data = {"field": gps.field, "value": gps.value, "reader": facts.read_by(gps.reader)}
        if gps.problem or gps.latitude is None or gps.longitude is None:
            problem = gps.problem or "unreadable"
            sentence = f"The GPS position in the file {_PROBLEMS[problem]}; it tells nothing."
            return [Finding(Dimension.LOCATION, Stance.INCONCLUSIVE, sentence, {**data, "problem": problem})]
        fix = _fix(gps, gps.latitude, gps.longitude, facts, data)
        judged = []
        if context.claimed_camera and context.claimed_camera.has_point:
            judged.append(_beside_camera(fix, context.claimed_camera))
        if context.claimed_location and context.claimed_location.has_point:
            judged.append(_beside_shown(fix, context.claimed_location))
        return judged or [_alone(fix)]


def _fix(gps: FoundGps, latitude: float, longitude: float, facts: Decoded, data: dict[str, Any]) -> _Fix:
    uncertainty = (gps.uncertainty_m or UNSTATED_UNCERTAINTY_M) + (gps.resolution_m or 0.0)
    reason = f"GPS position of the camera, read by {facts.read_by(gps.reader)}"
    point = FoundPoint(latitude, longitude, round(uncertainty, 1), reason)
    doubt = _doubt(gps, facts)
    shown = {**data, "latitude": latitude, "longitude": longitude, "uncertainty_m": point.uncertainty_m}
    return _Fix(point, doubt, {**shown, "doubt": doubt} if doubt else shown)


def _doubt(gps: FoundGps, facts: Decoded) -> str | None:
    """Why the position may be older than the picture. Days are not compared: receivers get them wrong."""
    if gps.interrupted:
        return "the receiver had lost its signal, so the position may be an older one"
    captured = next(
        (date.at for date in facts.dates if date.field == "DateTimeOriginal" and date.offset), None
    )
    if captured is None or gps.fix_time is None:
        return None
    taken = datetime.fromisoformat(captured).astimezone(UTC)
    hour, minute, second = (int(part) for part in gps.fix_time.split(":"))
    fixed = taken.replace(hour=hour, minute=minute, second=min(second, 59))
    apart = min((taken - fixed) % _DAY, (fixed - taken) % _DAY)
    if apart <= _FRESH_FOR:
        return None
    return f"satellite time and camera time are {say_gap(apart)} apart, so the position may be an older one"


def _beside_camera(fix: _Fix, claimed: Place) -> Finding:
    apart = separation(claimed, fix.point)
    where = f"{_puts(apart, claimed)}, where it is claimed to have stood"
    data = {**fix.data, "claimed": "camera", **_measured(apart)}
    if fix.doubt:
        return _doubtful(fix, where, data)
    if apart.inside:
        return _found(Stance.SUPPORTS, f"{where}: {_allowed(claimed, fix)}.", data, fix)
    return _found(
        Stance.CONTRADICTS,
        f"{where}, and that is further than both could be off: {_allowed(claimed, fix)}.",
        data,
        fix,
    )


def _beside_shown(fix: _Fix, claimed: Place) -> Finding:
    apart = separation(claimed, fix.point)
    where = _puts(apart, claimed)
    data = {**fix.data, "claimed": "shown", **_measured(apart)}
    if fix.doubt:
        return _doubtful(fix, where, data)
    if apart.inside:
        return _found(
            Stance.SUPPORTS, f"{where}, within the claimed area: {_allowed(claimed, fix)}.", data, fix
        )
    why = "a camera need not stand where what it shows lies, so this settles nothing"
    return _found(Stance.INCONCLUSIVE, f"{where}, outside the claimed area; {why}.", data, fix)


def _alone(fix: _Fix) -> Finding:
    latitude, longitude = fix.point.latitude, fix.point.longitude
    where = f"The file's GPS puts the camera at {latitude:.5f}, {longitude:.5f}"
    if fix.doubt:
        return _doubtful(fix, where, fix.data)
    return _found(
        Stance.NEUTRAL, f"{where}, give or take {say_distance(fix.point.uncertainty_m)}.", fix.data, fix
    )


def _doubtful(fix: _Fix, where: str, data: dict[str, Any]) -> Finding:
    # No point goes with it: a place the camera had left must not count for or against anything.
    return Finding(Dimension.LOCATION, Stance.INCONCLUSIVE, f"{where}; but {fix.doubt}.", data)


def _found(stance: Stance, sentence: str, data: dict[str, Any], fix: _Fix) -> Finding:
    return Finding(Dimension.LOCATION, stance, sentence, data, points=(fix.point,))


def _puts(apart: Separation, claimed: Place) -> str:
    return f"The file's GPS puts the camera {say_distance(apart.distance_m)} from {claimed.name}"


def _allowed(claimed: Place, fix: _Fix) -> str:
    radius, uncertainty = say_distance(radius_of(claimed)), say_distance(fix.point.uncertainty_m)
    return f"the place is taken as {radius} around its point, and the GPS as good to {uncertainty}"


def _measured(apart: Separation) -> dict[str, float]:
    return {"distance_m": round(apart.distance_m, 1), "reach_m": round(apart.reach_m, 1)}
