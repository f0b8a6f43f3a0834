"""An evidence bundle is whole, holds what the desk's staff sees and no more, and shows what was erased as erased."""

from __future__ import annotations

import hashlib
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from claims.media import archive
from claims.models import Asset, Claim, MediaItem, Source
from tests.conftest import Caller, file_claim
from tests.verification.bundles import forger
from tests.verification.bundles.conftest import HOSTILE, WHY, Scene, packed, uploaded, verify
from tests.verification.test_stamps import Authority, authorities, authority  # noqa: F401  fixtures
from verification.models import AuditEntry, Stamp, Verdict
from verification.services import checkpoints

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def read(files: forger.Files, name: str) -> Any:
    return json.loads(files[f"data/{name}.json"])


def test_it_holds_all_that_is_kept_of_the_claim(scene: Scene, tmp_path: Path) -> None:
    bundle = packed(scene.claim, tmp_path / "b.zip")
    assert verify(bundle).code == 0
    files = forger.unpack(bundle)
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    assert (
        f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n" in files["bag-info.txt"].decode()
    )
    originals = {
        Path(name).name.split(".")[0]: content for name, content in files.items() if "/originals/" in name
    }
    assert originals.keys() == set(Asset.objects.values_list("sha256", flat=True))
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in originals.items())
    assert {Path(name).suffix for name in files if "/originals/" in name} == {".jpg", ".gif", ".warc", ".txt"}
    chain = read(files, "audit/chain")
    assert [one["hash"] for one in chain["entries"]] == list(AuditEntry.objects.filter(chain=f"claim:{scene.claim.pk}").order_by("seq").values_list("hash", flat=True))  # fmt: skip
    assert len(read(files, "records/verdicts")) == Verdict.objects.filter(claim=scene.claim).count() > 4
    assert [one["kind"] for one in read(files, "records/publications")] == [
        "published",
        "corrected",
        "amended",
    ]
    assert [one["permission"] for one in read(files, "records/permissions")] == ["asked", "granted"]
    assert [len(one["messages"]) for one in read(files, "records/contacts")] == [2]
    (capture, upload) = sorted(read(files, "records/captures"), key=lambda one: one["warc"] is None)
    assert capture["warc"] and capture["page"] and capture["page_text"] and capture["hops"]
    assert upload["warc"] is None
    assert read(files, "records/metadata")[capture["sha256"]]
    assert read(files, "records/findings")
    texts = {one["id"]: one for one in read(files, "records/texts")}
    basis = [json.loads(texts[one["text"]]["content"])["basis"] for one in read(files, "records/verdicts")]
    assert any(part.get("reference") == HOSTILE for parts in basis for part in parts)
    assert files["verify_bundle.py"] == (Path(forger.__file__).parents[3] / "verification/services/bundles/verify_bundle.py").read_bytes()  # fmt: skip


def test_who_was_asked_goes_with_an_erasure_and_the_bundle_still_verifies(
    scene: Scene, admin: Caller, tmp_path: Path
) -> None:
    item = MediaItem.objects.get(claim=scene.claim, position=1)
    body = {"target": "uploader", "id": str(item.pk), **WHY}
    assert admin.post(f"claims/{scene.claim.pk}/redact/", body).status_code == 200
    bundle = packed(scene.claim, tmp_path / "b.zip")
    verified = verify(bundle, "--json")
    assert (verified.code, verified.breaks) == (0, [])
    files = forger.unpack(bundle)
    assert "@a " not in "".join(content.decode(errors="replace") for content in files.values())
    assert [one["kind"] for one in read(files, "records/publications")][2:] == ["amended", "amended"]


