"""People, keys and policy of a desk: who may change what of whom, what it takes with it, and that it is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from claims.errors import IllegalState, InvalidInput, Missing, NotAllowed, StetError
from claims.models import ApiKey, Claim, Desk, Membership, Person
from claims.vocabulary import Role, Scope
from tests.conftest import Caller, caller, file_claim, lease
from verification.models import AuditEntry, QueueEntry
from verification.services import accounts, audit, desks, keys

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def last_entry(desk: Desk) -> AuditEntry:
    entry = AuditEntry.objects.filter(chain_id=audit.chain_of(desk)).order_by("-seq").first()
    assert entry is not None
    assert list(audit.verify()) == []
    return entry


def said(desk: Desk) -> tuple[str, Any, dict[str, Any]]:
    """Act, actor and what is told of it in the desk's last entry."""
    entry = last_entry(desk)
    return entry.action, entry.actor, entry.data


@pytest.fixture
def second_admin(desk: Desk) -> Caller:
    return caller("ada", Role.ADMIN, desk)


# --- the rule: the desk's admins, and of the account itself only who administers all of its desks ---------------

Act = Callable[[Desk, Person, Person], object]
ON_THE_MEMBERSHIP: dict[str, Act] = {
    "change-role": lambda desk, actor, person: accounts.change_role(
        desk, actor=actor, person=person, role=Role.EDITOR
    ),
    "remove-member": lambda desk, actor, person: accounts.remove_member(desk, actor=actor, person=person),
}
ON_THE_ACCOUNT: dict[str, Act] = {
    "new-password": lambda desk, actor, person: accounts.renew_password(desk, actor=actor, person=person),
    "deactivate": lambda desk, actor, person: accounts.deactivate(desk, actor=actor, person=person),
    "issue-key": lambda desk, actor, person: keys.issue(
        desk, actor=actor, person=person, label="a", scopes=[Scope.VERIFIED_READ]
    ),
    "rotate-key": lambda desk, actor, person: keys.rotate(
        desk, actor=actor, key=person.api_keys.get(), overlap_hours=1
    ),
    "revoke-key": lambda desk, actor, person: keys.revoke(desk, actor=actor, key=person.api_keys.get()),
}


@pytest.mark.parametrize("action", [*ON_THE_MEMBERSHIP, *ON_THE_ACCOUNT])
@pytest.mark.parametrize("who", ["checker", "editor", "client_key", "stranger"])
def test_nobody_but_the_desks_admins_may(
    action: str, who: str, desk: Desk, second_checker: Caller, request: pytest.FixtureRequest
) -> None:
    actor: Caller = request.getfixturevalue(who)
    before = AuditEntry.objects.count()
    with pytest.raises(NotAllowed):
        (ON_THE_MEMBERSHIP | ON_THE_ACCOUNT)[action](desk, actor.person, second_checker.person)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("action", [*ON_THE_MEMBERSHIP, *ON_THE_ACCOUNT])
def test_an_admin_may_and_the_desks_chain_says_so(
    action: str, desk: Desk, admin: Caller, checker: Caller
) -> None:
    (ON_THE_MEMBERSHIP | ON_THE_ACCOUNT)[action](desk, admin.person, checker.person)
    acted, actor, data = said(desk)
    assert (acted, actor, data["person"]) == (action, admin.person, str(checker.person.pk))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", [*ON_THE_MEMBERSHIP, *ON_THE_ACCOUNT])
def test_of_who_works_elsewhere_too_only_the_place_on_this_desk_is_an_admins(
    action: str, role: Role, desk: Desk, other_desk: Desk, admin: Caller, checker: Caller
) -> None:
    Membership.objects.create(person=checker.person, desk=other_desk, role=role)
    act = (ON_THE_MEMBERSHIP | ON_THE_ACCOUNT)[action]
    if action in ON_THE_MEMBERSHIP:
        act(desk, admin.person, checker.person)
        assert Membership.objects.get(person=checker.person, desk=other_desk).role == role
        return
    password = checker.person.password
    with pytest.raises(NotAllowed, match="desks that you do not administer"):
        act(desk, admin.person, checker.person)
    checker.person.refresh_from_db()
    assert (checker.person.password, checker.person.is_active) == (password, True)
    assert ApiKey.objects.get(person=checker.person).revoked_at is None


