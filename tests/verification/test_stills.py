"""Working copies: drawn in the child, kept apart, marked as such, and gone with their original."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from claims.media import archive, working
from claims.models import Asset, MediaItem
from tests.conftest import Caller, file_claim
from tests.media import make, mutants
from verification import decoder_child, sandbox
from verification.models import AuditEntry
from verification.sandbox import DecodeFailed, draw
from verification.services import stills, work

SAMPLES = {sample.name: sample for sample in mutants.samples()}


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    sandbox.end_child()


def sample(name: str, folder: Path) -> Path:
    path = folder / name
    path.write_bytes(SAMPLES[name].body)
    return path


# --- drawing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(name for name in SAMPLES if SAMPLES[name].media_type[:5] == "video"))
def test_a_film_of_any_kind_has_a_still(name: str, tmp_path: Path) -> None:
    drawn = draw(sample(name, tmp_path), media_type=SAMPLES[name].media_type)
    assert drawn
    assert all(one.at_ms is not None for one in drawn)
    assert Image.open(io.BytesIO(drawn[0].jpeg)).size == (64, 48)


def test_stills_are_evenly_spaced_small_and_in_order(tmp_path: Path) -> None:
    path = make.keyframes(tmp_path / "x.mp4", seconds=10, size=(1280, 720))
    drawn = draw(path, media_type="video/mp4")
    assert [one.at_ms for one in drawn] == [1000, 3000, 5000, 7000, 9000]
    pictures = [Image.open(io.BytesIO(one.jpeg)) for one in drawn]
    assert {(picture.format, picture.size) for picture in pictures} == {("JPEG", (640, 360))}
    # Each second of that film is brighter than the one before.
    shades = [picture.convert("L").getpixel((320, 180)) for picture in pictures]
    assert shades == sorted(set(shades))


@pytest.mark.parametrize("name", ["heic", "tiff", "tiff-lzw", "tiff-fax"])
def test_a_photo_has_one_copy(name: str, tmp_path: Path) -> None:
    (drawn,) = draw(sample(name, tmp_path), media_type=SAMPLES[name].media_type)
    assert drawn.at_ms is None
    assert Image.open(io.BytesIO(drawn.jpeg)).size == (64, 48)


def test_a_copy_stands_upright_and_has_bounds(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (5000, 1000), (9, 9, 9)).save(tmp_path / "x", format="TIFF", exif=exif)
    (drawn,) = draw(tmp_path / "x", media_type="image/tiff")
    assert Image.open(io.BytesIO(drawn.jpeg)).size == (410, 2048)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.new("I;16", (32, 32), 0x4000).save(tmp_path / "x", format="TIFF")
    (drawn,) = draw(tmp_path / "x", media_type="image/tiff")
    shade = Image.open(io.BytesIO(drawn.jpeg)).convert("L").getpixel((16, 16))
    assert isinstance(shade, int)
    assert abs(shade - 0x40) < 3


@pytest.mark.parametrize(("name", "media_type"), [("mp3", "audio/mpeg"), ("pdf", "application/pdf")])
def test_what_has_no_picture_has_no_still(name: str, media_type: str, tmp_path: Path) -> None:
    assert draw(sample(name, tmp_path), media_type=media_type) == ()


def test_a_bomb_and_nonsense_are_refused_as_ever(tmp_path: Path) -> None:
    for body, media_type, code in (
        (make.png_bomb(tmp_path / "bomb", 60_000, 60_000), "image/png", "too_many_pixels"),
        (make.photo(tmp_path / "photo"), "video/mp4", "undecodable"),
        (make.truncated(tmp_path / "cut", sample("heic", tmp_path), 0.3), "image/heic", "undecodable"),
    ):
        with pytest.raises(DecodeFailed) as caught:
            draw(body, media_type=media_type)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        [{}],
        [{"at_ms": None, "jpeg": "PHNjcmlwdD4="}],
        [{"at_ms": "../x", "jpeg": "/9j/"}],
        [{"at_ms": -1, "jpeg": "/9j/"}],
        [{"at_ms": True, "jpeg": "/9j/"}],
        [{"at_ms": 1, "jpeg": "/9j/é"}],
    ],
)
def test_what_is_no_jpeg_is_not_taken_for_one(said: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(decoder_child, "_understood", lambda _, serial: {"serial": serial, "drawn": said})
    with pytest.raises(DecodeFailed) as caught:
        draw(make.photo(tmp_path / "x"), media_type="image/jpeg")
    assert caught.value.code == "decode_crashed"


def scene(left: str, right: str, size: tuple[int, int]) -> Image.Image:
    """A picture of two colours side by side, with enough in it to be compared."""
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, *size))
    picture.paste("white", (size[0] // 8, size[1] // 2, size[0] // 4, size[1]))
    return picture


def test_a_thumbnail_within_a_photo_is_drawn_as_it_is(tmp_path: Path) -> None:
    other = scene("red", "blue", (160, 120))
    path = make.jpeg_with_thumbnail(tmp_path / "x", scene("green", "black", (640, 480)), other)
    (drawn,) = draw(path, media_type="image/jpeg", thumbnail=True)
    small = Image.open(io.BytesIO(drawn.jpeg))
    assert (drawn.at_ms, small.size) == (None, (160, 120))
    red, _, blue = small.getpixel((150, 10))  # type: ignore[misc]
    assert blue > 200 > 50 > red
    assert "exif" not in small.info


def test_a_thumbnail_stands_as_its_photo_is_shown(tmp_path: Path) -> None:
    path = make.jpeg_with_thumbnail(
        tmp_path / "x", scene("red", "blue", (640, 480)), scene("red", "blue", (160, 120))
    )
    turned = path.read_bytes().replace(
        struct.pack(">HHLL", 0x0112, 3, 1, 1 << 16), struct.pack(">HHLL", 0x0112, 3, 1, 6 << 16)
    )
    path.write_bytes(turned)
    (drawn,) = draw(path, media_type="image/jpeg", thumbnail=True)
    assert Image.open(io.BytesIO(drawn.jpeg)).size == (120, 160)


@pytest.mark.parametrize("name", ["jpeg-plain", "heic", "mp4-tagged", "pdf"])
def test_what_holds_no_thumbnail_gives_none(name: str, tmp_path: Path) -> None:
    if name in SAMPLES:
        path, media_type = sample(name, tmp_path), SAMPLES[name].media_type
    else:
        path, media_type = make.photo(tmp_path / "x"), "image/jpeg"
    assert draw(path, media_type=media_type, thumbnail=True) == ()


# --- with the desk --------------------------------------------------------------------------------------------


def captured(checker: Caller, name: str, **said: Any) -> MediaItem:
    """A media item with one of the samples, examined."""
    return examined(checker, SAMPLES[name].body, **said)


def examined(checker: Caller, body: bytes, **said: Any) -> MediaItem:
    claim = file_claim(checker)
    file = SimpleUploadedFile("named-by-the-user", body)
    upload = encode_multipart(BOUNDARY, {"file": file, **said})
    answer = checker.call("POST", f"claims/{claim['id']}/media/", upload, Content_Type=MULTIPART_CONTENT)
    assert answer.status_code == 202, answer.content
    with TestCase.captureOnCommitCallbacks(execute=True):
        while work.reconcile():
            pass
    return MediaItem.objects.get(pk=answer.json()["id"])


def asset_of(item: MediaItem) -> Asset:
    assert item.asset is not None
    return item.asset


@pytest.mark.django_db
def test_stills_are_listed_and_served_like_originals(checker: Caller) -> None:
    item = captured(checker, "mp4-tagged")
    (still, *_) = checker.get(f"media/{item.pk}/stills/").json()["results"]
    assert (still["working_copy"], still["of_sha256"]) == (True, asset_of(item).sha256)
    assert still["at_seconds"] is not None
    served = checker.get(still["url"].removeprefix("/api/v1/"))
    original = checker.get(f"media/{item.pk}/file/")
    body = b"".join(served.streaming_content)
    served.close()
    original.close()
    assert Image.open(io.BytesIO(body)).format == "JPEG"
    for header in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
        assert served[header] == original[header]
    assert served["Content-Type"] == "image/jpeg"
    assert "working-copy-of-" in served["Content-Disposition"]
    assert served["ETag"] != original["ETag"]


@pytest.mark.django_db
def test_an_original_and_its_hash_are_untouched_by_copies(checker: Caller) -> None:
    asset = asset_of(captured(checker, "heic"))
    assert archive.is_intact(asset.sha256)
    assert [copy.name for copy in working.listed(asset.sha256)] == ["copy.jpg"]
    assert (archive.root() / "working" / asset.sha256 / "copy.jpg").is_file()


@pytest.mark.django_db
def test_a_photo_that_browsers_draw_has_no_copy(checker: Caller) -> None:
    item = captured(checker, "jpeg-tagged")
    assert checker.get(f"media/{item.pk}/stills/").json() == {"results": []}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["copy.jpg", "still-1.jpg", "still-01.jpg", "..", "%2e%2e%2fx", "still-1.jpg%00"]
)
def test_a_name_that_is_not_listed_is_not_there(checker: Caller, name: str) -> None:
    item = captured(checker, "mp4-tagged")
    assert checker.get(f"media/{item.pk}/stills/{name}").status_code == 404


@pytest.mark.django_db
def test_what_cannot_be_drawn_is_said_and_spoils_nothing(checker: Caller, monkeypatch: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise DecodeFailed("decode_timeout")

    monkeypatch.setattr(sandbox, "draw", fail)
    item = captured(checker, "mp4-tagged")
    pictures = stills.pictures_of(working.listed(asset_of(item).sha256))
    assert (item.examination, pictures) == ("done", [])
    assert AuditEntry.objects.get(action="examined").data["not_drawn"] == "decode_timeout"


@pytest.mark.django_db
def test_erasing_an_original_erases_its_copies(checker: Caller, admin: Caller) -> None:
    item = captured(checker, "mp4-tagged")
    sha256 = asset_of(item).sha256
    (still, *_) = checker.get(f"media/{item.pk}/stills/").json()["results"]
    late = working.listed(sha256)[0]
    why = {"reason": "An order of the court.", "legal_ground": "court order"}
    with TestCase.captureOnCommitCallbacks(execute=True):
        erased = admin.post(
            f"claims/{item.claim_id}/redact/", {"target": "original", "id": str(item.pk), **why}
        )
    assert erased.status_code == 200, erased.content
    assert not working.holds(sha256)
    assert checker.get(f"media/{item.pk}/stills/").json() == {"results": []}
    assert checker.get(still["url"].removeprefix("/api/v1/")).status_code == 404
    # An examination that was under way puts them back; the loop sees to it, and nobody is shown them until then.
    working.keep(late, b"\xff\xd8\xff")
    assert checker.get(still["url"].removeprefix("/api/v1/")).status_code == 404
    work.reconcile()
    assert not working.holds(sha256)


def page_of(item: MediaItem, checker: Caller) -> str:
    client = Client()
    client.force_login(checker.person)
    return client.get(f"/claims/{item.claim.ref}/").content.decode()


@pytest.mark.django_db
def test_the_page_shows_a_poster(checker: Caller) -> None:
    item = captured(checker, "mp4-tagged")
    name = working.listed(asset_of(item).sha256)[0].name
    assert f'poster="/api/v1/media/{item.pk}/stills/{name}"' in page_of(item, checker)


@pytest.mark.django_db
def test_flagged_media_has_no_poster_and_its_copy_is_hidden(checker: Caller) -> None:
    film = captured(checker, "mp4-tagged")
    MediaItem.objects.filter(pk=film.pk).update(content_flags=["graphic"])
    assert "poster=" not in page_of(film, checker)
    photo = captured(checker, "heic")
    MediaItem.objects.filter(pk=photo.pk).update(content_flags=["graphic"])
    stage = page_of(photo, checker).split(f'id="player-{photo.pk}"')[1]
    assert stage.index("media-stage is-flagged") < stage.index("copy.jpg")


@pytest.mark.django_db
def test_the_page_draws_the_copy_of_a_photo_and_says_what_it_is(checker: Caller) -> None:
    page = page_of(item := captured(checker, "heic"), checker)
    assert f'src="/api/v1/media/{item.pk}/stills/copy.jpg"' in page
    assert "<b>Working copy.</b>" in page
    assert f'href="/api/v1/media/{item.pk}/file/"' in page


@pytest.fixture
def cropped(checker: Caller, tmp_path: Path) -> MediaItem:
    """A photo that holds the thumbnail of another one."""
    whole, other = scene("navy", "orange", (640, 480)), scene("orange", "navy", (160, 120))
    return examined(checker, make.jpeg_with_thumbnail(tmp_path / "x", whole, other).read_bytes())


@pytest.mark.django_db
def test_an_embedded_thumbnail_is_kept_and_served_like_a_still(cropped: MediaItem, checker: Caller) -> None:
    told = checker.get(f"media/{cropped.pk}/").json()["embedded_thumbnail"]
    assert (told["working_copy"], told["of_sha256"]) == (True, asset_of(cropped).sha256)
    assert checker.get(f"media/{cropped.pk}/stills/").json() == {"results": []}
    served = checker.get(told["url"].removeprefix("/api/v1/"))
    body = b"".join(served.streaming_content)
    served.close()
    assert Image.open(io.BytesIO(body)).size == (160, 120)
    assert served["Content-Type"] == "image/jpeg"
    assert (served["X-Content-Type-Options"], served["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )
    assert archive.is_intact(asset_of(cropped).sha256)


@pytest.mark.django_db
def test_the_finding_shows_the_thumbnail_beside_the_picture(cropped: MediaItem, checker: Caller) -> None:
    page = page_of(cropped, checker)
    finding = page.split('<div class="both">')[1].split("</div>")[0]
    assert f'src="/api/v1/media/{cropped.pk}/stills/thumbnail.jpg"' in finding
    assert f'src="/api/v1/media/{cropped.pk}/file/"' in finding
    MediaItem.objects.filter(pk=cropped.pk).update(content_flags=["graphic"])
    assert "thumbnail.jpg" not in page_of(cropped, checker)


@pytest.mark.django_db
def test_a_thumbnail_goes_with_its_original_and_stays_under_a_hold(
    cropped: MediaItem, checker: Caller, admin: Caller
) -> None:
    sha256 = asset_of(cropped).sha256
    address = checker.get(f"media/{cropped.pk}/").json()["embedded_thumbnail"]["url"].removeprefix("/api/v1/")
    why = {"reason": "An order of the court.", "legal_ground": "court order"}
    erase = {"target": "original", "id": str(cropped.pk), **why}
    admin.post(f"claims/{cropped.claim_id}/legal-hold/", {"reason": "A trial."})
    assert admin.post(f"claims/{cropped.claim_id}/redact/", erase).status_code == 409
    assert [copy.name for copy in working.listed(sha256)] == ["thumbnail.jpg"]
    assert (
        admin.call("DELETE", f"claims/{cropped.claim_id}/legal-hold/", {"reason": "It is over."}).status_code
        == 200
    )
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert admin.post(f"claims/{cropped.claim_id}/redact/", erase).status_code == 200
    assert not working.holds(sha256)
    assert checker.get(address).status_code == 404
    assert checker.get(f"media/{cropped.pk}/").json()["embedded_thumbnail"] is None


@pytest.mark.django_db
def test_examining_again_draws_what_is_there_no_second_time(
    cropped: MediaItem, checker: Caller, monkeypatch: Any
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(sandbox, "draw", lambda *args, **named: drawn.append((args, named)) or ())
    assert checker.post(f"media/{cropped.pk}/recheck/", {}).status_code == 202
    with TestCase.captureOnCommitCallbacks(execute=True):
        while work.reconcile():
            pass
    assert drawn == []
