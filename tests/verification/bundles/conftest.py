"""A claim with everything that a bundle may hold, and the bundle of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from claims.models import Claim
from config.demo_media import make_photo
from tests.conftest import CHURCH, Caller, decide, file_claim, lease, refused
from tests.stack import MediaHost, Page
from verification.models import Job
from verification.services import work
from verification.services.bundles import making

HOSTILE = '"><script>alert(1)</script><img src="https://evil.example/x.png" onerror=alert(1)>\u202e&amp;{{ 7|add:7 }}'
PRINTED = HOSTILE.replace("\u202e", "")
"""As far as it is let into what is printed: nothing there turns text around."""
VERIFIER = Path(making.__file__).with_name("verify_bundle.py")
WHY = {"reason": "Unmistakable grounds", "legal_ground": "an order"}


@pytest.fixture
def host(settings: Any) -> Iterator[MediaHost]:
    with MediaHost() as host:
        settings.FETCH_ALLOW = [host.authority]
        yield host


@dataclass(frozen=True)
class Scene:
    """A published and corrected claim: a photo from a page, an upload, notes (one struck, one erased), a second review,
    an uploader who allowed what is published to be shown."""

    claim: Claim
    secret_note: str
    upload: str


@pytest.fixture
def scene(checker: Caller, editor: Caller, admin: Caller, host: MediaHost, tmp_path: Path) -> Scene:
    photo = make_photo(tmp_path / "a.jpg", lines=["A flag"], seed=4).read_bytes()
    head = '<meta property="og:image" content="/a.jpg"><script>alert(2)</script>'
    host.serve("/a.jpg", photo)
    url = host.serve("/post", Page(f"<!doctype html><title>x</title>{head}".encode(), headers={"Content-Type": "text/html"}))  # fmt: skip
    filed = file_claim(checker, statement=f"A flag was raised. {HOSTILE}", tags=[HOSTILE[:50]], media=[{"url": url, "caption": HOSTILE}])  # fmt: skip
    for kind in ("capture", "examine"):
        assert work.run_job(Job.objects.get(subject_id=filed["media"][0]["id"], kind=kind).pk)
    upload = uploaded(checker, filed["id"], b"GIF89a" + b"\1" * 300)
    edited = checker.patch(f"claims/{filed['id']}/", {"priority": "high"}, If_Match=checker.get(f"claims/{filed['id']}/")["ETag"])  # fmt: skip
    assert edited.status_code == 200, edited.content
    leased = lease(checker)
    place = {"value": {"name": PRINTED, "latitude": 49.19, "longitude": 37.29, "radius_m": 50}}
    basis = [{**CHURCH, "reference": HOSTILE, "url": "https://maps.example/x", "public": True}]
    assert (
        decide(checker, leased, "location", "verified", reason=HOSTILE, basis=basis, **place).status_code
        == 201
    )
    assert decide(checker, leased, "date", "verified").status_code == 201
    assert checker.post(f"claims/{filed['id']}/verdicts/undo/", {"lease_token": leased["lease_token"]}).status_code == 201  # fmt: skip
    assert decide(checker, leased, "date", "unverified").status_code == 201
    done = checker.post(f"claims/{filed['id']}/submit/", {"lease_token": leased["lease_token"]})
    assert done.status_code == 200, done.content
    written = [checker.post(f"claims/{filed['id']}/notes/", {"body": f"{word} {HOSTILE}"}).json()["id"] for word in ("kept", "struck", "secret")]  # fmt: skip
    checker.post(f"claims/{filed['id']}/notes/{written[1]}/strike/")
    assert editor.post(f"claims/{filed['id']}/publish/", {"headline": HOSTILE}).status_code == 200
    corrected = editor.post(f"claims/{filed['id']}/correct/", {"reason": f"We were wrong. {HOSTILE}", "internal_reason": "x"})  # fmt: skip
    assert corrected.status_code == 200, corrected.content
    asked = {
        "media": filed["media"][0]["id"],
        "account": f"@a {HOSTILE}",
        "text": HOSTILE,
        "channel": "message",
    }
    contact = checker.post(f"claims/{filed['id']}/contacts/", asked).json()["id"]
    answer = {
        "text": HOSTILE,
        "channel": "email",
        "permission": "granted",
        "scope": HOSTILE,
        "credit": PRINTED,
    }
    assert checker.post(f"contacts/{contact}/answer/", answer).status_code == 200
    erased = admin.post(f"claims/{filed['id']}/redact/", {"target": "note", "id": written[2], **WHY})
    assert erased.status_code == 200, erased.content
    return Scene(Claim.objects.get(pk=filed["id"]), "secret", upload)


def uploaded(checker: Caller, claim: str, content: bytes) -> str:
    """Adds a file to a claim; the media item's id."""
    form = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.gif", content)})
    answer = checker.call("POST", f"claims/{claim}/media/", form, Content_Type=MULTIPART_CONTENT)
    assert answer.status_code == 202, answer.content
    item: str = answer.json()["id"]
    return item


def packed(claim: Claim, path: Path) -> Path:
    with path.open("wb") as file:
        making.make(claim, file)
    return path


@dataclass(frozen=True)
class Verified:
    """What the verifier came to, run as a stranger runs it: alone, without site-packages or environment."""

    code: int
    said: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.said)
        return found

    @property
    def breaks(self) -> list[str]:
        return [f"{one['where']} {one['detail']}" for one in self.report["breaks"]]


def verify(bundle: Path, *words: str, program: Path = VERIFIER) -> Verified:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(bundle), *words],
        capture_output=True, text=True, check=False, env={}, cwd="/",
    )  # fmt: skip
    assert done.returncode in {0, 1, 2}, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return Verified(done.returncode, done.stdout)


__all__ = ["Scene", "Verified", "packed", "refused", "uploaded", "verify"]
