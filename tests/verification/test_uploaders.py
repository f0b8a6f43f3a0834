"""The same uploader is met again, however somebody wrote them down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.uploaders import Uploader, uploader_from

SAME = [
    ("@stringer_kh", "x.com", ""),
    ("stringer_kh", "Twitter", ""),
    (" @Stringer_KH ", "X", ""),
    ("@stringer_kh", "", "https://twitter.com/stringer_kh/status/15"),
    ("", "", "https://mobile.twitter.com/Stringer_kh/status/15"),
    ("", "", "https://www.x.com/stringer_kh/status/15"),
    ("https://x.com/stringer_kh", "", ""),
    ("x.com/@stringer_kh/media", "", "https://t.me/elsewhere/3"),
    ("\uff20stringer_kh", "twitter.com", ""),
]
APART = [
    ("stringer_kh", "", ""),
    ("stringer_kh", "telegram", ""),
    ("stringer", "x.com", ""),
    ("", "", "https://t.me/stringer/12"),
    ("+380 50 123 45 67", "phone", ""),
]


@pytest.mark.parametrize(("account", "platform", "url"), SAME)
def test_these_are_one(account: str, platform: str, url: str) -> None:
    found = uploader_from(account=account, platform=platform, url=url)
    assert found is not None
    assert (found.key, found.platform) == (Uploader("stringer_kh", "x.com").key, "x.com")


def test_these_are_others() -> None:
    keys = [uploader_from(account=a, platform=p, url=u).key for a, p, u in [*APART, SAME[0]]]  # type: ignore[union-attr]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://media.example/flags/one.mp4",
        "https://www.youtube.com/watch?v=abc",
        "https://x.com/i/status/15",
        "https://t.me/",
        "https://www.instagram.com/p/abc/",
    ],
)
def test_nobody_is_guessed(url: str) -> None:
    assert uploader_from(account="  ", url=url) is None


def test_a_telephone_number_is_the_same_with_and_without_its_gaps() -> None:
    assert Uploader("+380 (50) 123-45-67", "phone").key == Uploader("+380501234567", "phone").key


def test_what_was_written_is_kept_as_it_was() -> None:
    found = uploader_from(account="  Stringer   KH ", url="https://www.Facebook.com/x/videos/1")
    assert found == Uploader("Stringer KH", "facebook.com")
    assert found.name == "Stringer KH on facebook.com"


@given(st.text(min_size=1).filter(str.strip), st.sampled_from(["", "x.com", "Telegram", "somewhere.example"]))
def test_case_gaps_and_an_at_sign_change_nothing_and_twice_is_once(account: str, platform: str) -> None:
    first = uploader_from(account=account, platform=platform)
    assert first is not None
    again = uploader_from(account=f" {first.account} ", platform=first.platform.upper())
    assert again is not None and again.platform == first.platform
    assert again.key == first.key == Uploader(f"@{first.account}", first.platform).key
