"""The demo case: a desk in the middle of its day, made by the same services as everybody's work.

Its towns are real; the events are invented, but for the two videos that Stet was made for. No file is from
anywhere: all are drawn here and say so. Each claim is one transaction under an external id of its own, so that
a seed that was cut off goes on where it stopped.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from claims.dates import parse_date
from claims.intake import NewClaim, NewMedia, NewSource
from claims.media.capture import take_upload
from claims.models import Claim, Desk, Person
from claims.places import Place
from claims.vocabulary import (
    ContentFlag,
    Dimension,
    MediaKind,
    Method,
    Precision,
    Priority,
    Role,
    SourceKind,
    Status,
)
from config.demo_media import COMMENT, make_photo, make_recording, make_video
from verification.models import AuditEntry, QueueEntry
from verification.services import audit, casework, publication, queue, review, submissions
from verification.services.accounts import ensure_desk, issue_account
from verification.services.jobs import after
from verification.services.leases import Lease
from verification.services.review import NewVerdict

SLUG = TAG = "demo"
SEEDED = "seed-demo"
"""What the desk's audit chain says once the whole case is there."""

DEMO_NOTE = "Demo data. The media are drawn by Stet and show nothing real; people and findings around them are made up."
EMBARGO = timedelta(days=7)
SHOWN_LEASE = timedelta(days=1)
"""How long the demo person's review stays theirs: the board should show one under way for longer than a lease."""

_FILM_SIZE, _PHOTO_SIZE, _SECONDS = (426, 240), (480, 360), 3


@dataclass(frozen=True)
class Crew:
    """Who did the demo's work: nobody can log in as them, so that it bars no newcomer from signing it off."""

    checker: Person
    second: Person
    editor: Person


Step = Callable[[Claim, Crew], object]
"""One act on a filed claim."""


@dataclass(frozen=True)
class Medium:
    """A file to be made and uploaded, and what is said of it. The same maker makes the same bytes."""

    make: Callable[[Path], Path]
    said: NewMedia

    def drawn(self) -> bytes:
        with tempfile.TemporaryDirectory(prefix="stet-demo-") as folder:
            return self.make(Path(folder) / "made").read_bytes()


@dataclass(frozen=True)
class Case:
    """A claim and the road it has come."""

    name: str
    claim: NewClaim
    media: Sequence[Medium] = ()
    road: Sequence[Step] = ()

    @property
    def external_id(self) -> str:
        return f"{TAG}:{self.name}"


def demo_desk() -> Desk:
    """The desk that the case is for, made if it is not there."""
    return ensure_desk(
        "Demo desk",
        slug=SLUG,
        house_name="Reuters",
        required=frozenset({Dimension.LOCATION, Dimension.DATE}),
    )


def seed(desk: Desk) -> bool:
    """Makes the case, or what is left to make of it. False where it is there, or the desk has its own claims."""
    there = set(desk.claims.values_list("external_id", flat=True))
    cases = _cases()
    if _is_seeded(desk) or (there and there.isdisjoint(case.external_id for case in cases)):
        return False
    crew = _crew(desk)
    for case in cases:
        if case.external_id not in there:
            _make(case, desk, crew)
    with transaction.atomic():
        chain = audit.hold(audit.chain_of(desk))
        if not _is_seeded(desk):
            audit.record(chain, action=SEEDED, actor=None, data={"claims": len(cases)}, at=timezone.now())
    return True


def _is_seeded(desk: Desk) -> bool:
    return AuditEntry.objects.filter(chain_id=audit.chain_of(desk), action=SEEDED).exists()


def _crew(desk: Desk) -> Crew:
    return Crew(
        checker=_person("demo-checker", Role.FACT_CHECKER, desk),
        second=_person("demo-checker-2", Role.FACT_CHECKER, desk),
        editor=_person("demo-editor", Role.EDITOR, desk),
    )


def _person(name: str, role: Role, desk: Desk) -> Person:
    members = Person.objects.filter(username=name, memberships__desk=desk, memberships__role=role.value)
    if not members.exists():
        issue_account(name, role=role, desk=desk, service=True)  # no password, and nobody is told the key
    return members.get()


