"""120 tampers of a bundle, and each is found, offline, by the verifier alone; the obvious check misses some."""

from __future__ import annotations

import base64
import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tests.verification.bundles import forger
from tests.verification.bundles.conftest import Scene, packed, verify
from tests.verification.bundles.forger import Files
from verification.services import signing

pytestmark = pytest.mark.django_db

TAMPERS = 120
SEED = 8493


@pytest.fixture
def bag(scene: Scene, tmp_path: Path) -> Files:
    return forger.unpack(packed(scene.claim, tmp_path / "whole.zip"))


def test_every_one_of_120_tampers_is_found(bag: Files, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    done: list[str] = []
    missed: list[str] = []
    naive_missed = 0
    while len(done) < TAMPERS:
        said, files = forger.any_tamper(chance, bag)
        if files == bag:
            continue  # nothing was tampered with
        done.append(said)
        if files.keys() >= MANIFESTS:
            naive_missed += forger.naive_holds(files)
        if chance.random() < 0.5:
            bundle = forger.pack(files, tmp_path / "forged.zip")
        else:
            bundle = forger.lay_out(files, tmp_path / f"forged-{len(done)}")
        found = verify(bundle)
        if found.code == 0:
            missed.append(said)
    assert missed == []
    # The control: who only compares files with manifests believes many of them.
    assert naive_missed > TAMPERS / 4
    for kind in ("flip a bit", "drop data", "slip in", "swap", "edit data", "cut the chain", "rewrite the chain", "edit text", "weaken"):  # fmt: skip
        assert any(said.startswith(kind) for said in done), (
            f"no tamper was of kind {kind!r}: take another seed"
        )
    assert verify(forger.pack(bag, tmp_path / "whole-again.zip")).code == 0


MANIFESTS = {forger.MANIFEST, forger.TAGS}


def the_desks_key() -> Ed25519PrivateKey:
    given = settings.SIGNING_KEY
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(given.replace("-", "+").replace("_", "/") + "=" * (-len(given) % 4)))  # fmt: skip


def _record(name: str, change: Any) -> Any:
    def tamper(chance: random.Random, files: Files) -> str:
        path = f"data/records/{name}.json"
        said = json.loads(files[path])
        change(said)
        files[path] = json.dumps(said).encode()
        return name

    return tamper


def _unredact(said: Any) -> None:
    one = next(text for text in said if text["redacted_at"])
    one |= {"redacted_at": None, "content": "another word", "salt": "00" * 16}


def _redact_without_a_word(said: Any) -> None:
    next(text for text in said if text["content"]).update(content=None, salt=None, redacted_at="2026-01-01")


def _withhold(said: Any) -> None:
    next(text for text in said if text["content"]).update(content=None, salt=None, withheld=True)


def _hide_original(said: Any) -> None:
    said[0]["file"] = None


# Whoever packs and signs anew with the desk's own key still can't change what an earlier checkpoint is over.
WITH_THE_KEY = {
    "a verdict's status": (_record("verdicts", lambda said: said[0].update(status="contradicted")), "verdict"),
    "who gave a verdict": (_record("verdicts", lambda said: said[0].update(by="x")), "verdict"),
    "when a verdict was given": (_record("verdicts", lambda said: said[0].update(at="x")), "verdict"),
    "a verdict left out": (_record("verdicts", lambda said: said.pop()), "verdict"),
    "a verdict too many": (_record("verdicts", lambda said: said.append({**said[0], "id": "x"})), "verdict"),
    "two verdicts' texts": (_record("verdicts", lambda said: said[0].update(text=said[-1]["text"])), "verdict"),
    "a note's author": (_record("notes", lambda said: said[0].update(by="x")), "note"),
    "a note left out": (_record("notes", lambda said: said.pop(0)), "note"),
    "a strike taken back": (_record("notes", lambda said: said[1].update(struck=None)), "struck note"),
    "what a permission is": (_record("permissions", lambda said: said[-1].update(permission="refused")), "permission"),
    "a permission left out": (_record("permissions", lambda said: said.pop()), "permission"),
    "who asked an uploader": (_record("contacts", lambda said: said[0]["messages"][0].update(by="x")), "contact message"),
    "a contact left out": (_record("contacts", lambda said: said.clear()), "contact message"),
    "a publication's version": (_record("publications", lambda said: said[0].update(version=9)), "publication"),
    "a correction as an amendment": (_record("publications", lambda said: said[1].update(kind="amended")), "publication"),
    "a publication left out": (_record("publications", lambda said: said.pop(0)), "publication"),
    "who reviewed": (_record("reviews", lambda said: said[0].update(reviewer="x")), "review"),
    "an erasure left out": (_record("redactions", lambda said: said.clear()), "erasure"),
    "a text edited": (_record("texts", lambda said: said[0].update(content="another")), "text"),
    "a text left out": (_record("texts", lambda said: said.pop(0)), "text"),
    "an erased text put back": (_record("texts", _unredact), "text"),
    "a text erased without a word": (_record("texts", _redact_without_a_word), "text"),
    "a text withheld": (_record("texts", _withhold), "text"),
    "an original hidden": (_record("originals", _hide_original), "original"),
    "an original left out": (_record("originals", lambda said: said.pop(0)), "original"),
    "originals swapped": (forger.swap_originals, "original"),
    "an original replaced": (forger.replace_original, "original"),
    "the tail of the chain": (forger.cut_tail, "checkpoint"),
    "the chain rewritten": (forger.rewrite_chain, "checkpoint"),
    "a text and its commitment": (forger.edit_text, "checkpoint"),
    "a verdict and its entry": (forger.flip_verdict, "checkpoint"),
}  # fmt: skip


