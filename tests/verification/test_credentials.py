"""Content credentials as the decoders' child reads them, out of files signed here and out of the public samples."""

import io
import json
import os
import random
import shutil
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import c2pa
import pytest

from claims.media.sniff import HEAD_BYTES, sniff
from tests.media import credentials as signing
from tests.media import make
from tests.verification.test_stamps import Authority
from verification import decoder_child
from verification.decoding import credentials as reader
from verification.decoding.manifests import Store
from verification.domain.credentials import CredentialState, TimeStamp, walk
from verification.domain.decoded import Decoded
from verification.sandbox import DecodeFailed, decode, end_child

CORPORA = os.environ.get("STET_CORPORA")
SAMPLES = Path(CORPORA or ".") / "c2pa-public-testfiles" / "image" / "jpeg"
MUTANTS = 600


@pytest.fixture(scope="module")
def signer():
    return signing.Signer()


@pytest.fixture
def photo(tmp_path):
    return make.photo(tmp_path / "photo.jpg")


@pytest.fixture
def trust_list(tmp_path, signer):
    path = tmp_path / "trusted.pem"
    path.write_bytes(signer.root)
    return path


def read(path, media_type="image/jpeg", trust_list=None):
    return decode(path, media_type=media_type, trust_list=trust_list)


def with_own_form(tmp_path, media_type):
    form = media_type.partition("/")[2]
    if media_type.startswith("video/"):
        return make.tagged_video(tmp_path / "film", {}, form="mov" if form == "quicktime" else form)
    return make.photo(tmp_path / "photo", form=form.upper())


@pytest.mark.parametrize(
    "media_type",
    [
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/tiff",
        "image/gif",
        "image/avif",
        "video/mp4",
        "video/quicktime",
    ],
)
def test_they_are_read_out_of_every_form(tmp_path, signer, media_type):
    path = signer.sign(tmp_path / "signed", with_own_form(tmp_path, media_type), media_type=media_type)
    facts = read(path, media_type)
    assert facts.credentials.state is CredentialState.VALID
    assert facts.errors == ()


def test_they_say_who_signed_what(tmp_path, signer, photo):
    facts = read(signer.sign(tmp_path / "signed.jpg", photo, source_type=signing.AI))
    manifest = facts.credentials.manifest
    assert (manifest.common_name, manifest.issuer) == ("Desk Camera", "Example Agency")
    assert manifest.generator == "stet tests 1"
    assert manifest.source_types == ("trainedAlgorithmicMedia",)
    assert (manifest.signed_at, manifest.time_stamp) == (None, None)
    assert facts.readers["c2pa"] == c2pa.sdk_version()


def test_without_a_trust_list_nobody_is_trusted_and_with_one_only_who_is_on_it(
    tmp_path, signer, photo, trust_list
):
    ours = signer.sign(tmp_path / "ours.jpg", photo)
    others = signing.Signer("Example Agency").sign(tmp_path / "others.jpg", photo)
    assert read(ours).credentials.state is CredentialState.VALID
    assert read(ours).credentials.trust_list is None
    assert read(ours, trust_list=trust_list).credentials.state is CredentialState.TRUSTED
    assert len(read(ours, trust_list=trust_list).credentials.trust_list) == 64
    assert read(others, trust_list=trust_list).credentials.state is CredentialState.VALID


def test_a_trust_list_that_cannot_be_read_is_a_recorded_error(tmp_path, signer, photo):
    facts = read(signer.sign(tmp_path / "signed.jpg", photo), trust_list=tmp_path / "absent.pem")
    assert facts.credentials is None
    assert "FileNotFoundError" in facts.failed("credentials").detail
    assert facts.width


def test_an_altered_file_is_told_by_its_code(tmp_path, signer, photo):
    path = signer.sign(tmp_path / "signed.jpg", photo)
    body = bytearray(path.read_bytes())
    body[-10] ^= 1
    path.write_bytes(body)
    credentials = read(path).credentials
    assert credentials.state is CredentialState.INVALID
    assert [failure.code for failure in credentials.failures] == ["assertion.dataHash.mismatch"]
    assert credentials.bytes_differ


def test_what_went_in_is_found_with_its_own_state(tmp_path, signer, photo, trust_list):
    good = signer.sign(tmp_path / "good.jpg", photo)
    bad = signer.sign(tmp_path / "bad.jpg", photo)
    bad.write_bytes(bad.read_bytes().replace(b"stet tests", b"stet texts"))
    top = signer.sign(tmp_path / "top.jpg", photo, ingredients=(good, bad, photo))
    credentials = read(top, trust_list=trust_list).credentials
    assert credentials.state is CredentialState.TRUSTED
    states = {path[-1]: one.state for path, one in walk(credentials.manifest)}
    assert states == {
        "good.jpg": CredentialState.TRUSTED,
        "bad.jpg": CredentialState.INVALID,
        "photo.jpg": CredentialState.ABSENT,
    }
    assert all(one.state is not CredentialState.TRUSTED for _, one in walk(read(top).credentials.manifest))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_never_valid(tmp_path, signer, photo, share):
    path = make.truncated(tmp_path / "cut.jpg", signer.sign(tmp_path / "signed.jpg", photo), share)
    try:
        credentials = read(path).credentials
    except DecodeFailed as failure:
        assert failure.code == "undecodable"
    else:
        assert credentials.state in (
            CredentialState.ABSENT,
            CredentialState.INVALID,
            CredentialState.UNREADABLE,
        )


