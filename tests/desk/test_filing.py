"""Filing by page: paste first, a check of what is typed, what is here already shown before, and good refusals."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from claims.dates import parse_date
from claims.models import Capture, Claim, Desk, Source
from claims.places import Place
from tests.conftest import Caller, file_claim, published
from verification.desk.forms.filing import MAX_ROWS, sort_paste
from verification.desk.readings import EDTF_EXAMPLES, date_reading, place_reading
from verification.models import AuditEntry, Job, QueueEntry

Pages = Callable[[Caller], Client]

WORDS = "A tram stood in the flooded street."
LINK = "https://media.example/one.mp4"
NEW = "/claims/new/"


def filled(**changes: Any) -> dict[str, Any]:
    """A form as a browser sends it, with one empty row of media."""
    return {"statement": WORDS, "language": "en", "source_name": "A passer-by", "rows": "1", "m0-url": ""} | {
        name.replace("m0_", "m0-").replace("m1_", "m1-"): value for name, value in changes.items()
    }


def text(response: Any) -> str:
    html: str = response.content.decode()
    return " ".join(html.replace("&#x27;", "'").replace("&quot;", '"').split())


def photo(colour: str = "red", name: str = "one.png") -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="image/png")


PASTES = [
    ("", "", []),
    (WORDS, WORDS, []),
    (LINK, "", [LINK]),
    (f"{WORDS} {LINK}", WORDS, [LINK]),
    (f"Look ({LINK}), {LINK}.", "Look (", [LINK]),
    ("www.media.example/two", "", ["https://www.media.example/two"]),
    ("HTTPS://MEDIA.example/A?b=c#d", "", ["HTTPS://MEDIA.example/A?b=c#d"]),
    ("one  line\n\n and\tanother ", "one line\nand another", []),
    ("not a link: awww.example", "not a link: awww.example", []),
]


@pytest.mark.parametrize(("paste", "statement", "links"), PASTES)
def test_what_is_pasted_is_sorted_into_words_and_links(paste: str, statement: str, links: list[str]) -> None:
    assert sort_paste(paste) == (statement, links)


def test_one_field_stands_first_and_fills_the_form(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)
    first = text(browser.get(NEW))
    assert "Paste a link or the claim" in first
    assert "Who claims it" not in first
    form = browser.get(NEW, {"paste": f"{WORDS} {LINK}"})
    assert f">{WORDS}</textarea>" in form.content.decode().replace("\n", "")
    assert f'value="{LINK}"' in form.content.decode()
    many = browser.get(NEW, {"paste": " ".join(f"{LINK}?{number}" for number in range(MAX_ROWS + 2))})
    assert "2 more links did not fit here" in text(many)
    assert Claim.objects.count() == 0


def test_all_that_is_said_is_filed_as_the_api_files_it(pages: Pages, checker: Caller, desk: Desk) -> None:
    said = filled(
        statement=f"  {WORDS} ", language="pt-BR", source_name="The ministry", source_kind="official",
        source_url="ministry.example/news", date="2022-10-04", place="Kherson", point="46.64 N, 32.61 E", radius="5",
        precision="locality", priority="breaking", tags="flood, tram, flood ,", rows="2",
        m0_url="media.example/one.jpg", m0_caption="The tram", m0_date="2022-10-05", m0_zone="UTC",
        m1_url=LINK, m1_kind="document", m1_place="Gmunden",
    )  # fmt: skip
    response = pages(checker).post(NEW, said)
    claim = Claim.objects.get()
    assert response["Location"] == f"/claims/{claim.ref}/"
    assert (claim.statement.content, claim.language, claim.stage, claim.priority, claim.tags, claim.filed_by) == (
        WORDS, "pt-BR", "queued", "breaking", ["flood", "tram"], checker.person,
    )  # fmt: skip
    assert (claim.source.name, claim.source.kind, claim.source.url) == ("The ministry", "official", "https://ministry.example/news")  # fmt: skip
    assert claim.claimed_date == parse_date("2022-10-04", "Europe/Kyiv").as_json()
    assert claim.claimed_location == {"name": "Kherson", "latitude": 46.64, "longitude": 32.61, "radius_m": 5000.0, "precision": "locality"}  # fmt: skip
    first, second = claim.media.all()
    assert (first.url, first.kind, first.caption) == ("https://media.example/one.jpg", "photo", "The tram")
    assert first.claimed_date == parse_date("2022-10-05", "UTC").as_json()
    assert (second.url, second.kind, second.claimed_location["name"]) == (LINK, "document", "Gmunden")
    assert QueueEntry.objects.filter(claim=claim, desk=desk).exists()
    assert Job.objects.filter(kind="capture").count() == 2
    assert AuditEntry.objects.get(action="file").actor == checker.person


def test_a_draft_waits_for_nobody(pages: Pages, checker: Caller) -> None:
    pages(checker).post(NEW, filled(**{"as": "draft"}))
    assert Claim.objects.get().stage == "draft"
    assert not QueueEntry.objects.exists()


def test_a_known_source_is_used_again_where_only_one_can_be_meant(
    pages: Pages, checker: Caller, stranger: Caller, desk: Desk
) -> None:
    known = Source.objects.create(desk=desk, name="The ministry", kind="official", url="https://a.example/")
    secret = Source.objects.create(desk=desk, name="A driver", kind="person", confidential=True)
    Source.objects.create(desk=stranger.person.memberships.get().desk, name="Elsewhere's")
    browser = pages(checker)
    form = text(browser.get(NEW, {"paste": ""}))
    assert '<option value="The ministry">' in form
    assert "A driver" not in form
    assert "Elsewhere" not in form
    browser.post(NEW, filled(source_name="The ministry"))
    browser.post(NEW, filled(source_name="The ministry", statement="two", source_kind="media"))
    browser.post(NEW, filled(source_name="A driver", statement="three"))
    used = [claim.source for claim in Claim.objects.order_by("created_at")]
    assert used[0] == known
    assert (used[1].kind, used[2].kind) == ("media", "unknown")
    assert secret not in used


# What the API refuses is refused here too, at its field, and nothing that was typed is lost.
REFUSED = [
    ("statement", {"statement": " "}, "Write what is claimed"),
    ("statement", {"statement": "x" * 20_001}, "at most 20000 characters"),
    ("language", {"language": "english!"}, "Give a BCP 47 tag"),
    ("language", {"language": ""}, "Write the language"),
    ("source_name", {"source_name": ""}, "Say who claims it"),
    ("source_name", {"source_name": "x" * 201}, "at most 200 characters"),
    ("source_url", {"source_url": "no address"}, "valid URL"),
    ("source_kind", {"source_kind": "king"}, "king"),
    ("date", {"date": "4 October 2022"}, "Write the date as EDTF"),
    ("date", {"date": "2022-10-04T14:00"}, "Write the seconds too"),
    ("date", {"date": "2022-10-05/2022-10-03"}, "Write 2022-10-03/2022-10-05"),
    ("date", {"date": "", "zone": "UTC"}, "A time zone needs a date"),
    ("zone", {"date": "2022-10-04", "zone": "Kyiv"}, "IANA name"),
    ("place", {"point": "46.6, 32.6"}, "Say where"),
    ("point", {"place": "Kherson", "point": "somewhere"}, "such as 46.63, 32.61"),
    ("point", {"place": "Kherson", "point": "146.6, 32.6"}, "Latitude: write a number from -90 to 90"),
    ("radius", {"place": "Kherson", "point": "46.6, 32.6", "radius": "wide"}, "in km"),
    ("radius", {"place": "Kherson", "point": "46.6, 32.6", "radius": "30000"}, "from 0 to 20,040"),
    ("radius", {"place": "Kherson", "radius": "5"}, "A radius needs a point"),
    ("precision", {"place": "Kherson", "precision": "roughly"}, "roughly"),
    ("priority", {"priority": "now"}, "now"),
    ("tags", {"tags": "x" * 61}, "at most 60 characters"),
    ("tags", {"tags": ",".join(str(number) for number in range(51))}, "at most 50 tags"),
    ("m0-url", {"m0_url": "http://10.0.0.1/a.mp4"}, "10.0.0.1"),
    ("m0-url", {"m0_url": "ftp://media.example/a.mp4"}, "http"),
    ("m0-url", {"m0_caption": "of nothing"}, "Give a link or choose a file"),
    ("m0-kind", {"m0_url": LINK, "m0_kind": "film"}, "film"),
    ("m0-date", {"m0_url": LINK, "m0_date": "yesterday"}, "Write the date as EDTF"),
    ("m0-point", {"m0_url": LINK, "m0_place": "x", "m0_point": "1"}, "such as"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "changes", "remedy"), REFUSED)
def test_what_is_wrong_is_said_at_its_field(
    field: str, changes: dict[str, str], remedy: str, pages: Pages, checker: Caller
) -> None:
    response = pages(checker).post(NEW, filled(**{"tags": "kept"} | changes))
    assert response.status_code == 422
    html = response.content.decode().replace("&#x27;", "'")
    _, found, after = html.partition(f'<ul class="errors" id="error-id_{field}">')
    assert found, "no error at the field"
    assert remedy in after.partition("</ul>")[0]
    assert html.count('<ul class="errors"') == 1
    for name, typed in filled(**{"tags": "kept"} | changes).items():
        if typed.strip() and name != "rows" and not typed.startswith("x" * 30) and "kind" not in name:
            assert typed.strip() in html, name
    assert Claim.objects.count() == 0


def test_a_row_is_added_without_scripts_and_without_scolding(pages: Pages, checker: Caller) -> None:
    said = filled(statement="", m0_url=LINK, date="2022-13", add="1")
    response = pages(checker).post(NEW, said)
    html = response.content.decode()
    assert response.status_code == 200
    assert 'name="m1-url"' in html
    assert 'class="errors"' not in html
    assert "Nothing is filed yet." not in html
    assert 'value="2022-13"' in html
    assert f'value="{LINK}"' in html
    full = pages(checker).post(NEW, filled(rows=str(MAX_ROWS), add="1")).content.decode()
    assert f'name="m{MAX_ROWS}-url"' not in full


@pytest.mark.parametrize("rows", ["", "many", "-1", "0", "9999", "00001"])
def test_a_count_of_rows_that_makes_no_sense_does_no_harm(rows: str, pages: Pages, checker: Caller) -> None:
    assert pages(checker).post(NEW, filled(rows=rows)).status_code == 302


def test_files_are_taken_in_with_the_claim(pages: Pages, checker: Caller) -> None:
    said = filled(rows="3") | {
        "m0-url": LINK,
        "m1-file": photo(),
        "m1-caption": "The tram",
        "m2-file": photo("blue"),
    }
    assert pages(checker).post(NEW, said).status_code == 302
    link, one, two = Claim.objects.get().media.all()
    assert (link.url, link.asset) == (LINK, None)
    assert (one.state, one.kind, one.caption) == ("captured", "photo", "The tram")
    assert one.asset != two.asset
    assert Job.objects.filter(kind="examine").count() == 2


def test_a_file_that_is_no_media_is_refused_at_its_row_and_the_others_need_not_be_sent_again(
    pages: Pages, checker: Caller
) -> None:
    browser = pages(checker)
    said = filled(rows="2") | {
        "m0-file": photo(),
        "m1-file": SimpleUploadedFile("notes.txt", b"words", content_type="text/plain"),
    }
    response = browser.post(NEW, said)
    assert response.status_code == 422
    html = text(response)
    assert "notes.txt was not taken. It is not a video, photo, recording or PDF" in html
    assert "one.png" in html
    token = response.context["filing"].rows[0].upload.token
    assert f'name="m0-kept" value="{token}"' in html
    browser.post(NEW, filled(rows="2") | {"m0-kept": token})
    (item,) = Claim.objects.get().media.all()
    assert (item.state, item.asset.media_type) == ("captured", "image/png")
    assert item.captures.get().file_name == "one.png"


def test_a_taken_file_is_its_senders_alone(pages: Pages, checker: Caller, second_checker: Caller) -> None:
    sent = pages(checker).post(NEW, filled(statement="") | {"m0-file": photo()})
    token = sent.context["filing"].rows[0].upload.token
    for stolen in (token, "made.up"):
        response = pages(second_checker).post(NEW, filled() | {"m0-kept": stolen})
        assert response.status_code == 422
        assert "Choose it again" in text(response)
    assert Claim.objects.count() == 0


def test_a_taken_file_was_archived_when_it_came_and_waits_a_day(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)
    with time_machine.travel("2026-03-01 10:00 +0000", tick=False):
        sent = browser.post(NEW, filled(statement="") | {"m0-file": photo()})
    token = sent.context["filing"].rows[0].upload.token
    with time_machine.travel("2026-03-02 10:01 +0000", tick=False):
        browser.force_login(checker.person)
        late = browser.post(NEW, filled() | {"m0-kept": token})
        assert late.status_code == 422
        assert "It was sent too long ago." in text(late)
    with time_machine.travel("2026-03-02 09:59 +0000", tick=False):
        browser.force_login(checker.person)
        assert browser.post(NEW, filled() | {"m0-kept": token}).status_code == 302
    capture = Capture.objects.get()
    came = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (capture.started_at, capture.finished_at, capture.asset.archived_at) == (came, came, came)


def test_a_link_and_a_file_are_two_rows(pages: Pages, checker: Caller) -> None:
    response = pages(checker).post(NEW, filled(m0_url=LINK) | {"m0-file": photo()})
    assert "Give a link or a file, not both." in text(response)
    assert response.status_code == 422


def test_what_looks_like_it_is_shown_before_anything_is_filed(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    publication = published(checker, editor, media=[{"url": LINK}])
    browser = pages(checker)
    first = browser.post(NEW, filled(m0_url=LINK, tags="typed"))
    html = text(first)
    assert first.status_code == 200
    assert Claim.objects.count() == 1
    for shown in ("This looks like it.", "The same link", publication["ref"], publication["line"], 'value="typed"', "File all the same"):  # fmt: skip
        assert shown in html, shown
    filed = browser.post(NEW, filled(m0_url=LINK, tags="typed", seen=[publication["claim"]]))
    assert filed.status_code == 302
    assert Claim.objects.count() == 2


def test_what_is_seen_as_it_was_typed_needs_no_second_step(
    pages: Pages, checker: Caller, stranger: Caller
) -> None:
    there = file_claim(checker)
    file_claim(stranger)
    browser = pages(checker)
    typed = {"statement": f" {there['statement'].upper()}", "m0-url": "media.example/", "m1-url": "not yet a"}
    live = browser.post("/claims/new/already-here/", typed)
    assert "The same words" in text(live)
    assert live.content.decode().count('name="seen"') == 1
    assert f'name="seen" value="{there["id"]}"' in live.content.decode()
    assert browser.post(NEW, filled(statement=there["statement"], seen=[there["id"]])).status_code == 302
    assert "Nothing here looks like it" in text(browser.post("/claims/new/already-here/", {"statement": " "}))


def test_the_same_bytes_are_known_again_and_the_line_of_what_they_duplicate_is_shown(
    pages: Pages, checker: Caller, editor: Caller
) -> None:
    publication = published(checker, editor)
    browser = pages(checker)
    browser.post(NEW, filled() | {"m0-file": photo()})
    duplicate = Claim.objects.exclude(pk=publication["claim"]).get()
    checker.post(f"claims/{duplicate.pk}/duplicate/", {"of": publication["claim"], "reason": "same"})
    again = browser.post(NEW, filled(statement="Other words.") | {"m0-file": photo(name="renamed.png")})
    html = text(again)
    assert "The same file" in html
    assert publication["line"] in html
    assert "renamed.png" in html
    token = again.context["filing"].rows[0].upload.token
    filed = browser.post(NEW, filled(statement="Other words.", seen=[str(duplicate.pk)]) | {"m0-kept": token})
    assert filed.status_code == 302
    assert Claim.objects.get(statement__content="Other words.").media.get().asset is not None


CHECKED = [
    ("date", {"date": "2022-10-04", "zone": "Europe/Kyiv"}, "Oct. 4, 2022, in Kyiv: from 3 Oct 2022, 21:00 UTC to 4 Oct 2022, 20:59 UTC."),
    ("date", {"date": "2022-10-04", "place": "Kherson", "point": "46.64, 32.61"}, "in Kyiv (the clocks of the place)"),
    ("date", {"date": "2022-10-04"}, "whatever the clocks (give a zone or a point to narrow it): from 3 Oct 2022, 10:00 UTC to 5 Oct 2022, 11:59 UTC."),
    ("date", {"date": "2022-10-04T14:00:00+03:00"}, "2 p.m. UTC+3 on Oct. 4, 2022: at 4 Oct 2022, 11:00 UTC."),
    ("date", {"date": "../2022-10", "zone": "UTC"}, "In or before October 2022, in the zone UTC: until 31 Oct 2022, 23:59 UTC."),
    ("date", {"date": "2022-10-04/..", "zone": "UTC"}, "from 4 Oct 2022, 00:00 UTC on."),
    ("date", {"date": "2022-10-4"}, "Write the date as EDTF"),
    ("date", {"date": "2022-10-04", "zone": "Kyiv"}, "IANA name"),
    ("date", {"date": ""}, ""),
    ("place", {"place": "Kherson", "point": "46.64, 32.61", "radius": "5"}, "Kherson, 46.64° N, 32.61° E: 5 km around; clocks there: Europe/Kyiv."),
    ("place", {"place": "Apia", "point": "13.8 S, 171.8 W"}, "Apia, 13.8° S, 171.8° W: the point alone; clocks there: Pacific/Apia."),
    ("place", {"place": "Kherson", "point": "46.64, 32.61", "radius": "0.25"}, "250 m around"),
    ("place", {"place": "Kherson"}, "Kherson, by its name alone."),
    ("place", {"point": "46.64, 32.61"}, "Say where"),
    ("place", {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "typed", "answer"), CHECKED)
@pytest.mark.parametrize("of", ["", "m0"])
def test_what_is_typed_is_read_back_or_mended(
    of: str, what: str, typed: dict[str, str], answer: str, pages: Pages, checker: Caller
) -> None:
    named = {f"{of}-{name}" if of else name: value for name, value in typed.items()}
    response = pages(checker).get(f"/claims/new/{what}/", {"of": of, **named})
    assert response.status_code == 200
    assert answer in text(response)
    if not answer:
        assert text(response) == ""


def test_a_check_of_no_part_of_the_form_is_refused(pages: Pages, checker: Caller) -> None:
    assert pages(checker).get("/claims/new/date/", {"of": "m99"}).status_code == 404


@pytest.mark.parametrize("example", EDTF_EXAMPLES, ids=lambda example: example.edtf)
def test_each_example_of_a_date_can_be_filed(example: Any, pages: Pages, checker: Caller) -> None:
    assert date_reading(parse_date(example.edtf), None)
    assert example.edtf in text(pages(checker).get(NEW, {"paste": ""}))
    assert pages(checker).post(NEW, filled(date=example.edtf)).status_code == 302


def test_a_reading_is_of_the_place_as_it_is() -> None:
    assert place_reading(Place("Null Island", 0.0, -0.0, 1234.5)).startswith(
        "Null Island, 0° N, 0° E: 1.2 km"
    )


def test_who_is_no_staff_files_nothing(pages: Pages, client_key: Caller) -> None:
    assert pages(client_key).post(NEW, filled()).status_code == 403
    assert Claim.objects.count() == 0


def test_the_form_asks_the_database_no_more_for_more(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)

    def queries(links: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get(NEW, {"paste": " ".join(f"{LINK}?{number}" for number in range(links))})
        return len(asked)

    for number in range(5):
        file_claim(checker, statement=str(number), media=[{"url": f"{LINK}?{number}"}])
    assert queries(1) == queries(5) <= 12
