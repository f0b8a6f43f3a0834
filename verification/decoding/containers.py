"""Reads video and audio containers: tags and frames with PyAV, and the one clock that ffmpeg hides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from PIL import Image

from verification.decoding import likeness, positions
from verification.decoding.boxes import find_box
from verification.decoding.limits import BeyondLimits
from verification.decoding.tags import clean, kept
from verification.domain.clocks import read_clock
from verification.domain.decoded import Decoded, Device, FoundDate, FoundGps, FrameHash, Stream

_APPLE = "com.apple.quicktime."
_APPLE_DATE = f"{_APPLE}creationdate"
_FORMAT_SAYS_UTC = "creation_time"
_DATES = (_APPLE_DATE, _FORMAT_SAYS_UTC, "date")
_POSITIONS = (f"{_APPLE}location.ISO6709", "location")
_ACCURACY = f"{_APPLE}location.accuracy.horizontal"
_QUICKTIME_EPOCH = datetime(1904, 1, 1)  # noqa: DTZ001 - what zone it is in is the question


def read_metadata(file: BinaryIO, facts: Decoded, demuxer: str, max_pixels: int) -> Decoded:
    """Size, duration, streams, dates, position and device, as the container's own tags have them."""
    facts = replace(
        facts, readers={**facts.readers, "pyav": av.__version__, "ffmpeg": av.ffmpeg_version_info}
    )
    with opened(file, demuxer, max_pixels) as container:
        tags = {**_first_stream_tags(container), **container.metadata}
        film = film_of(container)
        size = (film.width or None, film.height or None) if film else (None, None)
        return replace(
            facts,
            width=size[0],
            height=size[1],
            duration_seconds=container.duration / av.time_base if container.duration else None,
            streams=tuple(_stream(stream) for stream in container.streams),
            encoder=clean(container.metadata.get("encoder")),
            dates=tuple(_date(field, tags[field]) for field in _DATES if field in tags),
            gps=_position(tags),
            device=_device(tags),
            tags=kept(tags),
        )


def read_header_box(file: BinaryIO, facts: Decoded) -> Decoded:
    """Adds a movie header's clock where it stands at zero: ffmpeg passes over it as if there were none.

    Raises ValueError where the file ends within its tags, which ffmpeg forgives: missing is not absent.
    """
    file.seek(0, 2)
    end = file.tell()
    movie = find_box(file, b"moov", 0, end)
    if movie and movie[1] > end:
        raise ValueError("the file is cut short within its tags")
    if any(date.field == _FORMAT_SAYS_UTC for date in facts.dates):
        return facts
    seconds = _header_seconds(file, movie) if movie else None
    if seconds != 0:
        return facts
    reading = read_clock((_QUICKTIME_EPOCH + timedelta(seconds=seconds)).isoformat())
    unset = FoundDate(value="0", field=_FORMAT_SAYS_UTC, reader="boxes", at=reading.at, unset=reading.unset)
    return replace(facts, dates=(*facts.dates, unset), readers={**facts.readers, "boxes": "1"})


def decode_keyframes(
    file: BinaryIO, facts: Decoded, demuxer: str, max_pixels: int, max_frames: int
) -> Decoded:
    """The proof that the film can be decoded: its first keyframes, at most `max_frames`, once; with their hashes."""
    decoded = 0
    hashes: list[FrameHash] = []
    with opened(file, demuxer, max_pixels) as container:
        stream = film_of(container) or next(iter(container.streams.audio), None)
        if stream is None:
            return facts
        stream.codec_context.thread_count = 1
        if stream.type == "video":
            stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            if stream.type == "video" and frame.width * frame.height > max_pixels:
                raise BeyondLimits("too_many_pixels", f"A frame has {frame.width} by {frame.height} pixels.")
            decoded += 1
            if stream.type == "video":
                at_ms = max(0, round((frame.time or 0) * 1000))
                hashes += likeness.hashes_of(likeness.made_ready(_picture(frame)), at_ms=at_ms)
            if decoded >= max_frames:
                break
    if not decoded:
        raise ValueError("not one frame could be decoded")
    return replace(facts, keyframes_decoded=decoded, hashes=tuple(hashes))


