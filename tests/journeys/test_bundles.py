"""An evidence bundle over HTTP: a worker of its own makes it, or the loop where there is no broker; it verifies alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stack import POSTGRES, SQLITE, Answer, Databases, Page, Stack, claim_with, photo, wait_for
from tests.verification.bundles.conftest import verify

pytestmark = pytest.mark.services


@pytest.mark.parametrize(("vendor", "with_broker"), [(SQLITE, False), (POSTGRES, True)])
def test_a_bundle_is_made_beside_the_web_process(
    vendor: str, with_broker: bool, databases: Databases, tmp_path: Path
) -> None:
    with Stack(databases, tmp_path / "data", vendor=vendor, with_broker=with_broker) as stack:
        page = Page(photo(tmp_path, 1), headers={"Content-Type": "image/jpeg"})
        stack.start_web()
        stack.web_answers()
        if with_broker:
            stack.start_worker()
        stack.start_loop()
        checker = stack.api("checker-1")
        filed = checker.post("claims/", claim_with(stack.media_host.serve("/a.jpg", page)))
        assert filed.status == 201, filed.body
        stack.all_done(60)
        claim = filed.json["id"]

        def come() -> Answer | None:
            answer = checker.get(f"claims/{claim}/bundle/")
            assert answer.status in {200, 202}, answer.body
            return answer if answer.status == 200 else None

        bundle = tmp_path / "b.zip"
        bundle.write_bytes(wait_for(come, 60, "the bundle").body)
        key = tmp_path / "key.json"
        key.write_bytes(stack.api("").get("/.well-known/stet-signing-key.json").body)
        found = verify(bundle, "--key", str(key), "--json")
        assert found.code == 0, found.said
        assert found.report["key_compared"]
        # By hand it is the same claim under the same chain, and the desk still holds.
        said = json.loads(stack.manage("bundle", claim, "--output", str(tmp_path / "c.zip"), "--json"))
        assert (said["originals"], verify(tmp_path / "c.zip").code) == (2, 0)
        assert stack.holds_true() > 0
