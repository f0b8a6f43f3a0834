"""Who may open which page: every route there is against every kind of caller, and what none may see of another desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from claims.models import Asset, Claim, Person
from claims.vocabulary import JobState
from tests.conftest import Caller, everything, file_claim, lease, published
from tests.scenarios.test_access import is_page
from verification.domain.bulk import BulkAction
from verification.models import Job, MediaMatch, Told
from verification.services import bulk_runs
from verification.services.bulk import Arguments

pytestmark = [pytest.mark.django_db, pytest.mark.database]

# ok: gets past the guard, whatever the state or the form says then; none: a page on which nothing is of the desk;
# login: is led to the login; else the status. A method that a route is not named with here is answered 405.
TABLE = """
                                            anonymous client checker editor admin stranger
GET  /                                          login 403    ok      ok     ok     none
GET  /login/                                    ok    ok     ok      ok     ok     none
POST /login/                                    ok    ok     ok      ok     ok     none
PUT  /login/                                    ok    ok     ok      ok     ok     none
POST /logout/                                   login login  login   login  login  login
POST /desk/switch/                              login 403    ok      ok     ok     404
GET  /preferences/                              login 403    ok      ok     ok     none
POST /preferences/                              login 403    ok      ok     ok     none
GET  /preferences/telling/                      login 403    ok      ok     ok     none
POST /preferences/telling/                      login 403    ok      ok     ok     none
POST /preferences/telling/test/                 login 403    ok      ok     ok     none
GET  /inbox/                                    login 403    ok      ok     ok     none
GET  /inbox/bell/                               login 403    ok      ok     ok     none
POST /inbox/read/                               login 403    404     404    ok     404
GET  /inbox/<told_id>/                          login 403    404     404    ok     404
POST /claims/<ref>/follow/                      login 403    ok      ok     ok     404
GET  /help/                                     login 403    ok      ok     ok     none
GET  /queue/                                    login 403    ok      ok     ok     none
GET  /queue/live/                               login 403    ok      ok     ok     none
POST /queue/give-back/                          login 403    ok      ok     ok     none
POST /queue/next/                               login 403    ok      ok     ok     none
POST /queue/<entry_id>/take/                    login 403    ok      ok     ok     404
GET  /claims/new/                               login 403    ok      ok     ok     none
POST /claims/new/                               login 403    ok      ok     ok     none
GET  /claims/new/date/                          login 403    ok      ok     ok     none
GET  /claims/new/place/                         login 403    ok      ok     ok     none
POST /claims/new/already-here/                  login 403    ok      ok     ok     none
GET  /claims/                                   login 403    ok      ok     ok     none
GET  /claims/rows/                              login 403    ok      ok     ok     none
POST /claims/bulk/                              login 403    ok      ok     ok     none
GET  /claims/bulk/<run_id>/                     login 403    ok      404    404    404
POST /claims/bulk/<run_id>/go-on/               login 403    ok      404    404    404
POST /claims/bulk/<run_id>/confirm/             login 403    ok      404    404    404
POST /claims/bulk/<run_id>/undo/                login 403    ok      404    404    404
GET  /claims/<ref>/                             login 403    ok      ok     ok     404
GET  /claims/<ref>/lease/                       login 403    ok      ok     ok     404
POST /claims/<ref>/take/                        login 403    ok      ok     ok     404
POST /claims/<ref>/verdict/                     login 403    ok      ok     ok     404
POST /claims/<ref>/undo/                        login 403    ok      ok     ok     404
POST /claims/<ref>/fill-in/                     login 403    ok      ok     ok     404
POST /claims/<ref>/take-over/                   login 403    ok      ok     ok     404
POST /claims/<ref>/submit/                      login 403    ok      ok     ok     404
POST /claims/<ref>/draft/                       login 403    ok      ok     ok     404
POST /claims/<ref>/draft/discard/               login 403    ok      ok     ok     404
POST /claims/<ref>/renew/                       login 403    ok      ok     ok     404
POST /claims/<ref>/hand-back/                   login 403    ok      ok     ok     404
POST /claims/<ref>/skip/                        login 403    ok      ok     ok     404
GET  /claims/<ref>/together/                    login 403    ok      ok     ok     404
POST /claims/<ref>/hand-over/                   login 403    ok      ok     ok     404
POST /claims/<ref>/invite/                      login 403    ok      ok     ok     404
POST /claims/<ref>/uninvite/                    login 403    ok      ok     ok     404
POST /claims/<ref>/note/                        login 403    ok      ok     ok     404
POST /claims/<ref>/notes/<note_id>/strike/      login 403    ok      ok     ok     404
POST /claims/<ref>/duplicate/                   login 403    ok      ok     ok     404
POST /claims/<ref>/reopen/                      login 403    ok      ok     ok     404
GET  /claims/<ref>/edit/                        login 403    ok      ok     ok     404
POST /claims/<ref>/edit/                        login 403    ok      ok     ok     404
POST /claims/<ref>/queue/                       login 403    ok      ok     ok     404
POST /claims/<ref>/media/                       login 403    ok      ok     ok     404
GET  /media/<media_id>/player/                  login 403    ok      ok     ok     404
GET  /media/<media_id>/found/                   login 403    ok      ok     ok     404
GET  /media/<media_id>/sun/                     login 403    ok      ok     ok     404
POST /media/<media_id>/fetch-again/             login 403    ok      ok     ok     404
POST /media/<media_id>/examine-again/           login 403    ok      ok     ok     404
POST /media/<media_id>/bound/                   login 403    ok      ok     ok     404
POST /media/<media_id>/bounds/<bound_id>/strike/ login 403   ok      ok     ok     404
POST /media/<media_id>/similar/<match_id>/      login 403    ok      ok     ok     404
GET  /contacts/                                 login 403    ok      ok     ok     none
GET  /media/<media_id>/rights/                  login 403    ok      ok     ok     404
POST /media/<media_id>/rights/                  login 403    ok      ok     ok     404
GET  /claims/<ref>/sign-off/                    login 403    ok      ok     ok     404
POST /claims/<ref>/sign-off/                    login 403    403     ok     ok     404
GET  /claims/<ref>/sign-off/gate/               login 403    ok      ok     ok     404
POST /claims/<ref>/bundle/                      login 403    ok      ok     ok     404
GET  /claims/<ref>/erase/                       login 403    403     403    ok     404
POST /claims/<ref>/erase/                       login 403    403     403    ok     404
GET  /numbers/                                  login 403    ok      ok     ok     none
GET  /published/<claim_id>/                     login ok     ok      ok     ok     ok
GET  /preferences/keys/                         login 403    ok      ok     ok     none
POST /preferences/keys/<key_id>/revoke/         login 403    404     404    404    404
GET  /admin/people/                             login 403    403     403    ok     none
GET  /admin/people/add/                         login 403    403     403    ok     none
POST /admin/people/add/                         login 403    403     403    ok     none
POST /admin/people/join/                        login 403    403     403    ok     none
GET  /admin/people/<person_id>/                 login 403    403     403    ok     404
POST /admin/people/<person_id>/role/            login 403    403     403    ok     404
POST /admin/people/<person_id>/brings/          login 403    403     403    ok     404
POST /admin/people/<person_id>/password/        login 403    403     403    ok     404
POST /admin/people/<person_id>/deactivate/      login 403    403     403    ok     404
POST /admin/people/<person_id>/reactivate/      login 403    403     403    ok     404
POST /admin/people/<person_id>/remove/          login 403    403     403    ok     404
GET  /admin/people/<person_id>/key/             login 403    403     403    ok     404
POST /admin/people/<person_id>/key/             login 403    403     403    ok     404
GET  /admin/keys/                               login 403    403     403    ok     none
GET  /admin/keys/issue/                         login 403    403     403    ok     none
GET  /admin/keys/<key_id>/                      login 403    403     403    ok     404
POST /admin/keys/<key_id>/rotate/               login 403    403     403    ok     404
POST /admin/keys/<key_id>/revoke/               login 403    403     403    ok     404
GET  /admin/policy/                             login 403    403     403    ok     none
POST /admin/policy/                             login 403    403     403    ok     none
GET  /admin/audit/                              login 403    403     403    ok     none
GET  /admin/audit/system/                       login 403    403     403    ok     none
GET  /admin/audit/claims/<ref>/                 login 403    403     403    ok     404
GET  /admin/jobs/                               login 403    403     403    ok     none
GET  /admin/jobs/live/                          login 403    403     403    ok     none
POST /admin/jobs/retry/                         login 403    403     403    ok     404
"""
WHO, *LINES = (line.split() for line in TABLE.strip().splitlines())
ROWS = {(method, path): dict(zip(WHO, cells, strict=True)) for method, path, *cells in LINES}
# Those who change nothing are tried first.
ORDER = ["anonymous", "client", "stranger", "checker", "editor", "admin"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes(patterns: Any, before: str = "/") -> Iterator[str]:
    """The paths of all pages, as the table writes them."""
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern) and is_page(pattern):
            yield re.sub(r"<\w+:(\w+)>", r"<\1>", here)


PATHS = list(routes(get_resolver().url_patterns))


BOUND = {"kind": "landmark", "reason": "The bridge", "side": "not_before", "date": "2019"}


def test_every_page_is_in_the_table() -> None:
    assert set(PATHS) == {path for _, path in ROWS}


@pytest.fixture
def scene(checker: Caller, second_checker: Caller, editor: Caller, admin: Caller) -> dict[str, str]:
    """A claim under review with media, a note, of which an admin was told, and a failed job; another that waits; one
    that is public; a colleague."""
    public = published(checker, editor)["claim"]
    claim = file_claim(checker, media=[{"url": "https://media.example/one.mp4"}])
    upload = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.gif", b"GIF89a")})
    media = checker.call(
        "POST", f"claims/{claim['id']}/media/", upload, Content_Type=MULTIPART_CONTENT
    ).json()["id"]
    asset = Asset.objects.get(items=media)
    twin = Asset.objects.create(
        sha256="ab" * 32, size_bytes=1, media_type="image/gif", kind="photo", archived_at=timezone.now()
    )
    match = MediaMatch.objects.create(
        desk=asset.items.get().claim.desk, older=twin, newer=asset, distance=9, turn="none", found_at=timezone.now()
    )  # fmt: skip
    note = checker.post(f"claims/{claim['id']}/notes/", {"body": "@adam"}).json()["id"]
    bound = checker.post(f"media/{media}/bounds/", BOUND).json()["id"]
    asked = {"media": media, "account": "@a", "text": "May we?", "channel": "message"}
    assert checker.post(f"claims/{claim['id']}/contacts/", asked).status_code == 201
    leased = lease(checker)
    waiting = file_claim(checker, statement="Another one.")
    entry = checker.get(f"claims/{waiting['id']}/").json()["queue_entry"]["id"]
    job = Job.objects.filter(kind="capture").get()
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
    colleague = second_checker.person
    run = bulk_runs.begin(
        [Claim.objects.get(pk=waiting["id"]).pk], actor=checker.person, desk=colleague.memberships.get().desk,
        act=BulkAction.DROP, arguments=Arguments(reason="because"),
    )  # fmt: skip
    bulk_runs.go_on(run, actor=checker.person)
    return {
        "run_id": str(run.pk),
        "claim_id": public,
        "ref": claim["ref"],
        "media_id": media,
        "match_id": str(match.pk),
        "note_id": note,
        "told_id": str(Told.objects.get(person=admin.person).pk),
        "bound_id": bound,
        "entry_id": entry,
        "token": leased["lease_token"],
        "person_id": str(colleague.pk),
        "key_id": str(colleague.api_keys.get().pk),
        "job_id": str(job.pk),
        "person": colleague.username,
    }


@pytest.fixture
def browsers(
    checker: Caller, editor: Caller, admin: Caller, client_key: Caller, stranger: Caller
) -> dict[str, Callable[[], Client]]:
    """A fresh browser for each kind of caller: what one call does to a session is not the next one's."""

    def of(person: Person | None) -> Callable[[], Client]:
        def fresh() -> Client:
            client = Client()
            if person is not None:
                client.force_login(person)
            return client

        return fresh

    named = {"client": client_key, "checker": checker, "editor": editor, "admin": admin, "stranger": stranger}
    return {"anonymous": of(None), **{name: of(caller.person) for name, caller in named.items()}}


