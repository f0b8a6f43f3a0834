from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media, NotApplicable
from verification.checks.credential_ingredients import CredentialIngredients
from verification.domain.credentials import (
    Action,
    Credentials,
    CredentialState,
    Failure,
    Ingredient,
    Manifest,
)
from verification.domain.decoded import Decoded

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIGNATURE = Failure("claimSignature.mismatch", recorded=True)


def run(credentials):
    facts = Decoded("image/jpeg", credentials=credentials, readers={"c2pa": "0.9"})
    return CredentialIngredients().run(
        Media("ab" * 32, "image/jpeg", MediaKind.PHOTO, facts), Context(now=NOW)
    )


def over(*ingredients, state=CredentialState.VALID):
    return Credentials(state, Manifest("top", ingredients=ingredients))


def ingredient(title, *beneath, state=CredentialState.VALID, failures=(), actions=()):
    own = None if state is CredentialState.ABSENT else Manifest(title, actions=actions, ingredients=beneath)
    return Ingredient(title, "parentOf", state, failures, own)


BARE = ingredient("raw.jpg", state=CredentialState.ABSENT)
BAD = ingredient("bad.jpg", BARE, state=CredentialState.INVALID, failures=(SIGNATURE,))


def test_a_bad_ingredient_under_a_good_top_is_found():
    named, bad = run(over(BAD))
    assert (bad.dimension, bad.stance) == (Dimension.PROVENANCE, Stance.INCONCLUSIVE)
    assert bad.sentence == (
        "“bad.jpg” went into the file, and its content credentials do not validate (claimSignature.mismatch;"
        " as its signer recorded); the file's own hold all the same, so nothing is known of what came before."
    )
    assert bad.data["recorded"] == ["claimSignature.mismatch"]
    assert named.sentence == (
        "The content credentials name what went into the file: “bad.jpg” and 1 more; among them 1 without"
        " credentials of its own and 1 whose credentials do not validate."
    )


@pytest.mark.parametrize("depth", range(1, 6))
def test_it_is_found_at_any_depth(depth):
    chain = BAD
    for number in range(depth):
        chain = ingredient(f"step-{number}.jpg", BARE, chain)
    _, bad = run(over(chain))
    assert bad.sentence.startswith("“bad.jpg” (by way of “step-0.jpg”) went into the file")
    assert bad.data["path"] == [*(f"step-{number}.jpg" for number in reversed(range(depth))), "bad.jpg"]


def test_a_failure_found_now_is_told_from_one_that_was_recorded():
    found = ingredient(
        "bad.jpg", state=CredentialState.INVALID, failures=(Failure("claim.missing"), SIGNATURE)
    )
    _, bad = run(over(found, state=CredentialState.INVALID))
    assert "(claim.missing, claimSignature.mismatch; found on validating it)" in bad.sentence
    assert "the file's own do not hold either" in bad.sentence


def test_an_ingredient_without_credentials_is_nothing_bad():
    (named,) = run(over(BARE))
    assert (named.stance, named.sentence) == (
        Stance.NEUTRAL,
        "The content credentials name what went into the file: “raw.jpg”.",
    )
    assert named.data["ingredients"][0]["state"] == "absent"


def test_an_ingredient_that_an_algorithm_made_is_told():
    made = ingredient("sky.png", actions=(Action("c2pa.created", source_type="trainedAlgorithmicMedia"),))
    _, generated = run(over(BARE, made))
    assert generated.stance is Stance.INCONCLUSIVE
    assert generated.sentence.startswith("“sky.png” went into the file")
    assert "an algorithm made it or part of it (trainedAlgorithmicMedia)" in generated.sentence


def test_credentials_that_name_no_ingredient_say_so():
    (finding,) = run(over())
    assert (finding.stance, finding.data) == (Stance.NEUTRAL, {"ingredients": []})


@pytest.mark.parametrize("state", [CredentialState.ABSENT, CredentialState.UNREADABLE])
def test_without_credentials_there_is_no_chain(state):
    with pytest.raises(NotApplicable):
        run(Credentials(state))


def test_what_was_not_looked_for_is_a_failure():
    with pytest.raises(CheckFailed):
        run(None)


def test_of_very_many_bad_ones_the_first_are_told_and_all_are_counted():
    found = run(over(*[BAD] * 30))
    assert len(found) == 1 + 5
    assert found[0].data["count"] == 60
    assert len(found[0].data["ingredients"]) == 50
    assert found[0].data["cut"] is True
    assert all(len(one.sentence) < 500 for one in found)
