from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.dates import parse_date
from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import Context, Media, NotApplicable
from verification.checks.post_time import PostTime
from verification.domain.findings import Side
from verification.domain.post_ids import read_post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TWEET = "https://twitter.com/someone/status/1050118621198921728"
BASE32 = "234567abcdefghijklmnopqrstuvwxyz"
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def run(url, *, claimed=None, captured_at=None):
    media = Media("ab" * 32, "video/mp4", MediaKind.VIDEO)
    context = Context(
        now=NOW,
        url=url,
        claimed_date=parse_date(claimed, "Europe/Kyiv") if claimed else None,
        captured_at=captured_at,
    )
    return PostTime().run(media, context)


def test_a_post_bounds_what_it_shows_from_above():
    (finding,) = run(TWEET)
    assert (finding.dimension, finding.stance) == (Dimension.DATE, Stance.NEUTRAL)
    assert finding.sentence == (
        "By its id, the post on X was made at 20:19 on 10 October 2018 UTC; what it shows was filmed no later than that."
    )
    (bound,) = finding.bounds
    assert (bound.side, bound.hard) == (Side.NOT_AFTER, True)
    # As the platform's own documentation of this very post has it: Wed Oct 10 20:19:24 +0000 2018.
    assert bound.at.replace(microsecond=0) == datetime(2018, 10, 10, 20, 19, 24, tzinfo=UTC)


def test_a_post_older_than_the_claimed_day_contradicts_it():
    (finding,) = run(TWEET, claimed="2022-10-04")
    assert finding.stance is Stance.CONTRADICTS
    assert "3 years before the claimed day begins" in finding.sentence


def test_a_post_within_or_after_the_claimed_day_supports_nothing():
    assert run(TWEET, claimed="2018-10-10")[0].stance is Stance.NEUTRAL
    assert run(TWEET, claimed="2017")[0].stance is Stance.NEUTRAL


def to_base(number, alphabet, width):
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(alphabet))
        digits = alphabet[digit] + digits
    return digits


def milliseconds(at):
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


WRITERS = {
    "X": lambda ms, low: f"https://x.com/i/web/status/{(ms - 1288834974657) << 22 | low % 2**22}",
    "Discord": lambda ms, low: f"https://discord.com/channels/1/2/{(ms - 1420070400000) << 22 | low % 2**22}",
    "Instagram": lambda ms, low: (
        "https://www.instagram.com/reel/"
        + to_base((ms - 1314220021721) << 23 | low % 2**23, BASE64, 11)
        + "/?utm_source=x"
    ),
    "TikTok": lambda ms, low: f"https://www.tiktok.com/@some.one/video/{ms // 1000 << 32 | low % 2**32}",
    "LinkedIn": lambda ms, low: (
        f"https://www.linkedin.com/feed/update/urn:li:activity:{ms << 22 | low % 2**22}/"
    ),
    "Mastodon": lambda ms, low: f"https://news.example/@reporter/{ms << 16 | low % 2**16}",
    "Bluesky": lambda ms, low: (
        f"https://bsky.app/profile/some.example/post/{to_base(ms * 1000 << 10 | low % 2**10, BASE32, 13)}"
    ),
}


@pytest.mark.parametrize("platform", WRITERS)
@given(
    at=st.datetimes(datetime(2022, 1, 2), datetime(2026, 11, 1), timezones=st.just(UTC)),
    low=st.integers(0, 2**32),
)
def test_every_platforms_ids_are_read_back_to_the_moment_they_were_made_from(platform, at, low):
    post = read_post(WRITERS[platform](milliseconds(at), low))
    assert post.platform == platform
    assert timedelta() <= at - post.at < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("platform", "hard"),
    [
        ("X", True),
        ("Instagram", True),
        ("TikTok", True),
        ("LinkedIn", True),
        ("Discord", False),  # a message's attachments can be exchanged
        ("Mastodon", False),  # any server can say so, and edits exchange media
        ("Bluesky", False),  # the client sets the id
    ],
)
def test_the_bound_is_soft_where_the_id_can_be_forged_or_the_media_exchanged(platform, hard):
    url = WRITERS[platform](milliseconds(datetime(2022, 10, 4, 12, tzinfo=UTC)), 7)
    (finding,) = run(url, claimed="2022-12-01")
    assert finding.bounds[0].hard is hard
    assert ("unless the id misleads" in finding.sentence) is not hard


def test_an_uploaded_attachment_of_discord_keeps_its_own_id_and_is_hard():
    number = (milliseconds(datetime(2022, 10, 4, 12, tzinfo=UTC)) - 1420070400000) << 22
    (finding,) = run(f"https://cdn.discordapp.com/attachments/2/{number}/film.mp4?ex=1")
    assert finding.bounds[0].hard is True


def test_creation_is_not_publication_and_the_words_say_no_more():
    (finding,) = run(WRITERS["Instagram"](milliseconds(datetime(2022, 10, 4, 12, tzinfo=UTC)), 7))
    assert "was made at" in finding.sentence
    assert "published" not in finding.sentence


@pytest.mark.parametrize(
    "url",
    [
        "https://twitter.com/jack/status/20",  # of the years when they only counted
        "https://twitter.com/someone/status/29700859247",
        "https://twitter.com/someone",
        "https://x.com/i/broadcasts/1OwGWYkKkLZKQ",
        "https://notx.com/someone/status/1050118621198921728",
        "https://x.com.evil.example/someone/status/1050118621198921728",
        "https://news.example/articles/109273482740193743",
        "https://pleroma.example/@someone/ALKzA3ZpPz5dkXqjIe",
        "https://old.example/@someone/123456",
        "https://vm.tiktok.com/ZMF1abcde/",
        "https://www.tiktok.com/@some.one/live",
        "https://www.instagram.com/someone/",
        "https://bsky.app/profile/some.example/post/0000000000000",
        "ftp://x.com/someone/status/1050118621198921728",
        "https://[broken",
        "not a url",
    ],
)
def test_addresses_that_tell_no_time_are_not_guessed_at(url):
    assert read_post(url) is None
    with pytest.raises(NotApplicable):
        run(url)


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "YouTube"),
        ("https://youtu.be/dQw4w9WgXcQ", "YouTube"),
        ("https://t.me/channel/12345", "Telegram"),
        ("https://www.facebook.com/100064/posts/109273482740193743", "Facebook"),
        ("https://www.facebook.com/@page/109273482740193743", "Facebook"),
    ],
)
def test_platforms_without_time_in_their_ids_are_named(url, platform):
    with pytest.raises(NotApplicable) as refusal:
        run(url)
    assert refusal.value.detail == f"{platform} puts no time into the ids of its posts."


def test_without_an_address_it_does_not_apply():
    with pytest.raises(NotApplicable):
        run(None)


def test_a_post_that_is_later_than_our_copy_bounds_nothing():
    (finding,) = run(TWEET, captured_at=datetime(2018, 10, 1, tzinfo=UTC))
    assert (finding.stance, finding.bounds) == (Stance.INCONCLUSIVE, ())
    to_come = WRITERS["X"](milliseconds(NOW + timedelta(days=900)), 0)
    assert run(to_come)[0].data["impossible"] is True


@given(st.text(max_size=80))
def test_any_address_is_read_or_not(text):
    for url in (text, f"https://x.com/{text}", f"https://news.example/@a/{text}"):
        post = read_post(url)
        assert post is None or post.at.tzinfo is UTC
