"""The frame of the pages: coming in, which desk, who may see what, and how refusals look."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from claims.models import Desk, Membership, Person
from tests.conftest import Caller, file_claim

Pages = Callable[[Caller], Client]


def test_strangers_are_asked_to_log_in_and_come_back(desk: Desk) -> None:
    person = Person.objects.create_user("olena", password="a long password indeed")
    Membership.objects.create(person=person, desk=desk, role="fact_checker")
    browser = Client()
    response = browser.get("/queue/")
    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/queue/"
    told = browser.post("/login/", {"username": "olena", "password": "wrong", "next": "/queue/"})
    assert "Please enter a correct username" in told.content.decode()
    come = browser.post(
        "/login/", {"username": "olena", "password": "a long password indeed", "next": "/queue/"}
    )
    assert come["Location"] == "/queue/"
    assert browser.post("/logout/")["Location"] == "/login/"
    assert browser.get("/queue/").status_code == 302


def test_a_poll_after_the_session_ended_leads_nobody_away(desk: Desk) -> None:
    response = Client().get("/queue/", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert "HX-Redirect" not in response


def test_who_is_on_no_desk_is_told_so_and_clients_have_no_pages(pages: Pages, client_key: Caller) -> None:
    response = pages(client_key).get("/queue/")
    assert response.status_code == 403
    assert "reads what is published, by API" in response.content.decode()
    client_key.person.memberships.all().delete()
    assert "You work on no desk yet" in pages(client_key).get("/queue/").content.decode()


def test_the_desk_is_switched_among_ones_own(
    pages: Pages, checker: Caller, other_desk: Desk, desk: Desk
) -> None:
    Membership.objects.create(person=checker.person, desk=other_desk, role="editor")
    browser = pages(checker)
    assert browser.get("/preferences/").context["desk"] == desk
    assert browser.post("/desk/switch/", {"desk": other_desk.slug})["Location"] == "/queue/"
    assert browser.get("/preferences/").context["desk"] == other_desk
    unknown = browser.post("/desk/switch/", {"desk": "nobody's", "back": "https://evil.example/"})
    assert unknown.status_code == 404
    elsewhere = browser.post("/desk/switch/", {"desk": desk.slug, "back": "https://evil.example/"})
    assert elsewhere["Location"] == "/queue/"


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_preferences_are_kept_for_the_person(theme: str, pages: Pages, checker: Caller) -> None:
    browser = pages(checker)
    assert browser.post("/preferences/", {"theme": theme}).status_code == 302
    html = browser.get("/preferences/").content.decode()
    assert f'data-theme="{theme}"' in html
    assert 'data-shortcuts="off"' in html
    assert browser.post("/preferences/", {"theme": "pink"}).status_code == 200
    checker.person.refresh_from_db()
    assert (checker.person.theme, checker.person.shortcuts) == (theme, False)


def test_pages_are_strict_about_where_their_parts_come_from(pages: Pages, checker: Caller) -> None:
    response = pages(checker).get("/help/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    html = response.content.decode()
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert "https://" not in html
    assert " style=" not in html
    assert "<script>" not in html


def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(db: Any) -> None:
    browser = Client()
    assert browser.get("/nowhere/")["Content-Type"].startswith("text/html")
    assert browser.get("/api/v1/nowhere/")["Content-Type"] == "application/problem+json"


def test_an_upload_that_is_too_large_is_refused_in_words(
    pages: Pages, checker: Caller, settings: Any
) -> None:
    claim = file_claim(checker)
    settings.UPLOAD_MAX_BYTES = 1000
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(checker.person)
    browser.get("/queue/")
    file = SimpleUploadedFile("big.jpg", b"x" * 2000)
    token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    response = browser.post(f"/claims/{claim['ref']}/media/", {**token, "file": file})
    assert response.status_code == 413
    assert "at most 1000 bytes" in response.content.decode()
    sent = Client().post(
        f"/api/v1/claims/{claim['ref']}/media/",
        {"file": SimpleUploadedFile("big.jpg", b"x" * 2000)},
        headers={"Authorization": f"Bearer {checker.key}"},
    )
    assert (sent.status_code, sent.json()["code"]) == (413, "too_large")
    assert "at most 1000 bytes" in sent.json()["detail"]


def test_what_is_private_is_kept_by_no_cache_between_and_gone_with_the_logout(
    pages: Pages, checker: Caller
) -> None:
    browser = pages(checker)
    claim = file_claim(checker)
    for path in (
        "/queue/",
        "/claims/",
        f"/claims/{claim['ref']}/",
        f"/claims/{claim['ref']}/sign-off/",
        "/help/",
    ):
        kept = browser.get(path)["Cache-Control"]
        assert {"private", "no-cache"} <= set(kept.split(", ")), path
    assert browser.post("/logout/")["Clear-Site-Data"] == '"cache"'


def test_who_was_logged_out_meanwhile_comes_back_to_the_page_and_not_to_a_form_s_address(
    checker: Caller,
) -> None:
    claim = file_claim(checker)
    here = f"/claims/{claim['ref']}/"
    led = Client().post(f"{here}note/", headers={"Referer": f"http://testserver{here}?a=b"})
    assert led["Location"] == f"/login/?next={here}%3Fa%3Db"
    elsewhere = Client().post(f"{here}note/", headers={"Referer": "https://evil.example/trap"})
    assert elsewhere["Location"] == "/login/?next=/"


def test_a_form_s_address_opened_as_a_page_says_so(pages: Pages, checker: Caller) -> None:
    response = pages(checker).get("/queue/next/")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "only takes what a form" in response.content.decode()


def test_a_form_from_before_the_login_is_refused_in_words(checker: Caller) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(checker.person)
    response = browser.post("/queue/next/")
    assert response.status_code == 403
    assert "opened before you logged in" in response.content.decode()
    part = browser.post("/queue/next/", headers={"HX-Request": "true"})
    assert (part.status_code, part["Content-Type"]) == (403, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/queue/?language=a%00b", None),
        ("/claims/{ref}/note/", {"body": "a\x00b"}),
        ("/claims/{ref}/skip/", {"reason": "a\x00b"}),
        ("/claims/{ref}/draft/", {"dimension": "date", "reason": "a\x00b"}),
    ],
)
def test_no_text_holds_what_a_database_can_t(
    path: str, body: dict[str, str] | None, pages: Pages, checker: Caller
) -> None:
    claim = file_claim(checker)
    browser = pages(checker)
    browser.post(f"/claims/{claim['ref']}/take/")
    address = path.format(ref=claim["ref"])
    answer = browser.get(address) if body is None else browser.post(address, body)
    assert answer.status_code == 400
    assert "U+0000" in answer.content.decode()


VENDOR = Path(__file__).resolve().parents[2] / "verification/desk/static/vendor"


def test_vendored_files_are_those_of_the_list_each_with_its_licence() -> None:
    listed = dict(
        reversed(line.split("  ", 1)) for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
    )
    there = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert there == listed
    for package in (path for path in VENDOR.iterdir() if path.is_dir()):
        assert (package / "LICENSE").is_file(), package
        assert "@" in package.name, "a package's folder says its version"
