"""A film that browsers don't play gets a working copy that they do: smaller, marked, and gone with its original."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase

from claims.media import archive, working
from claims.models import MediaItem
from tests.conftest import Caller, file_claim, refused
from verification import sandbox
from verification.decoding import playable as maker
from verification.domain.decoded import Stream
from verification.domain.playing import plays_in_browsers
from verification.models import AuditEntry, Job
from verification.sandbox import DecodeFailed, DecodeLimits, play
from verification.services import audit, work

WHY = {"reason": "An order of the court.", "legal_ground": "court order"}


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    sandbox.end_child()


def film(
    path: Path,
    *,
    form: str,
    picture: str | None,
    sound: str | None = None,
    seconds: int = 2,
    size: tuple[int, int] = (160, 120),
    rate: int = 25,
) -> Path:
    """A real film whose left half is bright, so that it can be seen which way is up."""
    with av.open(str(path), "w", format=form) as container:
        streams: list[Any] = []
        if picture:
            video = container.add_stream(picture, rate=rate)
            video.width, video.height = size
            video.pix_fmt = "yuv420p"
            streams.append(video)
        if sound:
            streams.append(container.add_stream(sound, rate=48_000, layout="stereo"))
        for stream in streams:
            frames = pictures(size, seconds * rate) if stream.type == "video" else silence(seconds)
            for frame in frames:
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def pictures(size: tuple[int, int], count: int) -> list[av.VideoFrame]:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2] = 230
    return [av.VideoFrame.from_ndarray(pixels, format="rgb24") for _ in range(count)]


def silence(seconds: int) -> list[av.AudioFrame]:
    frames = []
    for number in range(48_000 * seconds // 1152):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2304), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 1152, Fraction(1, 48_000)
        frames.append(frame)
    return frames


def streams_in(webm: bytes) -> dict[str, str]:
    with av.open(io.BytesIO(webm)) as container:
        assert "webm" in container.format.name
        return {stream.type: stream.codec_context.name for stream in container.streams}


def frames_in(webm: bytes) -> list[Any]:
    with av.open(io.BytesIO(webm)) as container:
        return list(container.decode(video=0))


# --- which ones ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media_type", "codecs", "is_played"),
    [
        ("video/mp4", ["h264", "aac"], True),
        ("video/quicktime", ["h264", "aac"], True),
        ("video/webm", ["vp9", "opus"], True),
        ("video/webm", ["libdav1d", "libopus"], False),
        ("video/mp4", ["hevc", "aac"], False),
        ("video/mp4", ["mpeg4", "aac"], False),
        ("video/3gpp", ["h263", "amrnb"], False),
        ("video/3gpp", ["h264", "amrnb"], False),
        ("video/quicktime", ["prores", "pcm_s16le"], False),
        ("video/x-matroska", ["h264", "aac"], False),
        ("video/x-msvideo", ["mpeg4", "mp3float"], False),
        ("video/mp2t", ["h264", "aac"], False),
        ("video/ogg", ["theora", "vorbis"], False),
        ("video/mp4", [], True),
    ],
)
def test_which_films_browsers_play(media_type: str, codecs: list[str], is_played: bool) -> None:
    kinds = ("video", "audio")
    streams = [Stream(kind=kind, codec=codec) for kind, codec in zip(kinds, codecs, strict=False)]
    assert plays_in_browsers(media_type, streams) == is_played


def test_a_recordings_cover_and_a_films_data_are_no_matter() -> None:
    cover = Stream(kind="video", codec="mjpeg")
    assert plays_in_browsers("audio/mpeg", [cover, Stream(kind="audio", codec="mp3float")])
    assert plays_in_browsers(
        "video/mp4", [Stream(kind="data", codec="bin_data"), Stream(kind="video", codec="h264")]
    )
    assert not plays_in_browsers("audio/mp4", [Stream(kind="audio", codec="alac")])


# --- making ----------------------------------------------------------------------------------------------------

FILMS = [
    ("video/x-matroska", "matroska", "libx264", "aac"),
    ("video/x-msvideo", "avi", "mpeg4", "mp2"),
    ("video/mp2t", "mpegts", "mpeg2video", "mp2"),
    ("video/mp4", "mp4", "libx265", "aac"),
    ("video/quicktime", "mov", "mjpeg", None),
    ("video/3gpp", "3gp", "h263", None),
    ("video/x-matroska", "matroska", None, "ac3"),
]


@pytest.mark.parametrize(("media_type", "form", "picture", "sound"), FILMS)
def test_a_film_of_any_kind_becomes_one_that_browsers_play(
    tmp_path: Path, media_type: str, form: str, picture: str | None, sound: str | None
) -> None:
    size = (176, 144) if picture == "h263" else (160, 120)
    path = tmp_path / "film"
    if picture == "mjpeg":
        with av.open(str(path), "w", format=form) as container:
            stream = container.add_stream("mjpeg", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p"
            for frame in pictures(size, 50):
                container.mux(stream.encode(frame.reformat(format="yuvj420p")))
            container.mux(stream.encode(None))
    else:
        film(path, form=form, picture=picture, sound=sound, size=size)
    played = play(path, media_type=media_type)
    wanted = {**({"video": "vp8"} if picture else {}), **({"audio": "opus"} if sound else {})}
    assert {kind: codec.removeprefix("lib") for kind, codec in streams_in(played.webm).items()} == wanted
    assert played.is_whole
    assert 1.8 < played.seconds < 2.2
    if picture:
        frames = frames_in(played.webm)
        assert (frames[0].width, frames[0].height) == size
        assert 45 <= len(frames) <= 52
        light = frames[0].to_ndarray(format="gray")
        assert light[:, 5].mean() > 180 > 60 > light[:, -5].mean()


@pytest.mark.parametrize(
    ("size", "becomes"),
    [((160, 120), (160, 120)), ((1920, 1080), (1280, 720)), ((1080, 1920), (720, 1280)), ((161, 99), (160, 98)),
     ((4096, 16), (1280, 4)), ((1, 1), (2, 2))],
)  # fmt: skip
def test_the_copy_is_no_larger_than_720p(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    assert maker._fitting(*size) == becomes


def test_a_film_that_lies_on_its_side_is_put_upright(tmp_path: Path) -> None:
    made = film(tmp_path / "film.mp4", form="mp4", picture="mpeg4")
    body = bytearray(made.read_bytes())
    # The matrix in the track's header (QuickTime File Format): turned by a quarter with the clock.
    at = body.index(b"\x40\x00\x00\x00", body.index(b"tkhd")) - 32
    body[at : at + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    )
    made.write_bytes(bytes(body))
    frame = frames_in(play(made, media_type="video/mp4").webm)[0]
    assert (frame.width, frame.height) == (120, 160)
    light = frame.to_ndarray(format="gray")
    assert light[5].mean() > 180 > 60 > light[-5].mean()


def test_of_a_long_film_there_is_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = film(tmp_path / "film.mkv", form="matroska", picture="libx264", seconds=6)
    monkeypatch.setattr(maker, "SECONDS", 2)
    with made.open("rb") as file:
        beginning = maker.of_film(file, "matroska", 10**7)
    assert not beginning.is_whole
    assert 1.9 < beginning.seconds <= 2.1
    monkeypatch.setattr(maker, "CPU_SECONDS", -1.0)
    with made.open("rb") as file, pytest.raises(maker.BeyondLimits):
        maker.of_film(file, "matroska", 10**7)


def test_a_film_that_breaks_off_ends_there(tmp_path: Path) -> None:
    made = film(tmp_path / "film.mkv", form="matroska", picture="libx264", seconds=4)
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    assert 0 < play(made, media_type="video/x-matroska").seconds < 4


@pytest.mark.parametrize(
    ("body", "media_type", "code"),
    [
        (b"\x1a\x45\xdf\xa3" + b"\0" * 500, "video/x-matroska", "undecodable"),
        (b"", "video/x-matroska", "undecodable"),
        (b"RIFF" * 400, "video/x-msvideo", "undecodable"),
        (b"\xff\xd8\xff" * 200, "image/jpeg", "undecodable"),
    ],
)
def test_what_is_no_film_is_refused(tmp_path: Path, body: bytes, media_type: str, code: str) -> None:
    path = tmp_path / "film"
    path.write_bytes(body)
    with pytest.raises(DecodeFailed) as failed:
        play(path, media_type=media_type)
    assert failed.value.code == code


def test_the_child_is_ended_when_it_takes_too_long(tmp_path: Path) -> None:
    made = film(tmp_path / "film.mkv", form="matroska", picture="libx264", seconds=20, size=(640, 480))
    with pytest.raises(DecodeFailed) as failed:
        play(made, media_type="video/x-matroska", limits=DecodeLimits(wall_seconds=0.05))
    assert failed.value.code == "decode_timeout"


@pytest.mark.parametrize(
    "said",
    [None, [], {}, {"webm": "!", "seconds": 1, "is_whole": True}, {"webm": "AAAA", "seconds": 1, "is_whole": True},
     {"webm": "GkXfow==", "seconds": -1, "is_whole": True}, {"webm": "GkXfow==", "seconds": True, "is_whole": True},
     {"webm": "GkXfow==", "seconds": 1, "is_whole": "yes"}],
)  # fmt: skip
def test_an_answer_that_is_no_film_is_no_answer(said: Any) -> None:
    with pytest.raises(sandbox.Broken):
        sandbox._film_in(said)


# --- on the desk -----------------------------------------------------------------------------------------------


def taken_in(checker: Caller, path: Path) -> MediaItem:
    claim = file_claim(checker)["id"]
    sent = checker.client.post(
        f"/api/v1/claims/{claim}/media/",
        {"file": SimpleUploadedFile("film", path.read_bytes())},
        headers={"Authorization": f"Bearer {checker.key}"},
    )
    assert sent.status_code == 202, sent.content
    while work.reconcile():
        pass
    return MediaItem.objects.select_related("asset", "claim").get(pk=sent.json()["id"])


def page_of(item: MediaItem, checker: Caller) -> str:
    client = Client()
    client.force_login(checker.person)
    return client.get(f"/claims/{item.claim.ref}/").content.decode()


@pytest.fixture
def matroska(tmp_path: Path) -> Path:
    return film(tmp_path / "film.mkv", form="matroska", picture="libx264", sound="aac")


@pytest.mark.django_db
def test_the_desk_shows_the_copy_and_keeps_the_original(checker: Caller, matroska: Path) -> None:
    item = taken_in(checker, matroska)
    assert item.asset is not None
    detail = checker.get(f"media/{item.pk}/").json()["playable_copy"]
    assert (detail["working_copy"], detail["of_sha256"], detail["first_seconds"]) == (
        True,
        item.asset.sha256,
        None,
    )
    path = detail["url"].removeprefix("/api/v1/")
    whole = checker.get(path)
    body = b"".join(whole.streaming_content)
    assert streams_in(body)["audio"] in {"opus", "libopus"}
    assert (whole["Content-Type"], whole["Accept-Ranges"]) == ("video/webm", "bytes")
    assert "working-copy-of-" in whole["Content-Disposition"]
    part = checker.get(path, Range="bytes=10-19")
    assert (part.status_code, part.content) == (206, body[10:20])
    assert part["Content-Range"] == f"bytes 10-19/{len(body)}"
    original = checker.get(f"media/{item.pk}/file/")
    assert b"".join(original.streaming_content) == matroska.read_bytes()
    for header in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
        assert whole[header] == original[header]
    assert whole["ETag"] != original["ETag"]
    page = page_of(item, checker)
    assert f'src="/api/v1/media/{item.pk}/file/?copy=playable"' in page
    assert "Working copy; the original is kept untouched." in page
    # Not among the stills, which are pictures, and no poster.
    names = [one["name"] for one in checker.get(f"media/{item.pk}/stills/").json()["results"]]
    assert names
    assert all(name.startswith("still-") for name in names)
    assert AuditEntry.objects.filter(action="copied").count() == 1
    assert archive.is_intact(item.asset.sha256)
    refused(checker.get(f"media/{item.pk}/file/?copy=other"), 400, pointer="copy")


@pytest.mark.django_db
def test_of_a_long_film_the_page_says_how_much_is_there(
    checker: Caller, matroska: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sandbox.play(matroska, media_type="video/x-matroska")
    monkeypatch.setattr(sandbox, "play", lambda *_, **__: sandbox.Played(made.webm, 119.7, is_whole=False))
    item = taken_in(checker, matroska)
    assert checker.get(f"media/{item.pk}/").json()["playable_copy"]["first_seconds"] == 119
    assert "only its first 119 seconds are here" in page_of(item, checker)


@pytest.mark.django_db
def test_what_browsers_play_has_no_copy(checker: Caller, tmp_path: Path) -> None:
    item = taken_in(checker, film(tmp_path / "film.mp4", form="mp4", picture="libx264", sound="aac"))
    assert checker.get(f"media/{item.pk}/").json()["playable_copy"] is None
    assert not Job.objects.filter(kind="copy").exists()
    assert "?copy=playable" not in page_of(item, checker)
    refused(checker.get(f"media/{item.pk}/file/?copy=playable"), 404)


@pytest.mark.django_db
def test_that_none_can_be_made_is_recorded_said_and_can_be_tried_again(
    checker: Caller, matroska: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sandbox, "play", _fail)
        item = taken_in(checker, matroska)
    job = Job.objects.get(kind="copy")
    assert (item.examination, job.state, job.error["code"]) == ("done", "failed", "decode_timeout")
    assert AuditEntry.objects.get(action="copy-failed").data["code"] == "decode_timeout"
    assert "No working copy could be made" in page_of(item, checker)
    work.retry(job, actor=checker.person)
    assert MediaItem.objects.get(pk=item.pk).examination == "done"
    while work.reconcile():
        pass
    assert checker.get(f"media/{item.pk}/").json()["playable_copy"]
    assert list(audit.verify()) == []


def _fail(*_: Any, **__: Any) -> None:
    raise DecodeFailed("decode_timeout")


@pytest.mark.django_db
def test_it_goes_with_its_original_even_if_it_comes_late(
    checker: Caller, admin: Caller, matroska: Path
) -> None:
    item = taken_in(checker, matroska)
    assert item.asset is not None
    sha256 = item.asset.sha256
    late = next(copy for copy in working.listed(sha256) if copy.is_playable)
    assert admin.post(f"claims/{item.claim_id}/legal-hold/", {"reason": "A lawsuit."}).status_code == 201
    erase = {"target": "original", "id": str(item.pk), **WHY}
    refused(admin.post(f"claims/{item.claim_id}/redact/", erase), 409, code="legal_hold")
    assert working.holds(sha256)
    admin.call("DELETE", f"claims/{item.claim_id}/legal-hold/")
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert admin.post(f"claims/{item.claim_id}/redact/", erase).status_code == 200
    assert not working.holds(sha256)
    refused(checker.get(f"media/{item.pk}/file/?copy=playable"), 404)
    # A copy that was being made meanwhile turns up: nobody is shown it, and the loop removes it.
    working.keep(late, b"\x1a\x45\xdf\xa3")
    refused(checker.get(f"media/{item.pk}/file/?copy=playable"), 404)
    assert checker.get(f"media/{item.pk}/").json()["playable_copy"] is None
    work.reconcile()
    assert not working.holds(sha256)
