"""Reads still pictures: EXIF with ExifRead (JPEG, TIFF) or Pillow (the rest), size and pixels with Pillow."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

import exifread
import PIL
from exifread.core.exceptions import ExifNotFound, InvalidExif
from exifread.core.find_exif import determine_type
from PIL import ExifTags, Image

from verification.decoding import likeness, positions
from verification.decoding.limits import BeyondLimits
from verification.decoding.tags import clean, found_date, kept
from verification.domain.decoded import Decoded, Device, FoundGps
from verification.domain.inside import FoundText

logging.getLogger("exifread").setLevel(logging.CRITICAL)

_MAKE, _MODEL, _SOFTWARE, _SERIAL, _LENS, _LENS_SERIAL = 0x010F, 0x0110, 0x0131, 0xA431, 0xA434, 0xA435
_ORIENTATION, _WIDTH, _HEIGHT, _ZOOM = 0x0112, 0xA002, 0xA003, 0xA404
_PROGRAMS = ((_SOFTWARE, "Software"), (0x000B, "ProcessingSoftware"))
_CREDITS = ((0x013B, "Artist"), (0x8298, "Copyright"), (0xA430, "CameraOwnerName"))
# The date's name, its tag, and the tag that holds its offset.
_DATES = (
    ("DateTimeOriginal", 0x9003, 0x9011),
    ("DateTimeDigitized", 0x9004, 0x9012),
    ("DateTime", 0x0132, 0x9010),
)
_TAG_NUMBERS = {
    "DateTimeOriginal": 0x9003,
    "DateTimeDigitized": 0x9004,
    "DateTime": 0x0132,
    "OffsetTimeOriginal": 0x9011,
    "OffsetTimeDigitized": 0x9012,
    "OffsetTime": 0x9010,
    "Make": _MAKE,
    "Model": _MODEL,
    "Software": _SOFTWARE,
    "ProcessingSoftware": 0x000B,
    "Artist": 0x013B,
    "Copyright": 0x8298,
    "CameraOwnerName": 0xA430,
    "BodySerialNumber": _SERIAL,
    "LensModel": _LENS,
    "LensSerialNumber": _LENS_SERIAL,
    "Orientation": _ORIENTATION,
    "ExifImageWidth": _WIDTH,
    "ExifImageLength": _HEIGHT,
    "DigitalZoomRatio": _ZOOM,
}
_WIDEST = 2**31
_LAT_REF, _LAT, _LON_REF, _LON, _TIME, _STATUS, _DATE, _ERROR = 1, 2, 3, 4, 7, 9, 29, 31
_GPS_NUMBERS = {
    "GPSLatitudeRef": _LAT_REF,
    "GPSLatitude": _LAT,
    "GPSLongitudeRef": _LON_REF,
    "GPSLongitude": _LON,
    "GPSTimeStamp": _TIME,
    "GPSStatus": _STATUS,
    "GPSDate": _DATE,
    "Tag 0x001F": _ERROR,
}


class Still:
    """A picture's file, read as the one format named: opened once and decoded once for all its readers."""

    def __init__(self, file: BinaryIO, form: str, max_pixels: int) -> None:
        self.file = file
        self.form = form
        self.max_pixels = max_pixels
        self._header: Image.Image | None = None
        self._pixels: likeness.Ready | None = None

    @contextmanager
    def header(self) -> Iterator[Image.Image]:
        """The picture as its header has it, not to be loaded or changed. Raises BeyondLimits."""
        with _bombs_refused(self.max_pixels):
            if self._header is None:
                self._header = _open(self.file, self.form)
            yield self._header

    def pixels(self) -> likeness.Ready:
        """The first frame. Raises BeyondLimits, and whatever Pillow raises where it can't be decoded."""
        if self._pixels is None:
            # Opened anew: to draw it smaller changes what the header says of its size.
            with opened(self.file, self.form, self.max_pixels) as picture:
                picture.draft(None, (likeness.DRAFT_SIDE, likeness.DRAFT_SIDE))
                picture.load()
                self._pixels = likeness.made_ready(picture)
        return self._pixels