def _picture(frame: Any) -> Image.Image:
    """A frame no larger than its hash needs."""
    scale = min(1.0, likeness.DRAFT_SIDE / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    small: Image.Image = frame.reformat(width=width, height=height, format="rgb24").to_image()
    return small


def opened(file: BinaryIO, demuxer: str, max_pixels: int) -> InputContainer:
    """The container, read as the one format named; ffmpeg is let open nothing else. Raises BeyondLimits."""
    container = av.open(
        file,
        mode="r",
        format=demuxer,
        options={"protocol_whitelist": "file", "max_pixels": str(max_pixels)},
        metadata_errors="replace",
    )
    for stream in container.streams.video:
        if (stream.width or 0) * (stream.height or 0) > max_pixels:
            container.close()
            raise BeyondLimits(
                "too_many_pixels", f"Its frames have {stream.width} by {stream.height} pixels."
            )
    return container


def film_of(container: InputContainer) -> Any:
    """The first moving picture; None where there is none."""
    return next((stream for stream in container.streams.video if not _is_cover(stream)), None)


def _first_stream_tags(container: InputContainer) -> dict[str, str]:
    # Ogg keeps its comments on the stream; the container has none of its own.
    if container.format.name == "ogg" and len(container.streams) > 0:
        return {name.lower(): value for name, value in container.streams[0].metadata.items()}
    return {}


def _is_cover(stream: Any) -> bool:
    """Whether it is a still picture of a record sleeve, not a film."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _stream(stream: Any) -> Stream:
    context = stream.codec_context
    is_video = stream.type == "video" and context is not None
    return Stream(
        kind=stream.type or "unknown",
        codec=context.name if context is not None else None,
        width=context.width or None if is_video else None,
        height=context.height or None if is_video else None,
        frames_per_second=_rate(stream) if is_video else None,
        encoder=clean(stream.metadata.get("encoder")),
        handler=clean(stream.metadata.get("handler_name")),
    )


def _rate(stream: Any) -> float | None:
    rate = float(stream.average_rate or 0)
    return round(rate, 4) if 0 < rate <= 1000 else None


def _date(field: str, value: str) -> FoundDate:
    text = clean(value) or ""
    reading = read_clock(text)
    by_format = field == _FORMAT_SAYS_UTC
    return FoundDate(
        value=text,
        field=field,
        reader="pyav",
        at=reading.at,
        offset=reading.offset,
        zone=None if reading.offset is None else "format" if by_format else "written",
        unset=reading.unset,
    )


def _position(tags: Mapping[str, str]) -> FoundGps | None:
    field = next((name for name in _POSITIONS if name in tags), None)
    if field is None:
        return None
    return positions.from_iso_6709(
        clean(tags[field]) or "", field=field, reader="pyav", uncertainty_m=_positive(tags.get(_ACCURACY))
    )


def _positive(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 < number < 1e7 else None


def _device(tags: Mapping[str, str]) -> Device:
    android = clean(tags.get("com.android.version"))
    return Device(
        make=clean(tags.get(f"{_APPLE}make") or tags.get("com.android.manufacturer") or tags.get("make")),
        model=clean(tags.get(f"{_APPLE}model") or tags.get("com.android.model") or tags.get("model")),
        software=clean(tags.get(f"{_APPLE}software") or tags.get("software"))
        or (f"Android {android}" if android else None),
    )


def _header_seconds(file: BinaryIO, movie: tuple[int, int]) -> int | None:
    """Seconds since 1904 in the movie box's header; None where it has none."""
    header = find_box(file, b"mvhd", *movie)
    if header is None:
        return None
    file.seek(header[0])
    body = file.read(12)
    width = 8 if body[:1] == b"\x01" else 4
    return int.from_bytes(body[4 : 4 + width], "big") if len(body) >= 4 + width else None
