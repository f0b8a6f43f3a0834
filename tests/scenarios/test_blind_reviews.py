"""The veil of a blind second review: through no door does what the first reviewer decided reach who does the second."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from claims.models import Asset, Claim, Desk, MediaItem
from claims.vocabulary import Role
from tests.conftest import Caller, caller, decide, file_claim, lease, refused, review
from verification.models import DimensionStatus, MediaMatch, Policy, Skip

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CANARY = "zwitscherkasten"
"""Stands in every text that the first reviewer writes, and nowhere else."""

WHY = {"reason": "because"}
BASIS = [
    {"method": "geolocation", "feature": f"church {CANARY}", "public": True, "phrase": f"a church {CANARY}"}
]
BOUND = {"kind": "landmark", "reason": f"The bridge {CANARY}", "side": "not_before", "date": "2019"}


class Case:
    """A claim whose first review is submitted and whose second waits, blind."""

    def __init__(self, first: Caller, desk: Desk) -> None:
        Policy.objects.filter(desk=desk).update(
            blind_second_review=True,
            second_review=True,
            second_review_on_contradiction=True,
            second_review_dimensions=["location"],
        )
        self.first = first
        filed = file_claim(first, media=[{"url": "https://media.example/one.mp4"}], external_id="it")
        self.claim, self.ref, self.item = filed["id"], filed["ref"], filed["media"][0]["id"]
        self.twin = file_claim(first, statement="Again.", draft=True, media=[{"url": "https://media.example/again.mp4"}])  # fmt: skip
        self._a_match(desk)
        skipped = first.post(f"queue/leases/{lease(first)['lease_token']}/skip/", {"reason": f"Not {CANARY}"})
        assert skipped.status_code == 200, skipped.content
        Skip.objects.update(until=timezone.now())
        handed = {"to": None, "tried": f"It looks like {CANARY}", "next": f"Ask {CANARY}"}
        given_on = first.post(f"queue/leases/{lease(first)['lease_token']}/hand-over/", handed)
        assert given_on.status_code == 200, given_on.content
        leased = lease(first)
        said = {"reason": f"Seen {CANARY}", "basis": BASIS}
        assert decide(first, leased, "location", "contradicted", **said).status_code == 201
        assert decide(first, leased, "date", "unverified", **said).status_code == 201
        for path, body in (
            (f"claims/{self.claim}/notes/", {"body": f"A note {CANARY}"}),
            (f"media/{self.item}/bounds/", BOUND),
            (
                f"claims/{self.claim}/contacts/",
                {"media": self.item, "account": "@a", "text": f"Is it {CANARY}?", "channel": "phone"},
            ),
            (
                f"media/{self.item}/permission/",
                {"permission": "granted", "proof": f"see {CANARY}", "reason": f"for {CANARY}"},
            ),
            (f"media/{self.item}/similar/{self.match}/", {"state": "confirmed", "reason": f"Same {CANARY}"}),
        ):
            assert first.post(path, body).status_code in {200, 201}, path
        done = first.post(f"claims/{self.claim}/submit/", {"lease_token": leased["lease_token"]})
        assert done.status_code == 200, done.content

    def _a_match(self, desk: Desk) -> None:
        """The item looks like one of another claim."""
        other = file_claim(self.first, statement="Another.", draft=True, media=[{"url": "https://media.example/o.mp4"}])  # fmt: skip
        at = timezone.now()
        assets = []
        for number, media in enumerate((other["media"][0]["id"], self.item)):
            asset = Asset.objects.create(
                sha256=f"{number}" * 64, size_bytes=1, media_type="video/mp4", kind="video", archived_at=at
            )
            MediaItem.objects.filter(pk=media).update(state="captured", asset=asset)
            MediaItem.objects.get(pk=media).captures.create(asset=asset, started_at=at, finished_at=at)
            assets.append(asset)
        again = MediaItem.objects.get(pk=self.twin["media"][0]["id"])
        later = at + timedelta(minutes=1)
        again.captures.create(asset=assets[1], started_at=later, finished_at=later)
        MediaItem.objects.filter(pk=again.pk).update(state="captured", asset=assets[1])
        match = MediaMatch.objects.create(desk=desk, older=assets[0], newer=assets[1], distance=9, turn="none", found_at=at)  # fmt: skip
        self.match = str(match.pk)


@pytest.fixture
def case(checker: Caller, desk: Desk) -> Case:
    return Case(checker, desk)


# Every GET of the API and of the pages that has anything of a claim, and what in it may tell a status.
API = [
    "claims/", "claims/?q=flags", "claims/?stage=queued", "claims/{claim}/", "claims/{ref}/", "claims/{claim}/verdicts/",
    "claims/{claim}/notes/", "claims/{claim}/history/", "claims/{claim}/history/?page_size=1", "claims/{claim}/said/", "claims/{claim}/gate/",
    "claims/{claim}/status-line/", "claims/{claim}/status-line/?of=draft&form=long", "claims/{claim}/status-line/?of=published",
    "claims/{claim}/offers/", "claims/{twin}/offers/", "claims/{claim}/bundle/", "media/{item}/", "media/{item}/bounds/", "media/{item}/similar/", "media/{twin_item}/similar/", "media/{item}/stills/",
    "claims/{claim}/contacts/", "contacts/", "media/{item}/permission/",
    "findings/", "queue/", "published/", "changes/", "verified/",
]  # fmt: skip
PAGES = [
    "/queue/", "/queue/live/", "/claims/", "/claims/?q=flags", "/claims/?stage=queued", "/claims/rows/", "/claims/{ref}/", "/claims/{twin}/",
    "/claims/{ref}/lease/", "/claims/{ref}/edit/", "/claims/{ref}/sign-off/", "/claims/{ref}/sign-off/gate/",
    "/claims/{ref}/erase/", "/contacts/", "/media/{item}/rights/", "/media/{item}/player/", "/media/{item}/found/", "/admin/audit/claims/{ref}/", "/admin/audit/",
    "/admin/jobs/", "/claims/new/", "/published/{claim}/", "/claims/new/already-here/?statement=flags",
]  # fmt: skip
TELLS = {
    "claims/{claim}/verdicts/", "claims/{claim}/notes/", "claims/{claim}/said/", "media/{item}/bounds/", "media/{item}/", "media/{item}/similar/",
    "media/{twin_item}/similar/", "/claims/{twin}/", "/claims/{ref}/", "/claims/{ref}/sign-off/", "/media/{item}/found/", "/claims/{ref}/erase/",
    "claims/{claim}/contacts/", "contacts/", "media/{item}/permission/", "/media/{item}/rights/",
}  # fmt: skip
"""Where an editor finds the canary: doors that are known to lead there."""
LINES = {
    "claims/{claim}/gate/",
    "claims/{claim}/status-line/",
    "claims/{claim}/status-line/?of=draft&form=long",
}
"""Where they find its public phrase as long as the first review's line is the one that counts."""
OF_STATUS = [
    '"contradicted":1',
    '"status":"contradicted"',
    "chip s-contradicted",
    "location contradicted",
    '"contradicts the',
]