@pytest.mark.parametrize("action", list(ON_THE_ACCOUNT))
def test_who_administers_all_desks_of_somebody_is_in_charge_and_each_desk_is_told(
    action: str, desk: Desk, other_desk: Desk, admin: Caller, checker: Caller
) -> None:
    Membership.objects.create(person=checker.person, desk=other_desk, role=Role.EDITOR)
    Membership.objects.create(person=admin.person, desk=other_desk, role=Role.ADMIN)
    ON_THE_ACCOUNT[action](desk, admin.person, checker.person)
    assert said(desk)[0] == said(other_desk)[0] == action


def test_adding_somebody_to_a_desk_puts_nobody_in_charge_of_them(
    desk: Desk, admin: Caller, stranger: Caller
) -> None:
    accounts.add_member(desk, actor=admin.person, username="stranger", role=Role.CLIENT)
    with pytest.raises(NotAllowed):
        accounts.renew_password(desk, actor=admin.person, person=stranger.person)


def test_an_admin_who_was_just_demoted_may_not_go_on(desk: Desk, admin: Caller, second_admin: Caller) -> None:
    accounts.change_role(desk, actor=admin.person, person=second_admin.person, role=Role.EDITOR)
    with pytest.raises(NotAllowed):
        accounts.change_role(desk, actor=second_admin.person, person=admin.person, role=Role.EDITOR)


# --- adding ---------------------------------------------------------------------------------------------------


def test_a_new_person_can_log_in_with_what_is_told_once(desk: Desk, admin: Caller) -> None:
    person, password = accounts.add_person(
        desk, actor=admin.person, username="nina", full_name="Nina Example", role=Role.EDITOR
    )
    assert person.display_name == "Nina Example"
    assert Client().login(username="nina", password=password)
    assert said(desk) == (
        "add-person",
        admin.person,
        {"person": str(person.pk), "role": "editor", "service": False},
    )


def test_a_service_account_gets_no_password(desk: Desk, admin: Caller) -> None:
    person, password = accounts.add_person(
        desk, actor=admin.person, username="wire-bot", role=Role.CLIENT, service=True
    )
    assert password == ""
    assert not person.has_usable_password()
    with pytest.raises(IllegalState, match="has no password"):
        accounts.renew_password(desk, actor=admin.person, person=person)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"username": "olena"}, "/username"),
        ({"username": "OLENA"}, "/username"),
        ({"username": "two words"}, "/username"),
        ({"username": ""}, "/username"),
        ({"username": "x" * 151}, "/username"),
        ({"username": "nina", "email": "nobody"}, "/email"),
        ({"username": "nina", "full_name": "x" * 151}, "/full_name"),
    ],
)
def test_a_bad_new_person_is_refused_at_its_field(
    given: dict[str, str], pointer: str, desk: Desk, admin: Caller, checker: Caller
) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.add_person(desk, actor=admin.person, role=Role.EDITOR, **given)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert last_entry(desk).action == "issue-account"


@pytest.mark.parametrize("name", ["nobody", "STRANGER", "olena"])
def test_only_who_exists_and_is_not_there_yet_is_added(
    name: str, desk: Desk, admin: Caller, checker: Caller, stranger: Caller
) -> None:
    with pytest.raises(InvalidInput):
        accounts.add_member(desk, actor=admin.person, username=name, role=Role.EDITOR)


def test_somebody_of_another_desk_is_added_by_exact_name(desk: Desk, admin: Caller, stranger: Caller) -> None:
    accounts.add_member(desk, actor=admin.person, username="stranger", role=Role.FACT_CHECKER)
    assert Membership.objects.get(person=stranger.person, desk=desk).role == "fact_checker"
    assert said(desk)[0] == "add-member"


# --- what leaving takes with it ---------------------------------------------------------------------------------


@pytest.fixture
def busy(checker: Caller, editor: Caller) -> Caller:
    """A fact-checker who holds one review and is assigned another."""
    lease_of = file_claim(checker)["id"]
    assert lease(checker)["claim"]["id"] == lease_of
    other = file_claim(checker, statement="Another one.")["id"]
    assert editor.post(f"claims/{other}/assign/", {"to": "olena", "reason": "a"}).status_code == 200
    return checker