def _make(case: Case, desk: Desk, crew: Crew) -> None:
    uploads = [take_upload([medium.drawn()]) for medium in case.media]
    with transaction.atomic():
        new = replace(case.claim, external_id=case.external_id, tags=(TAG, *case.claim.tags))
        filed = submissions.file_claim(new, desk=desk, actor=crew.second)
        if not filed.created:  # by another seed, at this moment
            return
        for medium, uploaded in zip(case.media, uploads, strict=True):
            submissions.add_media(filed.claim, actor=crew.second, new=medium.said, uploaded=uploaded)
        for step in (noted(DEMO_NOTE), *case.road):
            step(filed.claim, crew)


# Steps


def noted(text: str, dimension: Dimension | None = None) -> Step:
    return lambda claim, crew: review.add_note(claim, actor=crew.checker, body=text, dimension=dimension)


def drafted(*verdicts: NewVerdict) -> Step:
    """A review under way."""

    def step(claim: Claim, crew: Crew) -> None:
        lease = _lease(claim, crew.checker)
        _record(claim, lease, crew.checker, verdicts)
        QueueEntry.objects.filter(pk=lease.entry.pk, fence=lease.entry.fence).update(
            lease_until=after(SHOWN_LEASE.total_seconds())
        )

    return step


def reviewed(*verdicts: NewVerdict) -> Step:
    """A review from lease to submission."""

    def step(claim: Claim, crew: Crew) -> None:
        lease = _lease(claim, crew.checker)
        _record(claim, lease, crew.checker, verdicts)
        review.submit_review(claim, actor=crew.checker, lease_token=lease.token)

    return step


def published(headline: str, *, embargo: timedelta | None = None, radius_m: float | None = None) -> Step:
    return lambda claim, crew: publication.publish(
        claim,
        actor=crew.editor,
        embargo_until=timezone.now() + embargo if embargo else None,
        public_location_radius_m=radius_m,
        headline=f"Demo: {headline}",
    )


def recheck_asked(reason: str) -> Step:
    return lambda claim, crew: casework.request_recheck(claim, actor=crew.editor, reason=reason)


def corrected(reason: str) -> Step:
    return lambda claim, crew: publication.correct(claim, actor=crew.editor, reason=reason)


def held(reason: str) -> Step:
    return lambda claim, crew: publication.hold(claim, actor=crew.editor, reason=reason)


def withdrawn(reason: str) -> Step:
    return lambda claim, crew: publication.withdraw(claim, actor=crew.editor, reason=reason)


def dropped(reason: str) -> Step:
    return lambda claim, crew: casework.drop(claim, actor=crew.checker, reason=reason)


def duplicate_of(name: str, reason: str) -> Step:
    def step(claim: Claim, crew: Crew) -> None:
        other = Claim.objects.get(desk_id=claim.desk_id, external_id=f"{TAG}:{name}")
        casework.mark_duplicate(claim, actor=crew.checker, of=other, reason=reason)

    return step


def _lease(claim: Claim, person: Person) -> Lease:
    return queue.lease_entry(claim.queue_entries.open().get(), person)


def _record(claim: Claim, lease: Lease, person: Person, verdicts: Sequence[NewVerdict]) -> None:
    for new in verdicts:
        review.record_verdict(claim, actor=person, lease_token=lease.token, new=new)


# Words of the case


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

KYIV = "Europe/Kyiv"
GRAZ = place("Graz", 47.0707, 15.4395)
HAIL = photo("Graz: hailstones in a market square", seed=3)
SNOW = photo("Snow between rows of vines", seed=15)


def _cases() -> tuple[Case, ...]:
    """The claims in the order of their filing; the first is the one that waits longest with high priority."""
    return (*_waiting(), *_under_way(), *_decided(), *_left())


