"""The admin's pages on people, keys and policy: forms keep what was typed, secrets are shown once and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import ApiKey, Desk, Membership, Person
from claims.vocabulary import Role
from tests.conftest import Caller, caller, file_claim, lease
from verification.models import AuditEntry
from verification.services import accounts, desks

pytestmark = [pytest.mark.django_db, pytest.mark.database]

Pages = Callable[[Caller], Client]
NEW = {"username": "nina", "full_name": "Nina Example", "email": "", "role": "editor"}
POLICY = {
    "house_name": "Reuters",
    "required_dimensions": ["date", "location"],
    "distinct_approver": "on",
    "lease_minutes": "30",
    "lease_limit": "3",
    "skip_hours": "4",
    "goal_breaking": "1",
    "goal_high": "4",
    "goal_normal": "24",
    "goal_low": "72",
    "aging_hours": "24",
}


@pytest.fixture
def browser(pages: Pages, admin: Caller) -> Client:
    return pages(admin)


def secret_in(response: Any) -> str:
    """What the page shows once; nothing may keep a copy of it."""
    assert response.status_code == 200, response.content[:500]
    assert response["Cache-Control"] == "no-store"
    found = re.search(r'id="secret"[^>]*>([^<]+)<', response.content.decode())
    assert found, response.content
    assert found[1] not in str(list(AuditEntry.objects.values_list("data", flat=True)))
    return found[1]


def page_of(person: Person, act: str = "") -> str:
    return f"/admin/people/{person.pk}/{act}"


# --- people -----------------------------------------------------------------------------------------------


def test_people_are_listed_with_what_they_hold_and_programs_apart(
    browser: Client, checker: Caller, desk: Desk, stranger: Caller
) -> None:
    file_claim(checker)
    lease(checker)
    accounts.issue_account("bot", role=Role.CLIENT, desk=desk, service=True)
    context = browser.get("/admin/people/").context
    assert {(one.person.username, one.role, one.held) for one in context["members"]} == {
        ("adam", "admin", 0),
        ("olena", "fact_checker", 1),
    }
    assert [one.person.username for one in context["services"]] == ["bot"]


def test_a_new_person_logs_in_with_the_password_shown_once(browser: Client) -> None:
    password = secret_in(browser.post("/admin/people/add/", NEW))
    assert Client().login(username="nina", password=password)
    assert password not in browser.get("/admin/people/").content.decode()


def test_a_program_is_led_on_to_its_key(browser: Client) -> None:
    response = browser.post("/admin/people/add/", {**NEW, "service": "on", "role": "client"})
    person = Person.objects.get(username="nina")
    assert response["Location"] == page_of(person, "key/")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "no good"}, "username"),
        ({"username": "ADAM"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"role": "king"}, "role"),
    ],
)
def test_a_bad_new_person_keeps_what_was_typed(change: dict[str, str], field: str, browser: Client) -> None:
    response = browser.post("/admin/people/add/", {**NEW, **change})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    html = response.content.decode()
    assert f'id="error-new-{field}"' in html
    assert 'value="Nina Example"' in html
    assert not Person.objects.filter(username="nina").exists()


def test_somebody_of_another_desk_is_added_by_name(browser: Client, desk: Desk, stranger: Caller) -> None:
    assert browser.post("/admin/people/join/", {"username": "nobody", "role": "editor"}).status_code == 422
    response = browser.post("/admin/people/join/", {"username": "stranger", "role": "editor"})
    assert response["Location"] == page_of(stranger.person)
    html = browser.get(response["Location"]).content.decode()
    assert "works on 1 other desk" in html
    assert "desks that you do not administer" in html
    # Where the account is not in one's hands, nothing to press is offered, nor does it work to press it.
    for act in ("password/", "deactivate/", "key/"):
        assert page_of(stranger.person, act) not in html
    refused = browser.post(page_of(stranger.person, "password/"))
    assert refused.status_code == 403
    assert "desks that you do not administer" in refused.content.decode()


def test_a_role_is_changed_and_a_desk_keeps_an_admin(
    browser: Client, admin: Caller, checker: Caller, desk: Desk
) -> None:
    browser.post(page_of(checker.person, "role/"), {"role": "editor"})
    assert Membership.objects.get(person=checker.person).role == "editor"
    assert browser.post(page_of(checker.person, "role/"), {"role": "king"}).status_code == 422
    alone = browser.post(page_of(admin.person, "role/"), {"role": "editor"})
    assert alone.status_code == 409
    assert "last admin" in alone.content.decode()
    browser.post(page_of(checker.person, "role/"), {"role": "admin"})
    assert browser.post(page_of(admin.person, "role/"), {"role": "editor"})["Location"] == "/"
    assert browser.get("/admin/people/").status_code == 403


def test_a_deactivated_person_is_let_in_again_with_a_new_password(browser: Client, checker: Caller) -> None:
    assert browser.post(page_of(checker.person, "deactivate/")).status_code == 302
    assert "Deactivated" in browser.get(page_of(checker.person)).content.decode()
    assert browser.post(page_of(checker.person, "password/")).status_code == 409
    password = secret_in(browser.post(page_of(checker.person, "reactivate/")))
    assert Client().login(username="olena", password=password)


def test_a_new_password_of_ones_own_does_not_log_one_out(browser: Client, admin: Caller) -> None:
    password = secret_in(browser.post(page_of(admin.person, "password/")))
    assert browser.get("/admin/people/").status_code == 200
    assert Client().login(username="adam", password=password)
    assert browser.post(page_of(admin.person, "deactivate/")).status_code == 409


def test_who_leaves_the_desk_is_gone_from_its_pages(browser: Client, checker: Caller, pages: Pages) -> None:
    assert browser.post(page_of(checker.person, "remove/"))["Location"] == "/admin/people/"
    assert browser.get(page_of(checker.person)).status_code == 404
    assert pages(checker).get("/preferences/").status_code == 403


def test_people_of_other_desks_have_no_page_here(browser: Client, stranger: Caller) -> None:
    assert browser.get(page_of(stranger.person)).status_code == 404
    for act in ("role/", "password/", "deactivate/", "reactivate/", "remove/", "key/"):
        assert browser.post(page_of(stranger.person, act), {"role": "client"}).status_code == 404


# --- keys -------------------------------------------------------------------------------------------------


def issue(browser: Client, person: Person, **changes: Any) -> Any:
    form = {"label": "CMS", "scopes": ["internal:read"], "lifetime": "30", **changes}
    return browser.post(page_of(person, "key/"), form)


def test_an_issued_key_works_and_is_shown_once(browser: Client, checker: Caller) -> None:
    secret = secret_in(issue(browser, checker.person))
    assert Caller(checker.person, secret).get("claims/").status_code == 200
    key = ApiKey.objects.get(label="CMS")
    assert key.expires_at is not None
    for path in ("/admin/keys/", f"/admin/keys/{key.pk}/", page_of(checker.person)):
        html = browser.get(path).content.decode()
        assert "CMS" in html
        assert secret not in html


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": ""}, "label"),
        ({"label": "   "}, "label"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["publish"]}, "scopes"),
        ({"lifetime": "7000"}, "lifetime"),
    ],
)
def test_a_key_that_can_not_be_is_refused_at_its_field(
    change: dict[str, Any], field: str, browser: Client, checker: Caller
) -> None:
    response = issue(browser, checker.person, **change)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert ApiKey.objects.filter(person=checker.person).count() == 1


def test_the_choice_of_a_person_leads_to_the_form(browser: Client, checker: Caller) -> None:
    chosen = browser.get("/admin/keys/issue/", {"person": str(checker.person.pk)})
    assert chosen["Location"] == page_of(checker.person, "key/")
    assert browser.get("/admin/keys/issue/", {"person": "x"})["Location"] == "/admin/keys/"
    form = browser.get(chosen["Location"]).content.decode()
    assert "claims:write" in form
    assert "publish" not in form.split("<main")[1].split("</form>")[0].replace("published", "")


def test_a_key_is_rotated_and_revoked(browser: Client, checker: Caller) -> None:
    key = ApiKey.objects.get(person=checker.person)
    here = f"/admin/keys/{key.pk}/"
    wrong = browser.post(f"{here}rotate/", {"overlap_hours": "1000", "lifetime": "90"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["overlap_hours"])
    secret = secret_in(browser.post(f"{here}rotate/", {"overlap_hours": "24", "lifetime": "90"}))
    assert (
        checker.get("claims/").status_code == Caller(checker.person, secret).get("claims/").status_code == 200
    )
    assert browser.post(f"{here}revoke/")["Location"] == here
    assert checker.get("claims/").status_code == 401
    again = browser.post(f"{here}revoke/", follow=True)
    assert "revoked already" in again.content.decode()
    assert browser.post(f"{here}rotate/", {"overlap_hours": "1", "lifetime": "0"}).status_code == 409


def test_keys_of_other_desks_are_not_there(browser: Client, stranger: Caller) -> None:
    key = ApiKey.objects.get(person=stranger.person)
    assert browser.get(f"/admin/keys/{key.pk}/").status_code == 404
    for act in ("rotate/", "revoke/"):
        assert browser.post(f"/admin/keys/{key.pk}/{act}").status_code == 404
    assert str(key.pk) not in browser.get("/admin/keys/").content.decode()


def test_everybody_sees_and_ends_their_own_keys_only(pages: Pages, checker: Caller, editor: Caller) -> None:
    browser = pages(checker)
    mine, other = checker.person.api_keys.get(), editor.person.api_keys.get()
    html = browser.get("/preferences/keys/").content.decode()
    assert mine.prefix in html
    assert other.prefix not in html
    assert browser.post(f"/preferences/keys/{other.pk}/revoke/").status_code == 404
    assert browser.post(f"/preferences/keys/{mine.pk}/revoke/").status_code == 302
    assert checker.get("claims/").status_code == 401
    assert "You have no keys" in browser.get("/preferences/keys/").content.decode()


# --- policy -----------------------------------------------------------------------------------------------


def test_the_policy_is_changed_by_what_differs_and_says_who_did_it(
    browser: Client, desk: Desk, admin: Caller
) -> None:
    assert "nobody has changed it" in browser.get("/admin/policy/").content.decode()
    assert (
        browser.post("/admin/policy/", {**POLICY, "second_review": "on", "lease_minutes": "45"}).status_code
        == 302
    )
    desk.policy.refresh_from_db()
    assert (desk.policy.second_review, desk.policy.lease_seconds) == (True, 45 * 60)
    entry = AuditEntry.objects.filter(action="change-policy").get()
    assert set(entry.data["changes"]) == {"second_review", "lease_seconds"}
    assert "Changed by adam" in browser.get("/admin/policy/").content.decode()
    unchanged = {**POLICY, "second_review": "on", "lease_minutes": "45"}
    assert "Nothing was different" in browser.post("/admin/policy/", unchanged, follow=True).content.decode()
    assert AuditEntry.objects.filter(action="change-policy").count() == 1


def test_what_somebody_else_changed_meanwhile_stays(browser: Client, admin: Caller, desk: Desk) -> None:
    html = browser.get("/admin/policy/").content.decode()
    seen = unescape(re.search(r'name="was" value="([^"]*)"', html)[1])  # type: ignore[index]
    desks.change_policy(desk, actor=admin.person, changes={"second_review": True})
    refused = browser.post("/admin/policy/", {**POLICY, "was": seen, "lease_minutes": "1"})
    assert f'name="was" value="{escape(seen)}"' in refused.content.decode()
    browser.post("/admin/policy/", {**POLICY, "was": seen, "lease_minutes": "45"})
    desk.policy.refresh_from_db()
    assert (desk.policy.second_review, desk.policy.lease_seconds) == (True, 45 * 60)


@pytest.mark.parametrize("was", ["", "no JSON", "[]", '{"required_dimensions": 7, "second_review": null}'])
def test_what_was_shown_of_the_policy_may_be_garbled(was: str, browser: Client) -> None:
    unchanged = browser.post("/admin/policy/", {**POLICY, "was": was}, follow=True)
    assert "Nothing was different" in unchanged.content.decode()


def test_a_house_name_is_printed_as_it_is(
    browser: Client, checker: Caller, editor: Caller, desk: Desk
) -> None:
    assert browser.post("/admin/policy/", {**POLICY, "house_name": "The Courier"}).status_code == 302
    claim = file_claim(checker)["id"]
    leased = lease(checker)
    body = {
        "lease_token": leased["lease_token"],
        "dimension": "statement",
        "status": "unverified",
        "reason": "a",
    }
    assert checker.post(f"claims/{claim}/verdicts/", body).status_code == 201
    desk.policy.required_dimensions = []
    desk.policy.save()
    line = checker.get(f"claims/{claim}/status-line/").json()["text"]
    assert line.startswith("The Courier could not")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"house_name": " "}, "house_name"),
        ({"lease_minutes": "4"}, "lease_minutes"),
        ({"lease_limit": "x"}, "lease_limit"),
        ({"skip_hours": "169"}, "skip_hours"),
        ({"required_dimensions": ["mood"]}, "required_dimensions"),
    ],
)
def test_a_policy_that_can_not_be_is_refused_at_its_field(
    change: Mapping[str, Any], field: str, browser: Client
) -> None:
    response = browser.post("/admin/policy/", {**POLICY, **change})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not AuditEntry.objects.filter(action="change-policy").exists()


# --- all of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["people/", "keys/", "policy/", "audit/", "jobs/"])
def test_more_people_and_keys_cost_no_more_queries(path: str, browser: Client, desk: Desk) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(f"/admin/{path}").status_code == 200
        return len(captured)

    caller("one", Role.EDITOR, desk)
    few = queries()
    for number in range(8):
        caller(f"more-{number}", Role.FACT_CHECKER, desk)
    assert queries() == few <= 12