LEAVING: dict[str, Act] = {
    "deactivate": ON_THE_ACCOUNT["deactivate"],
    "remove-member": ON_THE_MEMBERSHIP["remove-member"],
    "change-role": lambda desk, actor, person: accounts.change_role(
        desk, actor=actor, person=person, role=Role.CLIENT
    ),
}


@pytest.mark.parametrize("action", list(LEAVING))
def test_nothing_waits_for_who_is_gone(
    action: str, desk: Desk, admin: Caller, busy: Caller, second_checker: Caller
) -> None:
    LEAVING[action](desk, admin.person, busy.person)
    assert not QueueEntry.objects.filter(holder=busy.person).exists()
    assert set(Claim.objects.values_list("stage", "assignee")) == {("queued", None)}
    assert {lease(second_checker)["claim"]["id"], lease(second_checker)["claim"]["id"]} == {
        str(claim) for claim in Claim.objects.values_list("pk", flat=True)
    }
    data = said(desk)[2]
    assert (len(data["released"]), len(data["unassigned"])) == (1, 1)


def test_a_role_among_the_staff_keeps_what_is_held(desk: Desk, admin: Caller, busy: Caller) -> None:
    accounts.change_role(desk, actor=admin.person, person=busy.person, role=Role.EDITOR)
    assert QueueEntry.objects.held().filter(holder=busy.person).exists()


def test_leaving_one_desk_keeps_what_is_held_on_another(
    desk: Desk, other_desk: Desk, admin: Caller, checker: Caller
) -> None:
    Membership.objects.create(person=checker.person, desk=other_desk, role=Role.FACT_CHECKER)
    file_claim(checker, desk=other_desk.slug)
    lease(checker)
    accounts.remove_member(desk, actor=admin.person, person=checker.person)
    assert QueueEntry.objects.held().filter(holder=checker.person, desk=other_desk).exists()


def test_the_deactivated_are_out_at_once_and_stay_out_of_old_sessions(
    desk: Desk, admin: Caller, checker: Caller
) -> None:
    browser = Client()
    browser.force_login(checker.person)
    assert browser.get("/preferences/").status_code == 200
    accounts.deactivate(desk, actor=admin.person, person=checker.person)
    assert browser.get("/preferences/").status_code == 302
    assert checker.get("claims/").status_code == 401
    password = accounts.reactivate(desk, actor=admin.person, person=checker.person)
    assert said(desk)[0] == "reactivate"
    assert browser.get("/preferences/").status_code == 302
    assert checker.get("claims/").status_code == 401
    assert browser.login(username="olena", password=password)


def test_a_new_password_ends_the_sessions_of_the_old_one(desk: Desk, admin: Caller, checker: Caller) -> None:
    browser = Client()
    browser.force_login(checker.person)
    password = accounts.renew_password(desk, actor=admin.person, person=checker.person)
    assert browser.get("/preferences/").status_code == 302
    assert browser.login(username="olena", password=password)


def test_nobody_deactivates_themselves(desk: Desk, admin: Caller, second_admin: Caller) -> None:
    with pytest.raises(IllegalState) as refused:
        accounts.deactivate(desk, actor=admin.person, person=admin.person)
    assert refused.value.code == "oneself"


@pytest.mark.parametrize("action", ["change-role", "remove-member"])
def test_the_last_admin_stays_one_and_others_may_step_down(
    action: str, desk: Desk, admin: Caller, checker: Caller
) -> None:
    # A machine and somebody who can't log in administer nothing.
    accounts.issue_account("bot", role=Role.ADMIN, desk=desk, service=True)
    gone = caller("gone", Role.ADMIN, desk)
    accounts.deactivate(desk, actor=admin.person, person=gone.person)
    with pytest.raises(IllegalState) as refused:
        ON_THE_MEMBERSHIP[action](desk, admin.person, admin.person)
    assert refused.value.code == "last_admin"
    accounts.change_role(desk, actor=admin.person, person=checker.person, role=Role.ADMIN)
    ON_THE_MEMBERSHIP[action](desk, admin.person, admin.person)
    assert said(desk)[0] == action


