"""How alike statements are worded: the same verdict whatever the order, the case and the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from claims import wording
from claims.claim_texts import keep_text, worded_alike
from claims.models import Body, Claim, ClaimText
from tests.conftest import Caller, file_claim

FLAGS = "Ukrainian soldiers raised flags in two retaken villages on Tuesday."
METRO = "Video shows a flooded metro station in New York on 29 September 2023"
# One statement, another, and whether the second is shown where the first is filed.
# ruff: noqa: RUF001  alphabets are what is tried
PAIRS = [
    (FLAGS, "Ukrainian soldiers raised the flag in two recaptured villages on Tuesday", True),
    (FLAGS, "On Tuesday, Ukrainian troops hoisted flags in two villages they had retaken", True),
    (FLAGS, FLAGS.upper().replace(" ", "  ") + "!!", True),
    (FLAGS, "Russian missiles hit a residential building in Dnipro on Saturday.", False),
    (METRO, "Video shows flooded metro station in New York, 28 September 2023", True),
    (METRO, "ＶＩＤＥＯ shows a flooded metro station in New York on 29 September 2023", True),
    (METRO, "Photo: hail the size of tennis balls in Milan, July 2023", False),
    ("Російські війська обстріляли Херсон у вівторок вранці", "У вівторок російські війська обстріляли Херсон", True),
    ("Російські війська обстріляли Херсон у вівторок вранці", "Українські фермери збирають урожай під Полтавою", False),
    ("تظهر الصورة فيضانات في مدينة درنة الليبية", "تظهر الصورة الفيضانات في مدينة درنة", True),
    ("बाढ़ के पानी में डूबा हुआ रेलवे स्टेशन मुंबई का है", "मुंबई का रेलवे स्टेशन बाढ़ के पानी में डूबा हुआ", True),
    ("视频显示洪水淹没了纽约市中心的一个地铁站入口", "视频显示洪水淹没了纽约市中心的一个地铁站", True),
    ("The bridge at Kherson fell", "The bridge at Kakhovka fell in the night of 6 June 2023", False),
    ("He won.", "He won", False),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "alike"), PAIRS)
def test_a_pair_is_alike_or_not_either_way_round(one: str, other: str, alike: bool) -> None:
    for here, there in ((one, other), (other, one)):
        likeness = wording.likeness(wording.plain(here), wording.plain(there))
        assert (likeness >= wording.SIMILAR) == alike, likeness


def crowd(caller: Caller, statements: list[str]) -> None:
    """Many claims of the caller's desk, laid down without filing them one by one."""
    first = Claim.objects.get(pk=file_claim(caller, statement=statements[0])["id"])
    bodies = [Body.objects.keep(statement) for statement in statements[1:]]
    claims = Claim.objects.bulk_create(
        Claim(
            ref=f"2000-{number:05d}",
            desk=first.desk,
            statement=body,
            language="en",
            source=first.source,
            filed_by=first.filed_by,
            stage="queued",
        )
        for number, body in enumerate(bodies, start=Claim.objects.count())
    )
    for claim, statement in zip(claims, statements[1:], strict=True):
        keep_text(claim, statement)


@given(st.text(max_size=300))
def test_a_text_has_every_word_that_it_is_looked_up_by(text: str) -> None:
    words = wording.plain(text)
    terms = wording.terms(words)
    assert len(terms) <= wording.MOST_TERMS
    assert all(len(term) >= 3 and term in words for term in terms)
    assert len(wording.pairs(words)) == len(terms)


@given(
    st.lists(
        st.text("abcdefgh", min_size=4, max_size=9), min_size=12, max_size=12, unique_by=lambda w: w[:6]
    ),
    st.data(),
)
def test_who_shares_more_than_half_of_the_words_shares_a_pair(words: list[str], data: Any) -> None:
    kept = data.draw(st.lists(st.sampled_from(words), min_size=7, unique=True))
    assert any({one, other} <= {word[:6] for word in kept} for one, other in wording.pairs(" ".join(words)))


@pytest.mark.django_db
def test_the_database_finds_what_the_pairs_say(checker: Caller) -> None:
    """Whichever database is asked, and however much else is there."""
    crowd(checker, [f"The {n}th of many videos of soldiers, villages and stations" for n in range(80)])
    crowd(checker, [other for _, other, _ in PAIRS])
    desk = checker.person.memberships.get().desk_id
    said = dict(ClaimText.objects.values_list("claim", "text"))
    for one, other, alike in PAIRS:
        found = {said[each.claim_id]: each.likeness for each in worded_alike(one, desk_id=desk)}
        expected = wording.likeness(wording.plain(one), wording.plain(other))
        assert found.get(wording.plain(other)) == (expected if alike else None), (one, other)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is told its way by settings")