def _waiting() -> tuple[Case, ...]:
    return (
        Case(
            "two-flags",
            NewClaim(
                "Ukrainian soldiers filmed themselves with flags in two retaken villages on Tuesday.",
                "en",
                NewSource("A regional military administration (demo)", SourceKind.OFFICIAL),
                claimed_date=parse_date("2022-10-04", KYIV),
                priority=Priority.HIGH,
                tags=("ukraine", "flags"),
            ),
            media=(
                film(
                    "Borivska Andriivka, Kharkiv region",
                    "soldiers film themselves",
                    seed=1,
                    location=(49.4212, 37.6415),
                    claimed_location=Place("Borivska Andriivka", 49.42, 37.64, 3_000, Precision.LOCALITY),
                    account="frontline_demo",
                    posted_at=datetime(2022, 10, 4, 15, 20, tzinfo=UTC),
                ),
                film(
                    "A village in the Kherson region",
                    "a soldier raises a flag",
                    seed=2,
                    # Saved again on the next morning: says only that it was filmed before.
                    created_at=datetime(2022, 10, 5, 6, 41, tzinfo=UTC),
                    claimed_location=Place(
                        "a village in the Kherson region", 46.8, 33.2, 120_000, Precision.AREA
                    ),
                    account="south_demo",
                    posted_at=datetime(2022, 10, 5, 6, 50, tzinfo=UTC),
                ),
            ),
            road=(
                noted(
                    "Try it: lease this claim, verify the locations of both videos, say of the date that it could "
                    "not be verified, and submit. An editor then signs it off and copies the line."
                ),
            ),
        ),
        Case(
            "tram",
            NewClaim(
                "An old tram was pulled through the flooded main street of Gmunden by a tractor.",
                "en",
                NewSource("A passer-by (demo)", SourceKind.PERSON),
                claimed_location=place("Gmunden", 47.9182, 13.7993),
                priority=Priority.LOW,
                tags=("flood",),
                draft=True,
            ),
            road=(noted("Waits for the passer-by's own photo before it is queued."),),
        ),
        Case(
            "hail",
            NewClaim(
                "Hailstones as big as eggs covered the market square of Graz on Sunday.",
                "en",
                NewSource("A weather-watching account (demo)", SourceKind.ACCOUNT),
                claimed_date=parse_date("2024-06-09", "Europe/Vienna"),
                claimed_location=GRAZ,
                tags=("weather", "hail"),
            ),
            media=(HAIL,),
        ),
        Case(
            "announcer",
            NewClaim(
                "In a recording the stadium announcer in Montevideo calls a football match off because of fog.",
                "en",
                NewSource("A local radio station (demo)", SourceKind.MEDIA),
                claimed_date=parse_date("2023-05", "America/Montevideo"),
                claimed_location=place("Montevideo", -34.9011, -56.1645, 15_000),
                tags=("football", "audio"),
            ),
            media=(recording("Montevideo: an announcement (a test tone)"),),
            road=(noted("Which match? The station names no date closer than the month.", Dimension.DATE),),
        ),
        Case(
            "bridges",
            NewClaim(
                "All road bridges in Kuopio stayed closed for a whole day because of ice.",
                "en",
                NewSource("A motorists' club (demo)", SourceKind.ORGANISATION),
                claimed_date=parse_date("2025-01-14", "Europe/Helsinki"),
                claimed_location=place("Kuopio", 62.8924, 27.677, 10_000),
                priority=Priority.LOW,
                tags=("weather", "traffic"),
            ),
        ),
        Case(
            "grandstand",
            NewClaim(
                "One person died and others were hurt when a grandstand gave way at the fair of Stetfurt.",
                "en",
                NewSource("A forwarded message, sender not known (demo)"),
                claimed_date=parse_date("2024-08~"),
                claimed_location=Place("Stetfurt (an invented village)"),
                tags=("accident",),
            ),
            media=(
                photo(
                    "A fallen grandstand",
                    seed=6,
                    content_flags=(ContentFlag.DEATH.value, ContentFlag.INJURY.value),
                ),
            ),
        ),
        Case(
            "chernivtsi",
            NewClaim(
                "Після нічної зливи затопило вулицю в центрі Чернівців.",
                "uk",
                NewSource("Місцевий канал (demo)", SourceKind.ACCOUNT),
                claimed_date=parse_date("2023-07-02", KYIV),
                claimed_location=place("Чернівці", 48.2917, 25.9352),
                tags=("flood",),
            ),
            media=(
                photo(
                    "Chernivtsi: a flooded street",
                    seed=7,
                    taken_at=datetime(2023, 7, 2, 7, 55, tzinfo=ZoneInfo(KYIV)),
                    gps=(48.2921, 25.9358),
                ),
            ),
            road=(noted("Демонстраційні дані: зображення намальоване, подія вигадана."),),
        ),
    )