def seen(by: Caller, path: str, case: Case) -> tuple[int, str]:
    where = path.format(claim=case.claim, ref=case.ref, item=case.item, twin=case.twin["ref"], twin_item=case.twin["media"][0]["id"])  # fmt: skip
    if not path.startswith("/"):
        answer = by.get(where)
    else:
        browser = Client()
        browser.force_login(by.person)
        answer = browser.get(where)
    return answer.status_code, b"".join(answer).decode(errors="replace")


def told(html: str) -> list[str]:
    """What of the first reviewer's work shows in an answer."""
    lean = html.replace(": ", ":")
    return [word for word in (CANARY, *OF_STATUS) if word in html or word in lean]


def leaks(by: Caller, case: Case) -> dict[str, list[str]]:
    """What of the first reviewer's work comes through each door."""
    found = {path: told(seen(by, path, case)[1]) for path in (*API, *PAGES)}
    return {path: words for path, words in found.items() if words}


def doors(by: Caller, case: Case) -> set[str]:
    return {path for path, words in leaks(by, case).items() if CANARY in words}


def test_no_door_tells_the_second_reviewer_what_the_first_decided(
    case: Case, second_checker: Caller, editor: Caller
) -> None:
    assert leaks(second_checker, case) == {}
    assert lease(second_checker)["claim"]["id"] == case.claim
    assert leaks(second_checker, case) == {}
    of_staff = {path for path in TELLS if not path.endswith("/erase/")}
    assert doors(editor, case) == doors(case.first, case) == of_staff | LINES
    assert set(leaks(editor, case)) > of_staff


