from dataclasses import replace
from datetime import UTC, datetime

import pytest

from claims.vocabulary import Dimension, MediaKind, Stance
from verification.checks.base import CheckFailed, Context, Media
from verification.checks.content_credentials import ContentCredentials
from verification.domain.credentials import (
    Action,
    Credentials,
    CredentialState,
    Failure,
    Ingredient,
    Manifest,
    TimeStamp,
)
from verification.domain.decoded import Decoded, ReaderError
from verification.domain.findings import Side

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TAKEN = Action("c2pa.created", source_type="digitalCapture")
GENERATED = Action("c2pa.created", source_type="trainedAlgorithmicMedia")
SIGNED = Manifest(
    "urn:c2pa:1",
    generator="Camera 1",
    issuer="Example Agency",
    common_name="Desk Camera",
    signed_at="2022-10-05T08:00:00+00:00",
    time_stamp=TimeStamp.TRUSTED,
    actions=(TAKEN,),
)
BYTES = Failure("assertion.dataHash.mismatch")
SIGNATURE = Failure("claimSignature.mismatch")


def run(credentials, errors=()):
    facts = Decoded("image/jpeg", credentials=credentials, readers={"c2pa": "0.9"}, errors=errors)
    media = Media("ab" * 32, "image/jpeg", MediaKind.PHOTO, facts)
    return ContentCredentials().run(media, Context(now=NOW))


def holding(state, **changed):
    return Credentials(state, replace(SIGNED, **changed), trust_list="ab" * 32)


def failing(*failures):
    return Credentials(CredentialState.INVALID, SIGNED, failures)


def stances(findings):
    return [(one.dimension, one.stance) for one in findings]


def test_no_credentials_say_nothing():
    (finding,) = run(Credentials(CredentialState.ABSENT))
    assert (finding.dimension, finding.stance) == (Dimension.PROVENANCE, Stance.INCONCLUSIVE)
    assert "nothing follows from that" in finding.sentence


def test_credentials_kept_elsewhere_are_named_and_not_fetched():
    (finding,) = run(Credentials(CredentialState.ABSENT, remote_url="https://example.org/a.c2pa"))
    assert finding.stance is Stance.INCONCLUSIVE
    assert "https://example.org/a.c2pa, which was not fetched" in finding.sentence
    assert finding.data["remote_url"] == "https://example.org/a.c2pa"


def test_credentials_that_cannot_be_read_are_no_sign_of_tampering():
    (finding,) = run(Credentials(CredentialState.UNREADABLE, detail="Jumbf: broken"))
    assert finding.stance is Stance.INCONCLUSIVE
    assert finding.sentence == (
        "The file bears the mark of content credentials, and c2pa 0.9 can't read any in it; that is no sign of"
        " tampering, and nothing follows from it."
    )
    assert finding.data["detail"] == "Jumbf: broken"


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ((ReaderError("c2pa", "credentials", "OSError: gone"),), "OSError: gone"),
        ((), "Nobody looked"),
    ],
    ids=["reader failed", "facts from before"],
)
def test_what_was_not_looked_for_is_a_failure_and_never_an_absence(errors, words):
    with pytest.raises(CheckFailed, match=words):
        run(None, errors)


def test_valid_is_not_trusted():
    provenance, source = run(holding(CredentialState.VALID))
    assert stances([provenance, source]) == [
        (Dimension.PROVENANCE, Stance.NEUTRAL),
        (Dimension.SOURCE, Stance.INCONCLUSIVE),
    ]
    assert "no trust list here knows the signer, and anybody can sign in any name" in provenance.sentence
    assert "“Desk Camera” (Example Agency)" in provenance.sentence


def test_a_trusted_signer_of_a_camera_s_file_supports_its_provenance():
    provenance, source = run(holding(CredentialState.TRUSTED))
    assert stances([provenance, source]) == [
        (Dimension.PROVENANCE, Stance.SUPPORTS),
        (Dimension.SOURCE, Stance.NEUTRAL),
    ]
    assert "need not be who filmed it" in source.sentence