def read_exif(still: Still, facts: Decoded) -> Decoded:
    """Dates, position and device out of a JPEG's or TIFF's EXIF, by ExifRead."""
    facts = replace(facts, readers={**facts.readers, "exifread": exifread.__version__})
    try:
        # process_file takes broken EXIF for none at all; this, asked first, raises.
        determine_type(still.file)
    except ExifNotFound:
        return facts
    except InvalidExif:
        # It says the same of broken EXIF and of a JPEG that has none: Pillow can tell, and reads what it can.
        return read_tags(still, facts)
    # Maker notes and thumbnails are other checks' business, and the largest part of what could go wrong.
    tags = exifread.process_file(still.file, details=False, extract_thumbnail=False)
    core: dict[int, Any] = {}
    gps: dict[int, Any] = {}
    for name, tag in tags.items():
        directory, _, short = name.partition(" ")
        if directory == "GPS" and short in _GPS_NUMBERS:
            gps[_GPS_NUMBERS[short]] = tag.values
        elif directory == "EXIF" and short in _TAG_NUMBERS:
            core[_TAG_NUMBERS[short]] = tag.values
        elif directory == "Image" and short in _TAG_NUMBERS:
            core.setdefault(_TAG_NUMBERS[short], tag.values)
    facts = _with_exif(facts, core, gps, "exifread")
    return replace(facts, tags=kept({name: str(tag) for name, tag in tags.items()}))


def read_tags(still: Still, facts: Decoded) -> Decoded:
    """Dates, position and device out of a PNG, WebP, GIF, AVIF or HEIC, by Pillow."""
    with still.header() as picture:
        exif = picture.getexif()
        core = {
            tag: _as_bytes(value) for tag, value in (*exif.items(), *exif.get_ifd(ExifTags.IFD.Exif).items())
        }
        gps = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
        texts = {str(name): value for name, value in picture.info.items() if isinstance(value, str)}
    facts = _with_exif(facts, core, gps, "pillow")
    if "Creation Time" in texts:
        facts = replace(
            facts, dates=(*facts.dates, found_date("Creation Time", texts["Creation Time"], "pillow"))
        )
    named = {
        ExifTags.TAGS.get(tag, f"Tag {tag:#06x}"): clean(value) or ""
        if isinstance(value, bytes)
        else str(value)
        for tag, value in core.items()
    }
    return replace(facts, tags=kept({**named, **texts}))


def read_size(still: Still, facts: Decoded) -> Decoded:
    """Width and height as the header has them. Raises BeyondLimits for too many pixels."""
    readers = {**facts.readers, "pillow": PIL.__version__}
    if still.form == "HEIF":
        import pillow_heif  # noqa: PLC0415

        readers["pillow-heif"] = pillow_heif.__version__
    facts = replace(facts, readers=readers)
    with still.header() as picture:
        return replace(facts, width=picture.width, height=picture.height)


def decode_pixels(still: Still, facts: Decoded) -> Decoded:
    """The proof that the first frame can be decoded, and its hash: raises whatever Pillow raises where it can't."""
    return replace(facts, keyframes_decoded=1, hashes=tuple(likeness.hashes_of(still.pixels())))


@contextmanager
def opened(file: BinaryIO, form: str, max_pixels: int) -> Iterator[Image.Image]:
    """The picture, read as the one format named. Raises BeyondLimits."""
    with _bombs_refused(max_pixels), _open(file, form) as picture:
        yield picture


def _open(file: BinaryIO, form: str) -> Image.Image:
    if form == "HEIF":
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener(thumbnails=False)
    return Image.open(file, formats=[form])


