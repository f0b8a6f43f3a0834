"""Content credentials as the decoders' child reads them, out of files signed here and out of the public samples."""

import io
import json
import shutil
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import c2pa
import pytest
from PIL import Image

from tests.media import credentials as signing
from tests.media import make
from tests.verification.test_stamps import Authority
from verification import decoder_child
from verification.decoding import credentials as reader
from verification.domain.credentials import CARRIERS, CredentialState, TimeStamp, walk
from verification.domain.decoded import Decoded
from verification.sandbox import DecodeFailed, decode, end_child


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


@pytest.mark.parametrize("media_type", CARRIERS)
def test_they_are_read_out_of_every_form(tmp_path, signer, media_type):
    plain = make.plain(tmp_path / "plain", media_type)
    assert read(plain, media_type).credentials.state is CredentialState.ABSENT
    facts = read(signer.sign(tmp_path / "signed", plain, media_type=media_type), media_type)
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


def test_a_file_that_only_speaks_of_them_has_none(tmp_path):
    path = tmp_path / "caption.jpg"
    Image.new("RGB", (32, 24)).save(path, "JPEG", comment=b"Its provenance is unknown: no c2pa here")
    facts = read(path)
    assert facts.credentials.state is CredentialState.ABSENT
    assert facts.readers["c2pa"]


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


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/a b", "not an address", "x" * 5000]
)
def test_an_odd_address_is_text_and_no_more(tmp_path, address):
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"'
        f' dcterms:provenance="{address}"/></rdf:RDF></x:xmpmeta>'
    )
    path = tmp_path / "odd.jpg"
    Image.new("RGB", (32, 24)).save(path, "JPEG", xmp=xmp.encode())
    credentials = read(path).credentials
    assert credentials.state is CredentialState.ABSENT
    assert credentials.remote_url in (None, address[:300])


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