@pytest.mark.django_db
def test_sqlite_asks_its_full_text_index_once_a_pair_and_not_once_a_claim(checker: Caller) -> None:
    desk = Claim.objects.get(pk=file_claim(checker, statement=FLAGS)["id"]).desk_id
    with CaptureQueriesContext(connection) as asked:
        worded_alike(FLAGS, desk_id=desk)
    lookups = [query["sql"] for query in asked if "MATCH" in query["sql"]]
    assert lookups
    with connection.cursor() as cursor:
        for sql in lookups:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert "VIRTUAL TABLE" in cursor.fetchall()[0][3]


@given(st.text(max_size=80), st.text(max_size=80))
def test_likeness_is_a_share_and_the_same_either_way(one: str, other: str) -> None:
    ours, theirs = wording.plain(one), wording.plain(other)
    assert 0 <= wording.likeness(ours, theirs) <= 1
    assert wording.likeness(ours, theirs) == wording.likeness(theirs, ours)
    enough = len(wording.pieces(ours)) >= wording.LEAST_PIECES
    assert wording.likeness(ours, ours) == (1 if enough else 0)


@given(st.lists(st.text("abcdefgäß1", min_size=1, max_size=9), min_size=6, max_size=12), st.randoms())
def test_neither_case_nor_order_nor_signs_tell(words: list[str], chance: Any) -> None:
    turned = list(words)
    chance.shuffle(turned)
    one, other = wording.plain(" ".join(words)), wording.plain(" -- ".join(turned).upper() + ".")
    assert wording.pieces(one) == wording.pieces(other)


@given(st.text(max_size=2000))
def test_a_plain_text_is_bounded_and_has_words_only(text: str) -> None:
    words = wording.plain(text)
    assert len(words) <= wording.MOST_CHARACTERS
    assert words == " ".join(words.split())
    assert not set('"%_\\\0.,-') & set(words)


def kept_by_the_index() -> bytes:
    """Whatever SQLite's index holds, deleted or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT block FROM claims_claimtext_pieces_data")
        return b"".join(block for (block,) in cursor.fetchall())


@pytest.mark.django_db
def test_only_the_desks_own_claims_and_never_what_was_erased(
    checker: Caller, admin: Caller, stranger: Caller
) -> None:
    other, desk = FLAGS.replace("two", "zwölf"), checker.person.memberships.get().desk_id
    file_claim(stranger, statement=FLAGS)
    assert worded_alike(FLAGS, desk_id=desk) == []
    draft = file_claim(checker, statement=other, draft=True)
    assert [str(one.claim_id) for one in worded_alike(FLAGS, desk_id=desk)] == [draft["id"]]
    if connection.vendor == "sqlite":
        assert "zwö".encode() in kept_by_the_index()
    erasing = {"target": "statement", "reason": "a", "legal_ground": "a court order"}
    assert admin.post(f"claims/{draft['id']}/redact/", erasing).status_code == 200
    assert worded_alike(FLAGS, desk_id=desk) == []
    assert not ClaimText.objects.filter(claim=draft["id"]).exists()
    if connection.vendor == "sqlite":
        assert "zwö".encode() not in kept_by_the_index()


@pytest.mark.django_db
def test_what_is_changed_is_found_by_its_new_words(checker: Caller) -> None:
    claim, desk = file_claim(checker, statement=METRO)["id"], checker.person.memberships.get().desk_id
    response = checker.get(f"claims/{claim}/")
    assert (
        checker.patch(f"claims/{claim}/", {"statement": FLAGS}, If_Match=response["ETag"]).status_code == 200
    )
    assert [str(one.claim_id) for one in worded_alike(FLAGS.upper(), desk_id=desk)] == [claim]
    assert worded_alike(METRO, desk_id=desk) == []


@pytest.mark.django_db
def test_a_claim_of_another_desk_takes_no_place(checker: Caller, stranger: Caller) -> None:
    """However many there are elsewhere, the desk's own is proposed."""
    crowd(stranger, [f"{FLAGS} {number}" for number in range(80)])
    claim = file_claim(checker, statement=f"{FLAGS} It rained.")["id"]
    desk = checker.person.memberships.get().desk_id
    assert [str(one.claim_id) for one in worded_alike(FLAGS, desk_id=desk)] == [claim]
