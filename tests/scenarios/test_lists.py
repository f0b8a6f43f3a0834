"""Lists: pages that neither repeat nor skip while others write, and filters that find what they name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from claims.models import Claim
from tests.conftest import TWO_VIDEOS, Caller, decide, file_claim, lease, published, refused
from verification.models import CheckRun, FindingRow, QueueEntry

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def titles(by: Caller, path: str) -> list[str]:
    response = by.get(path)
    assert response.status_code == 200, response.content
    return [row["statement"] for row in response.json()["results"]]


def route(link: str) -> str:
    """What follows the API's base in a link of a page."""
    return link.partition("/api/v1/")[2] or link


def paged(
    by: Caller, path: str, way: str = "next", between: Callable[[], object] = lambda: None
) -> list[str]:
    """The ids on every page, followed by its links; `between` happens after each page."""
    found: list[str] = []
    link: str | None = path
    while link:
        page = by.get(route(link)).json()
        ids = [row["id"] for row in page["results"]]
        found = [*found, *ids] if way == "next" else [*ids, *found]
        link = page[way]
        between()
    return found


@pytest.mark.parametrize("ordering", ["-created_at", "created_at", "-updated_at", "updated_at"])
def test_pages_go_forward_and_back_without_repeats_or_gaps(ordering: str, checker: Caller) -> None:
    filed = [file_claim(checker, statement=str(number))["id"] for number in range(7)]
    # Three of one instant: the id decides between them.
    at = datetime(2022, 10, 4, tzinfo=UTC)
    Claim.objects.filter(pk__in=filed[2:5]).update(created_at=at, updated_at=at)
    whole = paged(checker, f"claims/?ordering={ordering}&page_size=200")
    assert sorted(whole) == sorted(filed)
    assert paged(checker, f"claims/?ordering={opposite(ordering)}") == whole[::-1]
    for size in (1, 2, 3, 7):
        path = f"claims/?ordering={ordering}&page_size={size}"
        assert paged(checker, path) == whole
        last = path
        while link := checker.get(last).json()["next"]:
            last = route(link)
        assert paged(checker, last, "previous") == whole


def opposite(ordering: str) -> str:
    return ordering.removeprefix("-") if ordering.startswith("-") else f"-{ordering}"


@pytest.mark.parametrize("ordering", ["-created_at", "created_at"])
def test_what_is_filed_or_leaves_meanwhile_shifts_nothing(ordering: str, checker: Caller) -> None:
    filed = [file_claim(checker, statement=str(number))["id"] for number in range(6)]
    at = timezone.now()

    def meanwhile() -> None:
        for moment in (at - timedelta(days=1), at + timedelta(days=1)):
            added = file_claim(checker, statement="new")["id"]
            Claim.objects.filter(pk=added).update(created_at=moment)
        left = Claim.objects.filter(statement__content="new").order_by("created_at").last()
        assert left is not None
        Claim.objects.filter(pk=left.pk).update(language="left")

    path = f"claims/?ordering={ordering}&page_size=2&language=en"
    bounded = paged_few(checker, path, meanwhile)
    assert [claim for claim in bounded if claim in filed] == (filed if ordering == "created_at" else filed[::-1])  # fmt: skip
    assert len(set(bounded)) == len(bounded)


def paged_few(by: Caller, path: str, meanwhile: Callable[[], None]) -> list[str]:
    rounds = iter(range(3))
    return paged(by, path, between=lambda: meanwhile() if next(rounds, None) is not None else None)


@pytest.mark.parametrize("path", ["claims/{}/notes/", "claims/{}/history/"])
def test_every_list_pages_alike(path: str, checker: Caller) -> None:
    claim = file_claim(checker)["id"]
    for number in range(5):
        checker.post(f"claims/{claim}/notes/", {"body": str(number)})
    shown = [row["hash" if "history" in path else "id"] for row in checker.get(path.format(claim)).json()["results"]]  # fmt: skip
    found, link = [], f"{path.format(claim)}?page_size=2"
    while link:
        page = checker.get(route(link)).json()
        found += [row["hash" if "history" in path else "id"] for row in page["results"]]
        link = page["next"]
    assert found == shown
    assert len(shown) >= 5


def test_public_pages_stay_put_while_more_is_published(
    checker: Caller, editor: Caller, client_key: Caller
) -> None:
    first = [published(checker, editor, statement=str(number))["claim"] for number in range(5)]
    page = client_key.get("published/?page_size=2").json()
    published(checker, editor, statement="later")
    rest = client_key.get(route(page["next"])).json()
    assert [row["claim"] for row in page["results"] + rest["results"]] == first[::-1][:4]


