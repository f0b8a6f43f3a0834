"""Lines beyond the table of PRODUCT.md: what a wire agency's copy desk would pass."""

from __future__ import annotations

import pytest

from claims.places import Place
from tests.verification.lines import (
    BORIVSKA,
    INTERIM,
    IZIUM,
    KHERSON,
    MARIUPOL,
    NOT_APPLICABLE,
    TUESDAY,
    U,
    V,
    audio,
    claim,
    document,
    line,
    photo,
    so,
    video,
)

HALF = "Reuters has verified the location in one of the two videos"
COPY = "a copy was online by Oct. 13, 2020"
NOT_FILMED_THEN = "was not filmed on Oct. 4, 2022, as claimed: a copy was online by Oct. 13, 2020."
NO_ORDER = "the ministry issued no such order"

BEYOND_THE_TABLE = [
    # One item, many dimensions.
    (
        [video(location=V, date=V, authenticity=V, provenance=V, source=V)],
        "Reuters has verified the location, date and authenticity of the video and who filmed it, and traced it to its original post.",
    ),
    (
        [video(location=U, date=U, authenticity=U, provenance=U, source=U)],
        "Reuters could not independently verify the location, date, authenticity or origin of the video or who filmed it.",
    ),
    (
        [video(location=V, provenance=U, source=V)],
        "Reuters has verified the location in the video and who filmed it, but could not independently verify the origin.",
    ),
    (
        [video(location=V, provenance=V, date=U)],
        "Reuters has verified the location in the video and traced it to its original post, but could not independently verify the date.",
    ),
    (
        [photo(location=V, source=U)],
        "Reuters has verified the location in the photo, but could not independently verify who took it.",
    ),
    (
        [document(authenticity=V, date=V, provenance=V, source=U)],
        "Reuters has verified the authenticity and date of the document and traced it to its original source, but could not independently verify who wrote it.",
    ),
    ([audio(location=V)], "Reuters has verified the location in the recording."),
    # Interim beside not.
    (
        [video(location=INTERIM, date=U)],
        "Reuters could not independently verify the date of the video or immediately verify the location.",
    ),
    (
        [video(location=V, date=INTERIM, authenticity=U)],
        "Reuters has verified the location in the video, but could not independently verify the authenticity or immediately verify the date.",
    ),
    (
        [video(location=V, date=INTERIM), video(location=V, date=U)],
        "Reuters has verified the location in the videos, but could not independently verify the date of one of them or immediately verify the date of the other.",
    ),
    (
        [video(location=V), video(location=INTERIM), video(location=U)],
        "Reuters has verified the location in one of the three videos, but could not independently verify the location in another or immediately verify the location in the remaining one.",
    ),
    # Parts of one kind.
    (
        [video(location=V, date=V), video(location=U, date=V)],
        f"{HALF} and the date of both, but could not independently verify the location in the other.",
    ),
    (
        [video(location=V, date=U), video(location=U, date=U)],
        f"{HALF}, but could not independently verify the location in the other or the date of either of them.",
    ),
    (
        [video(KHERSON, location=V, date=V), video(IZIUM, location=V, date=U)],
        "Reuters has verified the locations in the videos and the date of one of them, but could not independently verify the date of the other.",
    ),
    (
        [video(location=V, date=U), video(location=U, date=V)],
        f"{HALF} and the date of the other, but could not independently verify the location in the latter or the date of the former.",
    ),
    (
        [video(location=V, date=V), video(location=V, date=U), video(location=U, date=V)],
        "Reuters has verified the location in two of the three videos, but could not independently verify the location in the other. Reuters has verified the date of two of the three videos, but could not independently verify the date of the other.",
    ),
    (
        [video(location=V, provenance=V), video(location=V, provenance=V), video(location=U, provenance=U)],
        "Reuters has verified the location in two of the three videos and traced them to their original posts, but could not independently verify the location or origin of the other.",
    ),
    (
        [video(location=V)] * 12 + [video(location=U)] * 3,
        "Reuters has verified the location in 12 of the 15 videos, but could not independently verify the location in the others.",
    ),
    (
        [video(location=V, date=NOT_APPLICABLE), video(location=V, date=U)],
        "Reuters has verified the location in the videos, but could not independently verify the date of one of them.",
    ),
    # Mixed kinds.
    (
        [video(KHERSON, location=V), video(IZIUM, location=V), photo(BORIVSKA, location=V)],
        "Reuters has verified the locations in the two videos and the photo.",
    ),
    (
        [video(KHERSON, location=V), video(IZIUM, location=U), photo(BORIVSKA, location=V)],
        "Reuters has verified the locations in the photo and one of the two videos, but could not independently verify the location in the other video.",
    ),
    (
        [video(location=V, date=U), video(location=U, date=U), photo(location=U, date=U)],
        f"{HALF}, but could not independently verify the location in the photo or the other video, or the date of any of them.",
    ),
    ([video(location=U), photo(location=U)], "Reuters could not independently verify the location in the video or the photo."),
    (
        [video(location=V, date=U), photo(location=U, date=V)],
        "Reuters has verified the location in the video and the date of the photo, but could not independently verify the location in the photo or the date of the video.",
    ),
    (
        [video(location=V, date=U), audio(location=NOT_APPLICABLE, date=U)],
        "Reuters has verified the location in the video, but could not independently verify the date of the video or the recording.",
    ),
    (
        [video(location=V, source=U), photo(location=V, source=U)],
        "Reuters has verified the location in the video and the photo, but could not independently verify who made them.",
    ),
    (
        [video(location=V), video(location=V), photo(location=V), photo(location=U), photo(location=U)],
        "Reuters has verified the location in the two videos and one of the three photos, but could not independently verify the location in the other two photos.",
    ),
    # Contradicted places.
    (
        [video(KHERSON, location=so(MARIUPOL)), video(KHERSON, location=so(MARIUPOL))],
        "Reuters has established that the videos show Mariupol, not Kherson as claimed.",
    ),
    (
        [video(KHERSON, location=so(IZIUM)), video(KHERSON, location=so(MARIUPOL))],
        "Reuters has established that one of the two videos shows Izium, not Kherson as claimed. The other shows Mariupol, not Kherson as claimed.",
    ),
    (
        [video(KHERSON, location=so(MARIUPOL)), video(KHERSON, location=U)],
        "Reuters has established that one of the two videos shows Mariupol, not Kherson as claimed, but could not independently verify the location in the other.",
    ),
    (
        [video(location=V), video(location=U), video(KHERSON, location=so(IZIUM))],
        "Reuters has verified the location in one of the three videos, but could not independently verify the location in another. The remaining one shows Izium, not Kherson as claimed.",
    ),
    (
        [video(location=V)] * 2 + [video(location=U)] + [video(KHERSON, location=so(IZIUM))] * 12,
        "Reuters has verified the location in two of the 15 videos, but could not independently verify the location in another. The remaining 12 show Izium, not Kherson as claimed.",
    ),
    (
        [video(location=V, date=V)] * 12 + [video(KHERSON, date=V, location=so("the skyline is that of Mariupol."))] * 12,
        "Reuters has verified the location in 12 of the 24 videos and the date of all 24. The others do not show Kherson as claimed: the skyline is that of Mariupol.",
    ),
    (
        [photo(KHERSON, location=V)] + [video(KHERSON, location=so(IZIUM))] * 12 + [video(KHERSON, location=V)] * 2,
        "Reuters has verified the location in the photo and two of the 14 videos. The other 12 videos show Izium, not Kherson as claimed.",
    ),
    (
        [photo(location=V)] + [video(KHERSON, location=so(IZIUM))] * 12 + [video(location=NOT_APPLICABLE)] * 2,
        "Reuters has verified the location in the photo. A total of 12 of the 14 videos show Izium, not Kherson as claimed.",
    ),
    (
        [video(Place("Kherson, Ukraine"), location=so(Place("Washington, D.C.")))],
        "Reuters has established that the video shows Washington, D.C., not Kherson, Ukraine, as claimed.",
    ),
    ([video(location=so(Place("Washington, D.C.")))], "Reuters has established that the video shows Washington, D.C."),
    (
        [video(location=so("the road signs are Turkish"), date=U)],
        "Reuters has established that the video does not show the place claimed: the road signs are Turkish. Reuters could not independently verify the date of the video.",
    ),
    (
        [audio(KHERSON, location=so(IZIUM))],
        "Reuters has established that the recording was made in Izium, not Kherson as claimed.",
    ),
    # Contradicted dates.
    (
        [video(KHERSON, TUESDAY, location=so(MARIUPOL), date=so(COPY))],
        "Reuters has established that the video shows Mariupol, not Kherson as claimed. The video " + NOT_FILMED_THEN,
    ),
    (
        [video(KHERSON, TUESDAY, location=U, date=so(COPY))],
        f"Reuters has established that the video {NOT_FILMED_THEN} Reuters could not independently verify the location in the video.",
    ),
    (
        [video(None, TUESDAY, location=U, date=so(["2020-10-12"]))],
        "Reuters has established that the video was filmed on Oct. 12, 2020, not on Oct. 4, 2022, as claimed, but could not independently verify the location.",
    ),
    (
        [photo(None, "2022-03", location=V, date=so(["../2020-10"]))],
        "Reuters has verified the location in the photo. The photo was taken in or before October 2020, not in March 2022 as claimed.",
    ),
    (
        [video(KHERSON, TUESDAY, location=V, date=V), video(KHERSON, TUESDAY, location=so(IZIUM), date=so(COPY))],
        f"Reuters has verified the location and date of one of the two videos. The other shows Izium, not Kherson as claimed. That video {NOT_FILMED_THEN}",
    ),
    # Other dimensions contradicted.
    (
        [video(location=V, authenticity=so("the sound is dubbed")), video(location=V, authenticity=so("the sound is dubbed"))],
        "Reuters has verified the location in the videos. The videos have been altered: the sound is dubbed.",
    ),
    (
        [video(location=V, authenticity=V), video(location=V, authenticity=so("the sound is dubbed"))],
        "Reuters has verified the location in the videos and the authenticity of one of them. The other has been altered: the sound is dubbed.",
    ),
    (
        [video(location=U, provenance=so("it was cut from a longer video"))],
        "Reuters has established that the video is not the original: it was cut from a longer video. Reuters could not independently verify the location in the video.",
    ),
    (
        [video(location=V, source=so("the account reposted it"))],
        "Reuters has verified the location in the video. The video did not come from the source claimed: the account reposted it.",
    ),
    # The claim beside its media.
    (
        [claim(statement=V), video(location=V, date=U)],
        "Reuters has verified the claim and the location in the video, but could not independently verify the date.",
    ),
    (
        [claim(statement=U), video(location=V, date=U)],
        "Reuters has verified the location in the video, but could not independently verify the claim or the date.",
    ),
    (
        [claim(statement=U), video(date=U)],
        "Reuters could not independently verify the claim or the date of the video.",
    ),
    (
        [claim(statement=so(NO_ORDER)), video(location=V, date=U)],
        f"Reuters has verified the location in the video, but could not independently verify the date. Evidence reviewed by Reuters contradicts the claim: {NO_ORDER}.",
    ),
    (
        [claim(statement=so(NO_ORDER)), video(KHERSON, location=so(MARIUPOL), date=U)],
        f"Evidence reviewed by Reuters contradicts the claim: {NO_ORDER}. Reuters has established that the video shows Mariupol, not Kherson as claimed, but could not independently verify the date.",
    ),
    (
        [claim(statement=U), video(location=V, date=U, authenticity=U, source=U)],
        "Reuters has verified the location in the video, but could not independently verify the claim, the date, the authenticity or who filmed the video.",
    ),
    # What an item shows.
    (
        [video(statement=V, location=V)],
        "Reuters has verified the location in the video and that it shows what is claimed.",
    ),
    (
        [video(statement=V), video(statement=U)],
        "Reuters has verified that one of the two videos shows what is claimed, but could not independently verify that the other shows what is claimed.",
    ),
    (
        [video(statement=so("the crowd was at a football match"), location=V)],
        "Reuters has verified the location in the video. The video does not show what is claimed: the crowd was at a football match.",
    ),
    (
        [document(statement=U, authenticity=U, source=U)],
        "Reuters could not independently verify the authenticity of the document, who wrote it or that it says what is claimed.",
    ),
    # No media.
    ([claim(location=V, date=U)], "Reuters has verified the location, but could not independently verify the date."),
    ([claim(statement=V, location=V, date=V)], "Reuters has verified the claim, location and date."),
    (
        [claim(KHERSON, location=so(IZIUM), date=U)],
        "Reuters has established that the event took place in Izium, not Kherson as claimed, but could not independently verify the date.",
    ),
    (
        [claim(None, TUESDAY, statement=U, date=so("the ministry was abolished in 2015"))],
        "Reuters has established that the event did not take place on Oct. 4, 2022, as claimed: the ministry was abolished in 2015. Reuters could not independently verify the claim.",
    ),
    (
        [claim(provenance=V, authenticity=U, source=U)],
        "Reuters has traced the claim to its origin, but could not independently verify the authenticity of the claim or who made it.",
    ),
    (
        [claim(source=so("the ministry denied it"))],
        "Reuters has established that the claim was not made by the source named: the ministry denied it.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "sentence"), BEYOND_THE_TABLE)
def test_beyond_the_table(given, sentence):
    assert line(*given) == sentence
    assert line(*reversed(given)) == sentence
