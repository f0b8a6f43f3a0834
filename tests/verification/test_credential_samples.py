"""Content credentials in hostile reports, in damaged files and in the public samples."""

import io
import json
import os
import random
import struct
import zlib
from collections import Counter
from pathlib import Path

import c2pa
import pytest

from claims.media.sniff import HEAD_BYTES, sniff
from tests.media import credentials as signing
from tests.media import make
from verification.decoding import credentials as reader
from verification.decoding.manifests import Store
from verification.domain.credentials import CredentialState, TimeStamp, walk
from verification.sandbox import DecodeFailed, decode

CORPORA = os.environ.get("STET_CORPORA")
SAMPLES = Path(CORPORA or ".") / "c2pa-public-testfiles" / "image" / "jpeg"
MUTANTS = 600
MANIFEST_STORE = bytes.fromhex("6332706100110010800000aa00389b71")


def read(path):
    return decode(path, media_type="image/jpeg")


# Reports that no honest signer would cause.


def manifests_in_a_circle(count=3, each=3):
    """Manifests of which each names `each` others as its ingredients, and all of them one another."""
    return {
        "active_manifest": "m0",
        "validation_state": "Valid",
        "manifests": {
            f"m{number}": {
                "ingredients": [
                    {
                        "title": f"t{place}",
                        "label": f"i{place}",
                        "active_manifest": f"m{(number + 1) % count}",
                    }
                    for place in range(each)
                ],
                "assertions": [
                    {
                        "label": "c2pa.actions",
                        "data": {"actions": [{"action": "😀" * 300, "digitalSourceType": "😀" * 300}] * 40},
                    }
                ],
                "signature_info": {"issuer": "😀" * 300, "common_name": "😀" * 300, "time": "😀" * 300},
                "claim_generator": "😀" * 300,
            }
            for number in range(count)
        },
    }


@pytest.mark.parametrize("each", [1, 2, 30])
def test_manifests_in_a_circle_end(each):
    store = Store(manifests_in_a_circle(each=each), has_trust_list=False)
    manifest = store.newest()
    chain = list(walk(manifest))
    assert store.cut
    assert len(chain) <= 100
    assert max(len(path) for path, _ in chain) <= 12
    assert len(json.dumps(reader._credentials(manifests_in_a_circle(each=each), None).as_json())) < 2_000_000


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"active_manifest": "m"},
        {"active_manifest": ["m"], "manifests": {"m": {}}},
        {"active_manifest": "m", "manifests": {"m": 7}},
        {"active_manifest": "m", "manifests": ["m"], "validation_state": "Valid"},
        {"active_manifest": "m", "manifests": {"m": {}}, "validation_state": "Splendid"},
    ],
    ids=str,
)
def test_a_report_without_a_verdict_is_unreadable(said):
    assert reader._credentials(said, None).state is CredentialState.UNREADABLE


def test_a_broken_manifest_that_is_left_out_is_still_told_by_its_codes():
    results = {"activeManifest": {"failure": [{"code": "assertion.cbor.invalid"}]}}
    said = {
        "active_manifest": "m",
        "manifests": {},
        "validation_state": "Invalid",
        "validation_results": results,
    }
    credentials = reader._credentials(said, None)
    assert credentials.state is CredentialState.INVALID
    assert [failure.code for failure in credentials.faults] == ["assertion.cbor.invalid"]


@pytest.mark.parametrize("odd", [None, 7, "x", ["x"], {"x": 1}, [{"x": [1]}]])
def test_values_of_the_wrong_kind_are_no_values(odd):
    body = dict.fromkeys(("ingredients", "assertions", "signature_info", "claim_generator_info"), odd)
    said = {
        "active_manifest": "m",
        "manifests": {"m": body},
        "validation_state": "Valid",
        "validation_results": {"activeManifest": odd, "ingredientDeltas": odd},
    }
    assert reader._credentials(said, None).state is CredentialState.VALID


def test_the_first_version_s_time_stamps_are_never_trusted():
    stamped = {"success": [{"code": "timeStamp.validated"}, {"code": "timeStamp.trusted"}]}
    said = {"active_manifest": "m", "validation_results": {"activeManifest": stamped}}
    found = [
        Store({**said, "manifests": {"m": body}}, has_trust_list=True).newest().time_stamp
        for body in ({}, {"claim_version": 1}, {"claim_version": 2})
    ]
    assert found == [TimeStamp.UNVOUCHED, TimeStamp.UNVOUCHED, TimeStamp.TRUSTED]


# Damaged files, and the public samples.


