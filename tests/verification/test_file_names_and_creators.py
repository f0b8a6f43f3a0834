"""What an examination tells the checks beside the file: its name, and the creator's other media."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.models import Capture, MediaItem, Source, SourceLink
from claims.vocabulary import SourceRole
from tests.conftest import Caller, file_claim
from tests.media import make
from verification.services import examination, work

pytestmark = pytest.mark.database


def added(checker: Caller, tmp_path: Any, maker: str, **more: str) -> MediaItem:
    """A media item of a claim of its own, examined, whose file names this maker."""
    claim = file_claim(checker, statement=f"Filmed with {maker}, {more}.")
    body = make.exif_jpeg(tmp_path / "x.jpg", make=maker).read_bytes()
    form = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("x.jpg", body), "kind": "photo"})
    created = checker.call("POST", f"claims/{claim['ref']}/media/", form, Content_Type=MULTIPART_CONTENT)
    assert created.status_code == 202, created.content
    work.reconcile()
    return MediaItem.objects.get(pk=created.json()["id"])


def link(item: MediaItem, name: str, role: SourceRole, *, whole_claim: bool = False) -> None:
    source, _ = Source.objects.get_or_create(desk=item.claim.desk, name=name)
    SourceLink.objects.create(
        source=source, claim=item.claim, media=None if whole_claim else item, role=role.value
    )


def makers(item: MediaItem) -> list[str | None] | None:
    others = examination.same_creator(item)
    return None if others is None else [other.device.make for other in others]


def test_only_media_of_the_same_creator_is_compared(checker: Caller, tmp_path: Any) -> None:
    mine, theirs, posted, claimed, foreign = (
        added(checker, tmp_path, maker) for maker in ("Nikon", "Canon", "Apple", "Sony", "Leica")
    )
    assert makers(mine) is None
    link(mine, "Olena", SourceRole.CREATOR)
    assert makers(mine) == []
    link(theirs, "Olena", SourceRole.CREATOR)
    link(posted, "Olena", SourceRole.POSTER)
    link(claimed, "Olena", SourceRole.CREATOR, whole_claim=True)
    link(foreign, "Marko", SourceRole.CREATOR)
    assert makers(mine) == ["Canon"]
    assert makers(theirs) == ["Nikon"]
    assert makers(posted) is None
    assert makers(foreign) == []


def test_the_same_bytes_elsewhere_are_no_other_file(checker: Caller, tmp_path: Any) -> None:
    mine, again = added(checker, tmp_path, "Nikon"), added(checker, tmp_path, "Nikon", again="yes")
    assert mine.asset_id == again.asset_id
    for item in (mine, again):
        link(item, "Olena", SourceRole.CREATOR)
    assert makers(mine) == []


def test_an_erased_original_is_not_compared(checker: Caller, tmp_path: Any) -> None:
    mine, theirs = added(checker, tmp_path, "Nikon"), added(checker, tmp_path, "Canon")
    for item in (mine, theirs):
        link(item, "Olena", SourceRole.CREATOR)
    assert theirs.asset is not None
    theirs.asset.redacted_at = timezone.now()
    theirs.asset.save()
    assert makers(mine) == []


def test_the_finding_reaches_the_claim(checker: Caller, tmp_path: Any) -> None:
    mine, theirs = added(checker, tmp_path, "Nikon"), added(checker, tmp_path, "Canon")
    runs = {run.check_slug: run.state for run in mine.check_runs.all()}
    assert runs["same_device"] == "not_applicable"
    assert runs["file_shape"] == "done"
    link(mine, "Olena", SourceRole.CREATOR)
    link(theirs, "Olena", SourceRole.CREATOR)
    context = examination.context_of(mine, now=timezone.now())
    assert context.same_creator is not None
    assert [other.claim for other in context.same_creator] == [theirs.claim.ref]


@pytest.mark.parametrize(
    ("found", "final", "requested", "name"),
    [
        (
            "",
            "https://example.org/a/photo_2022-10-04_14-07-00.jpg?x=1",
            "https://example.org/s",
            "photo_2022-10-04_14-07-00.jpg",
        ),
        (
            "https://example.org/IMG-20221004-WA0007.jpg",
            "https://example.org/page",
            "",
            "IMG-20221004-WA0007.jpg",
        ),
        ("", "", "https://example.org/WhatsApp%20Image.jpg", "WhatsApp Image.jpg"),
        ("", "https://example.org/", "", None),
        ("", "", "", None),
    ],
)
def test_the_name_is_that_at_the_address(
    checker: Caller, tmp_path: Any, found: str, final: str, requested: str, name: str | None
) -> None:
    item = added(checker, tmp_path, "Nikon")
    first = item.captures.get()
    earlier = first.finished_at - timedelta(minutes=1)
    Capture.objects.create(
        media=item,
        asset=item.asset,
        found_url=found,
        final_url=final,
        requested_url=requested,
        started_at=earlier,
        finished_at=earlier,
    )
    assert examination._file_name(item) == name
