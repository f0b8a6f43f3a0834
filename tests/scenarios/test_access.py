"""Who may call what: every address there is against every kind of caller, and what none may see of another desk."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from claims.api.authentication import issue_key
from claims.media import working
from claims.models import ApiKey, Asset
from claims.vocabulary import Scope
from tests.conftest import (
    TWO_VIDEOS,
    Caller,
    decide,
    everything,
    file_claim,
    lease,
    published,
    refused,
    submitted,
)
from verification.models import CheckRun, FindingRow, LegalHold, MediaMatch, TellingWishes
from verification.services import work

pytestmark = [pytest.mark.django_db, pytest.mark.database]

WHY = {"reason": "because"}
QUERIES = {"media/<media_id>/sun/": "?at=2022-10-04T14:00"}
SAID = {"text": "May we?", "channel": "message"}
BOUND = {"kind": "landmark", "reason": "The bridge", "side": "not_before", "date": "2019"}
# ok: gets past the guard, whatever the state says then; none: an answer in which there is nothing of the desk's.
TABLE = """
                                            anonymous client checker editor admin stranger session
GET    published/                             401      ok     ok      ok     ok     ok      ok
GET    verified/                              401      ok     ok      ok     ok     ok      ok
GET    published/snapshot/                    401      ok     ok      ok     ok     ok      ok
GET    published/<claim_id>/                  401      ok     ok      ok     ok     ok      ok
GET    changes/                               401      ok     ok      ok     ok     ok      ok
GET    claims/                                401      403    ok      ok     ok     none    none
POST   claims/                                401      403    ok      ok     ok     ok      400
POST   claims/bulk/                           401      403    ok      ok     ok     ok      none
POST   claims/bulk-act/                       401      403    ok      ok     ok     none    none
POST   claims/bulk-act/undo/                  401      403    ok      404    404    404     404
GET    claims/<name>/                         401      403    ok      ok     ok     404     404
PATCH  claims/<name>/                         401      403    ok      ok     ok     404     404
POST   claims/<name>/queue/                   401      403    ok      ok     ok     404     404
GET    claims/<name>/media/                   401      403    ok      ok     ok     404     404
POST   claims/<name>/media/                   401      403    ok      ok     ok     404     404
GET    claims/<name>/notes/                   401      403    ok      ok     ok     404     404
POST   claims/<name>/notes/                   401      403    ok      ok     ok     404     404
POST   claims/<name>/notes/<note_id>/strike/  401      403    ok      ok     ok     404     404
GET    claims/<name>/contacts/                401      403    ok      ok     ok     404     404
POST   claims/<name>/contacts/                401      403    ok      ok     ok     404     404
GET    contacts/                              401      403    ok      ok     ok     none    none
GET    contacts/<contact_id>/                 401      403    ok      ok     ok     404     404
POST   contacts/<contact_id>/ask-again/       401      403    ok      ok     ok     404     404
POST   contacts/<contact_id>/answer/          401      403    ok      ok     ok     404     404
POST   contacts/<contact_id>/close/           401      403    ok      ok     ok     404     404
GET    claims/<name>/verdicts/                401      403    ok      ok     ok     404     404
POST   claims/<name>/verdicts/                401      403    ok      ok     ok     404     404
POST   claims/<name>/verdicts/undo/           401      403    ok      ok     ok     404     404
POST   claims/<name>/verdicts/<verdict_id>/take-over/ 401 403   ok      ok     ok     404     404
POST   claims/<name>/submit/                  401      403    ok      ok     ok     404     404
GET    claims/<name>/gate/                    401      403    ok      ok     ok     404     404
GET    claims/<name>/status-line/             401      403    ok      ok     ok     404     404
GET    claims/<name>/history/                 401      403    ok      ok     ok     404     404
GET    claims/<name>/said/                    401      403    ok      ok     ok     404     404
GET    claims/<name>/bundle/                 401      403    ok      ok     ok     404     404
POST   claims/<name>/redact/                  401      403    403     403    ok     404     404
POST   claims/<name>/legal-hold/              401      403    403     403    ok     404     404
DELETE claims/<name>/legal-hold/              401      403    403     403    ok     404     404
GET    claims/<name>/duplicates/              401      403    ok      ok     ok     404     404
POST   claims/duplicates/                     401      403    ok      ok     ok     ok      400
POST   claims/<name>/drop/                    401      403    ok      ok     ok     404     404
POST   claims/<name>/reopen/                  401      403    ok      ok     ok     404     404
POST   claims/<name>/request-recheck/         401      403    ok      ok     ok     404     404
POST   claims/<name>/request-second-review/   401      403    ok      ok     ok     404     404
POST   claims/<name>/cancel-review/           401      403    ok      ok     ok     404     404
POST   claims/<name>/duplicate/               401      403    ok      ok     ok     404     404
GET    claims/<name>/offers/                  401      403    ok      ok     ok     404     404
POST   claims/<name>/assign/                  401      403    403     ok     ok     404     404
POST   claims/<name>/ask/                     401      403    403     ok     ok     404     404
POST   claims/<name>/unask/                   401      403    403     ok     ok     404     404
POST   claims/<name>/publish/                 401      403    403     ok     ok     404     404
POST   claims/<name>/amend/                   401      403    403     ok     ok     404     404
POST   claims/<name>/correct/                 401      403    403     ok     ok     404     404
POST   claims/<name>/hold/                    401      403    403     ok     ok     404     404
POST   claims/<name>/release/                 401      403    403     ok     ok     404     404
POST   claims/<name>/withdraw/                401      403    403     ok     ok     404     404
GET    media/<media_id>/                      401      403    ok      ok     ok     404     404
GET    media/<media_id>/file/                 401      403    ok      ok     ok     404     404
GET    media/<media_id>/stills/               401      403    ok      ok     ok     404     404
GET    media/<media_id>/stills/<still>        401      403    ok      ok     ok     404     404
GET    media/<media_id>/bounds/                  401      403    ok      ok     ok     404     404
POST   media/<media_id>/bounds/                  401      403    ok      ok     ok     404     404
POST   media/<media_id>/bounds/<bound_id>/strike/  401      403    ok      ok     ok     404     404
GET    media/<media_id>/permission/           401      403    ok      ok     ok     404     404
POST   media/<media_id>/permission/           401      403    ok      ok     ok     404     404
GET    media/<media_id>/sun/                  401      403    ok      ok     ok     404     404
GET    media/<media_id>/similar/             401      403    ok      ok     ok     404     404
POST   media/<media_id>/similar/<match_id>/  401      403    ok      ok     ok     404     404
POST   media/<media_id>/recapture/            401      403    ok      ok     ok     404     404
POST   media/<media_id>/recheck/              401      403    ok      ok     ok     404     404
GET    checks/                                401      403    ok      ok     ok     ok      ok
GET    findings/                              401      403    ok      ok     ok     none    none
POST   claims/<name>/follow/                  401      403    ok      ok     ok     404     404
DELETE claims/<name>/follow/                  401      403    ok      ok     ok     404     404
GET    inbox/                                 401      403    ok      ok     ok     none    none
POST   inbox/read/                            401      403    ok      ok     ok     ok      ok
GET    me/telling/                            401      403    ok      ok     ok     ok      ok
PATCH  me/telling/                            401      403    ok      ok     ok     ok      ok
POST   me/telling/test/                       401      403    ok      ok     ok     ok      ok
GET    desks/<slug>/numbers/                  401      403    ok      ok     ok     404     404
GET    queue/                                 401      403    ok      ok     ok     none    none
POST   queue/next/                            401      403    ok      ok     ok     none    none
POST   queue/<entry_id>/lease/                401      403    ok      ok     ok     404     404
POST   queue/<entry_id>/break/                401      403    403     ok     ok     404     404
POST   queue/leases/release/                  401      403    ok      ok     ok     none    none
POST   queue/leases/<token>/hand-over/        401      403    ok      423    423    423     423
POST   queue/leases/<token>/invite/           401      403    ok      423    423    423     423
POST   queue/leases/<token>/renew/            401      403    ok      423    423    423     423
POST   queue/leases/<token>/release/          401      403    ok      423    423    423     423
POST   queue/leases/<token>/skip/             401      403    ok      423    423    423     423
GET    schema/                                ok       ok     ok      ok     ok     ok      ok
GET    /api/docs/                             ok       ok     ok      ok     ok     ok      ok
GET    /.well-known/stet-signing-key.json      ok       ok     ok      ok     ok     ok      ok
GET    /healthz                               ok       ok     ok      ok     ok     ok      ok
GET    /readyz                                ok       ok     ok      ok     ok     ok      ok
"""
WHO, *LINES = (line.split() for line in TABLE.strip().splitlines())
# Those who change nothing are tried first.
ORDER = sorted(WHO, key=["anonymous", "client", "stranger", "session", "checker", "editor", "admin"].index)
ROWS = {(method, path): dict(zip(WHO, cells, strict=True)) for method, path, *cells in LINES}


def is_page(pattern: URLPattern) -> bool:
    module = inspect.unwrap(pattern.callback).__module__
    return module.startswith(("verification.desk", "django.contrib.auth"))


def addresses(patterns: Any, before: str = "/") -> Iterator[tuple[str, str]]:
    """Method and path of all that the URL conf leads to, as the table writes them."""
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        # Pages have a table of their own: tests/desk/test_access.py.
        elif isinstance(pattern, URLPattern) and not is_page(pattern):
            path = re.sub(r"<\w+:(\w+)>", r"<\1>", here).removeprefix("/api/v1/")
            view = getattr(pattern.callback, "cls", None) if path[:1] != "/" else None
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view, method) or (view is None and method == "get"):
                    yield method.upper(), path


def test_every_address_is_in_the_table() -> None:
    assert set(addresses(get_resolver().url_patterns)) == set(ROWS)


@pytest.fixture
def scene(checker: Caller, editor: Caller, settings: Any, tmp_path: Any) -> dict[str, str]:
    """A claim under review with an uploaded photo, a finding and a note, another that waits, and one that is public."""
    settings.ARCHIVE_URL = str(tmp_path)
    public = published(checker, editor)["claim"]
    claim = file_claim(checker, claimed_location={"name": "Kyiv", "latitude": 50.45, "longitude": 30.5})["id"]
    upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.gif", b"GIF89a")})
    media = checker.call("POST", f"claims/{claim}/media/", upload, Content_Type=MULTIPART_CONTENT).json()["id"]  # fmt: skip
    asset = Asset.objects.get(items=media)
    working.keep(working.WorkingCopy(asset.sha256, None), b"\xff\xd8\xff")
    run = CheckRun.objects.create(
        media_id=media, check_slug="x", version="1", state="done", ran_at=timezone.now()
    )
    FindingRow.objects.create(run=run, position=0, dimension="date", stance="neutral", sentence="It is.")
    twin = Asset.objects.create(
        sha256="ab" * 32, size_bytes=1, media_type="image/gif", kind="photo", archived_at=timezone.now()
    )
    match = MediaMatch.objects.create(
        desk_id=asset.items.get().claim.desk_id, older=twin, newer=asset, distance=9, turn="none",
        found_at=timezone.now(),
    )  # fmt: skip
    note = checker.post(f"claims/{claim}/notes/", {"body": "a"}).json()["id"]
    bound = checker.post(f"media/{media}/bounds/", BOUND).json()["id"]
    contact = checker.post(f"claims/{claim}/contacts/", {**SAID, "media": media, "account": "@a"}).json()[
        "id"
    ]
    leased = lease(checker)
    verdict = decide(checker, leased, "date", "unverified").json()["verdicts"][0]["id"]
    other = file_claim(checker, statement="Another one.")["id"]
    tagged = checker.post("claims/bulk-act/", {"act": "tag", "claims": [other], "add_tags": ["a"]}).json()
    LegalHold.objects.create(claim_id=claim, reason="a", placed_by=editor.person, placed_at=timezone.now())
    work.beat(work.LOOP)
    return {
        "slug": "conflict",
        "claim_id": public,
        "name": claim,
        "media_id": media,
        "still": "copy.jpg",
        "match_id": str(match.pk),
        "note_id": note,
        "contact_id": contact,
        "verdict_id": verdict,
        "bound_id": bound,
        "entry_id": leased["entry"]["id"],
        "token": leased["lease_token"],
        "undo": tagged["undo"],
    }


@pytest.fixture
def callers(
    checker: Caller, editor: Caller, admin: Caller, client_key: Caller, stranger: Caller
) -> dict[str, Caller]:
    session = Caller(client_key.person, "")
    session.client.force_login(client_key.person)
    named = {"client": client_key, "checker": checker, "editor": editor, "admin": admin, "stranger": stranger}
    for caller in named.values():
        TellingWishes.objects.create(person=caller.person, email_address="somebody@newsroom.example")
    return {"anonymous": Caller(client_key.person, ""), "session": session, **named}


def body_for(path: str, scene: dict[str, str]) -> Any:
    if path == "claims/bulk/":
        return [{**TWO_VIDEOS, "language": "?"}]
    if path == "claims/bulk-act/":
        # Written otherwise than the scene writes it: a result says how the caller named the claim.
        named = scene["name"].replace("-", "")
        return {"act": "tag", "claims": [named], "add_tags": ["flags"]}
    token = {"lease_token": scene["token"]}
    bodies: dict[str, Any] = {
        "claims/": TWO_VIDEOS,
        "claims/bulk-act/undo/": {"undo": scene["undo"]},
        "claims/duplicates/": {"statement": TWO_VIDEOS["statement"]},
        "claims/<name>/": {"priority": "high"},
        "claims/<name>/media/": {"url": "https://media.example/one.mp4"},
        "claims/<name>/notes/": {"body": "a"},
        "media/<media_id>/bounds/": BOUND,
        "claims/<name>/contacts/": {**SAID, "media": scene["media_id"], "account": "@b"},
        "contacts/<contact_id>/ask-again/": SAID,
        "contacts/<contact_id>/answer/": SAID,
        "media/<media_id>/permission/": {"permission": "refused"},
        "claims/<name>/verdicts/": {**token, "dimension": "date", "status": "unverified", "reason": "a"},
        "claims/<name>/verdicts/undo/": token,
        "claims/<name>/verdicts/<verdict_id>/take-over/": {**token, **WHY},
        "claims/<name>/submit/": token,
        "claims/<name>/duplicate/": {**WHY, "of": scene["claim_id"]},
        "claims/<name>/assign/": {"to": None},
        "claims/<name>/ask/": {"dimension": "date", "due_at": "2999-01-01T00:00:00Z"},
        "claims/<name>/unask/": {"dimension": "date"},
        "queue/leases/<token>/hand-over/": {"to": None},
        "queue/leases/<token>/invite/": {"person": "edith"},
        "media/<media_id>/similar/<match_id>/": {**WHY, "state": "confirmed"},
        "inbox/read/": {},
        "me/telling/": {"digest_hour": 7},
        "me/telling/test/": {"channel": "email"},
        "claims/<name>/redact/": {**WHY, "target": "statement", "legal_ground": "a court order"},
    }
    takes_none = (
        "/queue/",
        "/follow/",
        "/publish/",
        "/recapture/",
        "/recheck/",
        "/next/",
        "/lease/",
        "/renew/",
    )
    if path.endswith(takes_none) or (path.startswith("queue/leases/") and path.endswith("/release/")):
        return {}
    return bodies.get(path, WHY)


def test_each_caller_gets_the_answer_of_the_table(
    scene: dict[str, str], callers: dict[str, Caller], subtests: pytest.Subtests
) -> None:
    for method, path in ROWS:
        with subtests.test(f"{method} {path}"), transaction.atomic():
            answers_are_right(method, path, scene, callers)
            transaction.set_rollback(True)


def answers_are_right(method: str, path: str, scene: dict[str, str], callers: dict[str, Caller]) -> None:
    work.beat(work.LOOP)  # the scene may be older than a heartbeat may be
    before = everything()
    cells = ROWS[method, path]
    # Where everybody may come in, one who is nobody stands for all.
    for who in ORDER[:1] if set(cells.values()) == {"ok"} else ORDER:
        expected = cells[who]
        caller = callers[who]
        headers = {"If_Match": '"1"'} if method == "PATCH" else {}
        if who in {"anonymous", "session"}:
            headers["Authorization"] = ""
        filled = re.sub(r"<(\w+)>", lambda match: scene[match[1]], path) + QUERIES.get(path, "")
        # Addresses outside the API begin with a slash.
        route = f"../..{filled}" if filled[0] == "/" else filled
        body = None if method in {"GET", "DELETE"} else body_for(path, scene)
        response = call(caller, method, route, body, headers)
        if expected == "ok":
            assert response.status_code not in {400, 401, 403, 404, 405} and response.status_code < 500, who
        elif expected == "none":
            assert response.status_code in {200, 204}, who
            seen = response.content.decode()
            assert not [name for name, value in scene.items() if value in seen], who
        else:
            refused(response, int(expected))
            assert response.has_header("WWW-Authenticate") == (expected == "401")
        if response.streaming:
            list(response.streaming_content)
        if expected == "ok":
            before = everything()
        assert everything() == before, who


def call(caller: Caller, method: str, route: str, body: Any, headers: dict[str, str]) -> Any:
    if not route.startswith("../.."):
        return caller.call(method, route, body, **headers)
    key = headers.get("Authorization", f"Bearer {caller.key}")
    return caller.client.generic(method, route.removeprefix("../.."), headers={"Authorization": key})


def test_another_desk_is_found_by_no_question(
    scene: dict[str, str], stranger: Caller, checker: Caller
) -> None:
    mine = file_claim(stranger)
    assert mine["possible_duplicates"] == []
    ref = checker.get(f"claims/{scene['name']}/").json()["ref"]
    refused(stranger.get(f"claims/{ref}/"), 404)
    for asked in ("q=flags", f"q={ref}", "desk=conflict", "stage=in_review,published", "location=verified", "language=en"):  # fmt: skip
        rows = stranger.get(f"claims/?{asked}").json()["results"]
        assert {row["id"] for row in rows} <= {mine["id"]}, asked
    assert stranger.get("queue/").json()["summary"]["waiting"] == 1
    assert stranger.get(f"findings/?media={scene['media_id']}").json()["results"] == []
    refused(stranger.post(f"claims/{mine['id']}/duplicate/", {**WHY, "of": ref}), 400, pointer="/of")
    source = checker.get(f"claims/{scene['name']}/").json()["source"]["id"]
    refused(stranger.post("claims/", {**TWO_VIDEOS, "source": source}), 400, pointer="/source")
    refused(stranger.post("claims/", {**TWO_VIDEOS, "desk": "conflict"}), 400, pointer="/desk")
    refused(stranger.post("queue/next/", {"desk": "conflict"}), 400, pointer="/desk")


def test_what_is_under_embargo_is_invisible_to_clients(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    claim = submitted(checker)["id"]
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    assert editor.post(f"claims/{claim}/publish/", {"embargo_until": until}).status_code == 200
    for page in ("published/", "verified/", "changes/", f"published/?q={claim}"):
        assert claim.encode() not in client_key.get(page).content.replace(b"q=" + claim.encode(), b"")
    assert claim.encode() not in b"".join(client_key.get("published/snapshot/").streaming_content)
    for asked in ("", "?version=1", f"?as_of={until.replace('+00:00', 'Z')}"):
        refused(client_key.get(f"published/{claim}/{asked}"), 404)


def test_a_key_is_good_for_its_scopes_while_it_lasts(checker: Caller) -> None:
    key, secret = issue_key(checker.person, label="narrow", scopes=[Scope.CLAIMS_WRITE])
    narrow = Caller(checker.person, secret)
    assert narrow.post("claims/", TWO_VIDEOS).status_code == 201
    for path in ("claims/", "published/", "queue/", "findings/"):
        refused(narrow.get(path), 403)
        assert narrow.call("HEAD", path).status_code == 403
    assert checker.call("HEAD", "claims/").status_code == 200
    refused(Caller(checker.person, secret[:-1] + ("a" if secret[-1] != "a" else "b")).get("claims/"), 401)

    def broken(**changes: Any) -> None:
        ApiKey.objects.filter(pk=key.pk).update(**changes)
        problem = refused(narrow.post("claims/", TWO_VIDEOS), 401)
        assert problem["detail"] == "This key is not valid: it is mistyped, expired or revoked."
        ApiKey.objects.filter(pk=key.pk).update(expires_at=None, revoked_at=None)
        assert narrow.post("claims/", TWO_VIDEOS).status_code == 201

    broken(expires_at=timezone.now())
    broken(revoked_at=timezone.now())
    checker.person.is_active = False
    checker.person.save()
    response = narrow.post("claims/", TWO_VIDEOS)
    refused(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_session_has_its_roles_and_writes_only_with_a_csrf_token(checker: Caller, editor: Caller) -> None:
    claim = submitted(checker)["id"]
    token = "a" * 32
    for person, status in ((checker.person, 403), (editor.person, 200)):
        page = Client(enforce_csrf_checks=True)
        page.force_login(person)
        assert page.get(f"/api/v1/claims/{claim}/").status_code == 200
        publish: dict[str, Any] = {"path": f"/api/v1/claims/{claim}/publish/", "data": json.dumps({})}
        before = everything()
        refused(page.post(**publish, content_type="application/json"), 403)
        assert everything() == before
        page.cookies["csrftoken"] = token
        response = page.post(**publish, content_type="application/json", headers={"X-CSRFToken": token})
        assert response.status_code == status, response.content


@pytest.mark.parametrize("is_open", [False, True])
def test_the_house_may_open_what_is_published_and_nothing_else(
    is_open: bool, scene: dict[str, str], settings: Any
) -> None:
    settings.PUBLIC_READ = is_open
    for method, path in ROWS:
        if method != "GET" or path[0] == "/" or path == "schema/":
            continue
        is_public = path.startswith(("published/", "verified/", "changes/"))
        filled = re.sub(r"<(\w+)>", lambda match: scene[match[1]], path)
        response = Client().get(f"/api/v1/{filled}")
        assert response.status_code == (200 if is_open and is_public else 401), path
