"""Reads a page: Open Graph, Twitter card, JSON-LD, the oEmbed link, and the text that a reader sees."""

from __future__ import annotations

import codecs
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from claims.pages import Candidate, PageSays, Statement
from claims.vocabulary import MediaKind

MAX_TEXT_CHARS = 2_000_000
MAX_URL_CHARS = 8192
MAX_CANDIDATES = 100
MAX_JSON_NODES = 20_000
MAX_TITLE_CHARS = 500
MAX_TIME_CHARS = 64

_VIDEO, _AUDIO, _PHOTO = MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PHOTO
_META = (
    ("og:video:secure_url", _VIDEO),
    ("og:video:url", _VIDEO),
    ("og:video", _VIDEO),
    ("twitter:player:stream", _VIDEO),
    ("og:audio:secure_url", _AUDIO),
    ("og:audio:url", _AUDIO),
    ("og:audio", _AUDIO),
    ("og:image:secure_url", _PHOTO),
    ("og:image:url", _PHOTO),
    ("og:image", _PHOTO),
    ("twitter:image", _PHOTO),
    ("twitter:image:src", _PHOTO),
)
"""Where a page's head names media, the best first."""

_OBJECTS = {"VideoObject": _VIDEO, "AudioObject": _AUDIO, "ImageObject": _PHOTO}
_POSTS = frozenset(
    {"SocialMediaPosting", "Article", "NewsArticle", "ReportageNewsArticle", "BlogPosting", "LiveBlogPosting"}
)
# Whoever is behind a page has pictures too, and they are not what the page shows.
_NOT_SHOWN = frozenset(
    {"publisher", "author", "creator", "logo", "interactionStatistic", "comment", "review"}
)
_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_\-:.]{1,40})""", re.IGNORECASE
)
_UNSEEN = ["script", "style", "noscript", "template", "svg", "iframe", "object", "head"]
_PLAYER_TYPES = frozenset({"text/html", "application/xhtml+xml", "application/x-shockwave-flash"})


def read(page: bytes, *, charset: str) -> PageSays:
    """What a page says; `charset` is the one that its server named, or empty."""
    tree = LexborHTMLParser(_decoded(page, charset))
    meta = _meta_of(tree)
    linked = _Linked()
    for script in tree.css('script[type="application/ld+json" i]'):
        linked.read(script.text())
    if published := meta.get("article:published_time", []):
        linked.stated.append(Statement(published[0][:MAX_TIME_CHARS], "article:published_time"))
    candidates = [*_named_in(meta), *linked.candidates]
    in_order = [one for kind in (_VIDEO, _AUDIO, _PHOTO) for one in candidates if one.kind == kind]
    base = tree.css_first("base[href]")
    oembed = tree.css('link[rel~="alternate"][type="application/json+oembed" i][href]')
    title = tree.css_first("title")
    return PageSays(
        title=" ".join(title.text().split())[:MAX_TITLE_CHARS] if title else "",
        base=_address((base.attributes.get("href") or "") if base else ""),
        candidates=tuple(_distinct(in_order)),
        oembed=tuple(filter(None, (_address(link.attributes.get("href") or "") for link in oembed[:3]))),
        stated=tuple(linked.stated),
        stated_of=linked.stated_of,
        has_player=_has_player(meta) or linked.has_player,
        text=_text_of(tree),
    )


def _decoded(page: bytes, charset: str) -> str:
    """As browsers do: a mark at the beginning, else what the server said, else what the page says, else UTF-8."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    declared = _META_CHARSET.search(page[:4096])
    for named in (charset, declared[1].decode("ascii") if declared else ""):
        try:
            # Names of codecs that are no character sets ("zip", "rot13") are known to Python too.
            if named and codecs.lookup(named)._is_text_encoding:
                return page.decode(named, "replace")
        except (LookupError, ValueError):
            continue
    return page.decode("utf-8", "replace")


def _meta_of(tree: LexborHTMLParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in tree.css("meta[content]"):
        name = (meta.attributes.get("property") or meta.attributes.get("name") or "").strip().lower()
        content = (meta.attributes.get("content") or "").strip()
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def _named_in(meta: dict[str, list[str]]) -> Iterator[Candidate]:
    players = _PLAYER_TYPES.issuperset(kind.lower() for kind in meta.get("og:video:type", ["?"]))
    for name, kind in _META:
        if players and name.startswith("og:video"):
            continue
        for content in meta.get(name, []):
            if url := _address(content):
                yield Candidate(url, kind, name)


def _has_player(meta: dict[str, list[str]]) -> bool:
    is_video = any(value.lower().startswith("video") for value in meta.get("og:type", []))
    return is_video or any(name in meta for name in ("og:video", "og:video:url", "twitter:player"))


@dataclass
class _Linked:
    """What the page's JSON-LD says."""

    candidates: list[Candidate] = field(default_factory=list)
    stated: list[Statement] = field(default_factory=list)
    stated_of: dict[str, Statement] = field(default_factory=dict)
    has_player: bool = False

    def read(self, script: str) -> None:
        try:
            waiting: deque[Any] = deque([json.loads(script)])
        except (ValueError, RecursionError):
            return  # what is not JSON says nothing
        for _ in range(MAX_JSON_NODES):
            if not waiting:
                return
            node = waiting.popleft()
            if isinstance(node, list):
                waiting.extend(node)
            elif isinstance(node, dict):
                self._look_at(node)
                waiting.extend(
                    value
                    for key, value in node.items()
                    if key not in _NOT_SHOWN and isinstance(value, list | dict)
                )

    def _look_at(self, node: dict[str, Any]) -> None:
        types = {one.rpartition("/")[2].rpartition(":")[2] for one in _texts(node.get("@type"))}
        kind = next((_OBJECTS[one] for one in types if one in _OBJECTS), None)
        stated = self._time_of(node, types)
        if kind is None and not types & _POSTS:
            return
        if stated is not None:
            self.stated.append(stated)
        if kind is None:
            return
        named = next(iter(sorted(types & _OBJECTS.keys())))
        urls = [("contentUrl", url) for url in _texts(node.get("contentUrl"))]
        if kind == _PHOTO and not urls:
            urls = [("url", url) for url in _texts(node.get("url"))]
        for key, written in urls:
            if url := _address(written):
                self.candidates.append(Candidate(url, kind, f"json-ld {named}.{key}"))
                if stated is not None:
                    self.stated_of.setdefault(url, stated)
        if kind != _PHOTO and not urls:
            self.has_player = True

    @staticmethod
    def _time_of(node: dict[str, Any], types: set[str]) -> Statement | None:
        named = next(iter(sorted(types & (_OBJECTS.keys() | _POSTS))), "")
        for key in ("uploadDate", "datePublished"):
            for text in _texts(node.get(key)):
                return Statement(text.strip()[:MAX_TIME_CHARS], f"json-ld {named}.{key}")
        return None


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _address(written: str) -> str:
    """An address as a page may write it; empty for what can't be fetched from."""
    address = written.strip()
    is_inline = address[:8].lower().startswith(("data:", "blob:", "javascri", "about:", "mailto:"))
    return "" if is_inline or len(address) > MAX_URL_CHARS else address


def _distinct(candidates: list[Candidate]) -> Iterator[Candidate]:
    seen: set[str] = set()
    for one in candidates:
        if one.url not in seen and len(seen) < MAX_CANDIDATES:
            seen.add(one.url)
            yield one


def _text_of(tree: LexborHTMLParser) -> str:
    tree.strip_tags(_UNSEEN, recursive=True)
    body = tree.body
    text = body.text(deep=True, separator="\n") if body else ""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:MAX_TEXT_CHARS]
