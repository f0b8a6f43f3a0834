"""Whether the file is what its name says, and what lies behind the picture's end."""

from __future__ import annotations

from pathlib import PurePosixPath

from claims.vocabulary import Dimension, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.domain.findings import Finding
from verification.domain.inside import Trailer

_SUFFIXES = {
    "image/jpeg": "jpg jpeg jpe jfif mpo",
    "image/png": "png apng",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/tiff": "tif tiff dng cr2 nef arw nrw pef srw",
    "image/heic": "heic heif hif",
    "image/avif": "avif",
    "video/mp4": "mp4 m4v mov f4v",
    "video/quicktime": "mov qt mp4",
    "video/3gpp": "3gp 3g2 3gpp mp4",
    "video/x-matroska": "mkv mka mk3d",
    "video/webm": "webm mkv",
    "video/mp2t": "ts mts m2ts m2t tod",
    "video/x-msvideo": "avi divx",
    "video/ogg": "ogv ogg",
    "audio/ogg": "ogg oga opus",
    "audio/mpeg": "mp3 mpga",
    "audio/mp4": "m4a m4b mp4 aac",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "application/pdf": "pdf ai",
}
_ENDS_KNOWN = frozenset({"image/jpeg", "image/png", "image/webp"})
_KNOWN = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes.split())
_KINDS = {
    "film": "a film, as in a motion photo: the phone records a few seconds around the picture",
    "samsung with film": "a Samsung phone's own data with a film in it, as in a motion photo",
    "samsung": "a Samsung phone's own data",
    "jpeg": "another JPEG, as phones and cameras append a larger preview, a depth map or a second view",
    "png": "another picture",
    "canon": "data that Canon's own program appends",
    "captions": "captions that a picture program appends",
    "padding": "nothing but padding",
}
_FOREIGN = {
    "zip": "a ZIP archive",
    "rar": "a RAR archive",
    "7z": "a 7z archive",
    "pdf": "a PDF",
    "program": "what looks like a program",
}


class FileShape:
    slug = "file_shape"
    title = "How the file is built"
    version = "1"
    dimensions = (Dimension.AUTHENTICITY,)
    media_types = ("image/*", "video/*", "audio/*", "application/pdf")
    help = (
        "Holds the kind of file that the bytes are against the one that its name says, and looks at what follows after "
        "the picture's end. Phones append films and depth maps there, so that most of it is honest; names are changed "
        "by people and programs without thought."
    )
    reads = "The kind of file by its bytes, its name, and what follows after the picture's end."
    stances = {
        Stance.NEUTRAL: "Name and bytes are of two kinds, or something follows, with what it is.",
        Stance.INCONCLUSIVE: "What follows is of no kind that is known here.",
    }
    cannot_know = "Who added it, and why."

    def run(self, media: Media, context: Context) -> list[Finding]:
        facts = media.decoded
        trailing = [_after(facts.trailer)] if facts and facts.trailer else []
        named = _beside_name(media)
        found = [*trailing, *([named] if named else [])]
        return found or [_plain(media)]


def _plain(media: Media) -> Finding:
    """What there is to say where nothing stands out."""
    facts = media.decoded
    failure = facts.failed("structure") if facts else None
    if facts is None or failure:
        why = failure.detail if failure else (media.decode_error or "it could not be decoded")
        raise CheckFailed(f"How the file ends could not be read: {why}")
    data = {"media_type": media.media_type, "file_name": media.file_name, "frames": facts.frames}
    if media.media_type in _ENDS_KNOWN:
        said = (
            "Nothing follows after the picture's end, and the file's name does not speak against what it is"
        )
    elif media.file_name:
        said = "The file's name does not speak against what it is"
    else:
        raise NotApplicable("The file's name is not known, and where such a file ends is not looked at.")
    return Finding(
        Dimension.AUTHENTICITY, Stance.NEUTRAL, f"{said}; that says nothing of what it shows.", data
    )


def _after(trailer: Trailer) -> Finding:
    size = f"{trailer.size_bytes:,} byte{'' if trailer.size_bytes == 1 else 's'}"
    data = {"trailing_bytes": trailer.size_bytes, "trailing_kind": trailer.kind}
    if trailer.kind in _FOREIGN:
        sentence = (
            f"After the picture's end the file goes on for {size}: {_FOREIGN[trailer.kind]}, which no camera puts there. "
            "Don't open it; it says nothing of what the picture shows."
        )
        return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, {**data, "foreign": True})
    if trailer.kind in _KINDS:
        sentence = f"After the picture's end the file goes on for {size}: {_KINDS[trailer.kind]}. That is no sign of a change."
        return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data)
    sentence = f"After the picture's end the file goes on for {size} that are no format we know; cameras and programs do that."
    return Finding(Dimension.AUTHENTICITY, Stance.INCONCLUSIVE, sentence, data)


def _beside_name(media: Media) -> Finding | None:
    suffix = PurePosixPath((media.file_name or "").lower()).suffix.removeprefix(".")
    expected = _SUFFIXES.get(media.media_type, "").split()
    if suffix not in _KNOWN or suffix in expected or not expected:
        return None
    sentence = (
        f"The file is called “.{suffix}” and is {media.media_type}; platforms and people rename files without a thought, "
        "so that only says that it was renamed or converted."
    )
    data = {"media_type": media.media_type, "file_name": media.file_name, "expected": expected}
    return Finding(Dimension.AUTHENTICITY, Stance.NEUTRAL, sentence, data)