def _under_way() -> tuple[Case, ...]:
    return (
        Case(
            "galway",
            NewClaim(
                "A storm tore the roof off a boathouse in Galway harbour.",
                "en",
                NewSource("A harbour webcam's page (demo)", SourceKind.MEDIA),
                claimed_date=parse_date("2023-11-12/2023-11-13", "Europe/Dublin"),
                claimed_location=place("Galway", 53.2707, -9.0568),
                tags=("storm",),
            ),
            media=(photo("Galway: a boathouse without its roof", seed=8),),
            road=(
                drafted(
                    location_verified("the quay's steps and the church tower behind"),
                    replace(DATE_UNVERIFIED, interim=True),
                ),
                noted("The harbour office is to say on which night the roof went.", Dimension.DATE),
            ),
        ),
        Case(
            "dakar",
            NewClaim(
                "Thousands of fans queued outside the football stadium in Dakar before dawn.",
                "en",
                NewSource("A supporters' club (demo)", SourceKind.ORGANISATION),
                claimed_date=parse_date("2024-03-23", "Africa/Dakar"),
                claimed_location=place("Dakar", 14.7167, -17.4677, 12_000),
                priority=Priority.HIGH,
                tags=("football", "crowd"),
            ),
            media=(photo("Dakar: a queue at the stadium", seed=9, gps=(14.7462, -17.4513)),),
            road=(reviewed(location_verified("the stadium's gate and its floodlights"), DATE_UNVERIFIED),),
        ),
        Case(
            "regensburg",
            NewClaim(
                "The Danube flooded the old town of Regensburg on Monday.",
                "en",
                NewSource("A travel account (demo)", SourceKind.ACCOUNT),
                claimed_date=parse_date("2024-06-03", "Europe/Berlin"),
                claimed_location=place("Regensburg", 49.0134, 12.1016),
                tags=("flood",),
            ),
            media=(film("A flooded old town on the Danube", seed=10),),
            road=(
                reviewed(
                    location_contradicted(
                        place("Passau", 48.5748, 13.4609, 4_000),
                        "the town hall's tower and the steps to the river",
                        "the tower is that of the town hall in Passau",
                    ),
                    DATE_UNVERIFIED,
                ),
                noted(
                    "Before sign-off: does the account show other towns' films as its own?",
                    Dimension.LOCATION,
                ),
            ),
        ),
        Case(
            "vina",
            NewClaim(
                "Waves broke over the promenade of Viña del Mar and filled the street behind it.",
                "en",
                NewSource("A coastal weather service (demo)", SourceKind.OFFICIAL),
                claimed_date=parse_date("2022-07-16", "America/Santiago"),
                claimed_location=place("Viña del Mar", -33.0153, -71.55),
                tags=("storm", "flood"),
            ),
            media=(
                photo(
                    "Viña del Mar: waves over a promenade",
                    seed=11,
                    taken_at=datetime(2022, 7, 16, 14, 5, tzinfo=ZoneInfo("America/Santiago")),
                    gps=(-33.0148, -71.5535),
                ),
            ),
            road=(
                reviewed(location_verified("the castle-like house on the shore"), DATE_VERIFIED),
                published("waves over the promenade of Viña del Mar", embargo=EMBARGO),
            ),
        ),
    )