@pytest.fixture
def shelf(checker: Caller, second_checker: Caller, editor: Caller) -> None:
    """Claims a..f, each with something of its own."""
    kherson = {"name": "Kherson", "latitude": 46.6, "longitude": 32.6}
    fiji = {"name": "Taveuni", "latitude": -16.8, "longitude": 179.9}
    samoa = {"name": "Apia", "latitude": -13.8, "longitude": -171.8}
    source = {"name": "Ministry of the Interior", "kind": "official"}
    file_claim(checker, statement="a", claimed_location=kherson, tags=["Київ", "flag"], claimed_date="2022-10-04")  # fmt: skip
    file_claim(checker, statement="b", claimed_location=fiji, tags=["flagship"], claimed_date="2022-11")
    file_claim(checker, statement="c", claimed_location=samoa, tags=['say "hi"', "a\\b"], claimed_date="2023-01-01/..")  # fmt: skip
    file_claim(checker, statement="d", language="uk", source=source, claimed_date=None)
    file_claim(checker, statement="e 100% sure", draft=True, priority="high", claimed_date=None)
    video = file_claim(checker, statement="f", claimed_date=None, media=[{"url": "https://media.example/one.mp4"}])["media"][0]["id"]  # fmt: skip
    by_statement = {claim.statement.content: claim for claim in Claim.objects.all()}
    editor.post(f"claims/{by_statement['b'].pk}/assign/", {"to": "marko"})
    entry = QueueEntry.objects.get(claim=by_statement["d"])
    QueueEntry.objects.filter(pk=entry.pk).update(due_at=datetime(2022, 10, 5, tzinfo=UTC))
    run = CheckRun.objects.create(media_id=video, check_slug="x", version="1", state="done", ran_at=timezone.now())  # fmt: skip
    FindingRow.objects.create(run=run, position=0, dimension="date", stance="contradicts", sentence="No.")
    leased = lease(second_checker)
    for dimension, status in (("location", "verified"), ("date", "unverified"), ("source", "verified")):
        decide(second_checker, leased, dimension, status)
    second_checker.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]})


FOUND = [
    ("q=100%25", "e"), ("q=E 100", "e"), ("q=%25", "e"), ("q=_", ""), ("q=nonesuch", ""),
    ("stage=draft", "e"), ("stage=draft,awaiting_signoff", "b e"), ("stage=held", ""),
    ("desk=conflict", "a b c d e f"), ("desk=elsewhere", ""),
    ("source=interior", "d"), ("source=verified", "b"), ("source=verified,not_checked", "a b c d e f"),
    ("tag=flag", "a"), ("tag=Київ", "a"), ('tag=say "hi"', "c"), ("tag=a\\b", "c"), ('tag=Київ", "flag', ""), ("tag=fl", ""),
    ("language=uk", "d"), ("language=uk,en", "a b c d e f"), ("language=fr", ""),
    ("priority=high", "e"), ("priority=breaking,high", "e"), ("priority=low", ""),
    ("assignee=marko", "b"), ("assignee=olena", ""),
    ("location=verified", "b"), ("location=verified&date=unverified", "b"), ("location=verified&date=verified", ""),
    ("date=unverified,verified", "b"), ("location=not_checked", "a c d e f"), ("authenticity=contradicted", ""),
    ("motivation=not_checked&statement=not_checked&provenance=not_checked", "a b c d e f"),
    ("has_contradiction=true", "f"), ("has_contradiction=false", "a b c d e"),
    ("due_before=2022-10-06T00:00:00Z", "d"), ("due_before=2022-10-05T00:00:00Z", ""),
    ("claimed_after=2022-10-20T00:00:00Z", "b c"), ("claimed_after=2030-01-01T00:00:00Z", "c"),
    ("claimed_before=2022-10-20T00:00:00Z", "a"), ("claimed_before=2022-10-31T13:00:00Z&claimed_after=2022-10-31T13:00:00Z", "b"),
    ("bbox=30,45,40,52", "a"), ("bbox=179,-20,-170,-10", "b c"), ("bbox=-180,-90,180,90", "a b c"), ("bbox=170,-20,180,-10", "b"),
    ("updated_after=2022-10-05T00:00:00Z", "a b c d e f"), ("updated_after=2100-01-01T00:00:00%2B02:00", ""),
    ("stage=queued&language=en&tag=flag&bbox=30,45,40,52&location=not_checked", "a"),
]  # fmt: skip


def test_each_filter_finds_what_it_names(shelf: None, checker: Caller, subtests: pytest.Subtests) -> None:
    for asked, expected in FOUND:
        with subtests.test(asked):
            path = f"claims/?ordering=created_at&{quote(asked, safe='=&%,:')}"
            assert [title[0] for title in titles(checker, path)] == expected.split()
            for size in (1, 2):
                assert [title[0] for title in titles(checker, f"{path}&page_size={size}")] == expected.split()[:size]  # fmt: skip


