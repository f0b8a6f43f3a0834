"""Which readers read which media type, and what becomes of a reader that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from verification.decoding.limits import BeyondLimits
from verification.decoding.tags import clean
from verification.domain.credentials import CARRIERS
from verification.domain.decoded import Decoded, ReaderError

if TYPE_CHECKING:
    from verification.decoding.exiftool import ExifTool
    from verification.decoding.playable import Playable

Reader = Callable[[BinaryIO, Decoded], Decoded]

_CONTAINERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/3gpp": "mov",
    "audio/mp4": "mov",
    "video/x-matroska": "matroska",
    "video/webm": "matroska",
    "video/mp2t": "mpegts",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
}
_PICTURES = {
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
}
_DOCUMENT = "application/pdf"
_HAVE_THUMBNAILS = frozenset({"JPEG", "PNG", "WEBP"})
_BESIDE = frozenset({"credentials", "maker notes"})
_EXIFREAD_READS = frozenset({"image/jpeg", "image/tiff"})


def read(
    file: BinaryIO,
    media_type: str,
    *,
    max_pixels: int,
    max_frames: int,
    trust_list: str | None,
    tool: ExifTool | None = None,
) -> Decoded:
    """All the facts that the readers for this media type give; a type without readers gives none.

    Each reader adds to the facts of those before it. `trust_list` is the path of a PEM file, `tool` an exiftool that
    is to be asked too. Raises BeyondLimits (too_many_pixels, undecodable) and MemoryError; any other failure of a
    reader is recorded in the facts.
    """
    facts = Decoded(media_type)
    readers = _readers(file, media_type, max_pixels=max_pixels, max_frames=max_frames)
    if media_type in CARRIERS:
        from verification.decoding import credentials  # noqa: PLC0415

        readers.append(("c2pa", "credentials", lambda file, facts: credentials.look(file, facts, trust_list)))
    if tool is not None and readers:
        from verification.decoding import exiftool  # noqa: PLC0415

        readers.append(("exiftool", "maker notes", lambda file, facts: exiftool.add(tool, file, facts)))
    for name, part, reader in readers:
        file.seek(0)
        try:
            facts = reader(file, facts)
        except (MemoryError, BeyondLimits):
            raise
        # Hostile bytes make decoders raise anything at all; whatever it is, it is this reader's alone.
        except Exception as error:  # noqa: BLE001
            detail = clean(f"{type(error).__name__}: {error}") or type(error).__name__
            facts = replace(facts, errors=(*facts.errors, ReaderError(name, part, detail)))
    if _says_nothing(facts):
        raise BeyondLimits(
            "undecodable", [error for error in facts.errors if error.part not in _BESIDE][-1].detail
        )
    return facts


def draw(
    file: BinaryIO, media_type: str, *, max_pixels: int, thumbnail: bool
) -> list[tuple[int | None, bytes]]:
    """JPEGs to look at: a film's stills with their milliseconds, a photo's one copy with None; else nothing.

    With `thumbnail`, the one within a photo, with None, in their place.

    Raises BeyondLimits (too_many_pixels, undecodable) and MemoryError.
    """
    from verification.decoding import stills, thumbnails  # noqa: PLC0415

    file.seek(0)
    try:
        if thumbnail:
            form = _PICTURES.get(media_type, "")
            small = thumbnails.draw_thumbnail(file, form, max_pixels) if form in _HAVE_THUMBNAILS else None
            return [(None, small)] if small else []
        if media_type in _PICTURES:
            return [(None, stills.of_photo(file, _PICTURES[media_type], max_pixels))]
        if media_type in _CONTAINERS:
            return [*stills.of_film(file, _CONTAINERS[media_type], max_pixels)]
    except (MemoryError, BeyondLimits):
        raise
    # As in `read`: hostile bytes make decoders raise anything.
    except Exception as error:
        raise BeyondLimits("undecodable", clean(str(error)) or type(error).__name__) from error
    return []


def play(file: BinaryIO, media_type: str, *, max_pixels: int) -> Playable:
    """A copy of a film or recording that browsers play. Raises BeyondLimits and MemoryError."""
    from verification.decoding import playable  # noqa: PLC0415

    if media_type not in _CONTAINERS:
        raise BeyondLimits("undecodable", "it is neither film nor recording")
    file.seek(0)
    try:
        return playable.of_film(file, _CONTAINERS[media_type], max_pixels)
    except (MemoryError, BeyondLimits):
        raise
    # As in `read`: hostile bytes make decoders raise anything.
    except Exception as error:
        raise BeyondLimits("undecodable", clean(str(error)) or type(error).__name__) from error


def _readers(
    file: BinaryIO, media_type: str, *, max_pixels: int, max_frames: int
) -> list[tuple[str, str, Reader]]:
    """Name, part of the file and function of each reader. The imports wait until here: see the package."""
    if media_type in _CONTAINERS:
        from verification.decoding import camcorders, containers, film_packets  # noqa: PLC0415

        demuxer = _CONTAINERS[media_type]
        readers: list[tuple[str, str, Reader]] = [
            (
                "pyav",
                "metadata",
                lambda file, facts: containers.read_metadata(file, facts, demuxer, max_pixels),
            ),
            (
                "pyav",
                "pixels",
                lambda file, facts: containers.decode_keyframes(file, facts, demuxer, max_pixels, max_frames),
            ),
        ]
        if demuxer == "mov":
            readers.insert(1, ("boxes", "metadata", containers.read_header_box))
            readers.append(("xmp", "packets", film_packets.read_boxed))
        elif demuxer in {"avi", "wav"}:
            readers.append(("riff", "packets", film_packets.read_chunked))
        elif demuxer == "mpegts":
            readers.append(
                ("mdpm", "packets", lambda file, facts: camcorders.read(file, facts, demuxer, max_pixels))
            )
        return readers
    if media_type == _DOCUMENT:
        from verification.decoding import documents  # noqa: PLC0415

        return [("pdf", "metadata", documents.read_info), ("xmp", "packets", documents.read_packet)]
    if media_type not in _PICTURES:
        return []
    from verification.decoding import endings, packets, pictures, thumbnails  # noqa: PLC0415

    still = pictures.Still(file, _PICTURES[media_type], max_pixels)

    def of_still(reader: Callable[[pictures.Still, Decoded], Decoded]) -> Reader:
        return lambda _, facts: reader(still, facts)

    readers = [
        ("pillow", "pixels", of_still(pictures.read_size)),
        ("exifread", "metadata", of_still(pictures.read_exif))
        if media_type in _EXIFREAD_READS
        else ("pillow", "metadata", of_still(pictures.read_tags)),
        ("iptc", "packets", of_still(packets.read_iptc)),
        ("xmp", "packets", of_still(packets.read_xmp)),
        ("pillow", "packets", of_still(packets.read_texts)),
        ("pillow", "pixels", of_still(pictures.decode_pixels)),
        ("pillow", "structure", of_still(endings.read_coding)),
        ("endings", "structure", of_still(endings.read_ending)),
    ]
    if still.form in _HAVE_THUMBNAILS:
        readers.append(("pillow", "thumbnail", of_still(thumbnails.read_thumbnail)))
    return readers


def _says_nothing(facts: Decoded) -> bool:
    said = facts.width or facts.streams or facts.dates or facts.gps or facts.tags
    return not said and any(error.part not in _BESIDE for error in facts.errors)
