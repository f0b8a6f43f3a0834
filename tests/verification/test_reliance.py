"""Verdicts remember what they relied on: when that is another by now, the dimension is to be checked again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from hypothesis import given
from hypothesis import strategies as st

from claims.models import Claim, MediaItem
from claims.vocabulary import Dimension, MatchState, RecheckReason, Stance
from config.demo_media import make_photo
from tests.conftest import Caller, decide, file_claim, lease, refused, review
from tests.verification import test_recycled as recycled
from tests.verification.test_pdq import pattern
from tests.verification.test_recapture import Source, captured, fetch_again, serving
from tests.verification.test_reexamination import FILM, work_off
from verification import sandbox
from verification.checks import registry
from verification.checks.base import NotApplicable
from verification.checks.container_dates import ContainerDates
from verification.domain.findings import Finding
from verification.domain.reliance import GONE, Change, Ground, changed
from verification.models import AuditEntry, DimensionStatus, ScheduledPublication, Told
from verification.services import audit, reexamination, work

# --- the rule ---------------------------------------------------------------------------------------------------

S, C, N = Stance.SUPPORTS, Stance.CONTRADICTS, Stance.NEUTRAL
CLOCK = ("gps_clock", "date")


def ground(**given: Any) -> Ground:
    return Ground(asset="a", **given)


@pytest.mark.parametrize(
    ("then", "now", "codes"),
    [
        (ground(source="a"), ground(source="a"), []),
        (ground(source="a"), ground(source="b"), ["source_changed"]),
        (ground(source="a"), ground(source=GONE), ["source_gone"]),
        (ground(source=GONE), ground(source=GONE), []),
        (ground(source=GONE), ground(source="a"), []),
        (ground(source="b"), ground(source="c"), ["source_changed"]),
        (ground(source="b"), ground(source="b"), []),
        (ground(source="a"), ground(source=None), []),
        (ground(copies={}), ground(copies={"m": MatchState.PROPOSED}), ["earlier_copy"]),
        (ground(copies=None), ground(copies={"m": MatchState.PROPOSED}), []),
        (ground(copies={"m": MatchState.PROPOSED}), ground(copies=None), []),
        (ground(copies={"m": MatchState.PROPOSED}), ground(copies={}), ["match_judged"]),
        (ground(copies={"m": MatchState.PROPOSED}), ground(copies={"m": MatchState.CONFIRMED}), ["match_judged"]),
        (ground(findings={CLOCK: {S}}), ground(findings={CLOCK: {S}}), []),
        (ground(findings={CLOCK: {S}}), ground(findings={CLOCK: {C}}), ["finding_reversed"]),
        (ground(findings={CLOCK: {S}}), ground(findings={CLOCK: {S, C}}), ["finding_reversed"]),
        (ground(findings={CLOCK: {S}}), ground(findings={CLOCK: {N}}), ["finding_reversed"]),
        (ground(findings={CLOCK: {S}}), ground(findings={CLOCK: {S, N}}), []),
        (ground(findings={CLOCK: {N}}), ground(findings={CLOCK: {N, C}}), ["finding_reversed"]),
        (ground(findings={CLOCK: {S}}), ground(), ["finding_gone"]),
        (ground(findings={CLOCK: {S}}), ground(silent={"gps_clock"}), []),
        (ground(), ground(findings={CLOCK: {C}}), []),
    ],
)  # fmt: skip
def test_what_is_a_reason_and_what_is_none(then: Ground, now: Ground, codes: list[str]) -> None:
    assert [change.code.value for change in changed(then, now)] == codes


names = st.sampled_from("abcd")
grounds = st.builds(
    Ground,
    asset=st.none() | names,
    source=st.none() | names | st.just(GONE),
    copies=st.none() | st.dictionaries(names, st.sampled_from(MatchState)),
    findings=st.dictionaries(st.tuples(names, names), st.frozensets(st.sampled_from(Stance), min_size=1)),
    silent=st.frozensets(names),
)


def turned_round(one: Ground) -> Ground:
    copies = None if one.copies is None else dict(reversed(one.copies.items()))
    return Ground(
        one.asset,
        one.source,
        copies,
        dict(reversed(one.findings.items())),
        sorted(one.silent, reverse=True),
    )


@given(grounds)
def test_the_same_ground_gives_no_reason(one: Ground) -> None:
    assert changed(one, one) == []


@given(grounds, grounds)
def test_order_does_not_matter(then: Ground, now: Ground) -> None:
    assert changed(turned_round(then), turned_round(now)) == changed(then, now)


@given(grounds, grounds, names)
def test_a_check_that_failed_reverses_nothing(then: Ground, now: Ground, check: str) -> None:
    of_check = {RecheckReason.FINDING_GONE, RecheckReason.FINDING_REVERSED}
    silenced = Ground(now.asset, now.source, now.copies, now.findings, {*now.silent, check})
    said = changed(then, silenced)
    assert all(one.about != check for one in said if one.code in of_check)
    assert [one for one in changed(then, now) if one.about != check or one.code not in of_check] == said


@given(grounds, names)
def test_one_more_copy_is_one_reason(one: Ground, media: str) -> None:
    fewer = {key: state for key, state in (one.copies or {}).items() if key != media}
    more = {**fewer, media: MatchState.PROPOSED}
    then, now = (Ground(one.asset, one.source, copies, one.findings) for copies in (fewer, more))
    assert changed(then, now) == [Change(RecheckReason.EARLIER_COPY, media)]


# --- on a desk --------------------------------------------------------------------------------------------------

BOTH = {"location": "verified", "date": "unverified"}


@pytest.fixture
def source(settings: Any) -> Iterator[Source]:
    with serving(settings) as source:
        yield source


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("photos")
    return [
        make_photo(folder / f"{number}.jpg", lines=[f"Photo {number}"], seed=number).read_bytes()
        for number in range(2)
    ]


@pytest.fixture(autouse=True)
def _registry_read_anew() -> Iterator[None]:
    yield
    registry.fingerprint.cache_clear()
    sandbox.end_child()


def says(monkeypatch: pytest.MonkeyPatch, *stances: Stance, version: str = "1") -> None:
    """As if a release brought a container_dates that says so of the date."""

    def run(*_: Any) -> list[Finding]:
        if not stances:
            raise NotApplicable("It says nothing.")
        return [Finding(Dimension.DATE, stance, f"It {stance}.") for stance in stances]

    monkeypatch.setattr(ContainerDates, "version", version)
    monkeypatch.setattr(ContainerDates, "run", run)
    registry.fingerprint.cache_clear()


def filmed(checker: Caller) -> MediaItem:
    """A claim with a film, examined."""
    claim = file_claim(checker)
    sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.mp4", FILM.body)})
    item = checker.call("POST", f"claims/{claim['id']}/media/", sent, Content_Type=MULTIPART_CONTENT).json()
    work_off()
    return MediaItem.objects.get(pk=item["id"])


def examine_anew(item: MediaItem) -> None:
    assert reexamination.examine_again([item]) == 1
    work_off()


def marks(caller: Caller, claim: Any, statuses: str = "statuses") -> dict[str, list[str]]:
    """The codes of the reasons by dimension, as the API gives them."""
    said = caller.get(f"claims/{claim}/").json()[statuses]
    return {
        dimension: [reason["code"] for reason in of["recheck_needed"]]
        for dimension, of in said.items()
        if of["recheck_needed"]
    }


def told_of(claim: Any) -> list[tuple[str, str]]:
    rows = Told.objects.filter(claim=claim, occasion="recheck_needed").order_by("person__username")
    return [(told.person.username, told.about["dimensions"]) for told in rows]


def open_entries(claim: Any) -> int:
    return Claim.objects.get(pk=claim).queue_entries.open().count()


def publish(editor: Caller, claim: Any, **how: Any) -> None:
    answer = editor.post(f"claims/{claim}/publish/", how or None)
    assert answer.status_code in {200, 202}, answer.content


def other_bytes(source: Source, photos: list[bytes]) -> None:
    source.body = photos[1]


def nothing_any_more(source: Source, photos: list[bytes]) -> None:
    source.status = 404


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("happens", "code"), [(other_bytes, "source_changed"), (nothing_any_more, "source_gone")]
)
def test_a_source_that_changes_or_vanishes_asks_for_a_re_check_of_what_is_published(
    checker: Caller,
    editor: Caller,
    source: Source,
    photos: list[bytes],
    happens: Callable[[Source, list[bytes]], None],
    code: str,
) -> None:
    source.body = photos[0]
    item = captured(checker, source)
    claim = review(checker, BOTH)
    publish(editor, claim)
    fetch_again(checker, item)
    assert marks(checker, claim) == {}

    happens(source, photos)
    fetch_again(checker, item)
    assert marks(checker, claim) == {"location": [code], "date": [code]}
    now = checker.get(f"claims/{claim}/").json()
    assert (now["stage"], now["under_review"], now["queue_entry"]["review"]) == ("published", True, "recheck")
    blockers = editor.get(f"claims/{claim}/gate/").json()["blockers"]
    named = [each["dimension"] for each in blockers if each["code"] == "recheck_needed"]
    assert named == ["date", "location"]
    assert told_of(claim) == [("edith", "date,location"), ("olena", "date,location")]
    said = AuditEntry.objects.filter(chain_id=f"claim:{claim}").exclude(action="recapture").last()
    assert said is not None
    assert [one["code"] for one in said.data["recheck_needed"]["reasons"]["date"]] == [code]

    # Once: the same again is no news, not even when nobody has a review open.
    fetch_again(checker, item)
    assert (len(told_of(claim)), open_entries(claim)) == (2, 1)

    # What is decided anew is decided on what there is now; the rest stays marked.
    review(checker, {"date": "unverified"}, entry_of=claim)
    assert marks(checker, claim) == {"location": [code]}
    assert "recheck_needed" not in [
        each["code"] for each in editor.get(f"claims/{claim}/gate/").json()["blockers"]
    ]
    fetch_again(checker, item)
    assert marks(checker, claim) == {"location": [code]}
    assert open_entries(claim) == 0
    assert list(audit.verify()) == []


@pytest.mark.django_db
def test_a_server_that_is_away_says_nothing_of_the_source(
    checker: Caller, source: Source, photos: list[bytes]
) -> None:
    source.body = photos[0]
    item = captured(checker, source)
    claim = review(checker, BOTH)
    source.status = 503
    fetch_again(checker, item)
    assert marks(checker, claim) == {}


REVERSALS = {
    "reversed": ((Stance.SUPPORTS,), (Stance.CONTRADICTS,), ["finding_reversed"]),
    "less sure": ((Stance.CONTRADICTS,), (Stance.INCONCLUSIVE,), ["finding_reversed"]),
    "not found any more": ((Stance.SUPPORTS,), (), ["finding_gone"]),
    "the same in another version": ((Stance.SUPPORTS,), (Stance.SUPPORTS,), []),
    "what was not relied on": ((Stance.NEUTRAL,), (Stance.INCONCLUSIVE,), []),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after", "codes"), REVERSALS.values(), ids=REVERSALS)
def test_a_finding_that_reverses_sends_what_awaits_its_sign_off_back_to_the_queue(
    checker: Caller,
    monkeypatch: pytest.MonkeyPatch,
    before: tuple[Stance, ...],
    after: tuple[Stance, ...],
    codes: list[str],
) -> None:
    says(monkeypatch, *before)
    item = filmed(checker)
    claim = review(checker, BOTH)
    says(monkeypatch, *after, version="2")
    examine_anew(item)
    # The location relied on nothing that this check says.
    assert marks(checker, claim) == ({"date": codes} if codes else {})
    assert checker.get(f"claims/{claim}/").json()["stage"] == ("queued" if codes else "awaiting_signoff")
    assert told_of(claim) == ([("olena", "date")] if codes else [])


@pytest.mark.database
@pytest.mark.django_db
def test_an_earlier_copy_concerns_the_date_and_what_becomes_of_it_too(
    checker: Caller, editor: Caller
) -> None:
    item = recycled.filed(checker, recycled.as_file(pattern(1), quality=75))
    claim = review(checker, BOTH)
    publish(editor, claim)
    earlier = recycled.posted_earlier(checker, recycled.as_file(pattern(1), quality=40))
    (reason,) = checker.get(f"claims/{claim}/").json()["statuses"]["date"]["recheck_needed"]
    assert reason["sentence"] == f"An earlier copy of the picture turned up in {earlier.claim.ref}."
    assert (reason["media"], marks(checker, claim)) == (str(item.pk), {"date": ["earlier_copy"]})
    # Decided anew beside that copy, which a person then says to be another picture.
    review(checker, {"date": "contradicted"}, entry_of=claim)
    assert marks(checker, claim) == {}
    (match,) = recycled.similar(checker, item)
    judged = checker.post(
        f"media/{item.pk}/similar/{match['match']}/", {"reason": "Other clouds.", "state": "dismissed"}
    )
    assert judged.status_code == 200
    recycled.run_jobs()
    assert marks(checker, claim) == {"date": ["match_judged"]}
    assert open_entries(claim) == 1


@pytest.mark.django_db
def test_a_finding_that_the_basis_names_is_relied_on_whatever_it_says(
    checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, Stance.NEUTRAL)
    item = filmed(checker)
    found = checker.get(f"findings/?media={item.pk}&check=container_dates").json()["results"][0]["id"]
    leased = lease(checker)
    basis = [{"method": "metadata", "feature": "its dates", "finding": found}]
    assert decide(checker, leased, "location", "verified", basis=basis).status_code == 201
    body = {"lease_token": leased["lease_token"]}
    assert checker.post(f"claims/{item.claim_id}/submit/", body).status_code == 200
    says(monkeypatch, Stance.CONTRADICTS, version="2")
    examine_anew(item)
    assert marks(checker, item.claim_id) == {"location": ["finding_reversed"]}


@pytest.mark.django_db
def test_a_check_that_fails_reverses_nothing(checker: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    says(monkeypatch, Stance.SUPPORTS)
    item = filmed(checker)
    claim = review(checker, BOTH)

    def run(*_: Any) -> list[Finding]:
        raise ZeroDivisionError

    monkeypatch.setattr(ContainerDates, "run", run)
    examine_anew(item)
    assert marks(checker, claim) == {}


@pytest.mark.database
@pytest.mark.django_db
def test_an_embargo_does_not_let_out_what_is_to_be_checked_again(
    checker: Caller, editor: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, Stance.SUPPORTS)
    item = filmed(checker)
    claim = review(checker, BOTH)
    ends = datetime.now(UTC) + timedelta(hours=1)
    publish(editor, claim, embargo_until=ends.isoformat())
    says(monkeypatch, Stance.CONTRADICTS, version="2")
    examine_anew(item)
    assert checker.get(f"claims/{claim}/").json()["stage"] == "scheduled"
    assert told_of(claim) == [("edith", "date"), ("olena", "date")]
    ScheduledPublication.objects.update(due_at=datetime.now(UTC) - timedelta(seconds=1))
    work.reconcile()
    schedule = ScheduledPublication.objects.get()
    assert schedule.state == ScheduledPublication.REFUSED
    assert ("recheck_needed", "date") in [(one["code"], one.get("dimension")) for one in schedule.blockers]
    refused(editor.get(f"public/claims/{claim}/"), 404)


@pytest.mark.django_db
def test_what_changes_between_verdict_and_submission_is_looked_at_again_at_once(
    checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, Stance.SUPPORTS)
    item = filmed(checker)
    leased = lease(checker)
    for dimension, status in BOTH.items():
        assert decide(checker, leased, dimension, status).status_code == 201
    says(monkeypatch, Stance.CONTRADICTS, version="2")
    examine_anew(item)
    assert marks(checker, item.claim_id) == {}
    body = {"lease_token": leased["lease_token"]}
    now = checker.post(f"claims/{item.claim_id}/submit/", body).json()
    assert (now["stage"], now["queue_entry"]["review"]) == ("queued", "recheck")
    assert marks(checker, item.claim_id) == {"date": ["finding_reversed"]}


@pytest.mark.django_db
def test_taking_a_re_check_back_leaves_what_was_marked_marked(
    checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, Stance.SUPPORTS)
    item = filmed(checker)
    claim = review(checker, BOTH)
    says(monkeypatch, Stance.CONTRADICTS, version="2")
    examine_anew(item)
    leased = lease(checker)
    token = {"lease_token": leased["lease_token"]}
    assert decide(checker, leased, "date", "contradicted").status_code == 201
    assert checker.post(f"claims/{claim}/verdicts/undo/", token).status_code in {200, 201}
    assert decide(checker, leased, "location", "verified").status_code == 201
    assert checker.post(f"claims/{claim}/submit/", token).status_code == 200
    assert marks(checker, claim) == {"date": ["finding_reversed"]}


@pytest.mark.django_db
def test_a_verdict_from_before_reliance_was_kept_is_never_marked(
    checker: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, Stance.SUPPORTS)
    item = filmed(checker)
    monkeypatch.setattr("verification.services.reliance.relied_on", lambda *_: None)
    claim = review(checker, BOTH)
    says(monkeypatch, Stance.CONTRADICTS, version="2")
    examine_anew(item)
    assert marks(checker, claim) == {}
    assert not DimensionStatus.objects.exclude(recheck_needed=[]).exists()


# --- unverified for now -----------------------------------------------------------------------------------------


@pytest.mark.database
@pytest.mark.django_db
def test_what_is_published_for_now_is_queued_again_and_stays_marked_until_it_is_decided(
    checker: Caller, editor: Caller
) -> None:
    file_claim(checker)
    leased = lease(checker)
    claim, token = leased["claim"]["id"], {"lease_token": leased["lease_token"]}
    assert decide(checker, leased, "location", "verified").status_code == 201
    assert decide(checker, leased, "date", "unverified", interim=True).status_code == 201
    now = checker.post(f"claims/{claim}/submit/", token).json()
    assert (now["stage"], now["queue_entry"], marks(checker, claim)) == ("awaiting_signoff", None, {})
    publish(editor, claim)
    now = checker.get(f"claims/{claim}/").json()
    assert (now["stage"], now["queue_entry"]["review"]) == ("published", "recheck")
    assert marks(checker, claim) == {"date": ["interim"]}
    # Still for now: nobody is sent round in a circle, and it is not forgotten either.
    leased = checker.post(f"queue/{now['queue_entry']['id']}/lease/").json()
    assert decide(checker, leased, "date", "unverified", interim=True).status_code == 201
    token = {"lease_token": leased["lease_token"]}
    assert checker.post(f"claims/{claim}/submit/", token).status_code == 200
    assert (marks(checker, claim), open_entries(claim)) == ({"date": ["interim"]}, 0)
    # The next version asks again, and a last word ends it.
    assert editor.post(f"claims/{claim}/amend/", {"reason": "A word."}).status_code == 200
    assert open_entries(claim) == 1
    review(checker, {"date": "unverified"}, entry_of=claim)
    assert (marks(checker, claim), open_entries(claim)) == ({}, 0)
    assert list(audit.verify()) == []