def test_who_signs_anew_with_the_desks_key_is_found_by_what_was_signed_before(
    bag: Files, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """Each layer beneath the bag's signature stands on its own."""
    key = the_desks_key()
    for name, (tamper, section) in WITH_THE_KEY.items():
        with subtests.test(name):
            files = copy.copy(bag)
            tamper(random.Random(SEED), files)
            forger.resign(files, key)
            assert forger.naive_holds(files)
            found = verify(forger.pack(files, tmp_path / "forged.zip"), "--json")
            assert found.code == 1
            assert any(one.startswith(section) for one in found.breaks), found.breaks
    files = copy.copy(bag)
    forger.resign(files, key)
    assert verify(forger.pack(files, tmp_path / "control.zip")).code == 0


def test_a_bundle_forged_whole_is_found_by_a_key_from_elsewhere_alone(bag: Files, tmp_path: Path) -> None:
    """The limit of what a bundle can say of itself, and the word about it."""
    key = Ed25519PrivateKey.generate()
    files = copy.copy(bag)
    forger.flip_verdict(random.Random(3), files)
    forger.resign_checkpoint(files, key)
    forger.resign(files, key)
    forged = forger.pack(files, tmp_path / "forged.zip")
    alone = verify(forged)
    assert alone.code == 0
    assert "with a key of their own" in alone.said and "if the key is the desk's" in alone.said
    ours = base64.b64encode(signing.public_key()).decode()
    published = tmp_path / "stet-signing-key.json"
    published.write_text(json.dumps(signing.published_keys()))
    for given in (ours, signing.public_key().hex(), str(published)):
        compared = verify(forged, "--key", given, "--json")
        assert compared.code == 1
        assert any("not among those of --key" in one for one in compared.breaks)
        assert verify(forger.pack(bag, tmp_path / "whole-again.zip"), "--key", given).code == 0


def test_a_zip_with_anything_odd_in_it_is_refused(bag: Files, tmp_path: Path) -> None:
    import zipfile

    whole = forger.zipped(bag)
    damaged = tmp_path / "damaged.zip"
    for name, content in {"cut": whole[:-30], "empty": b"", "other": b"hello"}.items():
        damaged.write_bytes(content)
        assert verify(damaged).code == 1, name
    for odd in ("bag/../outside.txt", "/etc/x", "other/bag.txt", "top.txt", "bag/data\\x"):
        damaged.write_bytes(whole)
        with zipfile.ZipFile(damaged, "a") as file:
            file.writestr(odd, "x")
        assert verify(damaged).code == 1, odd
    damaged.write_bytes(whole)
    with zipfile.ZipFile(damaged, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("bag/README.html", "another")
    found = verify(damaged, "--json")
    assert any("in the zip twice" in one for one in found.breaks)


def test_a_link_in_an_unpacked_folder_is_no_file(bag: Files, tmp_path: Path) -> None:
    folder = forger.lay_out(bag, tmp_path / "bag")
    assert verify(folder).code == 0
    original = next(path for path in (folder / "data/originals").iterdir())
    original.rename(tmp_path / "elsewhere")
    original.symlink_to(tmp_path / "elsewhere")
    assert any("no plain file" in one for one in verify(folder, "--json").breaks)


def test_what_is_no_bundle_is_said(tmp_path: Path) -> None:
    assert verify(tmp_path / "nothing.zip").code == 2
    assert verify(tmp_path).code == 2
    assert verify(tmp_path, "--key", "short").code == 2
