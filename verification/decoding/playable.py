"""A film again as browsers play it: VP8 and Opus in WebM, smaller, its beginning at least. No evidence, only a view.

Both encoders are free of patents that anybody asks money for, and of the GPL; every browser of today plays them.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO

import av

from verification.decoding import containers
from verification.decoding.limits import BeyondLimits

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 30
SECONDS = 120
"""How much of a long film there is at most."""
BODY_BYTES = 12 * 1024 * 1024
CPU_SECONDS = 60.0
"""When enough has been spent: the copy then ends where it is. The limit that kills lies above."""

_VIDEO_BITS, _AUDIO_BITS = 600_000, 64_000  # a second; with them 120 s stay below BODY_BYTES
_MILLISECOND = Fraction(1, 1000)
_SAMPLE_RATE = 48_000
_BAD_PACKETS = 100
_HELD_BACK = 1000
"""So many pieces of sound wait for the first picture, whose size the copy must know before it begins."""


@dataclass
class Playable:
    """The copy: `seconds` from the film's beginning; `is_whole` where that is all of it."""

    webm: bytes
    seconds: float
    is_whole: bool


def of_film(file: BinaryIO, demuxer: str, max_pixels: int) -> Playable:
    """Makes the copy of a film or recording. Raises BeyondLimits where nothing of it can be decoded."""
    body = io.BytesIO()
    with containers.opened(file, demuxer, max_pixels) as source:
        film, sound = containers.film_of(source), next(iter(source.streams.audio), None)
        if film is None and sound is None:
            raise BeyondLimits("undecodable", "there is neither film nor sound in it")
        with av.open(body, mode="w", format="webm") as target:
            making = _Making(target, max_pixels, waits=film is not None)
            if film is not None:
                film.codec_context.thread_count = 1
            if sound is not None:
                making.add_sound()
            is_whole = making.run(source, [one for one in (film, sound) if one is not None], body)
    if making.end_ms == 0:
        raise BeyondLimits("undecodable", "nothing of it could be decoded")
    return Playable(body.getvalue(), making.end_ms / 1000, is_whole)


@dataclass
class _Making:
    """A copy under way: what is written to, and how far it is."""

    target: Any
    max_pixels: int
    waits: bool
    end_ms: int = 0
    _held: list[tuple[Any, float]] = field(default_factory=list)
    _film: Any = None
    _sound: Any = None
    _resampler: Any = None
    _samples: int = 0
    _begin: float | None = None
    _last_ms: int = -1
    _size: tuple[int, int] = (0, 0)
    _graph: Any = None

    def _add_film(self, width: int, height: int) -> None:
        self._size = _fitting(width, height)
        self._film = self.target.add_stream("libvpx", rate=FRAMES_PER_SECOND)
        self._film.width, self._film.height = self._size
        self._film.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "g": "60"}
        self._film.bit_rate = _VIDEO_BITS
        self._film.pix_fmt = "yuv420p"
        self._film.codec_context.time_base = _MILLISECOND
        self._film.codec_context.thread_count = 1

    def add_sound(self) -> None:
        self._sound = self.target.add_stream("libopus", rate=_SAMPLE_RATE, layout="stereo")
        self._sound.bit_rate = _AUDIO_BITS
        self._resampler = av.AudioResampler(format="s16", layout="stereo", rate=_SAMPLE_RATE, frame_size=960)

    def run(self, source: Any, streams: list[Any], body: io.BytesIO) -> bool:
        """Copies frame by frame until the film or a bound ends; whether it was the film."""
        until = time.process_time() + CPU_SECONDS
        is_whole = True
        for frame in _frames(source, streams):
            moment = self._moment(frame)
            if moment > SECONDS or time.process_time() > until or body.tell() > BODY_BYTES:
                is_whole = False
                break
            if isinstance(frame, av.VideoFrame):
                self._add_picture(frame, moment)
            else:
                self._held.append((frame, moment))
            if not self.waits or len(self._held) > _HELD_BACK:
                self._add_held()
        self._add_held()
        if self._resampler is not None and self._samples:
            self._encode_sound(self._resampler.resample(None))
        for stream in (self._film, self._sound):
            if stream is not None and stream.codec_context.is_open:
                self.target.mux(stream.encode(None))
        return is_whole

    def _moment(self, frame: Any) -> float:
        """Seconds since the first frame of either kind: some films begin at any time of day."""
        at = frame.time or 0.0
        if self._begin is None:
            self._begin = at
        return max(0.0, at - self._begin)

    def _add_picture(self, frame: Any, moment: float) -> None:
        if frame.width * frame.height > self.max_pixels:
            raise BeyondLimits("too_many_pixels", f"A frame has {frame.width} by {frame.height} pixels.")
        at_ms = round(moment * 1000)
        if self._film is None and not self.waits:
            return  # it has begun as sound alone
        if self._last_ms >= 0 and at_ms - self._last_ms < 1000 / FRAMES_PER_SECOND - 5:
            return  # more pictures a second than the copy has
        for upright in self._upright(frame):
            if self._film is None:
                self._add_film(upright.width, upright.height)
                self.waits = False
            small = upright.reformat(width=self._size[0], height=self._size[1], format="yuv420p")
            small.pts, small.time_base = at_ms, _MILLISECOND
            small.pict_type = 0
            self.target.mux(self._film.encode(small))
        self._last_ms = at_ms
        self.end_ms = max(self.end_ms, at_ms + 1000 // FRAMES_PER_SECOND)

    def _upright(self, frame: Any) -> Iterator[Any]:
        """The picture turned as the film says; its word is in degrees against the clock."""
        turns = round((frame.rotation or 0) / 90) % 4
        if not turns:
            yield frame
            return
        if self._graph is None:
            self._graph = av.filter.Graph()
            steps = [self._graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=_MILLISECOND
            )]  # fmt: skip
            steps += [self._graph.add("transpose", "cclock") for _ in range(turns)]
            self._graph.link_nodes(*steps, self._graph.add("buffersink")).configure()
        self._graph.push(frame)
        yield self._graph.pull()

    def _add_held(self) -> None:
        self.waits = False
        held, self._held = self._held, []
        for frame, moment in held:
            self._add_samples(frame, moment)

    def _add_samples(self, frame: Any, moment: float) -> None:
        frame.pts = None
        self._encode_sound(self._resampler.resample(frame))
        self.end_ms = max(
            self.end_ms, round(moment * 1000) + 1000 * frame.samples // max(frame.sample_rate, 1)
        )

    def _encode_sound(self, frames: list[Any]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, _SAMPLE_RATE)
            self._samples += frame.samples
            self.target.mux(self._sound.encode(frame))


def _frames(source: Any, streams: list[Any]) -> Iterator[Any]:
    """Every frame that can be decoded, in the file's order; a film that breaks off ends there."""
    bad = 0
    packets = source.demux(streams)
    while bad < _BAD_PACKETS:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except av.EOFError:
            return
        except (av.FFmpegError, ValueError):
            bad += 1


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The size within 1280 by 720, or 720 by 1280 for one that stands upright; even, as the encoder wants it."""
    most = (WIDTH, HEIGHT) if width >= height else (HEIGHT, WIDTH)
    scale = min(1.0, most[0] / width, most[1] / height)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)
