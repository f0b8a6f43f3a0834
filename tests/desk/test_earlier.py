"""Earlier appearances on the claim page: first of all, side by side, judged without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import ImageOps

from claims.models import MediaItem
from tests.conftest import Caller, file_claim
from tests.verification.test_pdq import pattern
from tests.verification.test_recycled import added, as_file, filed, findings, run_jobs, similar
from verification import sandbox
from verification.models import MatchDecision

pytestmark = [pytest.mark.django_db, pytest.mark.database]
Pages = Callable[[Caller], Client]


@pytest.fixture(autouse=True)
def _no_child_of_others() -> Any:
    yield
    sandbox.end_child()


def page_of(client: Client, item: MediaItem) -> str:
    response = client.get(f"/claims/{item.claim.ref}/")
    assert response.status_code == 200
    return response.content.decode()


def test_an_earlier_appearance_stands_first_beside_the_claims_own_picture(
    pages: Pages, checker: Caller
) -> None:
    first = filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(ImageOps.mirror(pattern(1)), quality=60))
    client = pages(checker)
    page = page_of(client, second)
    block = page.split('id="earlier"')[1].split("</section>")[0]
    assert page.index('id="earlier"') < page.index('class="bench"')
    for item in (first, second):
        assert f'src="/api/v1/media/{item.pk}/file/"' in block
    assert f'href="/claims/{first.claim.ref}/"' in block
    assert "looks the same, mirrored (" in block
    # The older claim's own page has nothing earlier to show.
    assert 'id="earlier"' not in page_of(client, first)
    MediaItem.objects.filter(pk=first.pk).update(content_flags=["death"])
    block = page_of(client, second).split('id="earlier"')[1].split("</section>")[0]
    assert f"/media/{first.pk}/" not in block
    assert "not shown" in block


def test_it_is_confirmed_and_dismissed_by_a_plain_form(pages: Pages, checker: Caller) -> None:
    filed(checker, as_file(pattern(1)))
    second = filed(checker, as_file(pattern(1), quality=40))
    (one,) = similar(checker, second)
    client = pages(checker)
    address = f"/media/{second.pk}/similar/{one['match']}/"
    assert f'action="{address}"' in page_of(client, second)
    for form in (
        {},
        {"state": "confirmed"},
        {"state": "confirmed", "reason": " "},
        {"state": "x", "reason": "a"},
    ):
        assert client.post(address, form).status_code == 400
    assert not MatchDecision.objects.exists()
    answer = client.post(address, {"state": "confirmed", "reason": "The same clouds."})
    assert (answer.status_code, answer["Location"]) == (302, f"/claims/{second.claim.ref}/#earlier")
    run_jobs()
    page = page_of(client, second)
    assert "The same clouds." in page
    assert ('value="confirmed"' in page, 'value="dismissed"' in page) == (False, True)
    assert findings(second)[0].bounds[0]["hard"]
    assert client.post(address, {"state": "dismissed", "reason": "No."}).status_code == 302
    run_jobs()
    assert findings(second)[0].bounds == []


def test_more_items_and_more_copies_cost_no_more_queries(pages: Pages, checker: Caller) -> None:
    filed(checker, as_file(pattern(1)))
    claim = file_claim(checker)["id"]
    item = added(checker, claim, as_file(pattern(1), quality=40))
    run_jobs()
    client = pages(checker)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(client, item)
        return len(captured)

    queries()
    few = queries()
    filed(checker, as_file(pattern(1), quality=30))
    filed(checker, as_file(pattern(3)))
    added(checker, claim, as_file(pattern(3), quality=40))
    run_jobs()
    assert queries() == few