@contextmanager
def _bombs_refused(max_pixels: int) -> Iterator[None]:
    Image.MAX_IMAGE_PIXELS = max_pixels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as bomb:
            raise BeyondLimits("too_many_pixels", str(bomb)) from bomb


def _with_exif(facts: Decoded, core: Mapping[int, Any], gps: Mapping[int, Any], reader: str) -> Decoded:
    dates = [
        found_date(name, core[tag], reader, core.get(offset)) for name, tag, offset in _DATES if tag in core
    ]
    return replace(
        facts,
        dates=(*facts.dates, *dates),
        gps=_position(gps, reader),
        device=_device(core, reader),
        orientation=_whole(core.get(_ORIENTATION), 8),
        recorded_width=_whole(core.get(_WIDTH), _WIDEST),
        recorded_height=_whole(core.get(_HEIGHT), _WIDEST),
        digital_zoom=next((ratio for ratio in _numbers(core.get(_ZOOM)) if 0 < ratio < 1000), None),
        programs=(*facts.programs, *_texts(core, _PROGRAMS, reader)),
        credits=(*facts.credits, *_texts(core, _CREDITS, reader)),
    )


def _as_bytes(value: Any) -> Any:
    """A text as the file has it, where Pillow took it for Latin-1; what is no such text as it is."""
    try:
        return value.encode("latin-1") if isinstance(value, str) else value
    except UnicodeEncodeError:
        return value


def _device(core: Mapping[int, Any], reader: str) -> Device:
    serial, lens_serial = clean(core.get(_SERIAL)), clean(core.get(_LENS_SERIAL))
    return Device(
        make=clean(core.get(_MAKE)),
        model=clean(core.get(_MODEL)),
        software=clean(core.get(_SOFTWARE)),
        serial=serial,
        serial_reader=reader if serial else None,
        lens=clean(core.get(_LENS)),
        lens_serial=lens_serial,
        lens_serial_reader=reader if lens_serial else None,
    )


def _texts(core: Mapping[int, Any], among: tuple[tuple[int, str], ...], reader: str) -> list[FoundText]:
    found = ((clean(core.get(tag)), name) for tag, name in among)
    return [FoundText(text, f"EXIF {name}", reader) for text, name in found if text]


def _whole(value: Any, most: int) -> int | None:
    """A count from 1 to `most`, whether the reader gives it alone or in a list."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    return first if type(first) is int and 0 < first <= most else None


def _position(gps: Mapping[int, Any], reader: str) -> FoundGps | None:
    """The position with what the receiver said of it; None where there are no coordinates at all."""
    if _LAT not in gps and _LON not in gps:
        return None
    found = positions.from_exif(
        _ratios(gps.get(_LAT)),
        clean(gps.get(_LAT_REF)) or "",
        _ratios(gps.get(_LON)),
        clean(gps.get(_LON_REF)) or "",
        field="GPSLatitude, GPSLongitude",
        reader=reader,
    )
    error = _numbers(gps.get(_ERROR))
    return replace(
        found,
        uncertainty_m=error[0] if error and error[0] > 0 else None,
        fix_time=_time_of_day(_numbers(gps.get(_TIME))),
        fix_date=clean(gps.get(_DATE)),
        interrupted=(clean(gps.get(_STATUS)) or "").upper().startswith("V"),
    )


def _ratios(value: Any) -> list[positions.Ratio]:
    """Numerators and denominators, whichever reader's kind of ratio they come in."""
    parts = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [(int(part.numerator), int(part.denominator)) for part in parts if hasattr(part, "denominator")]


def _numbers(value: Any) -> list[float]:
    return [high / low for high, low in _ratios(value) if low]


def _time_of_day(parts: list[float]) -> str | None:
    if len(parts) != 3 or not (0 <= parts[0] < 24 and 0 <= parts[1] < 60 and 0 <= parts[2] < 61):
        return None
    return f"{int(parts[0]):02}:{int(parts[1]):02}:{int(parts[2]):02}"