def _decided() -> tuple[Case, ...]:
    return (
        Case(
            "wellington",
            NewClaim(
                "Gusts blew over market stalls in two towns near Wellington on the same morning.",
                "en",
                NewSource("A regional newspaper (demo)", SourceKind.MEDIA),
                claimed_date=parse_date("2023-09-24", "Pacific/Auckland"),
                tags=("storm",),
            ),
            media=(
                film(
                    "Lower Hutt: stalls blown over",
                    seed=12,
                    claimed_location=place("Lower Hutt", -41.2127, 174.8997),
                ),
                film(
                    "Porirua: stalls blown over",
                    seed=13,
                    claimed_location=place("Porirua", -41.1339, 174.8406),
                ),
            ),
            road=(
                reviewed(location_verified("the shop fronts beside the stalls"), DATE_UNVERIFIED),
                published("market stalls blown over near Wellington"),
            ),
        ),
        Case(
            "mombasa",
            NewClaim(
                "A waterspout passed the old harbour of Mombasa.",
                "en",
                NewSource("A fisherman (demo)", SourceKind.PERSON),
                claimed_date=parse_date("2024-04-18", "Africa/Nairobi"),
                claimed_location=place("Mombasa", -4.0617, 39.6794),
                tags=("weather",),
            ),
            media=(
                photo(
                    "Mombasa: a waterspout at sea",
                    seed=14,
                    taken_at=datetime(2024, 4, 18, 12, 12, tzinfo=ZoneInfo("Africa/Nairobi")),
                    gps=(-4.0609, 39.6790),
                ),
            ),
            road=(
                reviewed(
                    location_verified("the fort's wall on the left"), DATE_VERIFIED, AUTHENTICITY_VERIFIED
                ),
                published("a waterspout off Mombasa", radius_m=2_000),
            ),
        ),
        Case(
            "red-paint",
            NewClaim(
                "The city of Bergen has ordered all wooden houses to be painted red.",
                "en",
                NewSource("A satirical page (demo)", SourceKind.ACCOUNT),
                tags=("rumour",),
            ),
            road=(
                reviewed(
                    NewVerdict(
                        Dimension.STATEMENT,
                        Status.CONTRADICTED,
                        "The register of the city's orders has none of the kind.",
                        basis=[
                            because(
                                Method.OFFICIAL_RECORD,
                                "register of orders",
                                phrase="the city issued no such order",
                            )
                        ],
                    ),
                    not_applicable(Dimension.LOCATION),
                    not_applicable(Dimension.DATE),
                ),
                published("no order to paint houses red in Bergen"),
            ),
        ),
        Case(
            "cafayate",
            NewClaim(
                "Snow lies on the vineyards of Cafayate for the first time in a century.",
                "en",
                NewSource("A winery's page (demo)", SourceKind.ORGANISATION),
                claimed_date=parse_date("2022-08-10", "America/Argentina/Salta"),
                claimed_location=place("Cafayate", -26.0735, -65.9775),
                tags=("snow",),
            ),
            media=(SNOW,),
            road=(
                reviewed(location_verified("the ridge behind the vines"), DATE_UNVERIFIED),
                published("snow on vineyards"),
                recheck_asked("A reader knows the ridge: it lies far to the south."),
                reviewed(
                    location_contradicted(
                        place("Tupungato", -33.3715, -69.1476),
                        "the ridge with the twin peaks, and the chapel at its foot",
                        "the chapel in the photo stands near Tupungato",
                    )
                ),
                corrected("The location was published as verified. The photo shows another valley."),
            ),
        ),
        Case(
            "kyoto",
            NewClaim(
                "Cherry trees stood in full bloom along a canal in Kyoto in November.",
                "en",
                NewSource("A travel magazine (demo)", SourceKind.MEDIA),
                claimed_date=parse_date("2023-11-19", "Asia/Tokyo"),
                claimed_location=place("Kyoto", 35.0116, 135.7681, 10_000),
                tags=("old-photo",),
            ),
            media=(photo("Kyoto: blossom along a canal", seed=16),),
            road=(
                reviewed(location_verified("the bridge and the sign of a tea house"), DATE_VERIFIED),
                published("blossom in November"),
                held("We are looking into an older copy of the photo."),
                noted("The magazine's own archive has a very similar photo of an April.", Dimension.DATE),
            ),
        ),
        Case(
            "seville",
            NewClaim(
                "Storks have built a nest on a traffic light in Seville that is in use.",
                "en",
                NewSource("A neighbourhood account (demo)", SourceKind.ACCOUNT),
                claimed_date=parse_date("2024-02-27", "Europe/Madrid"),
                claimed_location=place("Seville", 37.3891, -5.9845),
                tags=("animals",),
            ),
            media=(photo("Seville: a nest on a traffic light", seed=17),),
            road=(
                reviewed(location_verified("the crossing and its tiled bench"), DATE_UNVERIFIED),
                published("storks on a traffic light"),
                withdrawn("The photo that we examined is not the one that the account posted."),
            ),
        ),
    )


def _left() -> tuple[Case, ...]:
    return (
        Case(
            "reindeer",
            NewClaim(
                "A cloud over Tromsø looked like a reindeer.",
                "en",
                NewSource("A passer-by (demo)", SourceKind.PERSON),
                claimed_location=place("Tromsø", 69.6492, 18.9553),
                priority=Priority.LOW,
            ),
            road=(dropped("Not worth checking: a matter of taste, and nothing follows from it."),),
        ),
        Case(
            "hail-again",
            NewClaim(
                "Look at this hail in Graz!",
                "en",
                NewSource("A sports club's page (demo)", SourceKind.ORGANISATION),
                claimed_location=GRAZ,
                tags=("weather", "hail"),
            ),
            media=(HAIL,),
            road=(duplicate_of("hail", "The same photo of the same hail."),),
        ),
        Case(
            "old-snow",
            NewClaim(
                "This year's first snow has fallen on the vineyards above Cafayate.",
                "en",
                NewSource("A weather-watching account (demo)", SourceKind.ACCOUNT),
                claimed_location=place("Cafayate", -26.0735, -65.9775),
                tags=("snow", "old-photo"),
            ),
            media=(replace(SNOW, said=replace(SNOW.said, account="weather_demo")),),
        ),
    )
