"""The walk through a new check: what its page shows is code that runs here."""

import inspect
from datetime import UTC, datetime
from pathlib import Path

import pytest

from claims.dates import parse_date
from claims.vocabulary import CheckRunState, MediaKind, Stance
from tests.verification import days_to_post
from tests.verification.days_to_post import DaysToPost
from verification.checks.base import Context, Media, run_check
from verification.checks.registry import describe, register

MEDIA = Media("ab" * 32, "video/mp4", MediaKind.VIDEO)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_late_post_is_counted_and_is_no_evidence():
    context = Context(
        now=NOW, posted_at=datetime(2022, 10, 9, tzinfo=UTC), claimed_date=parse_date("2022-10-04", "UTC")
    )
    outcome = run_check(DaysToPost(), MEDIA, context)
    (finding,) = outcome.findings
    assert (finding.stance, finding.bounds, finding.data) == (Stance.NEUTRAL, (), {"days": 4})


def test_without_a_date_it_has_nothing_to_say():
    assert run_check(DaysToPost(), MEDIA, Context(now=NOW)).state is CheckRunState.NOT_APPLICABLE


def test_the_registry_takes_it_as_it_stands():
    (check,) = register([days_to_post])
    assert describe(check)["stances"] == {"neutral": check.stances[Stance.NEUTRAL]}


@pytest.mark.parametrize("shown", [DaysToPost, test_a_late_post_is_counted_and_is_no_evidence])
def test_the_page_shows_this_very_code(shown):
    assert inspect.getsource(shown).strip() in Path("docs/adding-a-check.md").read_text()
