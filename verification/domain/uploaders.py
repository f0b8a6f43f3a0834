"""Who an uploader is, so that the same one is met again: an account on a platform, however it was written down."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

_CALLED: dict[str, tuple[str, ...]] = {
    "x.com": ("twitter.com", "x", "twitter"),
    "telegram": ("t.me", "telegram.me", "telegram.org"),
    "youtube.com": ("youtu.be", "youtube"),
    "facebook.com": ("fb.com", "fb.watch", "facebook"),
    "instagram.com": ("instagram",),
    "tiktok.com": ("vm.tiktok.com", "tiktok"),
    "vk.com": ("vkontakte.ru", "vk", "vkontakte"),
    "whatsapp": ("whatsapp.com", "wa.me"),
    "e-mail": ("email", "mail"),
    "phone": ("telephone", "mobile phone"),
}
_PLATFORM = {name: platform for platform, names in _CALLED.items() for name in (platform, *names)}
_NAMES_ACCOUNT = frozenset({"x.com", "tiktok.com", "telegram"})
"""Platforms whose addresses of posts begin with the account."""
_NO_ACCOUNT = {"i", "s", "c", "status", "share", "intent", "search", "home", "watch"}
_ADDRESS = re.compile(r"(?:https?://)?([\w-]+(?:\.[\w-]+)+)/(.+)", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s().-]{6,}")


@dataclass(frozen=True)
class Uploader:
    """An account as a person wrote it, on a platform ("" where none is said)."""

    account: str
    platform: str = ""

    @property
    def key(self) -> str:
        """A digest under which the same account on the same platform meets, however it was written."""
        return hashlib.sha256(f"{self.platform}\n{_plain(self.account)}".encode()).hexdigest()

    @property
    def name(self) -> str:
        return f"{self.account} on {self.platform}" if self.platform else self.account


def uploader_from(*, account: str, platform: str = "", url: str = "") -> Uploader | None:
    """Who an account is, with its platform from what is said of it, else from the address of the post.

    An account may itself be the address of a profile. Where none is said, one that the post's address begins with
    counts. None where there is neither.
    """
    account = " ".join(account.split())
    if found := _ADDRESS.fullmatch(account):
        on, rest = _platform_of(found[1]), [part for part in urlsplit(found[2]).path.split("/") if part]
        named = [part for part in rest if part.casefold() not in _NO_ACCOUNT]
        if named:
            return Uploader(named[0], on)
    platform = _platform_of(platform) or _platform_of(_host(url))
    if account:
        return Uploader(account, platform)
    of_post = _account_in(url, platform)
    return Uploader(of_post, platform) if of_post else None


def _account_in(url: str, platform: str) -> str:
    if platform not in _NAMES_ACCOUNT:
        return ""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    return parts[0] if len(parts) > 1 and parts[0].casefold() not in _NO_ACCOUNT else ""


def _host(url: str) -> str:
    return urlsplit(url).hostname or "" if url else ""


def _platform_of(name: str) -> str:
    plain = _folded(name)
    for prefix in ("www.", "m.", "mobile."):
        plain = plain.removeprefix(prefix)
    return _PLATFORM.get(plain, plain)


def _plain(account: str) -> str:
    plain = _folded(account).lstrip("@").strip()
    return re.sub(r"[\s().-]", "", plain) if _PHONE.fullmatch(plain) else plain


def _folded(text: str) -> str:
    # Folding may undo what the first normalising did: once more, so that doing it again changes nothing.
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(once.split())
