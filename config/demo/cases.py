"""The claims of the demo, each with its media and the road it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from claims.dates import parse_date
from claims.intake import NewClaim, NewSource
from claims.places import Place
from claims.vocabulary import ContentFlag, Dimension, Method, Precision, Priority, SourceKind, Status
from config.demo.steps import (
    TAG,
    Step,
    asked,
    corrected,
    drafted,
    dropped,
    duplicate_of,
    held,
    noted,
    published,
    recheck_asked,
    reviewed,
    withdrawn,
)
from config.demo.words import (
    AUTHENTICITY_VERIFIED,
    DATE_UNVERIFIED,
    DATE_VERIFIED,
    Medium,
    because,
    film,
    location_contradicted,
    location_verified,
    not_applicable,
    photo,
    place,
    recording,
)
from verification.services.verdicts import NewVerdict

EMBARGO = timedelta(days=7)
KYIV = "Europe/Kyiv"
GRAZ = place("Graz", 47.0707, 15.4395)
HAIL = photo("Graz: hailstones in a market square", seed=3)
SNOW = photo("Snow between rows of vines", seed=15)


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


def cases() -> tuple[Case, ...]:
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
                asked("Did you film this yourself, and on which day? May we show it, and with which name?"),
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
