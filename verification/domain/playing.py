"""Which films and recordings the browsers of today play by themselves, by container and codecs."""

from __future__ import annotations

from collections.abc import Sequence

from verification.domain.decoded import Stream

_MP4 = frozenset(
    {"h264", "vp9", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "aac", "mp3", "mp3float", "opus", "flac"}
)
_WEBM = frozenset({"vp8", "libvpx", "vp9", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "opus", "vorbis"})
_SOUND = frozenset(
    {"aac", "mp3", "mp3float", "opus", "vorbis", "flac", "pcm_s16le", "pcm_s24le", "pcm_u8", "pcm_f32le"}
)
_PLAYED = {
    "video/mp4": _MP4,
    "video/quicktime": _MP4,
    "video/3gpp": _MP4,
    "video/webm": _WEBM,
    "audio/mp4": _SOUND,
    "audio/mpeg": _SOUND,
    "audio/wav": _SOUND,
    "audio/flac": _SOUND,
    "audio/ogg": _SOUND,
}
"""By ffmpeg's names of its decoders. Not in it: Matroska, AVI and MPEG-TS as such, and Ogg's Theora; in the others HEVC
(a matter of the machine), MPEG-2 and -4 Part 2, ProRes, AMR, AC-3 and the like."""


def plays_in_browsers(media_type: str, streams: Sequence[Stream]) -> bool:
    """Whether every picture and sound stream is of a kind that browsers play in that container.

    A film of whose streams nothing is known is taken for one that plays. A recording's cover is no film.
    """
    played = _PLAYED.get(media_type)
    if played is None:
        return False
    kinds = {"audio"} if media_type.startswith("audio/") else {"audio", "video"}
    return all(stream.codec is None or stream.codec in played for stream in streams if stream.kind in kinds)