def test_an_admin_who_does_it_is_kept_from_it_as_well(case: Case, admin: Caller) -> None:
    assert doors(admin, case) == TELLS | LINES
    leased = lease(admin)
    assert leased["claim"]["id"] == case.claim
    assert leaks(admin, case) == {}
    # Handing it back does not undo what was begun; submitting does.
    admin.post(f"queue/leases/{leased['lease_token']}/release/")
    assert leaks(admin, case) == {}
    review_it(admin, case)
    assert doors(admin, case) == TELLS


def review_it(by: Caller, case: Case) -> None:
    entry = by.get(f"claims/{case.claim}/").json()["queue_entry"]["id"]
    leased = by.post(f"queue/{entry}/lease/").json()
    for dimension, status in {"location": "unverified", "date": "unverified"}.items():
        assert decide(by, leased, dimension, status).status_code == 201
    done = by.post(f"claims/{case.claim}/submit/", {"lease_token": leased["lease_token"]})
    assert done.status_code == 200, done.content


FILTERS: dict[str, tuple[bool, bool]] = {
    "location=contradicted": (False, True),
    "location=not_checked": (True, False),
    "date=unverified,contradicted": (False, True),
    "authenticity=not_checked": (True, True),
    "has_contradiction=true": (False, True),
    "has_contradiction=false": (True, False),
}


def test_no_filter_tells_it_either(case: Case, second_checker: Caller, editor: Caller) -> None:
    for query, (veiled, told_all) in FILTERS.items():
        for by, found in ((second_checker, veiled), (editor, told_all), (case.first, told_all)):
            rows = by.get(f"claims/?stage=queued&{query}").json()["results"]
            assert ([row["id"] for row in rows] == [case.claim]) == found, (query, by.person.username)


def test_acting_on_many_claims_tells_it_neither(case: Case, second_checker: Caller, editor: Caller) -> None:
    def chosen(by: Caller, query: str) -> bool:
        browser = Client()
        browser.force_login(by.person)
        page = browser.post("/claims/bulk/", {"act": "tag", "everything": "on", "query": query})
        return case.ref in page.content.decode()

    for query, (veiled, told_all) in FILTERS.items():
        of_stage = f"stage=queued&{query}"
        assert (chosen(second_checker, of_stage), chosen(editor, of_stage)) == (veiled, told_all), query
    browser = Client()
    browser.force_login(second_checker.person)
    for act, said in {
        "prioritise": {"priority": "high"},
        "tag": {"add_tags": "flags"},
        "duplicate": {"of": case.twin["ref"], **WHY},
        "drop": WHY,
    }.items():
        form = {"act": act, "claim": case.ref, "ready": "yes", **said}
        preview = browser.post("/claims/bulk/", form, follow=True)
        assert (case.ref in preview.content.decode(), told(preview.content.decode())) == (True, []), act


