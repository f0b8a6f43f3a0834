"""What the decoders read out of one file: facts as recorded there, with nothing believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from verification.domain.credentials import Credentials
from verification.domain.inside import EditStep, FoundText, JpegCoding, Thumbnail, Trailer

RECIPE = 4
"""Rises whenever the decoders read more, or otherwise, out of the same file: facts kept from before are read anew."""


@dataclass(frozen=True)
class FoundDate:
    """One date that a file carries.

    `value` is the text as recorded. `at` is the same in ISO 8601: with an offset only where one is known,
    else naive, and as short as what is said ("2014", "2014-05"); None where it can't be read.
    `zone` says where the offset comes from: "written" in the file, or "format" where only the format's
    definition calls the time UTC (many cameras write local time there all the same).
    `unset` says in words why it is no date at all.
    """

    value: str
    field: str
    reader: str
    at: str | None = None
    offset: str | None = None
    zone: str | None = None
    unset: str | None = None


@dataclass(frozen=True)
class FoundGps:
    """A position that a file carries: WGS 84 degrees, or None with a `problem`.

    `problem` is "unset", "no_hemisphere", "zero_denominator", "out_of_range" or "unreadable".
    `uncertainty_m` is the device's own figure in metres, None where it gives none; `resolution_m` is what the
    recorded digits can tell apart. `fix_time` is the satellites' time of day ("HH:MM:SS", UTC) and
    `interrupted` says that the receiver had lost its fix and repeats an older one.
    """

    value: str
    field: str
    reader: str
    latitude: float | None = None
    longitude: float | None = None
    problem: str | None = None
    uncertainty_m: float | None = None
    resolution_m: float | None = None
    fix_time: str | None = None
    fix_date: str | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class Device:
    """What the file says made it; each as written, None where absent.

    `serial` is the camera body's, read by `serial_reader`; `lens_serial` likewise.
    """

    make: str | None = None
    model: str | None = None
    software: str | None = None
    serial: str | None = None
    lens: str | None = None
    serial_reader: str | None = None
    lens_serial: str | None = None
    lens_serial_reader: str | None = None


@dataclass(frozen=True)
class Stream:
    """One stream of a container. `kind` is ffmpeg's word: video, audio, data, subtitle, attachment.

    `frames_per_second` is the average over the film.
    """

    kind: str
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    frames_per_second: float | None = None
    encoder: str | None = None
    handler: str | None = None


@dataclass(frozen=True)
class FrameHash:
    """The perceptual hash of a photo, or of a film's frame at `at_ms` milliseconds, by a `recipe`.

    `turns` has it for the picture's eight turns and mirror images in the order of `likeness.Turn`, each as 64
    lower-case hex digits; the first is the picture as it lies.
    `trimmed` says that plain bars around it were cut off before. `quality` goes from 0 (one plain surface) to 100.
    """

    at_ms: int | None
    quality: int
    recipe: str
    trimmed: bool
    turns: tuple[str, ...]


@dataclass(frozen=True)
class ReaderError:
    """A reader's failure on one part of the file.

    "metadata" are EXIF and a container's tags, "pixels" also a film's frames; "packets" are XMP, IPTC and texts,
    "thumbnail" is the small picture within a photo, "structure" how the file is built, "credentials" are C2PA's,
    "maker notes" are the device maker's own tags.
    """

    reader: str
    part: str
    detail: str


@dataclass(frozen=True)
class Decoded:
    """All the facts of one file. `readers` names each reader that ran with its version.

    `width` and `height` are the stored picture's, before it is turned by `orientation` (EXIF's number, 1 to 8);
    `recorded_width` and `recorded_height` are what EXIF says they were when it was written. `digital_zoom` is
    EXIF's ratio. `programs` are those that the file names, `credits` whoever it names as author, owner or source,
    `instructions` IPTC's special instructions, `steps` the history that an editor kept. `frames` counts an
    animation's pictures. `trailer` is what follows after a picture's end. `credentials` is None where nobody looked
    for any.
    """

    media_type: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    dates: tuple[FoundDate, ...] = ()
    gps: FoundGps | None = None
    device: Device = Device()
    encoder: str | None = None
    streams: tuple[Stream, ...] = ()
    keyframes_decoded: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    readers: dict[str, str] = field(default_factory=dict)
    errors: tuple[ReaderError, ...] = ()
    hashes: tuple[FrameHash, ...] = ()
    orientation: int | None = None
    recorded_width: int | None = None
    recorded_height: int | None = None
    digital_zoom: float | None = None
    programs: tuple[FoundText, ...] = ()
    credits: tuple[FoundText, ...] = ()
    instructions: str | None = None
    steps: tuple[EditStep, ...] = ()
    thumbnail: Thumbnail | None = None
    jpeg: JpegCoding | None = None
    trailer: Trailer | None = None
    frames: int | None = None
    credentials: Credentials | None = None
    recipe: int = RECIPE

    def failed(self, part: str) -> ReaderError | None:
        """The first failure on `part`, if any: absence of a fact means nothing where its reader failed."""
        return next((error for error in self.errors if error.part == part), None)

    def read_by(self, reader: str) -> str:
        """A reader's name with its version, for a sentence: "exifread 3.5.1"."""
        return f"{reader} {self.readers[reader]}" if reader in self.readers else reader

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        for name in ("dates", "streams", "errors", "programs", "credits", "steps", "hashes"):
            shown[name] = list(shown[name])
        if shown["jpeg"]:
            shown["jpeg"]["tables"] = [list(table) for table in shown["jpeg"]["tables"]]
        shown["credentials"] = self.credentials.as_json() if self.credentials else None
        for one in shown["hashes"]:
            one["turns"] = list(one["turns"])
        return shown

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Decoded:
        """The facts back from what `as_json` gave, now or when it knew fewer of them.

        Raises TypeError or KeyError for anything else.
        """
        gps, thumbnail, jpeg, trailer = (stored.get(name) for name in ("gps", "thumbnail", "jpeg", "trailer"))
        credentials = stored.get("credentials")
        return cls(
            **{
                "recipe": 1,
                **stored,
                "dates": tuple(FoundDate(**one) for one in stored["dates"]),
                "gps": FoundGps(**gps) if gps else None,
                "device": Device(**stored["device"]),
                "streams": tuple(Stream(**one) for one in stored["streams"]),
                "errors": tuple(ReaderError(**one) for one in stored["errors"]),
                "credentials": Credentials.from_json(credentials) if credentials else None,
                "programs": tuple(FoundText(**one) for one in stored.get("programs", ())),
                "credits": tuple(FoundText(**one) for one in stored.get("credits", ())),
                "steps": tuple(EditStep(**one) for one in stored.get("steps", ())),
                "thumbnail": Thumbnail(**thumbnail) if thumbnail else None,
                "jpeg": JpegCoding.from_json(jpeg) if jpeg else None,
                "trailer": Trailer(**trailer) if trailer else None,
                "hashes": tuple(
                    FrameHash(**{**one, "turns": tuple(one["turns"])}) for one in stored.get("hashes", ())
                ),
            }
        )
