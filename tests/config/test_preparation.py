"""The logins and keys of `up.json` are made once, and made again where they were lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claims.models import Desk, Person
from config import preparation
from config.places import write_up
from config.preparation import accounts
from verification.services.accounts import ensure_desk

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def desk() -> Desk:
    return ensure_desk("Demo desk", house_name="Stet demo")


def test_a_first_start_issues_logins_for_people_and_keys_for_all(desk: Desk) -> None:
    made = accounts({}, desk=desk)
    assert set(made["logins"]) == {"fact_checker", "editor", "admin"}
    assert set(made["api_keys"]) == {"fact_checker", "editor", "admin", "client"}
    login = made["logins"]["editor"]
    assert Person.objects.get(username=login["username"]).check_password(login["password"])
    assert all(key.startswith("stet_") for key in made["api_keys"].values())


def test_a_later_start_keeps_what_is_there(desk: Desk) -> None:
    made = accounts({}, desk=desk)
    assert accounts({"url": "http://127.0.0.1:1", **made}, desk=desk) == made


@pytest.mark.parametrize("lost", ["logins", "api_keys"])
def test_what_up_json_lost_is_issued_again(desk: Desk, lost: str) -> None:
    made = accounts({}, desk=desk)
    again = accounts({**made, lost: {}}, desk=desk)
    assert again["logins"]["fact_checker"]["password"] != made["logins"]["fact_checker"]["password"]
    assert again["api_keys"]["editor"] != made["api_keys"]["editor"]
    assert Person.objects.count() == 4


def test_a_database_that_was_lost_gets_people_again(desk: Desk) -> None:
    elsewhere: dict[str, Any] = {
        "logins": {role: {"username": "x", "password": "x"} for role in ("fact_checker", "editor", "admin")},
        "api_keys": dict.fromkeys(("fact_checker", "editor", "admin", "client"), "stet_x"),
    }
    assert "stet_x" not in accounts(elsewhere, desk=desk)["api_keys"].values()
    assert Person.objects.count() == 4


def test_a_first_start_finds_the_demo_case_and_a_later_one_the_same(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR = tmp_path
    settings.ARCHIVE_URL = str(tmp_path / "archive")
    migrated = []
    monkeypatch.setattr(preparation, "call_command", lambda verb, **_: migrated.append(verb))
    made = preparation.prepare()
    desk = Desk.objects.get(slug="demo")
    assert migrated == ["migrate"]
    assert (desk.house_name, desk.policy.required_dimensions) == ("Reuters", ["date", "location"])
    assert desk.claims.count() == 20
    write_up(tmp_path, {"url": "http://127.0.0.1:1", **made})
    assert preparation.prepare() == made
    assert desk.claims.count() == 20


def test_a_database_that_desks_live_in_gets_no_demo(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    ensure_desk("Foreign news", house_name="the BBC")
    assert preparation.prepare() == {"logins": {}, "api_keys": {}}
    assert not Desk.objects.filter(slug="demo").exists()