def test_why_a_dimension_wants_another_look_tells_nothing_either(
    case: Case, second_checker: Caller, editor: Caller
) -> None:
    reason = {"code": "source_gone", "sentence": f"It is {CANARY}.", "media": case.item, "verdict": case.claim, "at": "now", "about": ""}  # fmt: skip
    marked = DimensionStatus.objects.filter(claim=case.claim, dimension="location")
    assert marked.update(recheck_needed=[reason]) == 1
    for path in (f"claims/{case.claim}/", "claims/", f"/claims/{case.ref}/", "/claims/"):
        assert CANARY not in seen(second_checker, path, case)[1], path
    assert CANARY in seen(editor, f"claims/{case.claim}/", case)[1]


def test_what_the_second_reviewer_is_told_is_true(case: Case, second_checker: Caller, editor: Caller) -> None:
    lease(second_checker)
    shown = second_checker.get(f"claims/{case.claim}/").json()
    assert shown["second_review"] == {
        "needed": True,
        "reasons": ["The policy asks for a second look at every claim."],
        "blind": True,
        "veiled": True,
    }
    of_editor = editor.get(f"claims/{case.claim}/").json()["second_review"]
    assert (of_editor["veiled"], len(of_editor["reasons"])) == (False, 2)
    assert [one["code"] for one in shown["blockers"]] == ["second_review_missing"]
    refused(second_checker.get(f"claims/{case.claim}/bundle/"), 409, code="blind")
    withheld = second_checker.get(f"claims/{case.claim}/history/").json()["results"]
    assert [one["withheld"] for one in withheld] == [True] * len(withheld)
    assert {"record-verdict", "submit"} <= {one["action"] for one in withheld}
    rows = editor.get(f"claims/{case.claim}/history/").json()["results"]
    assert not any(one["withheld"] for one in rows)


def test_ones_own_work_shows_and_others_notes_do(case: Case, second_checker: Caller, editor: Caller) -> None:
    leased = lease(second_checker)
    decide(second_checker, leased, "location", "verified", reason="mine")
    second_checker.post(f"claims/{case.claim}/notes/", {"body": "my note"})
    editor.post(f"claims/{case.claim}/notes/", {"body": "look at the shadow"})
    shown = second_checker.get(f"claims/{case.claim}/").json()
    assert shown["statuses"]["location"]["status"] == "not_checked"
    assert shown["draft_statuses"]["location"]["status"] == "verified"
    assert [v["reason"] for v in second_checker.get(f"claims/{case.claim}/verdicts/").json()["verdicts"]] == [
        "mine"
    ]
    notes = second_checker.get(f"claims/{case.claim}/notes/").json()["results"]
    assert [note["body"] for note in notes] == ["my note", "look at the shadow"]
    page = seen(second_checker, "/claims/{ref}/", case)[1]
    assert ("The second review is blind." in page, "my note" in page) == (True, True)


def test_the_veil_is_lifted_when_it_is_submitted_and_where_nothing_is_blind(
    case: Case, second_checker: Caller, desk: Desk
) -> None:
    bystander = caller("petro", Role.FACT_CHECKER, desk)
    assert told(seen(bystander, "claims/{claim}/verdicts/", case)[1]) == []
    review_it(second_checker, case)
    for by in (bystander, second_checker):
        assert CANARY in seen(by, "claims/{claim}/verdicts/", case)[1]
        assert CANARY in seen(by, "/claims/{ref}/", case)[1]
        assert by.get(f"claims/{case.claim}/").json()["statuses"]["date"]["status"] == "unverified"


def test_to_drop_a_claim_and_reopen_it_lifts_no_veil(case: Case, second_checker: Caller) -> None:
    for act in ("drop", "reopen"):
        assert second_checker.post(f"claims/{case.claim}/{act}/", WHY).status_code == 200
        assert CANARY not in seen(second_checker, "claims/{claim}/verdicts/", case)[1]
    shown = second_checker.get(f"claims/{case.claim}/").json()
    assert (shown["stage"], shown["queue_entry"]["review"]) == ("queued", "second")
    review_it(second_checker, case)
    assert CANARY in seen(second_checker, "claims/{claim}/verdicts/", case)[1]
    assert second_checker.get(f"claims/{case.claim}/").json()["queue_entry"]["review"] == "adjudication"


