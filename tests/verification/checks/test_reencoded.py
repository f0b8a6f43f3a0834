from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from tests.media import make
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.reencoded import Reencoded
from verification.domain.decoded import Decoded, Device, ReaderError, Stream
from verification.sandbox import decode

CONTEXT = Context(now=datetime(2026, 11, 22, 12, tzinfo=UTC))


def run(**facts):
    media = Media("0" * 64, "video/mp4", MediaKind.VIDEO, Decoded("video/mp4", **facts))
    return Reencoded().run(media, CONTEXT)


@pytest.mark.parametrize(
    ("facts", "writer"),
    [
        ({"encoder": "Lavf58.76.100"}, "FFmpeg"),
        ({"encoder": "HandBrake 1.6.1 2023012300"}, "HandBrake"),
        ({"streams": (Stream("video", encoder="Lavc58.134.100 libx265"),)}, "FFmpeg and x265"),
        (
            {"streams": (Stream("video", handler="ISO Media file produced by Google Inc."),)},
            "Google, as on YouTube",
        ),
        ({"streams": (Stream("video", handler="Twitter-vork muxer"),)}, "X"),
    ],
)
def test_the_writer_is_named_neutrally_because_every_platform_does_it(facts, writer):
    (finding,) = run(**facts)
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.NEUTRAL)
    assert finding.sentence == (
        f"The file was written by {writer}, so it is not the camera's own; platforms and converters do that to "
        "everything."
    )


def test_a_camera_named_in_a_file_that_was_written_again_is_told():
    (finding,) = run(encoder="Lavf58.76.100", device=Device(make="Apple", model="iPhone 13"))
    assert "though it kept the camera's name" in finding.sentence


def test_an_editing_program_is_told_of_without_calling_it_deceit():
    provenance, authenticity = run(device=Device(software="Adobe Premiere Pro 2022"))
    assert provenance.stance is Stance.NEUTRAL
    assert (authenticity.dimension, authenticity.stance) == (Dimension.AUTHENTICITY, Stance.NEUTRAL)
    assert "no sign of deceit" in authenticity.sentence


@pytest.mark.parametrize(
    "facts",
    [{}, {"streams": (Stream("video", handler="Core Media Video"),)}, {"device": Device(software="16.0")}],
)
def test_a_file_that_names_no_writer_proves_nothing(facts):
    (finding,) = run(**facts)
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.INCONCLUSIVE)


def test_tags_that_could_not_be_read_are_not_taken_for_absent():
    with pytest.raises(CheckFailed):
        run(errors=(ReaderError("pyav", "metadata", "broken"),))


def test_a_real_file_from_end_to_end(tmp_path):
    path = make.tagged_video(tmp_path / "x.mp4", {"creation_time": "2022-10-04T11:07:00Z"})
    media = Media("0" * 64, "video/mp4", MediaKind.VIDEO, decode(path, media_type="video/mp4"))
    (finding,) = Reencoded().run(media, CONTEXT)
    # Written without a name, as the samples are to be the same on every machine.
    assert finding.data["left"] == [{"field": "video handler", "value": "VideoHandler"}]
