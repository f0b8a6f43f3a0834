"""What we read of date, offset, position and device beside what exiftool reads: over the samples, and over files that
exiftool itself wrote odd values into."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.media import agreement, make

CORPORA = os.environ.get("STET_CORPORA")
pytestmark = pytest.mark.skipif(
    not shutil.which("exiftool"), reason="exiftool is not on the PATH to be compared with"
)
with_corpora = pytest.mark.skipif(
    not CORPORA, reason="STET_CORPORA does not name the folder of media samples"
)

LEAST_AGREEMENT = 0.995
KNOWN_DIFFERENCES: dict[tuple[str, str], str] = {
    ("Pentax.avi", "creation_time"): "exiftool sets the seconds to zero; the file has 12:14:34",
    **{
        (
            "PDF.pdf",
            field,
        ): "those of a picture within the document, kept by Photoshop in its own corner of the file"
        for field in (
            *(
                "DateTimeOriginal",
                "DateTimeDigitized",
                "DateTime",
                "XMP photoshop:DateCreated",
                "IPTC DateCreated",
            ),
            *("make", "model", "software"),
        )
    },
}
"""(file's name, field) → why the two differ."""

NO_MEDIA = {"APE.mpc", "FLAC.ogg", "MP3.mp3", "Matroska.mkv", "Vorbis.ogg"}
"""Tags cut out of their files: there is no sound and no picture, and what plays films opens none of them."""
TOO_LARGE = {"decompression_bomb.gif", "png_decompression_dos.png"}

JPEGS = (".jpg", ".jpeg")


def samples(*, jpegs):
    paths = (path for path in sorted(Path(CORPORA).rglob("*")) if path.is_file())
    return [path for path in paths if (path.suffix.lower() in JPEGS) == jpegs]


@with_corpora
@pytest.mark.parametrize(("jpegs", "fewest"), [(True, 500), (False, 90)], ids=["JPEG", "everything else"])
def test_we_read_what_exiftool_reads(jpegs, fewest, capsys):
    tally = agreement.compare(samples(jpegs=jpegs))
    with capsys.disabled():
        print("", *tally.told(KNOWN_DIFFERENCES), sep="\n")  # noqa: T201 - the figures are what the run is for
    assert tally.fields.total() >= fewest
    assert set(tally.unread) <= NO_MEDIA | TOO_LARGE
    assert [one for one in tally.differences if one[:2] not in KNOWN_DIFFERENCES] == []
    if jpegs:
        assert tally.share >= LEAST_AGREEMENT


PICTURES = ("jpg", "png", "webp", "tif", "avif", "heic")
FILMS = ("mp4", "mov")


def taken(value):
    return f"-EXIF:DateTimeOriginal#={value}"


def placed(latitude, longitude, references="NE"):
    written = [f"-EXIF:GPSLatitude={latitude}", f"-EXIF:GPSLongitude={longitude}"]
    if references:
        written += [f"-EXIF:GPSLatitudeRef={references[0]}", f"-EXIF:GPSLongitudeRef={references[1]}"]
    return written


# What exiftool writes into which kinds of files.
WRITTEN = {
    "plain": (
        PICTURES,
        [
            taken("2022:10:04 14:07:00"),
            "-EXIF:CreateDate=2022:10:04 14:07:01",
            "-EXIF:ModifyDate=2022:10:05 09:00:00",
            "-EXIF:Make=Canon",
            "-EXIF:Model=EOS",
            "-EXIF:Software=1.0",
            *placed(50.45, 30.52),
        ],
    ),
    "offsets": (
        PICTURES,
        [
            taken("2022:10:04 14:07:00"),
            "-EXIF:OffsetTimeOriginal=+05:30",
            "-EXIF:SubSecTimeOriginal=123",
            "-EXIF:CreateDate=2022:10:04 14:07:01",
            "-EXIF:OffsetTimeDigitized=-03:30",
            "-EXIF:ModifyDate=2022:10:05 09:00:00",
            "-EXIF:OffsetTime=Z",
        ],
    ),
    "bad-offsets": (PICTURES, [taken("2022:10:04 14:07:00"), "-EXIF:OffsetTimeOriginal#=+99:00"]),
    "blank-offset": (PICTURES, [taken("2022:10:04 14:07:00"), "-EXIF:OffsetTimeOriginal#=   :  "]),
    "south-west": (PICTURES, placed(33.8688, 70.66, "SW")),
    "no-hemisphere": (PICTURES, placed(33.8688, 70.66, "")),
    "pole-and-date-line": (PICTURES, placed(90, 180, "SW")),
    "null-island": (PICTURES, placed(0, 0)),
    "equator": (PICTURES, placed(0, 32.5)),
    "greenwich": (PICTURES, placed(51.5, 0)),
    "divided-by-zero": (PICTURES, placed("inf", "undef")),
    "year-0": (PICTURES, [taken("0000:00:00 00:00:00"), "-EXIF:ModifyDate#=2038:01:19 03:14:08"]),
    "month-13": (PICTURES, [taken("2022:13:04 14:07:00"), "-EXIF:CreateDate#=2022:02:30 14:07:00"]),
    "24-hours": (PICTURES, [taken("2022:10:04 24:00:00"), "-EXIF:CreateDate#=2022:10:04 23:59:60"]),
    "other-forms": (PICTURES, [taken("2022-10-04T14:07:08Z"), "-EXIF:CreateDate#=2022/10/04 14:07:08"]),
    "blank": (PICTURES, [taken("    :  :     :  :  "), "-EXIF:CreateDate#=                   "]),
    "padded": (PICTURES, ["-EXIF:Make=NIKON   ", "-EXIF:Model= E 950 ", "-EXIF:Software=v1.0   "]),
    "utf-8": (PICTURES, ["-EXIF:Make=Київ", "-EXIF:Model=Caméra", "-EXIF:Software=ソフト"]),
    "xmp": (
        (*PICTURES, *FILMS, "gif"),
        [
            "-XMP-exif:DateTimeOriginal=2022:10:04 14:07:00.25+03:00",
            "-XMP-xmp:CreateDate=2022:10:04 14:07:00",
            "-XMP-xmp:ModifyDate=2022:10:05",
            "-XMP-photoshop:DateCreated=2022:10",
            "-XMP-tiff:Make=Canon",
            "-XMP-tiff:Model=EOS",
            "-XMP-tiff:Software=prog",
            "-XMP-exif:GPSLatitude=-33.5",
            "-XMP-exif:GPSLongitude=151.25",
        ],
    ),
    "iptc": (
        ("jpg", "tif", "png"),
        [
            "-IPTC:DateCreated=2022:10:04",
            "-IPTC:TimeCreated=14:07:00+03:00",
            "-IPTC:DigitalCreationDate=2022:10:04",
        ],
    ),
    "texts": (("png",), ["-PNG:CreationTime=2022:10:04 14:07:00+03:00", "-PNG:Software=prog", "-PNG:Make=x"]),
    "keys": (
        FILMS,
        [
            "-Keys:CreationDate=2022:10:04 14:07:00-03:30",
            "-Keys:Make=Apple",
            "-Keys:Model=iPhone",
            "-Keys:Software=15.1",
            "-Keys:GPSCoordinates=-33.5, 151.25, 10",
            "-QuickTime:CreateDate=2022:10:04 17:37:00",
        ],
    ),
    "user-data": (
        FILMS,
        ["-UserData:Make=Apple", "-UserData:Model=iPhone", "-UserData:GPSCoordinates=-33.5, -151.25, 10"],
    ),
    "items": (
        FILMS,
        [
            "-ItemList:ContentCreateDate=2022:10:04 14:07:00+03:00",
            "-ItemList:GPSCoordinates=33.5, -151.25, 10",
            "-QuickTime:CreateDate=2038:01:20 00:00:00",
        ],
    ),
    "films-null-island": (FILMS, ["-Keys:GPSCoordinates=0, 0"]),
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A file of each kind without any tag."""
    folder = tmp_path_factory.mktemp("bare")
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    for kind, form in (
        ("jpg", "JPEG"),
        ("png", "PNG"),
        ("webp", "WEBP"),
        ("tif", "TIFF"),
        ("avif", "AVIF"),
        ("gif", "GIF"),
    ):
        picture.save(folder / f"bare.{kind}", form)
    pillow_heif.from_pillow(picture).save(folder / "bare.heic")
    for kind in FILMS:
        make.tagged_video(folder / f"bare.{kind}", {}, form=kind)
    return folder


def test_we_read_what_exiftool_writes(bare, tmp_path, capsys):
    for name, (kinds, arguments) in WRITTEN.items():
        files = [Path(shutil.copy(bare / f"bare.{kind}", tmp_path / f"{name}.{kind}")) for kind in kinds]
        before = [file.read_bytes() for file in files]
        subprocess.run(
            ["exiftool", "-config", "", "-q", "-m", "-overwrite_original", *arguments, *files],
            check=True,
            capture_output=True,
        )
        assert [file.read_bytes() for file in files] != before, name
    tally = agreement.compare(sorted(tmp_path.iterdir()))
    with capsys.disabled():
        print("", *tally.told({}), sep="\n")  # noqa: T201 - the figures are what the run is for
    assert tally.unread == []
    assert tally.differences == []
    assert tally.fields.total() > 200
