"""The sign-off page: the line, the gate, who decided what, what outsiders will see, and every act from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from claims.models import Claim, Desk, MediaItem, Publication
from tests.conftest import Caller, decide, everything, file_claim, lease, published, review, submitted
from verification.models import CheckRun, FindingRow, Policy, ScheduledPublication

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
WHY = {"reason": "because it must be"}
IZIUM = {"name": "Izium", "latitude": 49.2, "longitude": 37.26, "radius_m": 900}
VIDEOS = [{"url": "https://media.example/one.mp4"}, {"url": "https://media.example/two.mp4"}]


def open_page(browser: Client, claim: str) -> str:
    response = browser.get(f"/claims/{claim}/sign-off/")
    assert response.status_code == 200, response.content[:500]
    return response.content.decode()


def act(browser: Client, claim: str, name: str, **said: Any) -> Any:
    """One act, from the page as it is now."""
    html = browser.get(f"/claims/{claim}/sign-off/").content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    return browser.post(f"/claims/{claim}/sign-off/", {"act": name, "seen": seen[1] if seen else "", **said})


def text(html: str) -> str:
    without = re.sub(r"<head>.*?</head>|<textarea.*?</textarea>|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(without).split())


def part(html: str, start: str, end: str = "</section>") -> str:
    """The text of the part of a page between an id and what ends it."""
    at = html.index(f'id="{start}"')
    return text("<i " + html[at : html.index(end, at)])


def stage(claim: str) -> str:
    return Claim.objects.get(pk=claim).stage


@pytest.fixture
def ready(checker: Caller) -> str:
    """A claim that awaits sign-off: location verified, date unverified."""
    claim: str = submitted(checker, claimed_location=IZIUM)["id"]
    return claim


@pytest.fixture
def public(checker: Caller, editor: Caller) -> str:
    claim: str = published(checker, editor)["claim"]
    return claim


# --- the line ---------------------------------------------------------------------------------------------


def test_before_publication_the_line_is_as_it_would_be_printed(
    ready: str, pages: Pages, editor: Caller
) -> None:
    html = open_page(pages(editor), ready)
    line = editor.get(f"claims/{ready}/status-line/?of=draft").json()["text"]
    assert line in part(html, "line-title")
    assert "As it would be printed" in part(html, "line-title")
    assert "data-copy=" not in html


def test_publishing_leads_back_to_the_line_with_its_version_ready_to_copy(
    ready: str, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    done = act(browser, ready, "publish", when="now")
    assert done.status_code == 302
    html = browser.get(done["Location"]).content.decode()
    publication = Publication.objects.get(claim=ready)
    assert publication.rendered is not None
    button = re.search(r"<button[^>]*data-copy=[^>]*>", html)
    assert button
    assert f'data-copy="{publication.rendered["line"]}"' in button[0]
    assert f'data-copy-cite="{publication.rendered["permalink"]}"' in button[0]
    assert 'data-copy-version="1"' in button[0]
    assert "autofocus" in button[0]
    assert 'id="line"' in html
    assert "Published. Version 1." in text(html)
    assert "autofocus" not in open_page(browser, ready)


def test_where_it_can_not_be_said_each_reason_leads_to_where_it_is_mended(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    file_claim(checker)
    claim = review(checker, {"location": "verified"})
    html = open_page(pages(editor), claim)
    said = part(html, "line-title")
    ref = Claim.objects.get(pk=claim).ref
    assert "There is no line." in said
    assert "has not been checked. To the date" in said
    assert f'href="/claims/{ref}/#dimension-date"' in html


def test_a_claim_may_be_published_without_a_line_and_the_page_says_so(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    file_claim(checker, claimed_location=IZIUM)
    claim = review(checker, {"location": "contradicted", "date": "unverified"})
    html = open_page(pages(editor), claim)
    assert "It can still be published" in part(html, "line-title")
    assert act(pages(editor), claim, "publish").status_code == 302
    assert "published without a line" in part(open_page(pages(editor), claim), "line-title")


@pytest.mark.parametrize(("do", "says"), [("hold", "may not be used while it is held"), ("withdraw", "It was withdrawn")])  # fmt: skip
def test_what_is_off_show_can_not_be_copied(
    do: str, says: str, public: str, pages: Pages, editor: Caller
) -> None:
    editor.post(f"claims/{public}/{do}/", WHY)
    html = open_page(pages(editor), public)
    assert says in part(html, "line-title")
    assert "data-copy=" not in html


# --- the gate ---------------------------------------------------------------------------------------------


def ticks(html: str) -> dict[str, bool]:
    """Each rule of the gate and whether it is kept."""
    rules = re.search(r'class="gate-rules">(.*?)</ul>', html, re.DOTALL)
    assert rules
    items = re.findall(r'<li class="(is-\w+)">.*?<div>\s*<span>(.*?)</span>', rules[1], re.DOTALL)
    return {unescape(title): kind == "is-kept" for kind, title in items}


def test_with_everything_done_each_rule_of_the_policy_has_its_tick(
    ready: str, pages: Pages, editor: Caller
) -> None:
    html = open_page(pages(editor), ready)
    assert ticks(html) == dict.fromkeys(
        (
            "Every review that was asked for is submitted", "Something is decided", "The date is decided",
            "The location is decided", "The reviews agree", "Whoever signs off has not reviewed it",
            "It is not held",
        ),
        True,
    )  # fmt: skip
    assert "Open: nothing stands in the way." in text(html)


def broken(html: str) -> set[str]:
    return {title for title, kept in ticks(html).items() if not kept}


def test_every_blocker_of_the_gate_is_a_cross_and_nothing_else_is(
    checker: Caller, second_checker: Caller, editor: Caller, desk: Desk, pages: Pages
) -> None:
    browser = pages(editor)
    claim = file_claim(checker)["id"]
    waiting = {
        "Every review that was asked for is submitted", "Something is decided", "The date is decided",
        "The location is decided",
    }  # fmt: skip
    assert broken(open_page(browser, claim)) == waiting
    Policy.objects.filter(desk=desk).update(second_review=True)
    review(checker, {"location": "verified", "date": "unverified"})
    html = open_page(browser, claim)
    assert broken(html) == {"A second person has reviewed it"}
    assert "Every review that was asked for is submitted" not in ticks(html)
    review(second_checker, {"location": "unverified", "date": "unverified"})
    html = open_page(browser, claim)
    assert broken(html) == {"Every review that was asked for is submitted", "The reviews agree"}
    assert "The reviews disagree on the location." in text(html)
    assert 'href="#' not in re.findall(r"reviews disagree on.*?</a>", html, re.DOTALL)[0]
    review(editor, {"location": "verified"}, entry_of=claim)
    html = open_page(browser, claim)
    settled = "The reviews agree"
    assert broken(html) == {"Whoever signs off has not reviewed it", settled}
    assert "They disagreed on the location; edith settled it: verified. “because”" in text(html)
    assert [one["code"] for one in editor.get(f"claims/{claim}/gate/").json()["blockers"]] == ["same_person"]
    editor.post(f"claims/{claim}/hold/", WHY)
    html = open_page(browser, claim)
    assert broken(html) == {"Whoever signs off has not reviewed it", "It is not held", settled}
    assert 'href="#act-release"' in html


def test_a_second_review_that_the_policy_asks_for_later_is_asked_for_at_the_gate(
    ready: str, desk: Desk, pages: Pages, editor: Caller, second_checker: Caller
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    browser = pages(editor)
    html = open_page(browser, ready)
    assert broken(html) == {"A second person has reviewed it"}
    assert "The policy asks for a second look at every claim. None is submitted" in text(html)
    assert 'href="#act-request-second-review"' in html
    asked = browser.post(f"/claims/{ready}/sign-off/", {"act": "request-second-review", **WHY})
    assert asked.status_code == 302
    review(second_checker, {"location": "verified", "date": "unverified"})
    assert broken(open_page(browser, ready)) == set()


def test_the_gate_of_a_published_claim_does_not_lead_to_what_was_asked_for_already(
    ready: str, pages: Pages, editor: Caller
) -> None:
    assert editor.post(f"claims/{ready}/publish/").status_code == 200
    assert editor.post(f"claims/{ready}/request-second-review/", WHY).status_code == 200
    html = open_page(pages(editor), ready)
    assert broken(html) == {"A second person has reviewed it"}
    assert 'href="#act-request-second-review"' not in html
    assert 'id="act-cancel-review"' in html


def test_a_second_review_that_is_yet_to_come_is_told_as_that(
    checker: Caller, desk: Desk, pages: Pages, editor: Caller
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    said = text(open_page(pages(editor), file_claim(checker)["id"]))
    assert "It follows the review that is asked for." in said


def test_the_gate_is_live_and_tells_of_changes(
    ready: str, pages: Pages, editor: Caller, checker: Caller
) -> None:
    browser = pages(editor)
    html = open_page(browser, ready)
    url = unescape(re.search(r'data-live hx-get="([^"]+/gate/[^"]*)"', html)[1])  # type: ignore[index]
    first = browser.get(url)
    content = first.content.decode()
    assert "csrf" not in content
    assert "<input" not in content
    assert browser.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    checker.post(f"claims/{ready}/request-recheck/", WHY)
    again = browser.get(url, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert "changed after you opened this page" in text(again.content.decode())
    assert "Closed" in text(again.content.decode())


# --- who decided what -------------------------------------------------------------------------------------


def test_each_decision_stands_with_who_why_and_on_what_basis(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    file_claim(checker, claimed_location=IZIUM)
    leased = lease(checker)
    basis = [
        {"method": "geolocation", "feature": "the mill", "phrase": "the mill is seen", "public": True},
        {"method": "witness", "feature": "a neighbour", "reference": "a call", "url": "https://notes.example/1"},
    ]  # fmt: skip
    decide(checker, leased, "location", "verified", reason="The mill fits.", basis=basis, value=IZIUM)
    decide(checker, leased, "location", "verified", reason="The mill fits well.", basis=basis, value=IZIUM)
    decide(checker, leased, "date", "unverified", reason="Nothing ties it.", interim=True)
    claim = leased["claim"]["id"]
    checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    html = open_page(pages(editor), claim)
    location = part(html, "decided-location", "</article>")
    for expected in (
        "Location", "needed", "Verified", "Matches", "Izium", "The mill fits well.", "Geolocation", "the mill",
        "the mill is seen", "public", "Witness", "a neighbour", "https://notes.example/1", "olena", "first review",
        "1 earlier verdict", "The mill fits.",
    ):  # fmt: skip
        assert expected in location, expected
    assert location.count("public") == 2  # both verdicts' first part, and never the witness
    assert "Interim" in part(html, "decided-date", "</article>")
    assert "Nobody has decided, and the policy does not ask for: authenticity" in text(html)


def test_reviews_that_differ_stand_side_by_side(
    checker: Caller, second_checker: Caller, desk: Desk, pages: Pages, editor: Caller
) -> None:
    Policy.objects.filter(desk=desk).update(second_review=True)
    file_claim(checker)
    claim = review(checker, {"location": "verified", "date": "unverified"})
    review(second_checker, {"location": "unverified", "date": "unverified"})
    html = open_page(pages(editor), claim)
    at = html.index('id="decided-location"')
    beside = html[html.index('class="beside"', at) : html.index("</article>", at)]
    assert re.findall(r"chip s-(\w+)", beside) == ["verified", "unverified"]
    assert beside.index("olena") < beside.index("marko")
    assert beside.index("marko") < beside.index("second review")
    assert "This one counts" in beside
    assert "The reviews disagree" in html[at:]


def test_a_finding_against_a_verified_verdict_is_not_to_be_missed(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    claim = submitted(checker, media=[VIDEOS[0]])["id"]
    item = MediaItem.objects.get(claim=claim)
    run = CheckRun.objects.create(
        media=item, check_slug="gps", version="1", state="done", ran_at=timezone.now()
    )
    for stance in ("contradicts", "supports"):
        FindingRow.objects.create(
            run=run, position=0, dimension="location", stance=stance, sentence=f"The file {stance} it."
        )
    location = part(open_page(pages(editor), claim), "decided-location", "</article>")
    assert "Found against it, beside a verdict of verified" in location
    assert "The file contradicts it." in location
    assert "The file supports it." not in location


def test_nothing_of_an_open_review_is_told_as_decided(checker: Caller, pages: Pages, editor: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    decide(checker, leased, "location", "verified", reason="only a draft")
    html = open_page(pages(editor), leased["claim"]["id"])
    assert "only a draft" not in html
    assert "olena has it until" in text(html)


# --- as outsiders will see it -----------------------------------------------------------------------------


def test_the_preview_is_what_the_public_page_then_shows(
    checker: Caller, pages: Pages, editor: Caller, client_key: Caller
) -> None:
    claim = submitted(checker, media=VIDEOS, claimed_location=IZIUM, tags=["inside-tag"])["id"]
    browser = pages(editor)

    def face(html: str) -> str:
        found = re.search(r'class="face-opening">.*?(?=<section class="face-foot">|<section class="signoff-versions)', html, re.DOTALL)  # fmt: skip
        assert found
        words = text(found[0]).replace("Copy the line", "").split()
        return " ".join(words).removesuffix("About this version")

    preview = face(open_page(browser, claim))
    assert "inside-tag" not in preview
    assert act(browser, claim, "publish", radius_km="").status_code == 302
    assert face(pages(client_key).get(f"/published/{claim}/").content.decode()) == preview


def test_what_is_typed_can_be_seen_first_and_nothing_is_kept(
    ready: str, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    before = everything()
    seen = act(browser, ready, "publish", radius_km="50", headline="A headline to try", preview="1")
    assert seen.status_code == 200
    html = seen.content.decode()
    preview = part(html, "preview", 'class="signoff-versions')
    assert "within 50 km" in preview
    assert "A headline to try" in preview
    assert "49.2000" not in preview
    assert 'value="50"' in html
    assert everything() == before
    assert act(browser, ready, "publish", radius_km="50", headline="A headline to try").status_code == 302
    rendered = Publication.objects.get(claim=ready).rendered
    assert rendered is not None
    assert (rendered["headline"], rendered["claimed_location"]["radius_m"]) == ("A headline to try", 50_000)


def test_what_is_tried_in_one_act_is_not_in_the_form_of_another(
    public: str, pages: Pages, editor: Caller
) -> None:
    html = act(pages(editor), public, "amend", radius_km="50", preview="1", **WHY).content.decode()
    tried = [tag for tag in re.findall(r"<input[^>]*>", html) if 'value="50"' in tag]
    assert ["amend-radius_km" in tag for tag in tried] == [True]


def test_a_claim_whose_text_is_erased_says_so_in_its_preview(
    ready: str, pages: Pages, editor: Caller, admin: Caller
) -> None:
    erased = admin.post(
        f"claims/{ready}/redact/", {"target": "statement", "reason": "a court", "legal_ground": "GDPR 17"}
    )
    assert erased.status_code == 200
    preview = part(open_page(pages(editor), ready), "preview", 'class="signoff-versions')
    assert "None" not in text(preview)
    assert "(erased)" in text(preview)


def test_what_changes_against_the_published_version_is_told(
    public: str, checker: Caller, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    before = text(open_page(browser, public))
    assert "Nothing differs from version 1." in before
    assert "What is decided now is not what is published." not in before
    checker.post(f"claims/{public}/request-recheck/", WHY)
    review(checker, {"location": "unverified"})
    html = open_page(browser, public)
    assert "What is decided now is not what is published. It takes a correction." in text(html)
    preview = part(html, "preview", 'class="face"')
    assert "What changes against version 1" in preview
    assert "Location: verified → , now unverified" in preview
    assert "It would read:" in preview
    assert "published as verified and is now unverified" in preview


def test_while_held_the_preview_shows_what_a_release_brings_back(
    public: str, checker: Caller, pages: Pages, editor: Caller
) -> None:
    line = Publication.objects.get(claim=public).rendered["line"]  # type: ignore[index]
    editor.post(f"claims/{public}/hold/", WHY)
    checker.post(f"claims/{public}/request-recheck/", WHY)
    review(checker, {"location": "unverified"})
    html = open_page(pages(editor), public)
    assert line in part(html, "preview", 'class="signoff-versions')
    assert "What was decided since version 1" in text(html)
    released = act(pages(editor), public, "release", reason="It holds.")
    assert released.status_code == 302
    latest = Publication.objects.filter(claim=public).latest("version").rendered
    assert latest is not None
    assert latest["line"] == line


# --- acts -------------------------------------------------------------------------------------------------


def offered(html: str) -> list[str]:
    return re.findall(r'id="act-([\w-]+)"', html)


def make(stage_wanted: str, checker: Caller, editor: Caller) -> str:
    if stage_wanted == "queued":
        return str(file_claim(checker)["id"])
    claim: str = submitted(checker)["id"]
    here = f"claims/{claim}/"
    if stage_wanted in {"published", "held", "withdrawn"}:
        editor.post(f"{here}publish/")
    if stage_wanted == "scheduled":
        editor.post(f"{here}publish/", {"embargo_until": "2100-01-01T00:00:00Z"})
    verb = {"held": "hold", "withdrawn": "withdraw", "dropped": "drop"}.get(stage_wanted)
    if verb:
        editor.post(f"{here}{verb}/", WHY)
    assert stage(claim) == stage_wanted
    return claim


@pytest.mark.parametrize(
    ("stage_now", "by_editor", "by_checker"),
    [
        ("queued", {"ask", "assign", "duplicate", "drop"}, {"duplicate", "drop"}),
        ("awaiting_signoff", {"publish", "request-recheck", "request-second-review", "ask", "assign", "hold", "duplicate", "drop"},
         {"request-recheck", "request-second-review", "duplicate", "drop"}),
        ("scheduled", {"publish", "hold"}, set()),
        ("published", {"amend", "correct", "request-recheck", "request-second-review", "ask", "assign", "hold", "withdraw"},
         {"request-recheck", "request-second-review"}),
        ("held", {"release", "request-recheck", "request-second-review", "ask", "assign", "withdraw"},
         {"request-recheck", "request-second-review"}),
        ("withdrawn", {"reopen"}, {"reopen"}),
        ("dropped", {"reopen"}, {"reopen"}),
    ],
)  # fmt: skip
def test_what_is_offered_is_what_the_table_allows(
    stage_now: str, by_editor: set[str], by_checker: set[str], checker: Caller, editor: Caller, pages: Pages
) -> None:
    claim = make(stage_now, checker, editor)
    assert set(offered(open_page(pages(editor), claim))) == by_editor
    html = open_page(pages(checker), claim)
    assert set(offered(html)) == by_checker
    assert "Signing off is for the desk's editors." in text(html)


@pytest.mark.parametrize("name", ["publish", "hold", "assign"])
def test_what_the_role_does_not_carry_is_refused_and_changes_nothing(
    name: str, ready: str, pages: Pages, checker: Caller
) -> None:
    browser = pages(checker)
    seen = re.search(r'name="seen" value="(\w+)"', open_page(pages(checker), ready))
    before = everything()
    response = browser.post(
        f"/claims/{ready}/sign-off/", {"act": name, "seen": seen[1] if seen else "", **WHY}
    )
    assert response.status_code in {403, 409}
    assert everything() == before


ROAD: list[tuple[str, str, dict[str, str], str]] = [
    ("awaiting_signoff", "publish", {"when": "now"}, "published"),
    ("awaiting_signoff", "hold", WHY, "held"),
    ("awaiting_signoff", "drop", WHY, "dropped"),
    ("awaiting_signoff", "request-recheck", WHY, "queued"),
    ("awaiting_signoff", "assign", {"to": "olena"}, "awaiting_signoff"),
    ("scheduled", "publish", {"when": "now"}, "published"),
    ("scheduled", "hold", WHY, "held"),
    ("published", "amend", WHY, "published"),
    ("published", "correct", {**WHY, "cause": "update"}, "published"),
    ("published", "hold", WHY, "held"),
    ("published", "withdraw", {**WHY, "cause": "privacy", "internal_reason": "a complaint"}, "withdrawn"),
    ("held", "release", WHY, "published"),
    ("withdrawn", "reopen", WHY, "queued"),
    ("dropped", "reopen", WHY, "queued"),
]


@pytest.mark.parametrize(("before", "name", "said", "after"), ROAD)
def test_each_act_is_done_from_the_page(
    before: str, name: str, said: dict[str, str], after: str, checker: Caller, editor: Caller, pages: Pages
) -> None:
    claim = make(before, checker, editor)
    browser = pages(editor)
    response = act(browser, claim, name, **said)
    assert response.status_code == 302, text(response.content.decode())
    assert response["Location"].startswith(f"/claims/{Claim.objects.get(pk=claim).ref}/sign-off/")
    assert browser.get(response["Location"]).status_code == 200
    assert stage(claim) == after
    history = editor.get(f"claims/{claim}/history/").json()
    entries = history["results"] if isinstance(history, dict) else history
    assert name in [entry["action"] for entry in entries]


@pytest.mark.parametrize(
    ("before", "name"),
    [("awaiting_signoff", "hold"), ("awaiting_signoff", "drop"), ("published", "amend"), ("published", "correct"),
     ("published", "hold"), ("published", "withdraw"), ("held", "release"), ("withdrawn", "reopen")],
)  # fmt: skip
def test_without_a_reason_nothing_is_done(
    before: str, name: str, checker: Caller, editor: Caller, pages: Pages
) -> None:
    claim = make(before, checker, editor)
    browser = pages(editor)
    rows = everything()
    response = act(browser, claim, name, reason="  ", cause="error", internal_reason="kept as typed")
    assert response.status_code == 422
    html = response.content.decode()
    assert "Say why." in html
    assert re.search(rf'id="act-{name}" open', html)
    assert everything() == rows


def test_an_embargo_is_set_told_and_lifted(ready: str, pages: Pages, editor: Caller) -> None:
    browser = pages(editor)
    due = (datetime.now(UTC) + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = due.date().isoformat()
    for wrong in (
        {"when": "later"},
        {"when": "later", "embargo_date": day},
        {"when": "later", "embargo_time": "10:00"},
        {"when": "later", "embargo_date": "2001-01-01", "embargo_time": "10:00"},
        {"when": "later", "embargo_date": "tomorrow", "embargo_time": "10:00"},
        {"when": "now", "embargo_date": day, "embargo_time": "10:00"},
    ):
        refused = act(browser, ready, "publish", headline="Kept", **wrong)
        assert refused.status_code == 422, wrong
        assert 'value="Kept"' in refused.content.decode()
        assert stage(ready) == "awaiting_signoff"
    done = act(browser, ready, "publish", when="later", embargo_date=day, embargo_time="00:00")
    assert done.status_code == 302
    assert ScheduledPublication.objects.get(claim=ready).due_at == due
    said = text(open_page(browser, ready))
    assert f"Embargoed until {due.day} {due:%b} {due.year}, 00:00 UTC . Approved by edith." in said
    assert f"Embargoed until {due:%A} {due.day}" in said
    assert act(browser, ready, "publish", when="now").status_code == 302
    assert stage(ready) == "published"


def test_a_closed_gate_is_told_beside_the_form_and_nothing_typed_is_lost(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    file_claim(checker)
    claim = review(checker, {"location": "verified"})
    response = act(pages(editor), claim, "publish", headline="Typed with care", radius_km="2.5")
    assert response.status_code == 409
    html = response.content.decode()
    form = html[html.index('id="act-publish"') :]
    assert "The policy requires the date, which is not decided." in form
    assert 'value="Typed with care"' in form
    assert 'value="2.5"' in form
    assert stage(claim) == "awaiting_signoff"


def test_an_amendment_that_takes_something_back_must_be_a_correction(
    public: str, checker: Caller, pages: Pages, editor: Caller
) -> None:
    checker.post(f"claims/{public}/request-recheck/", WHY)
    review(checker, {"location": "unverified"})
    browser = pages(editor)
    response = act(browser, public, "amend", reason="Typed with care")
    assert response.status_code == 409
    form = response.content.decode()[response.content.decode().index('id="act-amend"') :]
    assert "This is no amendment" in form
    assert 'href="#act-correct"' in form
    assert "Typed with care" in form
    assert act(browser, public, "correct", reason="The church is another.", cause="error").status_code == 302
    assert Publication.objects.filter(claim=public).latest("version").kind == "corrected"


@pytest.mark.parametrize("seen", ["", "0" * 32, "old"])
def test_a_signature_is_for_what_was_looked_at(
    seen: str, ready: str, checker: Caller, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    if seen == "old":
        seen = re.search(r'name="seen" value="(\w+)"', open_page(browser, ready))[1]  # type: ignore[index]
        changed = checker.get(f"claims/{ready}/")
        checker.patch(f"claims/{ready}/", {"statement": "Something else is said."}, If_Match=changed["ETag"])
    response = browser.post(
        f"/claims/{ready}/sign-off/", {"act": "publish", "seen": seen, "headline": "Typed"}
    )
    assert response.status_code == 409
    assert "changed after you opened this page" in text(response.content.decode())
    assert stage(ready) == "awaiting_signoff"


def test_an_act_that_has_become_impossible_is_told_where_no_form_is_left(
    ready: str, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    editor.post(f"claims/{ready}/drop/", WHY)
    response = browser.post(f"/claims/{ready}/sign-off/", {"act": "hold", **WHY})
    assert response.status_code == 409
    assert "Hold is not possible any more." in text(response.content.decode())


def test_an_unknown_act_is_refused(ready: str, pages: Pages, editor: Caller) -> None:
    assert pages(editor).post(f"/claims/{ready}/sign-off/", {"act": "eat"}).status_code == 404


def test_a_duplicate_is_named_by_its_reference(
    checker: Caller, editor: Caller, stranger: Caller, pages: Pages
) -> None:
    first, second = file_claim(checker), file_claim(checker, statement="The same in other words.")
    theirs = file_claim(stranger)
    browser = pages(editor)
    for wrong in ("2000-99999", theirs["ref"], second["ref"], ""):
        refused = act(browser, second["id"], "duplicate", of=wrong, **WHY)
        assert refused.status_code == 422, wrong
        assert WHY["reason"] in refused.content.decode()
    assert act(browser, second["id"], "duplicate", of=f" {first['ref']} ", **WHY).status_code == 302
    assert Claim.objects.get(pk=second["id"]).duplicate_of_id == Claim.objects.get(pk=first["id"]).pk
    assert first["ref"] in text(open_page(browser, second["id"]))


def test_a_claim_is_assigned_to_somebody_of_its_desk_and_given_back(
    ready: str, checker: Caller, stranger: Caller, pages: Pages, editor: Caller
) -> None:
    browser = pages(editor)
    assert act(browser, ready, "assign", to="olena").status_code == 302
    assert "assigned to olena" in text(open_page(browser, ready))
    assert act(browser, ready, "assign", to="stranger").status_code == 422
    assert act(browser, ready, "assign", to="").status_code == 302
    assert Claim.objects.get(pk=ready).assignee is None


def test_what_withdrawing_does_stands_beside_it_in_plain_words(
    public: str, pages: Pages, editor: Caller
) -> None:
    html = open_page(pages(editor), public)
    form = text(
        html[html.index('id="act-withdraw"') : html.index("</form>", html.index('id="act-withdraw"'))]
    )
    for word in (
        "for good",
        "safety, privacy or legal",
        "every earlier version is suppressed",
        "can't be undone",
    ):
        assert word in form


# --- who, versions, cost ----------------------------------------------------------------------------------


def test_another_desks_claim_is_not_there(
    ready: str, pages: Pages, stranger: Caller, client_key: Caller
) -> None:
    assert pages(stranger).get(f"/claims/{ready}/sign-off/").status_code == 404
    assert pages(stranger).post(f"/claims/{ready}/sign-off/", {"act": "hold", **WHY}).status_code == 404
    assert pages(client_key).get(f"/claims/{ready}/sign-off/").status_code == 403
    assert Client().get(f"/claims/{ready}/sign-off/").status_code == 302


def test_the_history_is_for_admins(ready: str, pages: Pages, editor: Caller, admin: Caller) -> None:
    link = f"/admin/audit/claims/{Claim.objects.get(pk=ready).ref}"
    assert link not in open_page(pages(editor), ready)
    assert link in open_page(pages(admin), ready)


def test_versions_are_listed_with_kind_reason_and_what_changed(
    public: str, pages: Pages, editor: Caller
) -> None:
    editor.post(f"claims/{public}/amend/", {"reason": "A credit was added."})
    editor.post(f"claims/{public}/hold/", {"reason": "A doubt."})
    versions = part(open_page(pages(editor), public), "versions-title")
    assert versions.index("A doubt.") < versions.index("A credit was added.") < versions.index("Published")
    editor.post(f"claims/{public}/withdraw/", {"reason": "A right.", "cause": "privacy"})
    versions = part(open_page(pages(editor), public), "versions-title")
    assert "A credit was added." not in versions
    assert versions.count("Not shown any more.") == 3


def test_more_reviews_media_and_versions_cost_no_more_queries(
    checker: Caller, pages: Pages, editor: Caller
) -> None:
    def cost(claim: str) -> int:
        browser = pages(editor)
        open_page(browser, claim)
        with CaptureQueriesContext(connection) as asked:
            open_page(browser, claim)
        return len(asked)

    few = published(checker, editor, media=VIDEOS[:1])["claim"]
    many = published(
        checker,
        editor,
        media=[{"url": f"https://media.example/{n}.mp4"} for n in range(8)],
        statement="Many.",
    )["claim"]
    for claim in (few, many, many, many):
        checker.post(f"claims/{claim}/request-recheck/", WHY)
        review(checker, {"authenticity": "verified", "source": "unverified"}, entry_of=claim)
        assert editor.post(f"claims/{claim}/amend/", WHY).status_code == 200
    assert cost(few) == cost(many) <= 45


def test_what_was_asked_for_is_taken_back_on_the_page(
    ready: str, pages: Pages, editor: Caller, checker: Caller
) -> None:
    browser = pages(editor)
    due = {"due_date": "2999-01-01", "due_time": "18:00", "message": ""}
    assert act(browser, ready, "ask", dimension="date", **due).status_code == 302
    html = open_page(browser, ready)
    assert "Date, by 01 January, 18:00 UTC" in text(html)
    # Only what is asked for can be chosen, and a choice that went meanwhile says so.
    refused = act(browser, ready, "unask", dimension="source", reason="")
    assert refused.status_code == 422
    assert "Nobody asks for this by an hour any more." in refused.content.decode()
    assert act(browser, ready, "unask", dimension="date", reason="It can wait.").status_code == 302
    assert 'id="act-unask"' not in open_page(browser, ready)
    assert act(browser, ready, "cancel-review", reason="").status_code == 422
    assert act(browser, ready, "cancel-review", reason="Not needed.").status_code == 302
    assert stage(ready) == "awaiting_signoff"
    assert "Not needed." in open_page(browser, ready)
