"""The audit as admins read it, and the jobs that want a hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import Claim, Desk, MediaItem, Membership
from claims.vocabulary import JobState, Role
from tests.conftest import Caller, caller, file_claim, published
from tests.verification.test_audit import unguarded
from verification.desk import audit_words
from verification.desk.views import records
from verification.domain.transitions import Action
from verification.models import AuditEntry, Job
from verification.services import audit

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
URL = "https://media.example/one.mp4"


@pytest.fixture
def browser(pages: Pages, admin: Caller) -> Client:
    return pages(admin)


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.content[:500]
    return " ".join(response.content.decode().split())


# --- audit ------------------------------------------------------------------------------------------------


def test_a_claims_chain_is_read_newest_first_with_its_state(
    browser: Client, checker: Caller, editor: Caller
) -> None:
    claim = Claim.objects.get(pk=published(checker, editor)["claim"])
    page = browser.get(f"/admin/audit/claims/{claim.ref}/")
    html = text_of(page)
    assert [one["said"] for one in page.context["entries"]] == [
        "Published: from awaiting sign-off to published",
        "Submitted the review: from in review to awaiting sign-off",
        "Recorded a verdict: date unverified",
        "Recorded a verdict: location verified",
        "Filed the claim",
    ]
    assert "5 entries, unbroken." in html
    newest = AuditEntry.objects.filter(chain_id=audit.chain_of(claim)).order_by("-seq")[0]
    assert newest.hash in html
    assert "edith" in html


@pytest.mark.parametrize(
    ("tamper", "where"),
    [
        (
            "UPDATE verification_auditentry SET action = 'drop' WHERE seq = 2",
            "entry 2</span> is not what was hashed",
        ),
        ("DELETE FROM verification_auditentry WHERE seq = 3", "entry 4</span> follows entry 2"),
        ("DELETE FROM verification_auditentry WHERE seq = 5", "</span> ends at entry 4, its head says 5"),
        (
            "UPDATE verification_auditchain SET head = '0'",
            "</span> has a head that is not the hash of entry 5, its last",
        ),
    ],
)
def test_a_broken_chain_says_exactly_where(
    tamper: str, where: str, browser: Client, checker: Caller, editor: Caller
) -> None:
    claim = Claim.objects.get(pk=published(checker, editor)["claim"])
    unguarded(tamper)
    html = text_of(browser.get(f"/admin/audit/claims/{claim.ref}/"))
    assert "This chain is broken." in html
    assert where in html
    assert "unbroken" not in html


def test_the_desks_chain_names_people_and_leads_to_claims(
    browser: Client, admin: Caller, checker: Caller, desk: Desk
) -> None:
    ref = file_claim(checker)["ref"]
    page = browser.get("/admin/audit/")
    assert "Issued an account from the command line: olena, as fact-checker" in [
        one["said"] for one in page.context["entries"]
    ]
    assert f"/admin/audit/claims/{ref}/" in text_of(page)
    assert browser.get("/admin/audit/", {"ref": f" {ref} "})["Location"] == f"/admin/audit/claims/{ref}/"
    assert "no claim 1999-00001" in text_of(browser.get("/admin/audit/", {"ref": "1999-00001"}, follow=True))
    assert "Nothing is on record here" in text_of(browser.get("/admin/audit/system/"))


def test_no_chain_of_another_desk_is_shown(
    browser: Client, admin: Caller, stranger: Caller, other_desk: Desk
) -> None:
    ref = file_claim(stranger)["ref"]
    assert browser.get(f"/admin/audit/claims/{ref}/").status_code == 404
    # An admin here, and no more than a fact-checker there: they may read the claim, not its chain.
    Membership.objects.create(person=admin.person, desk=other_desk, role=Role.FACT_CHECKER)
    assert admin.get(f"claims/{ref}/").status_code == 200
    assert browser.get(f"/admin/audit/claims/{ref}/").status_code == 404
    assert browser.get("/admin/audit/", {"ref": ref})["Location"] == "/admin/audit/"
    assert browser.get("/admin/audit/").context["claims"] == []


def test_long_chains_come_in_pages_without_gaps(
    browser: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "ENTRIES_SHOWN", 3)
    for number in range(5):
        caller(f"more-{number}", Role.EDITOR, desk)
    seen: list[int] = []
    path = "/admin/audit/"
    while path:
        page = browser.get(path)
        seen += [one["entry"].seq for one in page.context["entries"]]
        path = f"/admin/audit/?before={page.context['older']}" if page.context["older"] else ""
    assert seen == list(range(7, 0, -1))
    back = browser.get("/admin/audit/?after=1")
    assert [one["entry"].seq for one in back.context["entries"]] == [4, 3, 2]
    assert back.context["newer"] == 4
    assert browser.get("/admin/audit/?before=x").status_code == 400
    assert browser.get(f"/admin/audit/?before={'9' * 15}").status_code == 200


def test_every_act_there_is_has_words() -> None:
    assert {action.value for action in Action} - {"lease", "give-back", "skip"} <= set(audit_words.ACTS)


def test_longer_chains_cost_no_more_queries(browser: Client, checker: Caller) -> None:
    claim = file_claim(checker)
    here = f"/admin/audit/claims/{claim['ref']}/"

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(here)
        return len(captured)

    few = queries()
    for number in range(6):
        assert checker.post(f"claims/{claim['id']}/notes/", {"body": str(number)}).status_code == 201
    assert queries() == few


# --- jobs -------------------------------------------------------------------------------------------------


def job_in(checker: Caller, state: JobState, number: int = 1, **changes: Any) -> Job:
    """A claim with a medium whose capture is in this state."""
    claim = file_claim(checker, statement=f"Claim {number}.", media=[{"url": f"{URL}?{number}"}])
    job = Job.objects.get(subject_id__in=MediaItem.objects.filter(claim=claim["id"]).values("pk"))
    Job.objects.filter(pk=job.pk).update(state=state, **changes)
    return job


ERROR = {"code": "http_404", "detail": "There is nothing at this address.", "retriable": False}


def test_what_is_given_up_stands_first_with_its_error(browser: Client, checker: Caller) -> None:
    quarantined = job_in(checker, JobState.QUARANTINED, 1, attempts=4)
    failed = job_in(checker, JobState.FAILED, 2, error=ERROR, attempts=1)
    running = job_in(checker, JobState.RUNNING, 3, attempts=2)
    job_in(checker, JobState.DONE, 4)
    page = browser.get("/admin/jobs/")
    html = text_of(page)
    assert [one["job"].pk for one in page.context["given_up"]] == [quarantined.pk, failed.pk]
    assert [one["job"].pk for one in page.context["running"]] == [running.pk]
    assert dict(page.context["counts"]) == {
        "quarantined": 1,
        "failed": 1,
        "running": 1,
        "queued": 0,
        "done": 1,
    }
    assert "There is nothing at this address." in html
    assert "for less than a minute · attempt 2 of 3" in html
    assert html.count(">Try again<") == 2


def test_a_job_is_tried_again_by_one_press(browser: Client, checker: Caller, admin: Caller) -> None:
    job = job_in(checker, JobState.FAILED, error=ERROR, attempts=3)
    assert browser.post("/admin/jobs/retry/", {"job": str(job.pk)})["Location"] == "/admin/jobs/"
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    again = text_of(browser.post("/admin/jobs/retry/", {"job": str(job.pk)}, follow=True))
    assert "not given up" in again
    assert AuditEntry.objects.filter(action="recapture", actor=admin.person).count() == 1


@pytest.mark.parametrize("given", ["", "x", "01a20528-b5fc-734e-9481-9daa95f94ce2"])
def test_a_job_that_is_not_there_is_not_tried_again(given: str, browser: Client) -> None:
    assert browser.post("/admin/jobs/retry/", {"job": given}).status_code == 404


def test_jobs_of_another_desk_are_neither_shown_nor_touched(
    browser: Client, admin: Caller, stranger: Caller, other_desk: Desk
) -> None:
    Membership.objects.create(person=admin.person, desk=other_desk, role=Role.EDITOR)
    job = job_in(stranger, JobState.QUARANTINED)
    page = browser.get("/admin/jobs/")
    assert str(job.pk) not in text_of(page)
    assert sum(number for _, number in page.context["counts"]) == 0
    assert "Nothing is given up" in text_of(page)
    assert browser.post("/admin/jobs/retry/", {"job": str(job.pk)}).status_code == 404
    job.refresh_from_db()
    assert job.state == JobState.QUARANTINED


def test_the_live_part_answers_304_until_something_changes(browser: Client, checker: Caller) -> None:
    job = job_in(checker, JobState.QUARANTINED)
    first = browser.get("/admin/jobs/live/")
    assert "csrf" not in first.content.decode()
    assert "<input" not in first.content.decode()
    assert browser.get("/admin/jobs/live/", headers={"If-None-Match": first["ETag"]}).status_code == 304
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    assert browser.get("/admin/jobs/live/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_more_jobs_cost_no_more_queries(browser: Client, checker: Caller) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/admin/jobs/")
        return len(captured)

    states = [JobState.QUARANTINED, JobState.FAILED, JobState.RUNNING, JobState.QUEUED]
    for number, state in enumerate(states):
        job_in(checker, state, number)
    few = queries()
    for number, state in enumerate(states * 2, start=10):
        job_in(checker, state, number)
    assert queries() == few <= 15