def form_for(path: str, scene: dict[str, str]) -> dict[str, str]:
    """What is sent where an empty form would not get as far as the guard."""
    return {
        "/desk/switch/": {"desk": "conflict"},
        "/claims/bulk/": {"act": "drop", "claim": scene["ref"]},
        "/media/<media_id>/similar/<match_id>/": {"state": "confirmed", "reason": "because"},
        "/claims/<ref>/sign-off/": {"act": "hold", "reason": "because"},
        "/media/<media_id>/bound/": BOUND,
        "/media/<media_id>/bounds/<bound_id>/strike/": {"reason": "because"},
        "/media/<media_id>/rights/": {"act": "permission", "permission": "refused"},
        "/inbox/read/": {"until": scene["told_id"]},
        "/admin/jobs/retry/": {"job": scene["job_id"]},
        "/admin/people/<person_id>/role/": {"role": "editor"},
    }.get(path, {})


def fill(path: str, scene: dict[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda match: scene[match[1]], path)


def answer(response: Any, scene: dict[str, str]) -> str:
    """What the table calls an answer."""
    if response.status_code == 302 and response["Location"].startswith("/login/"):
        return "login"
    if response.status_code in {401, 403, 404, 405} or response.status_code >= 500:
        return str(response.status_code)
    if response.streaming:
        return "ok"
    seen = response.content.decode() + response.get("Location", "")
    of_the_desk = [name for name, value in scene.items() if value in seen]
    return "ok" if of_the_desk else "none"


def test_each_caller_gets_the_answer_of_the_table(
    scene: dict[str, str], browsers: dict[str, Callable[[], Client]], subtests: pytest.Subtests
) -> None:
    for method, path in ROWS:
        form = form_for(path, scene)
        for who in ORDER:
            expected = ROWS[method, path][who]
            with subtests.test(f"{method} {path} as {who}"), transaction.atomic():
                browser = browsers[who]()
                before = everything()
                response = browser.generic(
                    method,
                    fill(path, scene),
                    encode_multipart(BOUNDARY, form) if method == "POST" else b"",
                    MULTIPART_CONTENT,
                )
                given = answer(response, scene)
                # A page without anything of the desk's is no refusal either.
                assert given == expected or (expected, given) == ("ok", "none"), (
                    given,
                    response.content[:300],
                )
                if expected != "ok" and not (expected == "none" and method == "POST"):
                    assert everything() == before
                transaction.set_rollback(True)


def test_a_method_that_is_not_in_the_table_is_not_allowed(
    scene: dict[str, str], browsers: dict[str, Callable[[], Client]], subtests: pytest.Subtests
) -> None:
    for path in PATHS:
        for method in METHODS:
            if (method, path) not in ROWS:
                with subtests.test(f"{method} {path}"):
                    assert browsers["admin"]().generic(method, fill(path, scene)).status_code == 405


def test_another_desks_pages_name_nothing_of_this_one(
    scene: dict[str, str], browsers: dict[str, Callable[[], Client]]
) -> None:
    """The table's "none" must be able to fail: who belongs to the desk sees what the stranger does not."""
    seen = [
        path
        for (method, path), cells in ROWS.items()
        if method == "GET" and cells["stranger"] == "none" and "<" not in path
        if answer(browsers["admin"]().get(path), scene) == "ok"
    ]
    assert {"/queue/", "/claims/", "/admin/people/", "/admin/keys/", "/admin/audit/", "/admin/jobs/"} <= set(
        seen
    )
