"""The moment that the number in a post's address stands for. Pure arithmetic: nobody is asked.

Platforms number posts by the clock, and publish their epochs. Milliseconds after the Unix epoch, after
"Snowflake" (Twitter, 2010), Discord's developer reference, "Sharding & IDs at Instagram" (2012), Mastodon's
`mastodon/snowflake.rb` and the AT Protocol's specification of TIDs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

_X_EPOCH_MS = 1_288_834_974_657
_DISCORD_EPOCH_MS = 1_420_070_400_000
_INSTAGRAM_EPOCH_MS = 1_314_220_021_721

_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BASE32_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"

CLIENT_SETS_IT = "whoever posts there can set the id to any time"
MEDIA_CAN_CHANGE = "what such a post shows can be exchanged later"
LOOKS_LIKE_MASTODON = "any server can number its posts so, and what such a post shows can be exchanged later"


@dataclass(frozen=True)
class DatedPost:
    """When a post was made, by its id. `soft_because` says why that may be untrue of the media in it."""

    platform: str
    post_id: str
    at: datetime
    soft_because: str | None = None


@dataclass(frozen=True)
class _Form:
    """How one platform writes posts in addresses. `since` is when it began to number them by the clock."""

    platform: str
    hosts: tuple[str, ...]
    path: re.Pattern[str]
    milliseconds: Callable[[str], float]
    since: datetime
    soft_because: str | None = None


def _shifted(by: int, epoch_ms: int = 0) -> Callable[[str], float]:
    return lambda text: (int(text) >> by) + epoch_ms


def _in_base(text: str, alphabet: str) -> int:
    number = 0
    for letter in text:
        number = number * len(alphabet) + alphabet.index(letter)
    return number


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_FORMS = (
    _Form(
        "X",
        ("x.com", "twitter.com"),
        re.compile(r"/(?:i/web|i|\w{1,20})/status(?:es)?/(?P<id>\d{1,19})(?:/.*)?", re.ASCII),
        _shifted(22, _X_EPOCH_MS),
        # Until 4 November 2010 the numbers only counted; as a clock they would all say that day.
        _day(2010, 11, 5),
    ),
    _Form(
        "Discord",
        ("discord.com", "discordapp.com"),
        re.compile(r"/channels/(?:@me|\d+)/\d+/(?P<id>\d{17,20})/?", re.ASCII),
        _shifted(22, _DISCORD_EPOCH_MS),
        _day(2015, 1, 1),
        MEDIA_CAN_CHANGE,
    ),
    _Form(
        "Discord",
        ("cdn.discordapp.com", "media.discordapp.net"),
        re.compile(r"/attachments/\d+/(?P<id>\d{17,20})/[^/]+", re.ASCII),
        _shifted(22, _DISCORD_EPOCH_MS),
        _day(2015, 1, 1),
    ),
    _Form(
        "Instagram",
        ("instagram.com",),
        re.compile(r"/(?:[\w.]+/)?(?:p|reel|reels|tv)/(?P<id>[A-Za-z0-9_-]{9,11})(?:/.*)?", re.ASCII),
        lambda text: (_in_base(text, _BASE64URL) >> 23) + _INSTAGRAM_EPOCH_MS,
        _day(2011, 8, 25),
    ),
    _Form(
        "TikTok",
        ("tiktok.com",),
        re.compile(r"/(?:@[\w.]*/(?:video|photo)|v|embed(?:/v2)?)/(?P<id>\d{19})(?:\.html)?/?", re.ASCII),
        lambda text: (int(text) >> 32) * 1000,
        _day(2014, 1, 1),
    ),
    _Form(
        "LinkedIn",
        ("linkedin.com",),
        re.compile(
            r"/(?:posts/.*[-:]|feed/update/urn:li:)(?:activity|share|ugcPost)[-:](?P<id>\d{19})(?:-\w+)?/?",
            re.ASCII,
        ),
        _shifted(22),
        _day(2012, 1, 1),
    ),
    _Form(
        "Bluesky",
        ("bsky.app",),
        re.compile(rf"/profile/[^/]+/post/(?P<id>[2-7a-j][{_BASE32_SORTABLE}]{{12}})/?", re.ASCII),
        lambda text: (_in_base(text, _BASE32_SORTABLE) >> 10) / 1000,
        _day(2022, 1, 1),
        CLIENT_SETS_IT,
    ),
)
_MASTODON = _Form(
    "Mastodon",
    (),
    re.compile(r"/(?:web/)?(?:@[\w.-]+(?:@[\w.-]+)?|users/[\w.-]+/statuses)/(?P<id>\d{17,19})/?", re.ASCII),
    _shifted(16),
    # Version 2.0, which brought such ids.
    _day(2017, 10, 1),
    LOOKS_LIKE_MASTODON,
)
_NO_TIME_IN_IDS = {
    "YouTube": ("youtube.com", "youtu.be"),
    "Telegram": ("t.me", "telegram.me"),
    "Facebook": ("facebook.com", "fb.watch", "fb.com"),
}


def read_post(url: str) -> DatedPost | None:
    """The time in the id of the post that the address names; None where it names none that is numbered so."""
    host, path = _parts(url)
    if not host:
        return None
    for form in _FORMS:
        if any(_is_at(host, known) for known in form.hosts):
            found = _read(form, path)
            if found:
                return found
    if any(_is_at(host, known) for form in _FORMS for known in form.hosts) or timeless_platform(url):
        return None
    return _read(_MASTODON, path)


def timeless_platform(url: str) -> str | None:
    """The platform that the address is on, where it is one that hides the time: YouTube, Telegram, Facebook."""
    host, _ = _parts(url)
    for platform, hosts in _NO_TIME_IN_IDS.items():
        if any(_is_at(host, known) for known in hosts):
            return platform
    return None


def _parts(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"}:
            return "", ""
        return (parts.hostname or "").rstrip("."), unquote(parts.path)
    except ValueError:
        return "", ""


def _is_at(host: str, known: str) -> bool:
    """The host itself or one under it; "notx.com" is not "x.com"."""
    return host == known or host.endswith(f".{known}")


def _read(form: _Form, path: str) -> DatedPost | None:
    match = form.path.fullmatch(path)
    if match is None:
        return None
    at = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        at += timedelta(milliseconds=form.milliseconds(match["id"]))
    except OverflowError:
        return None
    return DatedPost(form.platform, match["id"], at, form.soft_because) if at >= form.since else None