def test_a_source_is_found_by_id_and_a_confidential_one_not_by_name(shelf: None, checker: Caller) -> None:
    (row,) = checker.get("claims/?source=interior").json()["results"]
    assert titles(checker, f"claims/?source={row['source']['id']}") == ["d"]
    Claim.objects.get(pk=row["id"]).source.__class__.objects.update(confidential=True)
    assert titles(checker, "claims/?source=interior") == []


def test_a_ref_is_good_wherever_an_id_is(checker: Caller, editor: Caller) -> None:
    other, filed = file_claim(checker, draft=True), file_claim(checker)
    ref = filed["ref"]
    assert checker.get(f"claims/?q={ref}").json()["results"][0]["id"] == filed["id"]
    leased = lease(checker)
    assert decide(checker, {**leased, "claim": {"id": ref}}, "location", "verified").status_code == 201
    assert decide(checker, {**leased, "claim": {"id": ref}}, "date", "unverified").status_code == 201
    assert checker.post(f"claims/{ref}/notes/", {"body": "a"}).status_code == 201
    assert checker.post(f"claims/{ref}/submit/", {"lease_token": leased["lease_token"]}).status_code == 200
    for part in ("", "notes/", "verdicts/", "media/", "gate/", "status-line/", "history/"):
        assert checker.get(f"claims/{ref}/{part}").status_code == 200, part
    assert editor.post(f"claims/{ref}/publish/").json()["ref"] == ref
    duplicate = checker.post(f"claims/{other['ref']}/duplicate/", {"of": ref, "reason": "same"}).json()
    assert duplicate["duplicate_of"] == filed["id"]
    assert checker.get(f"claims/{filed['id'].upper()}/").json()["ref"] == ref


def test_the_same_outside_id_gives_the_claim_that_is_there(checker: Caller, stranger: Caller) -> None:
    first = checker.post("claims/", {**TWO_VIDEOS, "external_id": "a-1"})
    again = checker.post("claims/", {**TWO_VIDEOS, "statement": "Other words.", "external_id": "a-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["id"], again.json()["statement"]) == (first.json()["id"], TWO_VIDEOS["statement"])
    elsewhere = stranger.post("claims/", {**TWO_VIDEOS, "external_id": "a-1"})
    assert elsewhere.status_code == 201
    assert Claim.objects.count() == 2


def test_what_looks_the_same_is_named_when_it_is_filed(checker: Caller) -> None:
    video = {"url": "https://media.example/one.mp4"}
    first = file_claim(checker, media=[video])
    assert first["possible_duplicates"] == []
    alike = file_claim(checker, statement=f"  {TWO_VIDEOS['statement'].upper()} ")
    assert [(d["ref"], d["why"]) for d in alike["possible_duplicates"]] == [(first["ref"], "same_statement")]
    same_url = file_claim(checker, statement="Other words.", media=[video])
    assert [(d["id"], d["why"]) for d in same_url["possible_duplicates"]] == [(first["id"], "same_media_url")]
    assert file_claim(checker, statement="Quite other words.")["possible_duplicates"] == []


@pytest.mark.parametrize("form", ["application/x-ndjson", "application/json"])
def test_many_are_filed_at_once_and_each_line_has_its_own_result(form: str, checker: Caller) -> None:
    lines: list[Any] = [
        TWO_VIDEOS, {**TWO_VIDEOS, "language": "?"}, {**TWO_VIDEOS, "external_id": "a"}, "words", {**TWO_VIDEOS, "external_id": "a"},
        {**TWO_VIDEOS, "media": [{"url": "https://media.example/a.mp4"}, {"url": "http://10.0.0.1/"}]}, {**TWO_VIDEOS, "desk": "elsewhere"},
    ]  # fmt: skip
    written = [json.dumps(line) for line in lines]
    body = ("\n\n".join(written) if "nd" in form else f"[{','.join(written)}]").encode()
    response = checker.call("POST", "claims/bulk/", body, Content_Type=form)
    results = response.json()["results"]
    assert [result["line"] for result in results] == list(range(7))
    assert [result["status"] for result in results] == [201, 400, 201, 400, 200, 400, 400]
    assert results[2]["id"] == results[4]["id"]
    pointers = [r["problem"]["errors"][0]["pointer"] for r in results if r["status"] == 400]
    assert pointers == ["/language", "", "/media/1/url", "/desk"]
    assert Claim.objects.count() == 2


def test_a_line_that_is_not_json_spoils_no_other(checker: Caller) -> None:
    body = b'{"statement":\n' + json.dumps(TWO_VIDEOS).encode() + b'\n{"statement": "\\ud800"}'
    results = checker.call("POST", "claims/bulk/", body, Content_Type="application/x-ndjson").json()["results"]  # fmt: skip
    assert [result["status"] for result in results] == [400, 201, 400]
    too_many = b"{}\n" * 1001
    refused(checker.call("POST", "claims/bulk/", too_many, Content_Type="application/x-ndjson"), 400)
    assert Claim.objects.count() == 1