def test_a_machine_may_not_deactivate_the_last_admin(desk: Desk, admin: Caller) -> None:
    accounts.issue_account("bot", role=Role.ADMIN, desk=desk, service=True)
    with pytest.raises(IllegalState) as refused:
        accounts.deactivate(desk, actor=Person.objects.get(username="bot"), person=admin.person)
    assert refused.value.code == "last_admin"


def test_who_is_not_on_the_desk_is_not_acted_on(desk: Desk, admin: Caller, stranger: Caller) -> None:
    for act in (*LEAVING.values(), ON_THE_ACCOUNT["new-password"]):
        with pytest.raises(IllegalState):
            act(desk, admin.person, stranger.person)


# --- keys -----------------------------------------------------------------------------------------------------


def test_a_key_opens_what_its_scopes_say_until_it_ends(desk: Desk, admin: Caller, checker: Caller) -> None:
    _, secret = keys.issue(
        desk, actor=admin.person, person=checker.person, label="laptop", scopes=[Scope.INTERNAL_READ]
    )
    script = Caller(checker.person, secret)
    assert script.get("claims/").status_code == 200
    assert script.post("queue/next/").status_code == 403
    keys.revoke(desk, actor=admin.person, key=ApiKey.objects.get(label="laptop"))
    assert script.get("claims/").status_code == 401


@pytest.mark.parametrize("role", list(Role))
def test_a_key_carries_no_more_than_the_role(role: Role, desk: Desk, admin: Caller, checker: Caller) -> None:
    Membership.objects.filter(person=checker.person).update(role=role)
    for scope in Scope:
        issue = {"actor": admin.person, "person": checker.person, "label": "a", "scopes": [scope]}
        if scope in accounts.SCOPES[role]:
            keys.issue(desk, **issue)
        else:
            with pytest.raises(InvalidInput):
                keys.issue(desk, **issue)


def test_every_bad_part_of_a_key_is_named(desk: Desk, admin: Caller, checker: Caller) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys.issue(
            desk,
            actor=admin.person,
            person=checker.person,
            label=" ",
            scopes=[],
            expires_at=timezone.now() - timedelta(hours=1),
        )
    assert [error.pointer for error in refused.value.errors] == ["/label", "/scopes", "/expires_at"]


def test_rotating_leaves_both_keys_for_a_while(
    desk: Desk, admin: Caller, checker: Caller, time_machine: Any
) -> None:
    old = checker.person.api_keys.get()
    new, secret = keys.rotate(desk, actor=admin.person, key=old, overlap_hours=24)
    renewed = Caller(checker.person, secret)
    assert (new.label, sorted(new.scopes)) == (old.label, sorted(old.scopes))
    assert checker.get("claims/").status_code == renewed.get("claims/").status_code == 200
    time_machine.move_to(timezone.now() + timedelta(hours=24, seconds=1))
    assert checker.get("claims/").status_code == 401
    assert renewed.get("claims/").status_code == 200
    old.refresh_from_db()
    with pytest.raises(IllegalState):
        keys.rotate(desk, actor=admin.person, key=old, overlap_hours=24)


def test_rotating_gives_an_old_key_no_longer_life(desk: Desk, admin: Caller, checker: Caller) -> None:
    old, _ = keys.issue(
        desk,
        actor=admin.person,
        person=checker.person,
        label="a",
        scopes=[Scope.VERIFIED_READ],
        expires_at=(soon := timezone.now() + timedelta(hours=1)),
    )
    keys.rotate(desk, actor=admin.person, key=old, overlap_hours=24)
    old.refresh_from_db()
    assert old.expires_at == soon


def test_rotating_drops_what_the_role_no_longer_carries(desk: Desk, admin: Caller, editor: Caller) -> None:
    old = editor.person.api_keys.get()
    accounts.change_role(desk, actor=admin.person, person=editor.person, role=Role.FACT_CHECKER)
    new, _ = keys.rotate(desk, actor=admin.person, key=old, overlap_hours=0)
    assert set(new.scopes) == accounts.SCOPES[Role.FACT_CHECKER]
    assert editor.get("claims/").status_code == 401