def test_they_come_back_from_json_and_older_facts_lack_them(tmp_path, signer, photo):
    facts = read(signer.sign(tmp_path / "top.jpg", photo, ingredients=(signer.sign(tmp_path / "a", photo),)))
    stored = json.loads(json.dumps(facts.as_json()))
    assert stored == facts.as_json()
    assert Decoded.from_json(stored) == facts
    del stored["credentials"]
    assert Decoded.from_json(stored).credentials is None


def test_the_library_is_not_loaded_for_a_file_without_their_mark(photo):
    end_child()
    facts = read(photo)
    assert facts.credentials.state is CredentialState.ABSENT
    assert "c2pa" not in facts.readers


@pytest.mark.parametrize("at", [0, 1024 * 1024 - 2, 1024 * 1024 + 5, 3 * 1024 * 1024 - 4])
def test_their_mark_is_found_wherever_it_lies(at):
    assert reader._is_marked(io.BytesIO(b"\0" * at + b"c2pa" + b"\0" * 50))
    assert not reader._is_marked(io.BytesIO(b"\0" * at + b"c2p\0a" + b"\0" * 50))


# What a file names is not asked.


class Asked(list):
    """The paths that were asked for of a server on loopback, whose address is `url`."""

    url = ""


@pytest.fixture
def host():
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def handle(self):
            asked.append(self.client_address)
            super().handle()

        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with serving(Handler) as url:
        asked.url = f"{url}/credentials.c2pa"
        yield asked


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def elsewhere(tmp_path, signer, photo, host):
    """A file that has no credentials in it and says where they are."""
    return signer.sign(tmp_path / "elsewhere.jpg", photo, kept_at=host.url, embed=False)


def test_credentials_kept_elsewhere_are_named_and_nobody_is_asked_for_them(elsewhere, host):
    credentials = read(elsewhere).credentials
    assert (credentials.state, credentials.remote_url) == (CredentialState.ABSENT, host.url)
    assert host == []


def test_the_library_by_itself_would_ask(elsewhere, host):
    """The control: the same file by the library's own defaults reaches the listener."""
    with elsewhere.open("rb") as file, pytest.raises(c2pa.C2paError, match="fetch"):
        c2pa.Reader("image/jpeg", file, context=c2pa.Context())
    assert len(host) == 1


def test_what_we_tell_the_library_is_enough_where_sockets_are_open(elsewhere, host):
    with elsewhere.open("rb") as file:
        facts = reader.look(file, Decoded("image/jpeg"), None)
    assert facts.credentials.remote_url == host.url
    assert host == []


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux refuses sockets to the child")
def test_the_child_could_not_ask_even_if_the_library_were_told_to(elsewhere, host, monkeypatch):
    program = (
        "from verification.decoding import __main__ as child, credentials\n"
        "credentials._FETCH_NOTHING = {}\n"
        "child.main()"
    )
    end_child()
    with monkeypatch.context() as patched:
        patched.setattr(decoder_child, "COMMAND", [sys.executable, "-s", "-B", "-c", program])
        credentials = read(elsewhere).credentials
        end_child()
    assert credentials.state is CredentialState.UNREADABLE
    assert "could not fetch the remote manifest" in credentials.detail
    assert host == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="There is no openssl to be the authority")
def test_a_time_stamp_is_trusted_only_where_its_authority_is(tmp_path, photo):
    authority = Authority(tmp_path / "authority")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            status, content = authority.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with serving(Handler) as url:
        signer = signing.Signer(stamped_by=url)
        path = signer.sign(tmp_path / "stamped.jpg", photo)
    signers, both = tmp_path / "signers.pem", tmp_path / "both.pem"
    signers.write_bytes(signer.root)
    both.write_bytes(signer.root + (authority.folder / "root.pem").read_bytes())
    said = {trusted: read(path, trust_list=trusted).credentials.manifest for trusted in (None, signers, both)}
    assert [one.time_stamp for one in said.values()] == [
        TimeStamp.UNVOUCHED,
        TimeStamp.UNVOUCHED,
        TimeStamp.TRUSTED,
    ]
    assert all(one.signed_at for one in said.values())


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


def test_damaged_credentials_end_as_a_result_and_never_the_child(tmp_path, signer, photo):
    """Bytes changed within the manifest store, where the library alone reads."""
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