def test_it_verifies_unpacked_and_by_the_program_inside(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(packed(scene.claim, tmp_path / "b.zip"), folder)
    (bag,) = folder.iterdir()
    assert bag.name == f"stet-{scene.claim.ref}"
    assert verify(bag).code == 0
    assert verify(bag, program=bag / "verify_bundle.py").code == 0


def test_what_was_erased_is_shown_as_erased_and_accepted(
    scene: Scene, checker: Caller, admin: Caller, tmp_path: Path
) -> None:
    target = {"target": "original", "id": scene.upload, **WHY}
    assert admin.post(f"claims/{scene.claim.pk}/redact/", target).status_code == 200
    assert admin.post(f"claims/{scene.claim.pk}/redact/", {"target": "statement", **WHY}).status_code == 200
    bundle = packed(scene.claim, tmp_path / "b.zip")
    found = verify(bundle, "--json")
    assert found.code == 0, found.breaks
    erased = Asset.objects.get(items=scene.upload).sha256
    assert any(one.startswith(f"original {erased}, by audit entry") for one in found.report["redacted"])
    # The note, the statement, and the three publications that carried it.
    assert len(found.report["redacted"]) == 1 + 5
    assert "REDACTED" in verify(bundle).said
    files = forger.unpack(bundle)
    everything = b"".join(files.values())
    for gone in (b"secret ", b"A flag was raised", b"GIF89a\1\1\1", WHY["reason"].encode()):
        assert gone not in everything, gone
    page = files["README.html"].decode()
    assert page.count("This text was erased.") >= 4
    assert "This original was erased" in page


def test_an_original_erased_for_another_claim_is_named_and_not_proven(
    scene: Scene, checker: Caller, admin: Caller, tmp_path: Path
) -> None:
    other = file_claim(checker, statement="The same film, elsewhere.")["id"]
    item = uploaded(
        checker, other, archive.path_of(Asset.objects.get(items=scene.upload).sha256).read_bytes()
    )
    assert MediaItem.objects.get(pk=item).asset_id == MediaItem.objects.get(pk=scene.upload).asset_id
    assert admin.post(f"claims/{other}/redact/", {"target": "original", "id": item, **WHY}).status_code == 200
    found = verify(packed(scene.claim, tmp_path / "b.zip"), "--json")
    assert found.code == 0, found.breaks
    assert any("on another claim's record" in one for one in found.report["redacted"])
    assert any("cannot prove it" in one for one in found.report["notes"])
    assert (
        verify(packed(Asset.objects.get(items=item).items.get(pk=item).claim, tmp_path / "o.zip")).code == 0
    )


def test_a_confidential_source_is_a_pseudonym(scene: Scene, tmp_path: Path) -> None:
    """The control: without the mark its name and address are there."""
    Source.objects.filter(pk=scene.claim.source_id).update(
        name="Unmistakable", url="https://unmistakable.example/"
    )

    def everything() -> bytes:
        return b"".join(forger.unpack(packed(scene.claim, tmp_path / "b.zip")).values()).lower()

    assert b"unmistakable" in everything()
    Source.objects.filter(pk=scene.claim.source_id).update(confidential=True, pseudonym="a resident")
    assert b"unmistakable" not in everything()
    assert b"a resident" in everything()


class _Page(HTMLParser):
    """What a browser would make of a page: its elements, and whatever would be fetched or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "action", "data", "poster", "background", "srcset"}:
                self.links.append(value)
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_escapes_what_strangers_typed_and_asks_nobody_for_anything(
    scene: Scene, tmp_path: Path
) -> None:
    files = forger.unpack(packed(scene.claim, tmp_path / "b.zip"))
    page = _Page(files["README.html"].decode())
    assert not page.elements & {"script", "img", "iframe", "object", "embed", "link", "form", "base", "svg", "video", "audio"}  # fmt: skip
    assert page.handlers == []
    assert page.links and all(link in files for link in page.links)
    # Said in all its places, whole: claim, caption, reason, basis, note, correction.
    assert page.text.count(HOSTILE) >= 6
    assert "url(" not in page.text and "@import" not in page.text
    for said in ("Olena", "olena", scene.claim.ref, "We were wrong.", "Location of Photo 1: Verified"):
        assert said.lower() in page.text.lower(), said
    for original in Asset.objects.all():
        assert original.sha256 in page.text


def test_stamps_go_along_and_are_of_what_they_are_kept_for(
    scene: Scene,
    authority: Authority,  # noqa: F811  the fixture
    tmp_path: Path,
) -> None:
    bundle = packed(scene.claim, tmp_path / "b.zip")
    found = verify(bundle, "--json")
    assert found.code == 0, found.breaks
    files = forger.unpack(bundle)
    stamps = read(files, "records/stamps")
    assert {one["of"] for one in stamps} == {"checkpoint", "original"}
    assert all(
        bytes(Stamp.objects.get(pk=Path(one["file"]).stem).token) == files[one["file"]] for one in stamps
    )
    statement = read(files, "audit/checkpoint")["statement"]
    assert stamps and hashlib.sha256(statement.encode()).hexdigest() in {one["sha256"] for one in stamps}
    one, other = stamps[:2]
    files[one["file"]], files[other["file"]] = files[other["file"]], files[one["file"]]
    swapped = verify(forger.pack(files, tmp_path / "swapped.zip"), "--json")
    assert sum("over another hash" in one for one in swapped.breaks) == 2


def test_its_checkpoint_is_over_the_whole_chain_among_many(
    scene: Scene, checker: Caller, tmp_path: Path
) -> None:
    for number in range(6):
        file_claim(checker, statement=f"Another one. ({number})")
        bundle = packed(scene.claim, tmp_path / "b.zip")
        proof = read(forger.unpack(bundle), "audit/checkpoint")["proof"]
        assert proof["path"]
        found = verify(bundle, "--json")
        assert found.code == 0, found.breaks
    assert checkpoints.sign_what_is_new() is None


def test_a_bundle_of_a_claim_with_nothing_in_it(checker: Caller, tmp_path: Path) -> None:
    filed = file_claim(checker, draft=True)
    bundle = packed(Claim.objects.get(pk=filed["id"]), tmp_path / "b.zip")
    assert verify(bundle).code == 0
    page = forger.unpack(bundle)["README.html"].decode()
    assert "Nobody has decided anything." in page
