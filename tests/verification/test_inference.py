from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from claims.dates import ClaimedDate, parse_date
from claims.places import Place
from claims.vocabulary import Dimension, Stance
from verification.domain.evidence import EvidenceKind, finding_of_evidence
from verification.domain.findings import Finding, FoundPoint, Side, TimeBound
from verification.inference.dates import suggest_date
from verification.inference.locations import suggest_location
from verification.inference.outcome import Outcome

EARLY, LATE = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
KYIV = Place("Kyiv", 50.45, 30.5234, 5_000)

instants = st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1), timezones=st.just(UTC))
authors = st.sampled_from([None, "olena", "petro"])
bounds = st.builds(
    TimeBound, st.sampled_from(Side), instants, st.booleans(), st.sampled_from(["a", "b", "c"]), authors
)
points = st.builds(
    FoundPoint,
    st.floats(-90, 90, allow_subnormal=False),
    st.floats(-180, 180, allow_subnormal=False),
    st.floats(1, 5_000),
    st.sampled_from(["a", "b"]),
    authors,
)


def finding(*of_time, points=()):
    return Finding(Dimension.DATE, Stance.NEUTRAL, "…", bounds=tuple(of_time), points=tuple(points))


date_findings = st.lists(st.lists(bounds, max_size=3).map(lambda found: finding(*found)), max_size=6)
point_findings = st.lists(st.lists(points, max_size=2).map(lambda found: finding(points=found)), max_size=5)


@st.composite
def claims(draw):
    ends = sorted([draw(instants), draw(instants)])
    return ClaimedDate(
        "x", None, draw(st.sampled_from([None, ends[0]])), draw(st.sampled_from([None, ends[1]]))
    )


def evidence_for(one):
    """A bound as a person enters it: kept as JSON, read back as a finding."""
    content = {"reason": "r", "side": one.side.value, "at": one.at.isoformat(), "place": None}
    return finding_of_evidence(EvidenceKind.LANDMARK, content, hard=one.hard, by="olena")


def bound(side, at, hard=True, reason="r"):
    return TimeBound(side, datetime.fromisoformat(at).replace(tzinfo=UTC), hard, reason)


@given(claims(), date_findings, bounds)
def test_adding_a_bound_never_widens(claimed, findings, added):
    before = suggest_date(claimed=claimed, findings=findings)
    after = suggest_date(claimed=claimed, findings=[*findings, finding(added)])
    assert (after.not_before or EARLY) >= (before.not_before or EARLY)
    assert (after.not_after or LATE) <= (before.not_after or LATE)
    if before.outcome is Outcome.CONTRADICTED:
        assert after.outcome is Outcome.CONTRADICTED


@given(claims(), date_findings, bounds)
def test_evidence_bounds_as_a_finding_does_and_never_widens(claimed, findings, added):
    entered = evidence_for(added)
    assert [(one.side, one.at, one.hard, one.by) for one in entered.bounds] == [
        (added.side, added.at, added.hard, "olena")
    ]
    before = suggest_date(claimed=claimed, findings=findings)
    after = suggest_date(claimed=claimed, findings=[*findings, entered])
    as_found = suggest_date(claimed=claimed, findings=[*findings, finding(added)])
    assert (after.outcome, after.not_before, after.not_after) == (
        as_found.outcome,
        as_found.not_before,
        as_found.not_after,
    )
    assert (after.not_before or EARLY) >= (before.not_before or EARLY)
    assert (after.not_after or LATE) <= (before.not_after or LATE)


@given(claims(), st.lists(bounds, min_size=1, max_size=5), st.randoms())
def test_the_order_of_evidence_never_matters_and_without_it_all_is_undetermined(
    claimed, given_bounds, chance
):
    entered = [evidence_for(one) for one in given_bounds]
    shuffled = [*entered]
    chance.shuffle(shuffled)
    assert suggest_date(claimed=claimed, findings=shuffled) == suggest_date(claimed=claimed, findings=entered)
    assert suggest_date(claimed=claimed, findings=[]).outcome is Outcome.UNDETERMINED


@given(claims(), date_findings)
def test_the_reasoning_shows_every_bound_and_what_each_leaves(claimed, findings):
    """Followed by hand, the bounds that are shown give the interval that is shown."""
    shown = suggest_date(claimed=claimed, findings=findings).as_json()
    assert len(shown["bounds"]) == len({bound for one in findings for bound in one.bounds})
    left = [claimed.not_before, claimed.not_after]
    for one in shown["bounds"]:
        at = datetime.fromisoformat(one["at"])
        old = [*left]
        if one["side"] == "not_before":
            left[0] = max(left[0] or EARLY, at)
        else:
            left[1] = min(left[1] or LATE, at)
        assert one["bites"] == (left != old)
    assert [shown["not_before"], shown["not_after"]] == [
        end and end.isoformat().replace("+00:00", "Z") for end in left
    ]


@given(claims(), date_findings, st.randoms())
def test_the_order_of_findings_never_matters(claimed, findings, chance):
    shuffled = [*findings]
    chance.shuffle(shuffled)
    assert suggest_date(claimed=claimed, findings=shuffled) == suggest_date(
        claimed=claimed, findings=findings
    )