def test_anybody_revokes_their_own_key_and_no_others(desk: Desk, checker: Caller, editor: Caller) -> None:
    with pytest.raises(Missing):
        keys.revoke_own(desk, actor=checker.person, key=editor.person.api_keys.get())
    keys.revoke_own(desk, actor=checker.person, key=checker.person.api_keys.get())
    assert said(desk)[:2] == ("revoke-key", checker.person)
    assert checker.get("claims/").status_code == 401
    with pytest.raises(IllegalState):
        keys.revoke_own(desk, actor=checker.person, key=checker.person.api_keys.get())


# --- policy ---------------------------------------------------------------------------------------------------


def test_only_what_changed_is_changed_and_told(desk: Desk, admin: Caller) -> None:
    changed = desks.change_policy(
        desk,
        actor=admin.person,
        changes={"house_name": " The  Courier ", "lease_limit": 3, "second_review": True},
    )
    assert changed == {
        "house_name": {"from": "Reuters", "to": "The Courier"},
        "second_review": {"from": False, "to": True},
    }
    entry = desks.last_change(desk)
    assert entry is not None
    assert (entry.actor, entry.data) == (admin.person, {"changes": changed})
    desk.refresh_from_db()
    assert (desk.house_name, desk.policy.required_dimensions) == ("The Courier", ["date", "location"])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"house_name": "  "}, "/house_name"),
        ({"house_name": "x" * 121}, "/house_name"),
        ({"house_name": "a\x00b"}, "/house_name"),
        ({"lease_seconds": 299}, "/lease_seconds"),
        ({"lease_seconds": 86401}, "/lease_seconds"),
        ({"lease_limit": 0}, "/lease_limit"),
        ({"skip_seconds": -1}, "/skip_seconds"),
        ({"lease_limit": 3}, ""),
    ],
)
def test_a_policy_that_could_not_work_is_refused(
    change: dict[str, Any], pointer: str, desk: Desk, admin: Caller
) -> None:
    with pytest.raises(InvalidInput) as refused:
        desks.change_policy(desk, actor=admin.person, changes=change)
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert desks.last_change(desk) is None


@pytest.mark.parametrize("who", ["checker", "editor", "client_key", "stranger"])
def test_only_admins_change_the_policy(who: str, desk: Desk, request: pytest.FixtureRequest) -> None:
    with pytest.raises(NotAllowed):
        desks.change_policy(
            desk, actor=request.getfixturevalue(who).person, changes={"house_name": "Somebody else"}
        )


# --- the operator's commands ------------------------------------------------------------------------------------


def told(*words: str) -> Any:
    out = StringIO()
    call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_second_desk_is_made_by_a_command_and_gets_its_admin(desk: Desk) -> None:
    made = told("desk", "sport", "--name", "Sport", "--house", "The Courier", "--require", "date")
    assert made == {
        "slug": "sport",
        "name": "Sport",
        "house_name": "The Courier",
        "required_dimensions": ["date"],
    }
    login = told("account", "sam", "--role", "admin", "--desk", "sport")
    browser = Client()
    assert browser.login(username=login["username"], password=login["password"])
    assert browser.get("/preferences/").context["desk"].slug == "sport"
    assert last_entry(Desk.objects.get(slug="sport")).action == "issue-account"


@pytest.mark.parametrize(
    ("slug", "name", "house", "status"),
    [("conflict", "A", "B", 1), ("no slug", "A", "B", 2), ("a", " ", "B", 2), ("a", "A", "x" * 121, 2)],
)
def test_a_desk_that_can_not_be_made_is_refused(
    slug: str, name: str, house: str, status: int, desk: Desk
) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("desk", slug, "--name", name, "--house", house)
    assert refused.value.returncode == status
    assert Desk.objects.get().name == "Conflict"


def test_the_operator_lets_somebody_in_again(desk: Desk, admin: Caller, checker: Caller) -> None:
    accounts.deactivate(desk, actor=admin.person, person=checker.person)
    login = told("account", "olena", "--role", "fact_checker")
    assert Client().login(username="olena", password=login["password"])


def test_every_refusal_leaves_the_chains_whole(desk: Desk, admin: Caller, checker: Caller) -> None:
    with pytest.raises(StetError):
        accounts.deactivate(desk, actor=checker.person, person=admin.person)
    assert list(audit.verify()) == []