def test_a_second_review_that_is_not_wanted_any_more_hides_nothing(
    case: Case, second_checker: Caller, editor: Caller
) -> None:
    # As long as that a claim was dropped may be taken back, its second review may go on.
    assert case.first.post(f"claims/{case.claim}/drop/", WHY).status_code == 200
    assert CANARY not in seen(second_checker, "claims/{claim}/verdicts/", case)[1]
    assert case.first.post(f"claims/{case.claim}/reopen/", WHY).status_code == 200
    assert CANARY not in seen(second_checker, "claims/{claim}/verdicts/", case)[1]
    Policy.objects.update(blind_second_review=False)
    assert CANARY in seen(second_checker, "claims/{claim}/verdicts/", case)[1]


def test_who_recorded_something_and_gave_the_first_review_back_does_not_do_the_second(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True, blind_second_review=True)
    claim = file_claim(checker)["id"]
    leased = lease(second_checker)
    decide(second_checker, leased, "location", "unverified")
    second_checker.post(f"queue/leases/{leased['lease_token']}/release/")
    review(checker, {"location": "verified", "date": "unverified"})
    assert Claim.objects.get(pk=claim).queue_entries.open().get().review_kind == "second"
    assert second_checker.post("queue/next/").status_code == 204
    assert lease(editor)["claim"]["id"] == claim


def offered(by: Caller, claim: str) -> list[tuple[str, str]]:
    found = by.get(f"claims/{claim}/offers/").json()["offers"]
    return sorted((one["verdict"]["dimension"], one["verdict"]["by"]) for one in found)


def test_what_was_decided_blindly_is_offered_elsewhere_once_the_second_review_is_in(
    case: Case, second_checker: Caller, editor: Caller
) -> None:
    # Whoever does it reads other claims: what anybody took over there would reach them.
    twin = case.twin["id"]
    assert case.first.post(f"claims/{twin}/queue/").status_code == 200
    entry = second_checker.get(f"claims/{twin}/").json()["queue_entry"]["id"]
    for by in (editor, second_checker):
        held = by.post(f"queue/{entry}/lease/").json()
        assert "data-fills" not in seen(by, "/claims/{twin}/", case)[1]
        by.post(f"queue/leases/{held['lease_token']}/release/")
    for by in (second_checker, editor, case.first):
        assert offered(by, twin) == []
    review_it(second_checker, case)
    # Of the location they disagree.
    assert offered(editor, twin) == offered(case.first, twin) == [("date", "marko")]
    editor.post(f"queue/{entry}/lease/")
    assert "data-fills" in seen(editor, "/claims/{twin}/", case)[1]


def test_a_blind_second_review_is_offered_nothing_of_other_claims(
    case: Case, second_checker: Caller, editor: Caller
) -> None:
    Policy.objects.update(
        second_review=False, second_review_on_contradiction=False, second_review_dimensions=[]
    )
    assert case.first.post(f"claims/{case.twin['id']}/queue/").status_code == 200
    review(editor, {"location": "unverified", "date": "unverified"}, entry_of=case.twin["id"])
    assert offered(case.first, case.claim) == [("date", "edith"), ("location", "edith")]
    assert offered(second_checker, case.claim) == []
    leased = second_checker.post(f"queue/{second_checker.get(f'claims/{case.claim}/').json()['queue_entry']['id']}/lease/").json()  # fmt: skip
    assert offered(second_checker, case.claim) == []
    assert "data-fills" not in seen(second_checker, "/claims/{ref}/", case)[1]
    decide(second_checker, leased, "location", "unverified")
    second_checker.post(f"claims/{case.claim}/submit/", {"lease_token": leased["lease_token"]})
    assert offered(second_checker, case.claim) == [("date", "edith"), ("location", "edith")]