@given(st.one_of(st.none(), claims()))
def test_without_bounds_all_is_undetermined(claimed):
    assert suggest_date(claimed=claimed, findings=[]).outcome is Outcome.UNDETERMINED
    assert suggest_date(claimed=claimed, findings=[finding()]).outcome is Outcome.UNDETERMINED


@given(date_findings)
def test_without_a_claim_all_is_undetermined(findings):
    assert suggest_date(claimed=None, findings=findings).outcome is Outcome.UNDETERMINED


@given(claims(), date_findings)
def test_soft_bounds_never_contradict(claimed, findings):
    soft = [finding(*(TimeBound(b.side, b.at, False, b.reason) for b in one.bounds)) for one in findings]
    assert suggest_date(claimed=claimed, findings=soft).outcome is not Outcome.CONTRADICTED


@given(claims(), date_findings)
def test_consistent_means_that_something_is_left(claimed, findings):
    suggestion = suggest_date(claimed=claimed, findings=findings)
    if suggestion.outcome is Outcome.CONSISTENT:
        assert not suggestion.is_empty


def test_an_earlier_copy_contradicts_a_later_claim():
    suggestion = suggest_date(
        claimed=parse_date("2022-03-03", "Europe/Kyiv"),
        findings=[
            finding(
                bound(Side.NOT_AFTER, "2020-10-13", reason="archived"), bound(Side.NOT_AFTER, "2021-01-01")
            )
        ],
    )
    assert suggestion.outcome is Outcome.CONTRADICTED
    assert [(one.bound.reason, one.bites) for one in suggestion.bounds] == [("archived", True), ("r", False)]


def test_a_soft_bound_against_the_claim_leaves_it_undetermined():
    suggestion = suggest_date(
        claimed=parse_date("2022-03-03", "Europe/Kyiv"),
        findings=[finding(bound(Side.NOT_AFTER, "2020-10-13", hard=False))],
    )
    assert (suggestion.outcome, suggestion.is_empty) == (Outcome.UNDETERMINED, True)


def test_a_bound_within_the_claim_narrows_it():
    suggestion = suggest_date(
        claimed=parse_date("2022-10", "UTC"),
        findings=[
            finding(bound(Side.NOT_AFTER, "2022-10-04T12:00:00")),
            finding(bound(Side.NOT_BEFORE, "2022-10-03T12:00:00", hard=False)),
        ],
    )
    assert suggestion.outcome is Outcome.CONSISTENT
    assert suggestion.not_after - suggestion.not_before == timedelta(days=1)
    shown = suggestion.as_json()
    assert (shown["not_before"], shown["not_after"]) == ("2022-10-03T12:00:00Z", "2022-10-04T12:00:00Z")
    assert [one["hard"] for one in shown["bounds"]] == [True, False]


def test_the_same_bound_of_two_findings_counts_once():
    one = bound(Side.NOT_AFTER, "2020-10-13")
    assert len(suggest_date(claimed=None, findings=[finding(one), finding(one)]).bounds) == 1


@given(point_findings, st.randoms())
def test_the_order_of_points_never_matters(findings, chance):
    shuffled = [*findings]
    chance.shuffle(shuffled)
    assert suggest_location(claimed=KYIV, findings=shuffled) == suggest_location(
        claimed=KYIV, findings=findings
    )


@given(point_findings)
def test_points_never_contradict_the_place_shown(findings):
    assert suggest_location(claimed=KYIV, findings=findings).outcome is not Outcome.CONTRADICTED


@given(point_findings, points)
def test_another_point_never_takes_a_contradiction_back(findings, added):
    before = suggest_location(claimed=KYIV, claimed_camera=KYIV, findings=findings)
    after = suggest_location(claimed=KYIV, claimed_camera=KYIV, findings=[*findings, finding(points=[added])])
    if before.outcome is Outcome.CONTRADICTED:
        assert after.outcome is Outcome.CONTRADICTED


def test_without_points_or_claims_a_location_is_undetermined():
    point = FoundPoint(50.46, 30.52, 100, "gps")
    assert suggest_location(claimed=KYIV, findings=[]).outcome is Outcome.UNDETERMINED
    assert suggest_location(claimed=None, findings=[finding(points=[point])]).outcome is Outcome.UNDETERMINED
    assert (
        suggest_location(claimed=Place("Kyiv"), findings=[finding(points=[point])]).outcome
        is Outcome.UNDETERMINED
    )


def test_a_point_in_the_claimed_area_is_consistent_and_comes_with_its_distance():
    near, far = FoundPoint(50.46, 30.5234, 100, "gps"), FoundPoint(46.6, 32.6, 100, "xmp")
    suggestion = suggest_location(claimed=KYIV, findings=[finding(points=[far, near])])
    assert suggestion.outcome is Outcome.CONSISTENT
    shown = suggestion.as_json()["points"]
    assert [(one["reason"], one["within"]) for one in shown] == [("gps", True), ("xmp", False)]
    assert 1_100 < shown[0]["distance_m"] < 1_120


def test_a_point_far_from_the_claimed_camera_contradicts():
    far = finding(points=[FoundPoint(46.6, 32.6, 100, "gps")])
    assert suggest_location(claimed=None, claimed_camera=KYIV, findings=[far]).outcome is Outcome.CONTRADICTED
