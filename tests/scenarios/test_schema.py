"""The OpenAPI document is valid, complete and the kept one; and no call that it allows or forbids breaks the server."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import TWO_VIDEOS, Caller, decide, file_claim, lease, published, submitted
from tests.scenarios.test_access import ROWS

pytestmark = [pytest.mark.django_db, pytest.mark.database]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KEPT = Path(__file__).parents[2] / "docs" / "openapi.yaml"


@pytest.fixture
def document(db: None) -> dict[str, Any]:
    response = Client().get("/api/v1/schema/?format=json")
    assert response.status_code == 200
    served: dict[str, Any] = json.loads(response.content)
    return served


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_address_is_described(document: dict[str, Any]) -> None:
    described = {
        (method.upper(), re.sub(r"{(\w+)}", r"<\1>", path).removeprefix("/api/v1/"))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert described == {(method, path) for method, path in ROWS if path[0] != "/" and path != "schema/"}


def test_every_call_has_a_name_of_its_own_and_says_what_it_takes_and_gives(document: dict[str, Any]) -> None:
    calls = [call for operations in document["paths"].values() for call in operations.values()]
    names = [call["operationId"] for call in calls]
    assert len(set(names)) == len(names)
    for call in calls:
        assert call["description"], call["operationId"]
        assert {"apiKey", "session"} <= {name for scheme in call["security"] for name in scheme}
        assert "default" in call["responses"]
        assert any(status[0] == "2" for status in call["responses"]), call["operationId"]


def test_the_kept_document_is_what_the_code_says(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--file", str(made), "--validate", "--fail-on-warn")
    kept, new = KEPT.read_text().splitlines(), made.read_text().splitlines()
    if kept != new:
        change = "\n".join(list(difflib.unified_diff(kept, new, "docs/openapi.yaml", "the code", n=1))[:60])
        pytest.fail(f"The API changed. Write the document anew with `make schema` and look at its diff:\n{change}")  # fmt: skip


def described_answer(document: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of a call's answer; fails for one that is not described."""
    for template, operations in document["paths"].items():
        pattern = re.sub(r"{\w+}", "[^/]+", template)
        # Fixed addresses such as claims/bulk/ are written without a parameter and tell themselves apart.
        if re.fullmatch(pattern, path) and method.lower() in operations:
            answers = operations[method.lower()]["responses"]
            (content,) = answers.get(str(status), answers["default"])["content"].values()
            schema: dict[str, Any] = content["schema"]
            return {**schema, "components": document["components"]}
    raise LookupError(f"{method} {path} is not described")