@pytest.mark.parametrize("actions", [(), (Action("c2pa.opened"),), (TAKEN, GENERATED)])
def test_a_trusted_signer_of_anything_else_supports_nothing(actions):
    assert run(holding(CredentialState.TRUSTED, actions=actions))[0].stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("credentials", "stance", "words"),
    [
        (
            holding(CredentialState.TRUSTED, actions=(GENERATED,)),
            Stance.CONTRADICTS,
            "“Desk Camera” (Example Agency), on the trust list here, signed that",
        ),
        (
            holding(CredentialState.VALID, actions=(GENERATED,)),
            Stance.INCONCLUSIVE,
            "anybody can have signed",
        ),
        (
            Credentials(CredentialState.INVALID, replace(SIGNED, actions=(GENERATED,)), (SIGNATURE,)),
            Stance.INCONCLUSIVE,
            "may be another file's",
        ),
    ],
    ids=["trusted", "valid", "invalid"],
)
def test_only_a_trusted_signer_says_against_a_file_that_an_algorithm_made_it(credentials, stance, words):
    finding = run(credentials)[-1]
    assert (finding.dimension, finding.stance) == (Dimension.AUTHENTICITY, stance)
    assert "an algorithm made it or part of it (trainedAlgorithmicMedia)" in finding.sentence
    assert words in finding.sentence


@pytest.mark.parametrize(
    ("failures", "stance", "words"),
    [
        ((BYTES,), Stance.NEUTRAL, "bytes are not those that were signed"),
        ((Failure("assertion.bmffHash.mismatch"),), Stance.NEUTRAL, "altered or only saved again"),
        ((SIGNATURE,), Stance.INCONCLUSIVE, "do not validate with c2pa 0.9 (claimSignature.mismatch)"),
        ((BYTES, SIGNATURE), Stance.INCONCLUSIVE, "(assertion.dataHash.mismatch, claimSignature.mismatch)"),
        ((Failure("algorithm.unsupported"),), Stance.INCONCLUSIVE, "alone does not show that the media was"),
        ((Failure("signingCredential.expired"),), Stance.INCONCLUSIVE, "nothing that the credentials say"),
    ],
)
def test_what_does_not_validate_is_told_by_its_codes_and_contradicts_nothing(failures, stance, words):
    (finding,) = run(failing(*failures))
    assert (finding.dimension, finding.stance) == (Dimension.AUTHENTICITY, stance)
    assert words in finding.sentence
    assert finding.data["codes"] == [failure.code for failure in failures]
    assert finding.bounds == ()
    assert "tamper" not in finding.sentence


def test_a_fault_in_an_ingredient_is_told_as_one():
    below = Ingredient(
        "old.jpg", "parentOf", CredentialState.INVALID, (Failure("assertion.hashedURI.mismatch"),)
    )
    (finding,) = run(Credentials(CredentialState.INVALID, replace(SIGNED, ingredients=(below,))))
    assert "(assertion.hashedURI.mismatch), in those of a file that went into this one" in finding.sentence


@pytest.mark.parametrize("state", [CredentialState.TRUSTED, CredentialState.VALID])
def test_a_trusted_time_stamp_bounds_softly_from_above_and_is_not_when_it_was_filmed(state):
    found = run(holding(state))
    (bound,) = found[0].bounds
    assert (bound.side, bound.hard, bound.at) == (Side.NOT_AFTER, False, datetime(2022, 10, 5, 8, tzinfo=UTC))
    assert "by 08:00 on 5 October 2022 UTC, which is not when it was filmed" in found[0].sentence
    assert all(one.bounds == () for one in found[1:])
    assert all(one.dimension is not Dimension.DATE for one in found)


@pytest.mark.parametrize(
    "changed",
    [
        {"time_stamp": TimeStamp.UNVOUCHED},
        {"time_stamp": TimeStamp.FAILED},
        {"time_stamp": None},
        {"signed_at": None},
        {"signed_at": "2022-10-05T08:00:00"},
        {"signed_at": "yesterday"},
        {"signed_at": "0001-01-01T00:00:00+23:00"},
    ],
    ids=str,
)
def test_nothing_else_bounds_any_date(changed):
    assert all(one.bounds == () for one in run(holding(CredentialState.TRUSTED, **changed)))


def test_the_time_that_an_action_names_bounds_nothing():
    dated = replace(TAKEN, at="2019-01-01T00:00:00Z")
    found = run(holding(CredentialState.TRUSTED, actions=(dated,), time_stamp=None))
    assert all(one.bounds == () for one in found)


@pytest.mark.parametrize("state", [*CredentialState])
def test_a_sentence_stays_short_whatever_names_are_given(state):
    long = "x" * 300
    manifest = replace(SIGNED, issuer=long, common_name=long, actions=(replace(GENERATED),))
    failures = tuple(Failure(f"{long}.{number}") for number in range(9))
    has_none = state in (CredentialState.ABSENT, CredentialState.UNREADABLE)
    found = run(
        Credentials(state, remote_url=long, detail=long)
        if has_none
        else Credentials(state, manifest, failures if state is CredentialState.INVALID else ())
    )
    assert all(len(one.sentence) < 500 for one in found)
