"""Every check, present and to come, over files that are empty, cut short, hostile or odd."""

import ast
import inspect
import re
from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import ModuleType

import pytest
from django.core.management import call_command

from claims.dates import parse_date
from claims.media.sniff import sniff
from claims.places import Place
from claims.vocabulary import CheckRunState, Dimension, MediaKind, Stance
from tests.media import make
from verification.checks.base import (
    CheckFailed,
    Context,
    EarlierCopy,
    Media,
    NotApplicable,
    run_check,
    run_checks,
)
from verification.checks.registry import BadRegistry, all_checks, get, register
from verification.domain.decoded import Decoded
from verification.examination import examine

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAULT = re.compile(r"\w+Error: ")
KYIV = Place("Kyiv", 50.45, 30.5234, 5_000)
CONTEXTS = [
    Context(now=NOW),
    Context(
        now=NOW,
        claimed_date=parse_date("2022-10-04", "Europe/Kyiv"),
        claimed_location=KYIV,
        claimed_camera=Place("Kherson", 46.6354, 32.6169, 10_000),
        posted_at=datetime(2022, 10, 5, tzinfo=UTC),
        captured_at=datetime(2022, 10, 6, tzinfo=UTC),
        earlier_copies=(EarlierCopy("C-12", datetime(2020, 10, 13, tzinfo=UTC)),),
        url="https://x.com/someone/status/1577278383193862144",
        stamped_at=datetime(2022, 10, 6, 0, 3, tzinfo=UTC),
        stamp_authority="https://tsa.example/",
    ),
    Context(now=NOW, claimed_date=parse_date("../2022"), claimed_location=Place("Kyiv"), earlier_copies=()),
    Context(
        now=NOW,
        claimed_date=parse_date("2022-12-21T12:00:00Z"),
        claimed_location=Place("the pole", 90, 180),
        url="https://t.me/channel/\x00" + "1" * 5000,
    ),
]
checks = pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.slug)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files by what is wrong with them."""
    folder = tmp_path_factory.mktemp("odd")
    jpeg = make.exif_jpeg(
        folder / "whole.jpg", dates={0x9003: "2022:10:04 14:07:00"}, gps=make.gps_tags(*make.KYIV)
    )
    film = make.tagged_video(folder / "whole.mp4", {"creation_time": "2022-10-04T11:07:00Z"})
    hostile_tags = {
        "creation_time": "2022-10-04T11:07:00Z",
        "com.apple.quicktime.creationdate": "9999-12-31T23:59:59-1400",
        "com.apple.quicktime.location.ISO6709": "+90.0001-180.0001/",
        "date": "\u202e0000'; DROP TABLE claims;--" * 20,
        "com.apple.quicktime.make": "<script>alert(1)</script>",
    }
    random = bytes(range(256)) * 64
    made = {
        "whole photo": jpeg,
        "whole film": film,
        "cut photo": make.truncated(folder / "cut.jpg", jpeg),
        "cut film": make.truncated(folder / "cut.mp4", film),
        "bomb": make.png_bomb(folder / "bomb.png", 60_000, 60_000),
        "hostile tags": make.tagged_video(folder / "hostile.mp4", hostile_tags),
        "hostile dates": make.exif_jpeg(
            folder / "hostile.jpg",
            dates={0x9003: "9999:12:31 23:59:59", 0x9011: "+99:99", 0x0132: "\x01" * 40},
            gps=make.gps_tags([(2**32 - 1, 1)] * 3, [(1, 2**32 - 1)] * 3, time=[(99, 1)] * 3, error=[(1, 0)]),
        ),
    }
    for name, body in {
        "empty": b"",
        "text": b"not media",
        "jpeg of noise": b"\xff\xd8\xff\xe1" + random,
        "film of noise": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + random,
        "film under a photo's name": film.read_bytes(),
    }.items():
        made[name] = folder / f"{name}.jpg"
        made[name].write_bytes(body)
    return made


@pytest.fixture(scope="module")
def examined(files):
    return {name: examine(path, context=CONTEXTS[0]) for name, path in files.items()}


@pytest.fixture(scope="module")
def outcomes(examined):
    """(file, outcome) of every check on every medium in every context."""
    return [
        (name, outcome)
        for name, found in examined.items()
        if found.media
        for context in CONTEXTS
        for outcome in run_checks(all_checks(), found.media, context)
    ]


def test_the_same_file_gives_the_same_findings(files, examined):
    for name, path in files.items():
        assert examine(path, context=CONTEXTS[0]) == examined[name], name


def test_the_same_media_and_claims_give_the_same_findings(examined):
    for name, found in examined.items():
        for context in CONTEXTS:
            if found.media:
                first, second = (run_checks(all_checks(), found.media, context) for _ in range(2))
                assert first == second, name


@checks
def test_every_file_gets_an_outcome_with_words(check, outcomes):
    for name, outcome in outcomes:
        if outcome.check != check.slug:
            continue
        assert (outcome.error is None) == (outcome.state is CheckRunState.DONE), name
        assert bool(outcome.findings) == (outcome.state is CheckRunState.DONE), name
        for finding in outcome.findings:
            assert finding.dimension in check.dimensions
            assert finding.sentence.endswith(".")
            assert len(finding.sentence) < 500
            assert all(bound.at.utcoffset() is not None for bound in finding.bounds)


@checks
def test_a_check_takes_only_the_stances_it_tells_of(check, outcomes):
    taken = {
        finding.stance
        for _, outcome in outcomes
        if outcome.check == check.slug
        for finding in outcome.findings
    }
    source = ast.parse(Path(inspect.getfile(type(check))).read_text())
    (told,) = (
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "stances"
    )
    can_take = {Stance[name] for name in Counter(_stances_in(source)) - Counter(_stances_in(told))}
    assert taken | can_take <= set(check.stances)
    for words in (*check.stances.values(), check.reads, check.cannot_know, check.help):
        assert words.endswith("."), words


def _stances_in(tree: ast.AST) -> list[str]:
    return [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "Stance"
    ]


def test_the_page_of_all_checks_is_current():
    out = StringIO()
    call_command("checks", "--markdown", stdout=out)
    assert Path("docs/checks.md").read_text() == out.getvalue()


@checks
def test_a_check_faults_on_none_of_them(check, outcomes):
    """A failure is one that the check itself tells of, never an exception that got away."""
    for name, outcome in outcomes:
        if outcome.check == check.slug and outcome.error:
            assert not FAULT.match(outcome.error), (name, outcome.error)


@checks
def test_a_check_says_what_it_is(check):
    assert check.slug.isidentifier()
    assert check.version
    assert check.title
    assert check.help.endswith(".")
    assert set(check.dimensions) <= set(Dimension)
    assert all("/" in pattern for pattern in check.media_types)
    assert get(check.slug) is check


@checks
def test_a_check_has_its_own_tests(check):
    assert (Path(__file__).parent / "checks" / f"test_{check.slug}.py").is_file()


def test_what_is_no_media_is_told_so(examined):
    for name in ("empty", "text"):
        assert examined[name].failure == "This is no media that Stet reads."


def test_what_cannot_be_decoded_is_a_failure_and_never_an_absence(examined):
    for name in ("bomb", "jpeg of noise", "film of noise"):
        found = examined[name]
        assert found.failure, name
        states = {one.check: one.state for one in found.outcomes}
        assert states["gps_location"] is CheckRunState.FAILED, name


def test_tags_that_are_cut_off_are_a_failure_and_never_an_absence(examined):
    found = examined["cut film"]
    assert found.failure is None
    assert {one.check: one.state for one in found.outcomes}["gps_location"] is CheckRunState.FAILED


def test_a_file_is_taken_for_what_it_is_whatever_its_name(examined):
    assert examined["film under a photo's name"].media.media_type == "video/mp4"


def test_sniffing_and_decoding_agree_on_whole_files(files):
    assert sniff(files["whole photo"].read_bytes()).media_type == "image/jpeg"
    assert sniff(files["whole film"].read_bytes()).media_type == "video/mp4"


class Stub:
    slug = "stub"
    title = "A stub"
    version = "1"
    dimensions = (Dimension.DATE,)
    media_types = ("image/*",)
    help = "Raises what it is told to."

    def __init__(self, raised=None):
        self.raised = raised

    def run(self, media, context):
        if self.raised:
            raise self.raised
        return []


PHOTO = Media("0" * 64, "image/png", MediaKind.PHOTO, Decoded("image/png"))


@pytest.mark.parametrize(
    ("raised", "state", "words"),
    [
        (None, CheckRunState.DONE, None),
        (NotApplicable("not here"), CheckRunState.NOT_APPLICABLE, "not here"),
        (CheckFailed("broken"), CheckRunState.FAILED, "broken"),
        (ZeroDivisionError("by zero"), CheckRunState.FAILED, "ZeroDivisionError: by zero"),
        (KeyError("gone"), CheckRunState.FAILED, "KeyError: 'gone'"),
    ],
)
def test_whatever_a_check_raises_is_its_own_recorded_outcome(raised, state, words):
    outcome = run_check(Stub(raised), PHOTO, Context(now=NOW))
    assert (outcome.state, outcome.error) == (state, words)


def test_a_check_is_not_run_on_media_that_it_does_not_look_at():
    film = Media("0" * 64, "video/mp4", MediaKind.VIDEO)
    assert run_check(Stub(ValueError()), film, Context(now=NOW)).state is CheckRunState.NOT_APPLICABLE


def module(name, *classes):
    made = ModuleType(f"verification.checks.{name}")
    for number, one in enumerate(classes):
        setattr(made, f"C{number}", type(one.__name__, (one,), {"__module__": made.__name__}))
    return made


def test_the_registry_refuses_duplicates_and_strays():
    assert [check.slug for check in register([module("stub", Stub)])] == ["stub"]
    for modules in (
        [module("stub", Stub), module("stub", Stub)],
        [module("other", Stub)],
        [module("stub")],
        [module("stub", Stub, Stub)],
    ):
        with pytest.raises(BadRegistry):
            register(modules)


def test_the_checks_come_sorted():
    slugs = [check.slug for check in all_checks()]
    assert slugs == sorted(slugs)
    assert {"container_dates", "exact_duplicate", "gps_location"} <= set(slugs)