def test_what_the_whole_road_answers_has_the_shape_that_is_described(
    document: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    checker: Caller,
    editor: Caller,
    admin: Caller,
    client_key: Caller,
) -> None:
    plain, tried = Caller.call, set()

    def checked(self: Caller, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = plain(self, method, path, body, **headers)
        if not response.streaming and response.content:
            route = f"/api/v1/{path.partition('?')[0]}"
            schema = described_answer(document, method, route, response.status_code)
            Draft202012Validator(schema).validate(response.json())
            tried.add((method, path.partition("?")[0].split("/")[-2], response.status_code))
        return response

    monkeypatch.setattr(Caller, "call", checked)
    walk_the_road(checker, editor, admin, client_key)
    assert len(tried) > 40
    for act in ("publish", "amend", "correct", "hold", "release", "withdraw"):
        assert ("POST", act, 200) in tried


def walk_the_road(checker: Caller, editor: Caller, admin: Caller, client: Caller) -> None:
    why = {"reason": "because"}
    place = {"name": "Kherson", "latitude": 46.6, "longitude": 32.6, "radius_m": 9000}
    video = {"url": "https://media.example/one.mp4", "claimed_location": place}
    claim = file_claim(checker, media=[video, video], claimed_location=place)["id"]
    leased = lease(checker)
    for dimension in ("location", "date", "statement"):
        decide(checker, leased, dimension, "verified", value={"location": place, "date": "2022-10-04"}.get(dimension))  # fmt: skip
    note = checker.post(f"claims/{claim}/notes/", {"body": "a"}).json()["id"]
    checker.post(f"claims/{claim}/notes/{note}/strike/")
    checker.post(f"queue/leases/{leased['lease_token']}/renew/")
    for part in ("", "notes/", "verdicts/", "media/", "gate/", "status-line/", "history/"):
        checker.get(f"claims/{claim}/{part}")
    checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]})
    later = {"embargo_until": "2100-01-01T00:00:00Z", "public_location_radius_m": 3000}
    for act, body in (
        ("publish", later), ("hold", why), ("release", why), ("publish", {}), ("amend", why), ("publish", {}), ("hold", why),
        ("release", why), ("correct", {**why, "cause": "update"}), ("withdraw", {**why, "cause": "legal"}), ("reopen", why),
        ("assign", {"to": "olena"}), ("drop", why), ("reopen", why), ("request-recheck", why),
    ):  # fmt: skip
        editor.post(f"claims/{claim}/{act}/", body)
    public = published(checker, editor, statement="One more.", priority="breaking")["claim"]
    other = file_claim(checker, draft=True, external_id="a")
    checker.patch(f"claims/{other['ref']}/", {"tags": ["a"]}, If_Match='"1"')
    checker.patch(f"claims/{other['ref']}/", {"tags": ["b"]}, If_Match='"1"')
    checker.post(f"claims/{other['id']}/duplicate/", {**why, "of": public})
    checker.post("claims/bulk/", [{"statement": "a"}, {**TWO_VIDEOS, "external_id": "b"}])
    for page in ("claims/", "queue/", "findings/", "checks/", f"media/{leased['claim']['media'][0]['id']}/"):
        checker.get(page)
    for page in (
        "published/",
        "verified/",
        "changes/",
        f"published/{public}/",
        f"published/{claim}/",
        "claims/",
    ):
        client.get(page)
    hold = f"claims/{claim}/legal-hold/"
    admin.post(hold, why)
    admin.call("DELETE", hold)
    admin.post(f"claims/{claim}/redact/", {**why, "target": "statement", "legal_ground": "a court order"})
    checker.get(f"claims/{claim}/")
    client.get("changes/")


@pytest.fixture
def staged(checker: Caller, editor: Caller, admin: Caller) -> tuple[list[str], dict[str, list[Any]]]:
    """Keys of an editor and an admin, and the ids of things that there are, by the name of the path's part."""
    public, waits = published(checker, editor)["claim"], submitted(checker)["id"]
    filed = file_claim(editor, media=[{"url": "https://media.example/one.mp4"}], draft=True)
    file_claim(editor)
    leased = lease(editor)
    under_review = leased["claim"]["id"]
    note = editor.post(f"claims/{under_review}/notes/", {"body": "a"}).json()["id"]
    media = filed["media"][0]["id"]
    entered = {"kind": "landmark", "reason": "a", "side": "not_before", "date": "2019"}
    bound = editor.post(f"media/{media}/bounds/", entered).json()["id"]
    there = {
        "name": [public, waits, filed["id"], filed["ref"], under_review],
        "slug": ["conflict"],
        "claim_id": [public],
        "media_id": [filed["media"][0]["id"]],
        "note_id": [note],
        "bound_id": [bound],
        "entry_id": [leased["entry"]["id"]],
        "token": [leased["lease_token"]],
    }
    return [editor.key, admin.key], there


@pytest.fixture
def one_connection(staged: Any) -> Iterator[None]:
    """Calls from outside Django's client would close the connection that holds the test's transaction.

    After the staging, since that client connects the signals again.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_no_call_whatever_it_holds_breaks_the_server_or_the_document(
    staged: tuple[list[str], dict[str, list[Any]]], subtests: pytest.Subtests
) -> None:
    keys, there = staged
    server = get_wsgi_application()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # As a server does: the whole answer, then its end, which closes what was uploaded.
        with closing(server(environ, start_response)) as answer:
            return [b"".join(answer)]

    described = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", app)
    for found in described.get_all_operations():
        operation = found.ok()
        cases = st.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )

        @settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases, data=st.data())
        def tried(case: schemathesis.Case, data: st.DataObject) -> None:
            for part in case.path_parameters or {}:
                if data.draw(st.booleans()) and part in there:
                    case.path_parameters[part] = data.draw(st.sampled_from(there[part]))
            key = data.draw(st.sampled_from(keys))
            with transaction.atomic():
                response = case.call(headers={"Authorization": f"Bearer {key}"})
                case.validate_response(response, checks=CHECKS)
                transaction.set_rollback(True)

        with subtests.test(operation.label):
            tried()
