"""RFC 3161 time-stamps, asked of a real authority: `openssl ts` behind a server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from claims.media import archive
from claims.models import Asset
from tests.conftest import Caller, file_claim
from tests.verification.intruder import unguarded
from verification.models import Checkpoint, Stamp
from verification.services import audit, checkpoints, stamps, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="There is no openssl to be the authority"),
]

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A time-stamp authority of one's own: root, certificate, and what answers queries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._config = folder / "openssl.cnf"
        self._config.write_text(CONFIG.format(name="Stamping", folder=folder))
        (folder / "serial").write_text("01\n")
        new = ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-config", self._config)
        self.openssl(*new, "-x509", "-days", "30", "-extensions", "root", "-subj", "/CN=Root",
                     "-keyout", folder / "root.key", "-out", folder / "root.pem")  # fmt: skip
        self.openssl(*new, "-subj", "/CN=Stamping", "-keyout", folder / "tsa.key", "-out", folder / "tsa.csr")
        self.openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "root.pem",
                     "-CAkey", folder / "root.key", "-set_serial", "7", "-days", "30", "-sha256",
                     "-extfile", self._config, "-extensions", "leaf", "-out", folder / "tsa.pem")  # fmt: skip
        self.asked = 0
        self.answers: list[tuple[int, bytes]] = []  # instead of a stamp, in this order

    def openssl(self, *words: str | Path) -> bytes:
        return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout

    def answer(self, query: bytes) -> tuple[int, bytes]:
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        (self.folder / "query.tsq").write_bytes(query)
        self.openssl("ts", "-reply", "-config", self._config, "-section", "one",
                     "-queryfile", self.folder / "query.tsq", "-out", self.folder / "reply.tsr")  # fmt: skip
        return 200, (self.folder / "reply.tsr").read_bytes()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("tsa")
    return Authority(folder / "trusted"), Authority(folder / "other")


@pytest.fixture
def authority(authorities: tuple[Authority, Authority], settings: Any) -> Iterator[Authority]:
    """A trusted authority that the desk is set to ask."""
    ours = authorities[0]
    ours.asked, ours.answers = 0, []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, content = ours.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    settings.FETCH_ALLOW = ["127.0.0.1"]
    settings.TSA_URL = f"http://127.0.0.1:{server.server_port}/"
    settings.TSA_ROOTS = str(ours.folder / "root.pem")
    try:
        yield ours
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def checkpoint(checker: Caller) -> Checkpoint:
    file_claim(checker)
    made = checkpoints.sign_what_is_new()
    assert made is not None
    return made


def a_minute_later() -> None:
    """As if the last attempts were a minute and more ago."""
    with unguarded() as cursor:
        for pk, at in Stamp.objects.values_list("pk", "tried_at"):
            cursor.execute(
                "UPDATE verification_stamp SET tried_at = %s WHERE sha256 = %s AND failure IS NOT NULL",
                [str(at - timedelta(seconds=61)), Stamp.objects.get(pk=pk).sha256],
            )


def test_a_stamp_is_what_openssl_itself_verifies(
    authority: Authority, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    assert stamps.stamp_what_is_due() == 1
    stamp = checkpoint.stamps.get()
    assert stamp.failure is None
    assert abs(stamp.stamped_at - datetime.now(UTC)) < timedelta(seconds=30)
    (tmp_path / "token.tsr").write_bytes(bytes(stamp.token))
    (tmp_path / "statement.json").write_text(checkpoint.statement, encoding="utf-8")
    said = authority.openssl("ts", "-verify", "-in", tmp_path / "token.tsr", "-data", tmp_path / "statement.json",
                             "-CAfile", authority.folder / "root.pem")  # fmt: skip
    assert b"Verification: OK" in said
    assert list(audit.verify()) == []


def test_a_stamped_thing_is_not_stamped_again_and_a_stamp_makes_no_checkpoint(
    authority: Authority, checkpoint: Checkpoint
) -> None:
    assert [stamps.stamp_what_is_due() for _ in range(3)] == [1, 0, 0]
    assert authority.asked == 1
    assert checkpoints.sign_what_is_new() is None


def test_an_original_is_stamped_by_the_hash_of_its_file(
    authority: Authority, checkpoint: Checkpoint, checker: Caller, tmp_path: Path
) -> None:
    claim = file_claim(checker)["id"]
    sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("a.gif", b"GIF89a" + b"x" * 200)})
    checker.call("POST", f"claims/{claim}/media/", sent, Content_Type=MULTIPART_CONTENT)
    assert stamps.stamp_what_is_due() == 2
    stamp = Asset.objects.get().stamps.get()
    (tmp_path / "token.tsr").write_bytes(bytes(stamp.token))
    said = authority.openssl("ts", "-verify", "-in", tmp_path / "token.tsr", "-data", archive.path_of(stamp.sha256),
                             "-CAfile", authority.folder / "root.pem")  # fmt: skip
    assert b"Verification: OK" in said
    assert list(audit.verify()) == []


def test_off_where_no_authority_is_set(authority: Authority, checkpoint: Checkpoint, settings: Any) -> None:
    settings.TSA_URL = ""
    work.reconcile()
    assert (authority.asked, Stamp.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("answer", "code", "detail"),
    [
        ((503, b"later"), "http_status", "status 503"),
        ((200, b"<html>no</html>"), "no_stamp", "is not an answer of a time-stamp authority"),
        ((200, b""), "no_stamp", "is not an answer of a time-stamp authority"),
        ((200, bytes.fromhex("30053003020102")), "no_stamp", ""),
    ],
)
def test_a_failure_is_put_down_and_tried_again_later(
    authority: Authority, checkpoint: Checkpoint, answer: tuple[int, bytes], code: str, detail: str
) -> None:
    authority.answers = [answer]
    assert stamps.stamp_what_is_due() == 0
    failed = Stamp.objects.get()
    assert failed.failure["code"] == code
    assert detail in failed.failure["detail"]
    assert stamps.stamp_what_is_due() == 0
    assert authority.asked == 1, "it is left alone for a while"
    a_minute_later()
    assert stamps.stamp_what_is_due() == 1
    assert authority.asked == 2


def test_what_the_opener_refuses_is_put_down(
    authority: Authority, checkpoint: Checkpoint, settings: Any
) -> None:
    settings.FETCH_ALLOW = []
    assert stamps.stamp_what_is_due() == 0
    assert Stamp.objects.get().failure["code"] in {"address_refused", "url_refused"}
    assert authority.asked == 0


def test_a_stamp_of_another_time_and_hash_is_not_taken_for_the_answer(
    authority: Authority, checkpoint: Checkpoint, checker: Caller
) -> None:
    """Somebody on the way plays back what the authority once said."""
    assert stamps.stamp_what_is_due() == 1
    authority.answers = [(200, bytes(Stamp.objects.get().token))]
    file_claim(checker)
    newer = checkpoints.sign_what_is_new()
    assert newer is not None
    assert stamps.stamp_what_is_due() == 0
    assert "is over another hash" in newer.stamps.get().failure["detail"]
    replayed = stamps.stamp(checkpoint=checkpoint)
    assert replayed  # asked anew, the authority answers it: only the nonce tells the two apart
    authority.answers = [(200, bytes(checkpoint.stamps.first().token))]
    assert not stamps.stamp(checkpoint=checkpoint)


def test_only_an_authority_that_is_trusted_is_believed(
    authority: Authority, authorities: tuple[Authority, Authority], checkpoint: Checkpoint, settings: Any
) -> None:
    settings.TSA_ROOTS = str(authorities[1].folder / "root.pem")
    assert stamps.stamp_what_is_due() == 0
    assert "STET_TSA_ROOTS" in Stamp.objects.get().failure["detail"]


def test_stamps_are_checked_again_and_without_roots_that_is_said(
    authority: Authority, authorities: tuple[Authority, Authority], checkpoint: Checkpoint, settings: Any
) -> None:
    stamps.stamp_what_is_due()
    settings.TSA_ROOTS = ""
    out = StringIO()
    call_command("verify", stdout=out)
    assert "who made them was not checked: set STET_TSA_ROOTS" in out.getvalue()
    settings.TSA_ROOTS = str(authorities[1].folder / "root.pem")
    assert [one.detail for one in audit.verify()] == ["is not by an authority that STET_TSA_ROOTS trusts"]


@pytest.mark.parametrize("column", ["token", "stamped_at", "sha256"])
def test_a_tampered_stamp_is_found_before_it_is_sealed(
    authority: Authority, checkpoint: Checkpoint, column: str
) -> None:
    stamps.stamp_what_is_due()
    stamp = Stamp.objects.get()
    token = bytes(stamp.token)
    value: Any = {
        "token": token[:200] + bytes([token[200] ^ 1]) + token[201:],
        "stamped_at": str(timezone.now() - timedelta(days=1)),
        "sha256": "ab" * 32,
    }[column]
    with unguarded() as cursor:
        cursor.execute(f"UPDATE verification_stamp SET {column} = %s", [value])
    assert [one.where for one in audit.verify()] == [f"stamp {stamp.pk}"]
