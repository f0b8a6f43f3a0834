"""What may be the same claim, on its page: shown with the published line, merged by one button, taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from claims.models import Claim, MediaItem
from tests.conftest import Caller, file_claim, lease, published
from tests.scenarios.test_duplicates import HAIL, LINK, SIMILAR

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Pages = Callable[[Caller], Client]


def test_the_page_shows_the_line_merges_and_takes_back(
    pages: Pages, checker: Caller, second_checker: Caller, editor: Caller
) -> None:
    publication = published(checker, editor, statement=HAIL)
    claim = file_claim(checker, statement=SIMILAR, media=[{"url": LINK}])
    token = lease(second_checker)["lease_token"]
    browser, here = pages(checker), f"/claims/{claim['ref']}/"
    shown = browser.get(here).content.decode().split('id="duplicates"')[1].split("</section>")[0]
    for said in (publication["line"], "version 1", "Similar words", f"Merge into {publication['ref']}", HAIL):
        assert said in shown, said
    form = {"of": publication["ref"], "reason": "Similar words.", "merge": "yes"}
    assert browser.post(f"{here}duplicate/", form | {"reason": " "}).status_code == 400
    assert browser.post(f"{here}duplicate/", form | {"of": "2000-00001"}).status_code == 400
    assert browser.post(f"{here}duplicate/", form)["Location"] == here
    assert MediaItem.objects.get(claim=publication["claim"]).taken_from.claim.ref == claim["ref"]  # type: ignore[union-attr]
    shown = browser.get(here).content.decode().split('id="original"')[1].split("</section>")[0]
    assert publication["line"] in shown
    assert "Merged from" in browser.get(f"/claims/{publication['ref']}/").content.decode()
    assert publication["line"] in browser.get(f"{here}sign-off/").content.decode()
    # Who held its review is told in words what happened.
    told = pages(second_checker).get(f"{here}lease/", {"token": token}).content.decode()
    assert f"duplicate of {publication['ref']}, so this review has ended" in told
    assert browser.post(f"{here}reopen/", {"reason": "Another day."})["Location"] == here
    assert Claim.objects.get(pk=claim["id"]).stage == "queued"


def test_similar_words_are_shown_before_anything_is_filed(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    publication = published(checker, editor, statement=HAIL)
    live = pages(checker).post("/claims/new/already-here/", {"statement": SIMILAR}).content.decode()
    assert "Similar words" in live
    assert publication["line"] in live
    form = {"statement": SIMILAR, "language": "en", "source_name": "A", "source_kind": "person", "rows": "1"}
    asked = pages(checker).post("/claims/new/", form)
    assert "This looks like it." in asked.content.decode()
    assert Claim.objects.count() == 1
    assert pages(checker).post("/claims/new/", form | {"seen": publication["claim"]}).status_code == 302
