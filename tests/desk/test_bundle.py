"""The evidence bundle from the sign-off page: made, said so, saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from claims.media import archive
from claims.models import Asset
from tests.conftest import Caller, submitted
from tests.verification.bundles.conftest import uploaded, verify
from verification.models import Job
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]


def test_it_is_asked_for_and_then_saved(
    checker: Caller, editor: Caller, pages: Pages, tmp_path: Path
) -> None:
    claim = submitted(checker)
    browser = pages(editor)
    address = f"/claims/{claim['ref']}/bundle/"
    assert f'action="{address}"' in browser.get(f"/claims/{claim['ref']}/sign-off/").content.decode()
    asked = browser.post(address, follow=True)
    assert "The evidence bundle is being made." in asked.content.decode()
    assert work.run_job(Job.objects.get(kind="bundle").pk)
    saved = browser.post(address)
    assert saved["Content-Disposition"] == f'attachment; filename="stet-{claim["ref"]}.zip"'
    (tmp_path / "b.zip").write_bytes(b"".join(saved.streaming_content))
    assert verify(tmp_path / "b.zip").code == 0


def test_why_it_could_not_be_made_is_said(checker: Caller, editor: Caller, pages: Pages) -> None:
    claim = submitted(checker)
    uploaded(checker, claim["id"], b"GIF89a" + b"\1" * 300)
    archive.path_of(Asset.objects.get().sha256).unlink()
    browser = pages(editor)
    browser.post(f"/claims/{claim['ref']}/bundle/")
    work.run_job(Job.objects.get(kind="bundle").pk)
    said = browser.post(f"/claims/{claim['ref']}/bundle/", follow=True).content.decode()
    assert "could not be made" in said
    assert "missing from the archive" in said