def test_damaged_credentials_end_as_a_result_and_never_the_child(tmp_path):
    """Bytes changed within the manifest store, where the library alone reads."""
    signer, photo = signing.Signer(), make.photo(tmp_path / "photo.jpg")
    nested = signer.sign(tmp_path / "a.jpg", photo)
    whole = signer.sign(tmp_path / "b.jpg", photo, ingredients=(nested,)).read_bytes()
    begin, end = whole.index(b"jumb"), whole.rindex(b"c2pa")
    path, chance = tmp_path / "mutant.jpg", random.Random(5)
    states = Counter()
    for _ in range(MUTANTS):
        body = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(begin - 12, end)
            body[at : at + chance.choice((1, 1, 4))] = chance.choice(
                (chance.randbytes(1), b"\xff\xff\xff\xff", b"\x00", b"\x7f", b"")
            )
        path.write_bytes(body)
        try:
            facts = read(path)
        except DecodeFailed as failure:
            states[failure.code] += 1
        else:
            states[facts.credentials.state if facts.credentials else "failed"] += 1
    assert states[CredentialState.INVALID] > MUTANTS / 10
    assert states[CredentialState.UNREADABLE] > MUTANTS / 10
    assert set(states) <= {*CredentialState, "failed", "undecodable"}


with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="STET_CORPORA holds no C2PA samples")


def told_by_the_reference_tool(path):
    """The state in the report that came with the sample, of a release that knew no trust lists yet."""
    report = SAMPLES / "manifests" / path.stem / "manifest_store.json"
    if not report.is_file():
        return CredentialState.ABSENT
    return (
        CredentialState.INVALID
        if json.loads(report.read_text()).get("validation_status")
        else CredentialState.VALID
    )


def superbox(size=None):
    """The head of a JUMBF box that holds others and calls itself a manifest store."""
    described = struct.pack(">I4s", 8 + 16 + 1 + 5, b"jumd") + MANIFEST_STORE + b"\x03c2pa\0"
    return struct.pack(">I4s", 8 + len(described) if size is None else size, b"jumb") + described


def nested(levels):
    head = len(superbox())
    return b"".join(superbox(size=head * (levels - level)) for level in range(levels))


@pytest.mark.parametrize(
    "store",
    [
        superbox(),
        superbox(size=2**31 - 1),
        superbox(size=3),
        superbox(size=1),
        superbox(size=0),
        nested(30_000),
        superbox() * 30_000,
        b"c2pa",
        b"",
    ],
    ids=["empty", "long", "short", "no long size", "to the end", "deep", "many", "no box", "nothing"],
)
def test_a_store_that_is_none_is_unreadable_or_absent(tmp_path, store):
    whole = make.photo(tmp_path / "plain.png", form="PNG").read_bytes()
    after_header = 8 + 25
    chunk = struct.pack(">I", len(store)) + b"caBX" + store + struct.pack(">I", zlib.crc32(b"caBX" + store))
    path = tmp_path / "odd.png"
    path.write_bytes(whole[:after_header] + chunk + whole[after_header:])
    facts = decode(path, media_type="image/png")
    assert facts.credentials.state in (CredentialState.UNREADABLE, CredentialState.ABSENT)
    assert facts.width == 32


@with_samples
def test_every_sample_stands_as_the_reference_tool_says():
    found = {path.stem: read(path).credentials.state for path in sorted(SAMPLES.glob("*.jp*g"))}
    assert len(found) >= 13
    assert found == {path.stem: told_by_the_reference_tool(path) for path in sorted(SAMPLES.glob("*.jp*g"))}


@with_samples
def test_every_bad_sample_is_flagged_and_no_good_one():
    for path in sorted(SAMPLES.glob("*.jp*g")):
        credentials = read(path).credentials
        faults = credentials.manifest and any(one.failures for _, one in walk(credentials.manifest))
        flagged = credentials.state is CredentialState.INVALID or bool(faults)
        name = path.stem.partition("-20220124-")[2]
        assert flagged == ("E-" in name or name.startswith("X")), path.name


@with_samples
def test_a_good_sample_over_a_bad_ingredient_is_found_by_walking():
    credentials = read(SAMPLES / "adobe-20220124-CIE-sig-CA.jpg").credentials
    assert credentials.state is CredentialState.VALID
    (bad,) = [one for _, one in walk(credentials.manifest) if one.state is CredentialState.INVALID]
    assert "claimSignature.mismatch" in {failure.code for failure in bad.failures if failure.recorded}


@pytest.mark.skipif(not CORPORA, reason="STET_CORPORA does not name the folder of media samples")
def test_no_sample_without_their_mark_has_any():
    """The library itself agrees on what is passed by without it."""
    passed = 0
    for path in sorted(Path(CORPORA).rglob("*")):
        if path.is_file() and path.stat().st_size < 20_000_000:
            body = path.read_bytes()
            sniffed = sniff(body[:HEAD_BYTES])
            if sniffed and sniffed.media_type == "image/jpeg" and not reader._is_marked(io.BytesIO(body)):
                passed += 1
                with pytest.raises(c2pa.C2paError) as told:
                    c2pa.Reader(
                        "image/jpeg", io.BytesIO(body), context=c2pa.Context.from_dict(reader._settings(None))
                    )
                assert "Jumbf" not in str(told.value), path
    assert passed
