"""An evidence bundle is whole, holds what the desk's staff sees, and verifies anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verification.bundles.conftest import Scene, packed, verify

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_bundle_holds_all_and_verifies(scene: Scene, tmp_path: Path) -> None:
    bundle = packed(scene.claim, tmp_path / "b.zip")
    found = verify(bundle)
    print(found.said)
    assert found.code == 0
    import zipfile
    print("\n".join(zipfile.ZipFile(bundle).namelist()))
