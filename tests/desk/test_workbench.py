"""The claim page: what it shows, and deciding without JavaScript."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from PIL import Image

from claims.models import MediaItem, Source
from tests.conftest import TWO_VIDEOS, Caller, decide, file_claim, lease, published
from verification.checks import registry
from verification.models import CheckRun, Draft, Evidence, FindingRow, Note, QueueEntry, Verdict

Pages = Callable[[Caller], Client]
VIDEOS = [{"url": "https://media.example/one.mp4"}, {"url": "https://media.example/two.mp4"}]
LINE = "Reuters has verified the locations in the videos, but could not independently verify the date."


class Bench:
    """Somebody with a claim page open and the lease in hand."""

    def __init__(self, client: Client, caller: Caller, **claim: Any) -> None:
        self.client, self.caller = client, caller
        self.claim = file_claim(caller, **claim)
        self.url = f"/claims/{self.claim['ref']}/"
        self.client.post(f"{self.url}take/")
        self.token = self.lease_token()

    def lease_token(self) -> str:
        return QueueEntry.objects.get(claim_id=self.claim["id"]).token

    def html(self) -> str:
        response = self.client.get(self.url)
        assert response.status_code == 200
        return response.content.decode()

    def record(self, dimension: str, status: str, /, **more: Any) -> Any:
        basis = {"method_0": "geolocation", "feature_0": "church beside a T-junction"}
        body = {"lease_token": self.token, "dimension": dimension, "status": status, "rows": "1", **basis}
        return self.client.post(f"{self.url}verdict/", {**body, "reason": "because", **more})


@pytest.fixture
def bench(pages: Pages, checker: Caller) -> Bench:
    return Bench(
        pages(checker),
        checker,
        media=[
            {**VIDEOS[0], "claimed_location": {"name": "Borivska Andriivka"}},
            {**VIDEOS[1], "claimed_location": {"name": "Kherson region"}},
        ],
    )


def finding(media: MediaItem, **said: Any) -> FindingRow:
    run, _ = CheckRun.objects.get_or_create(
        media=media,
        check_slug="gps_location",
        defaults={"version": "1", "state": "done", "ran_at": timezone.now()},
    )
    row = {"dimension": "location", "stance": "supports", "sentence": "The camera stood there.", "data": {}}
    return FindingRow.objects.create(run=run, position=run.findings.count(), **{**row, **said})


def test_the_sentence_compiles_as_one_decides(bench: Bench) -> None:
    assert LINE not in bench.html()
    assert bench.record("location", "verified").status_code == 302
    assert "The date of the videos has not been checked." in bench.html()
    response = bench.record("date", "unverified", feature_0="")
    assert response["Location"] == f"{bench.url}#dimension-date"
    assert LINE in bench.html()
    assert Verdict.objects.count() == 4


def test_submit_ends_the_review_and_takes_the_next(bench: Bench, checker: Caller) -> None:
    following = file_claim(checker, statement="Another claim.")
    bench.record("location", "verified")
    bench.record("date", "unverified")
    response = bench.client.post(f"{bench.url}submit/", {"lease_token": bench.token, "next": "1"})
    assert response["Location"] == f"/claims/{following['ref']}/"
    assert checker.get(f"claims/{bench.claim['id']}/").json()["stage"] == "awaiting_signoff"


def test_submit_without_a_verdict_says_what_is_missing(bench: Bench) -> None:
    response = bench.client.post(f"{bench.url}submit/", {"lease_token": bench.token}, follow=True)
    assert "Nothing is decided in this review." in response.content.decode()
    assert re.search(r'id="submit-next" +disabled', bench.html())


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"status": ""}, "location-status", "Choose a status"),
        ({"reason": ""}, "location-reason", "Say why"),
        ({"feature_0": "", "reference_0": ""}, "location-feature_0", "rests on something"),
        ({"url_0": "not a link"}, "location-url_0", "Enter a valid URL"),
        ({"place_name": "Izium", "place_point": "here"}, "location-place_point", "latitude and longitude"),
        ({"place_point": "49.2, 37.3"}, "location-place_name", "Say where"),
        ({"place_name": "Izium", "place_radius_km": "far"}, "location-place_radius_km", "radius in km"),
        (
            {"place_name": "Izium", "place_radius_km": "-3"},
            "location-place_radius_km",
            "in km: a number from 0 to 20,040",
        ),
        (
            {"place_name": "Izium", "place_point": "95, 37.3"},
            "location-place_point",
            "Latitude: write a number from -90",
        ),
        ({"place_name": "Izium", "relation": "differs"}, "location-relation", "never goes with a value"),
        ({"target": "nobody"}, "location-target", "Select a valid choice"),
    ],
)
def test_what_a_verdict_lacks_is_said_at_its_field_and_nothing_typed_is_lost(
    changes: dict[str, str], field: str, said: str, bench: Bench
) -> None:
    response = bench.record("location", "verified", **{"reference_0": "imagery of 2021", **changes})
    html = response.content.decode()
    assert response.status_code in {400, 422}
    assert re.search(rf'id="error-{field}".*{said}', html), html[html.find('class="errors"') :][:300]
    assert ('value="imagery of 2021"' in html) == ("reference_0" not in changes)
    assert ("because</textarea>" in html) == ("reason" not in changes)
    assert re.search(r'<details class="dimension" id="dimension-location"[^>]* open', html)
    assert not Verdict.objects.exists()


def test_one_verdict_may_be_for_one_item_only(bench: Bench) -> None:
    one = MediaItem.objects.get(claim_id=bench.claim["id"], position=2)
    bench.record(
        "location", "contradicted", target=str(one.pk), place_name="Izium", place_point="49.2 N, 37.3 E"
    )
    verdict = Verdict.objects.get()
    assert verdict.media == one
    assert verdict.content["value"]["name"] == "Izium"
    assert verdict.content["value"]["longitude"] == 37.3


def test_a_basis_has_as_many_parts_as_it_needs(bench: Bench) -> None:
    html = bench.record("location", "verified", more_basis="1").content.decode()
    assert 'id="location-feature_1"' in html
    assert 'value="church beside a T-junction"' in html
    bench.record(
        "location", "verified", rows="2", method_1="witness", feature_1="a shop owner", phrase_1="as residents said", public_1="on"
    )  # fmt: skip
    basis = Verdict.objects.first().content["basis"]
    assert [part["method"] for part in basis] == ["geolocation", "witness"]
    assert basis[1]["public"] is True


def test_a_finding_can_be_the_basis(bench: Bench) -> None:
    row = finding(MediaItem.objects.filter(claim_id=bench.claim["id"]).first())
    bench.record("location", "verified", feature_0="", finding_0=str(row.pk))
    assert Verdict.objects.first().content["basis"][0]["finding"] == str(row.pk)


def test_undo_takes_back_the_last_and_then_the_one_before(bench: Bench) -> None:
    bench.record("location", "verified")
    bench.record("location", "unverified", reason="on second thoughts")
    undo = {"lease_token": bench.token}
    bench.client.post(f"{bench.url}undo/", undo)
    assert 'data-dimension="location" data-status="verified"' in bench.html()
    bench.client.post(f"{bench.url}undo/", undo)
    assert 'data-dimension="location" data-status="not_checked"' in bench.html()
    assert bench.client.post(f"{bench.url}undo/", undo).status_code == 409


def test_undo_brings_back_what_was_recorded_but_not_over_what_is_typed_since(bench: Bench) -> None:
    bench.record("location", "verified", reason="the first thought")
    undo = {"lease_token": bench.token}
    bench.client.post(f"{bench.url}undo/", undo)
    assert "the first thought</textarea>" in bench.html()
    bench.record("location", "verified", reason="the first thought")
    typed = {"dimension": "location", "status": "unverified", "reason": "a second thought"}
    bench.client.post(f"{bench.url}draft/", undo | typed)
    bench.client.post(f"{bench.url}undo/", undo)
    html = bench.html()
    assert "a second thought</textarea>" in html
    assert "the first thought</textarea>" not in html


def test_with_htmx_only_what_changed_is_sent(bench: Bench) -> None:
    body = {
        "lease_token": bench.token,
        "dimension": "date",
        "status": "unverified",
        "rows": "1",
        "reason": "a",
    }
    response = bench.client.post(f"{bench.url}verdict/", body, headers={"HX-Request": "true"})
    html = response.content.decode()
    assert response["HX-Retarget"] == "#dimension-date"
    assert 'id="dimension-date"' in html
    assert 'id="dimension-location"' not in html
    assert re.search(r'id="outcome"[^>]*hx-swap-oob', html)
    assert 'data-then="go-on"' in html
    assert "<html" not in html


def test_a_lost_lease_keeps_what_was_typed(
    bench: Bench, pages: Pages, second_checker: Caller, checker: Caller
) -> None:
    QueueEntry.objects.update(lease_until=timezone.now())
    taken = pages(second_checker).post(f"{bench.url}take/")
    assert taken["Location"] == bench.url
    response = bench.record("location", "verified", reason="a long chain of thought")
    html = response.content.decode()
    assert response.status_code == 423
    assert "held by marko" in html
    assert "a long chain of thought" in html
    assert not Verdict.objects.exists()
    later = bench.html()
    assert "Your draft is kept." in later
    assert "a long chain of thought" in later
    assert "a long chain of thought" not in pages(second_checker).get(bench.url).content.decode()
    checker_lost = bench.client.get(f"{bench.url}lease/?token={bench.token}").content.decode()
    assert "marko holds this review now." in checker_lost


def test_who_took_a_review_away_is_named_to_its_holder(bench: Bench, editor: Caller) -> None:
    editor.post(f"queue/{bench.token.partition('.')[0]}/break/", {"reason": "Needed elsewhere."})
    refused = bench.record("location", "verified", reason="a long chain of thought").content.decode()
    assert "edith took this review away; why is in the inbox." in refused
    assert "a long chain of thought" in refused
    live = bench.client.get(f"{bench.url}lease/?token={bench.token}").content.decode()
    assert 'edith took this review away; why is in your <a href="/inbox/">inbox</a>.' in live
    assert "Take it again" in live


def test_a_mention_that_reaches_nobody_is_said(bench: Bench, editor: Caller) -> None:
    body = "@nobody.here, @Edith. and mail me@example.org"
    said = bench.client.post(f"{bench.url}note/", {"body": body, "about": ""}, follow=True).content.decode()
    assert "Nobody on this desk is called @nobody.here, so nobody was told by that." in said
    live = bench.client.post(f"{bench.url}note/", {"body": "@nobody"}, headers={"HX-Request": "true"})
    assert "Nobody on this desk is called @nobody," in live.content.decode()
    assert "Nobody on this desk" not in bench.html()


def test_a_draft_is_there_again_after_the_page_was_left(bench: Bench) -> None:
    body = {"lease_token": bench.token, "dimension": "date", "status": "unverified", "reason": "half a thou"}
    saved = bench.client.post(f"{bench.url}draft/", body)
    assert saved.json()["lease"] is not None
    html = bench.html()
    assert "half a thou" in html
    assert 'class="errors"' not in html
    bench.record("date", "unverified", reason="half a thought")
    assert Draft.objects.get().content == {}
    assert "half a thou</textarea>" not in bench.html()


def test_a_draft_is_nobody_else_s_to_save_and_has_a_size(
    bench: Bench, pages: Pages, second_checker: Caller
) -> None:
    body = {"dimension": "date", "reason": "mine"}
    assert pages(second_checker).post(f"{bench.url}draft/", body).status_code == 409
    assert bench.client.post(f"{bench.url}draft/", {**body, "reason": "x" * 210_000}).status_code == 400
    assert bench.client.post(f"{bench.url}draft/", {**body, "dimension": "taste"}).status_code == 400


def test_handing_back_skipping_and_renewing(bench: Bench) -> None:
    form = {"lease_token": bench.token}
    assert bench.client.post(f"{bench.url}renew/", form)["Location"] == bench.url
    assert bench.client.post(f"{bench.url}skip/", form).status_code == 400
    assert bench.client.post(f"{bench.url}skip/", {**form, "reason": "x" * 20_001}).status_code == 400
    skipped = bench.client.post(f"{bench.url}skip/", {**form, "reason": "needs Farsi"})
    assert skipped["Location"] == "/queue/"
    bench.client.post(f"{bench.url}take/")
    back = bench.client.post(f"{bench.url}hand-back/", {"lease_token": bench.lease_token()}, follow=True)
    assert "is back in the queue" in back.content.decode()
    assert QueueEntry.objects.get().state == "waiting"


def test_who_does_not_hold_it_reads_and_is_told_who_does(
    bench: Bench, pages: Pages, second_checker: Caller
) -> None:
    html = pages(second_checker).get(bench.url).content.decode()
    assert "<b>olena</b> holds this review" in html
    assert "verdict-form" not in html
    assert "take-claim" not in html


def test_notes_are_left_and_struck(
    bench: Bench, pages: Pages, second_checker: Caller, editor: Caller
) -> None:
    bench.client.post(f"{bench.url}note/", {"body": "Look <b>twice</b>.", "about": "date"})
    html = bench.html()
    assert "Look &lt;b&gt;twice&lt;/b&gt;." in html
    note = Note.objects.get()
    strike = f"{bench.url}notes/{note.pk}/strike/"
    assert strike not in pages(second_checker).get(bench.url).content.decode()
    assert pages(second_checker).post(strike).status_code == 403
    assert strike in pages(editor).get(bench.url).content.decode()
    pages(editor).post(strike)
    assert "<s>Look" in bench.html()
    assert bench.client.post(f"{bench.url}note/", {"body": "  "}).status_code == 400


def test_a_bound_is_entered_shown_with_its_author_and_struck(
    bench: Bench, pages: Pages, editor: Caller
) -> None:
    media = MediaItem.objects.first()
    bound = {"kind": "landmark", "side": "not_before", "date": "2019", "reason": "The <b>bridge</b>"}
    assert bench.client.post(f"/media/{media.pk}/bound/", bound).status_code == 302
    entered = Evidence.objects.get()
    assert (entered.media, entered.hard, entered.by.username) == (media, False, "olena")
    html = bench.html()
    assert "landmark: The &lt;b&gt;bridge&lt;/b&gt; (entered by olena)" in html
    strike = f"/media/{media.pk}/bounds/{entered.pk}/strike/"
    assert strike in html
    assert bench.client.post(strike, {"reason": " "}).status_code == 400
    assert pages(editor).post(strike, {"reason": "another bridge"}).status_code == 302
    assert "entered by olena" not in bench.html()
    for bad in ({"date": ""}, {"date": "2019-13"}, {"side": "around"}, {"kind": "hunch"}, {"reason": ""}):
        assert bench.client.post(f"/media/{media.pk}/bound/", {**bound, **bad}).status_code == 422
    assert Evidence.objects.count() == 1


def test_a_bound_that_is_refused_comes_back_with_what_was_typed_and_why(bench: Bench) -> None:
    media = MediaItem.objects.first()
    typed = {
        "kind": "weather",
        "side": "not_after",
        "date": "yester<day",
        "reason": "It <rained>.",
        "hard": "yes",
    }
    html = bench.client.post(f"/media/{media.pk}/bound/", typed).content.decode()
    form = html[html.index('<details class="bound-form" open>') :]
    form = form[: form.index("</form>")]
    assert 'value="yester&lt;day"' in form
    assert "It &lt;rained&gt;.</textarea>" in form
    assert '<option value="weather" selected>' in form
    assert '<option value="not_after" selected>' in form
    assert 'value="yes" checked' in form
    field = form[form.index('name="date"') :]
    assert 'class="errors"' in field[: field.index("</div>")]
    again = bench.client.post(f"/media/{media.pk}/bound/", {**typed, "date": "2019", "reason": ""})
    assert re.search(r'name="reason"[^>]*></textarea><ul class="errors"', again.content.decode())


def test_a_file_for_a_claim_that_takes_none_is_not_archived(
    bench: Bench, editor: Caller, settings: Any
) -> None:
    editor.post(f"claims/{bench.claim['id']}/drop/", {"reason": "a"})
    photo = io.BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "PNG")
    file = SimpleUploadedFile("one.png", photo.getvalue(), "image/png")
    assert bench.client.post(f"{bench.url}media/", {"file": file}).status_code == 409
    assert not [path for path in Path(settings.ARCHIVE_URL).rglob("*") if path.is_file()]


def test_a_note_is_struck_at_its_own_claim_only(bench: Bench, checker: Caller) -> None:
    other = file_claim(checker, statement="Another claim.")
    checker.post(f"claims/{other['id']}/notes/", {"body": "Of the other."})
    note = Note.objects.get()
    assert bench.client.post(f"{bench.url}notes/{note.pk}/strike/").status_code == 404


def test_who_decided_nothing_has_nothing_to_submit_whatever_others_decided(
    bench: Bench, pages: Pages, second_checker: Caller
) -> None:
    bench.record("location", "verified")
    bench.client.post(f"{bench.url}hand-back/", {"lease_token": bench.token})
    other = pages(second_checker)
    other.post(f"{bench.url}take/")
    assert re.search(r'id="submit-next" +disabled', other.get(bench.url).content.decode())


def test_a_confidential_source_is_a_pseudonym_on_every_page(
    bench: Bench, pages: Pages, checker: Caller, admin: Caller
) -> None:
    source = Source.objects.get()
    secret = {"name": "Mykola Secret", "url": "https://secret.example/mykola"}
    Source.objects.filter(pk=source.pk).update(confidential=True, pseudonym="a resident", **secret)
    seen = 0
    for browser in (pages(checker), pages(admin)):
        for path in (bench.url, f"{bench.url}sign-off/", "/queue/", "/claims/", "/claims/rows/?source=Mykola",
                     "/claims/new/?paste=", f"{bench.url}edit/"):  # fmt: skip
            html = browser.get(path).content.decode()
            assert "Mykola Secret" not in html, path
            assert "secret.example" not in html, path
            seen += "a resident" in html
    assert seen >= 6


def test_findings_stand_by_dimension_with_their_stance_and_data(bench: Bench) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    MediaItem.objects.filter(pk=item.pk).update(examination="done")
    finding(item, stance="contradicts", sentence="The camera stood in Izium.", data={"latitude": 49.2})
    CheckRun.objects.create(
        media=item, check_slug="container_dates", version="1", state="failed", error={"detail": "It broke off."}, ran_at=timezone.now()
    )  # fmt: skip
    html = bench.html()
    assert re.search(r'is-contradicts">Contradicts</span> The camera stood in Izium.', html)
    assert "49.2" in html
    assert "Container dates failed." in html
    assert "It broke off." in html
    assert "1 against" in html


def test_bounds_are_said_and_drawn(bench: Bench) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    bound = {
        "side": "not_before",
        "at": "2022-10-04T09:00:00+00:00",
        "hard": False,
        "reason": "the file says so",
    }
    finding(item, dimension="date", bounds=[bound])
    html = bench.html()
    assert re.search(r"<b>not before</b> <time[^>]*>4 Oct 2022, 09:00 UTC</time>", html)
    assert 'class="axis"' in html
    assert " style=" not in html


def test_flagged_media_is_hidden_until_asked_for(pages: Pages, checker: Caller) -> None:
    bench = Bench(pages(checker), checker, media=[{**VIDEOS[0], "content_flags": ["death"]}])
    item = MediaItem.objects.get()
    from claims.models import Asset

    asset = Asset.objects.create(
        sha256="a" * 64, size_bytes=5, media_type="video/mp4", kind="video", archived_at=timezone.now()
    )
    MediaItem.objects.filter(pk=item.pk).update(asset=asset, state="captured")
    html = bench.html()
    assert re.search(r'<input type="checkbox" class="reveal[^>]*id="reveal-', html)
    assert "media-stage is-flagged" in html
    assert re.search(r"<video[^>]*preload=\"none\"[^>]*muted", html)


def test_a_failed_capture_says_why_and_offers_another_try(bench: Bench) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    failure = {"code": "http_status", "detail": "The host answered 404.", "retriable": True}
    MediaItem.objects.filter(pk=item.pk).update(state="failed", failure=failure)
    html = bench.html()
    assert "It could not be captured.</b> The host answered 404." in html
    again = f"/media/{item.pk}/fetch-again/"
    assert again in html
    assert bench.client.post(again)["Location"] == f"{bench.url}#item-1"
    item.refresh_from_db()
    assert item.state == "pending"


def test_a_claim_of_another_desk_is_not_there(bench: Bench, pages: Pages, stranger: Caller) -> None:
    browser = pages(stranger)
    media = MediaItem.objects.first()
    for path in ("", "lease/"):
        assert browser.get(f"{bench.url}{path}").status_code == 404
    for path in ("take/", "verdict/", "undo/", "submit/", "draft/", "renew/", "note/", "media/"):
        assert browser.post(f"{bench.url}{path}", {"dimension": "date"}).status_code in {404, 423}, path
    for path in ("player/", "found/"):
        assert browser.get(f"/media/{media.pk}/{path}").status_code == 404


def test_a_published_claim_says_which_version_is_out(pages: Pages, checker: Caller, editor: Caller) -> None:
    publication = published(checker, editor)
    html = pages(checker).get(f"/claims/{publication['ref']}/").content.decode()
    assert "published: version 1" in html
    assert "verdict-form" not in html


# As many words as in the other claim, each as long: what is worded alike is looked up by pairs of them.
OTHER_WORDS = " ".join(word[::-1] for word in str(TWO_VIDEOS["statement"]).split())


def test_the_number_of_queries_does_not_grow_with_the_claim(pages: Pages, checker: Caller) -> None:
    browser = pages(checker)

    def queries(claim: Bench) -> int:
        for item in MediaItem.objects.filter(claim_id=claim.claim["id"]):
            for number in range(3):
                finding(item, sentence=f"Finding {number}.")
        decided = claim.record("location", "verified")
        assert decided.status_code == 302
        with CaptureQueriesContext(connection) as seen:
            claim.html()
        return len(seen)

    few = queries(Bench(browser, checker, media=VIDEOS[:1]))
    many = [{"url": f"https://media.example/{number}.mp4"} for number in range(12)]
    assert queries(Bench(browser, checker, statement=OTHER_WORDS, media=many)) == few
    assert few <= 60


def test_another_reviewer_s_open_verdicts_are_shown_as_not_submitted(
    pages: Pages, checker: Caller, second_checker: Caller
) -> None:
    claim = file_claim(checker)
    decide(checker, lease(checker), "location", "verified")
    assert "not submitted yet" in pages(second_checker).get(f"/claims/{claim['ref']}/").content.decode()


def test_tiles_are_drawn_only_where_the_operator_names_them(bench: Bench, settings: Any) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    point = {"latitude": 49.4, "longitude": 37.6, "uncertainty_m": 10.0, "reason": "GPS"}
    finding(item, points=[point])
    assert "data-map=" in bench.html()
    assert "data-tiles" not in bench.html()
    settings.TILE_URL = "https://tiles.example/{z}/{x}/{y}.png"
    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in bench.html()


def test_what_says_nothing_either_way_is_folded(bench: Bench) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    finding(item, stance="inconclusive", sentence="There is no position.")
    finding(item, stance="inconclusive", sentence="The fix was lost.")
    finding(item, stance="neutral", sentence="It says Izium.")
    html = bench.html()
    telling, _, folded = html.partition("2 checks found nothing either way</summary>")
    assert "It says Izium." in telling
    assert "There is no position." not in telling
    assert folded.count('is-inconclusive">') == 2


def test_a_finding_tells_what_its_check_cannot_know_and_whether_it_is_of_an_earlier_version(
    bench: Bench,
) -> None:
    item = MediaItem.objects.filter(claim_id=bench.claim["id"]).first()
    finding(item)
    html = bench.html()
    assert escape(registry.get("gps_location").cannot_know) in html
    assert "earlier version" not in html
    CheckRun.objects.update(version="0")
    assert '<span class="tag">earlier version</span>' in bench.html()
