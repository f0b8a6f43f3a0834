"""Desks, people and clients that tests start from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from claims.models import ApiKey, Desk, Person
from claims.vocabulary import Dimension, Role
from verification.services.accounts import ensure_desk, issue_account

TWO_VIDEOS = {
    "statement": "Ukrainian soldiers raised flags in two retaken villages on Tuesday.",
    "language": "en",
    "source": {"name": "A regional administration", "kind": "official"},
    "claimed_date": {"edtf": "2022-10-04", "timezone": "Europe/Kyiv"},
}
CHURCH = {"method": "geolocation", "feature": "church beside a T-junction"}


@pytest.fixture(autouse=True)
def cheap_passwords(settings: Any) -> None:
    """Real password hashes are slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass
class Caller:
    """Somebody who calls the API with a key."""

    person: Person
    key: str

    def __post_init__(self) -> None:
        self.client = Client()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response; `.json()` for its body. Header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            data=b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type=named.pop("Content-Type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}", **named},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)


def caller(name: str, role: Role, desk: Desk) -> Caller:
    account = issue_account(name, role=role, desk=desk)
    return Caller(Person.objects.get(username=name), account.api_key)


@pytest.fixture(autouse=True)
def _world_of_its_own(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test finds what another one archived, or rings somebody else's workers."""
    settings.ARCHIVE_URL = str(tmp_path_factory.mktemp("archive"))
    settings.CHECKPOINT_DIR = tmp_path_factory.mktemp("checkpoints")
    # No worker listens: what is rung in a test is done by the loop that the test itself calls.
    settings.REDIS_URL = ""
    # What this machine has installed changes nothing; those who test it switch it on.
    settings.EXIFTOOL = None
    # All media hosts of tests are one host on loopback; politeness has tests of its own.
    settings.HOST_CONCURRENCY, settings.HOST_DELAY_SECONDS = 100, 0


@pytest.fixture
def desk(db: None) -> Desk:
    """A desk in the name of Reuters that requires location and date."""
    return ensure_desk(
        "Conflict", house_name="Reuters", required=frozenset({Dimension.LOCATION, Dimension.DATE})
    )


@pytest.fixture
def other_desk(db: None) -> Desk:
    return ensure_desk("Elsewhere", house_name="the BBC")


@pytest.fixture
def checker(desk: Desk) -> Caller:
    return caller("olena", Role.FACT_CHECKER, desk)


@pytest.fixture
def second_checker(desk: Desk) -> Caller:
    return caller("marko", Role.FACT_CHECKER, desk)


@pytest.fixture
def editor(desk: Desk) -> Caller:
    return caller("edith", Role.EDITOR, desk)


@pytest.fixture
def admin(desk: Desk) -> Caller:
    return caller("adam", Role.ADMIN, desk)


@pytest.fixture
def client_key(desk: Desk) -> Caller:
    return caller("wire", Role.CLIENT, desk)


@pytest.fixture
def stranger(other_desk: Desk) -> Caller:
    """An admin, but of another desk."""
    return caller("stranger", Role.ADMIN, other_desk)


def file_claim(checker: Caller, **changes: Any) -> dict[str, Any]:
    """A claim as its filing answered it."""
    response = checker.post("claims/", {**TWO_VIDEOS, **changes})
    assert response.status_code == 201, response.content
    filed: dict[str, Any] = response.json()
    return filed


def lease(checker: Caller) -> dict[str, Any]:
    response = checker.post("queue/next/")
    assert response.status_code == 200, response.content
    leased: dict[str, Any] = response.json()
    return leased


def decide(checker: Caller, leased: dict[str, Any], dimension: str, status: str, **more: Any) -> Any:
    """Records a verdict with the basis that it needs."""
    body = {
        "lease_token": leased["lease_token"],
        "dimension": dimension,
        "status": status,
        "reason": "because",
        **({"basis": [CHURCH]} if status in {"verified", "contradicted"} else {}),
        **more,
    }
    return checker.post(f"claims/{leased['claim']['id']}/verdicts/", body)


def review(checker: Caller, decisions: dict[str, str], *, entry_of: str | None = None) -> str:
    """One whole review of what the queue offers, or of what waits for the claim; the claim's id."""
    if entry_of is None:
        leased = lease(checker)
    else:
        entry = checker.get(f"claims/{entry_of}/").json()["queue_entry"]["id"]
        leased = checker.post(f"queue/{entry}/lease/").json()
    for dimension, status in decisions.items():
        recorded = decide(checker, leased, dimension, status)
        assert recorded.status_code == 201, recorded.content
    claim: str = leased["claim"]["id"]
    done = checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    assert done.status_code == 200, done.content
    return claim


def submitted(checker: Caller, **changes: Any) -> dict[str, Any]:
    """A claim with location verified and date unverified, awaiting sign-off."""
    file_claim(checker, **changes)
    leased = lease(checker)
    assert decide(checker, leased, "location", "verified").status_code == 201
    assert decide(checker, leased, "date", "unverified").status_code == 201
    response = checker.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]})
    assert response.status_code == 200, response.content
    claim: dict[str, Any] = response.json()
    return claim


def published(checker: Caller, editor: Caller, **changes: Any) -> dict[str, Any]:
    """A claim that is public; its publication."""
    claim = submitted(checker, **changes)
    response = editor.post(f"claims/{claim['id']}/publish/")
    assert response.status_code == 200, response.content
    publication: dict[str, Any] = response.json()
    return publication


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row there is, to see that nothing changed; only when a key was last used may."""
    models = [*apps.get_app_config("claims").get_models(), *apps.get_app_config("verification").get_models()]
    rows = {}
    with connection.cursor() as cursor:
        for meta in [model._meta for model in models if model is not ApiKey]:
            cursor.execute(f"SELECT * FROM {meta.db_table} ORDER BY {meta.pk.column}")
            rows[meta.db_table] = cursor.fetchall()
    return rows


def refused(
    response: Any, *statuses: int, code: str | None = None, pointer: str | None = None
) -> dict[str, Any]:
    """The problem that a refusal is answered with, in the contract's form; `pointer` names the bad field."""
    assert response.status_code in statuses, (response.status_code, response.content[:500])
    assert response["Content-Type"] == "application/problem+json", response.content[:500]
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert all(problem[name] for name in ("type", "title", "detail", "code")), problem
    if code is not None:
        assert problem["code"] == code, problem
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem.get("errors", ())], problem
        assert all(error["detail"] and error["code"] for error in problem["errors"])
    return problem


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever touches the database runs again on PostgreSQL."""
    for item in items:
        if item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)
