"""Whatever nonsense is sent, the answer is a problem that names it, and nothing is half-written."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from tests.conftest import (
    CHURCH,
    TWO_VIDEOS,
    Caller,
    decide,
    everything,
    file_claim,
    lease,
    published,
    refused,
    submitted,
)
from verification.models import CheckRun, FindingRow, QueueEntry

pytestmark = [pytest.mark.django_db, pytest.mark.database]

KHERSON = {"name": "Kherson", "latitude": 46.6, "longitude": 32.6, "radius_m": 9000}
VIDEO = {"url": "https://media.example/one.mp4", "claimed_location": KHERSON}
NOWHERE = str(uuid.UUID(int=7))
LATE = "9999-12-31T23:59:59-14:00"


class Bad(NamedTuple):
    """A call that is refused. `<claim>` and the like stand for what the scene holds."""

    method: str
    path: str
    body: Any
    status: int
    pointer: str | None = None
    headers: dict[str, str] = {}


def claim_with(pointer: str, **changes: Any) -> Bad:
    return Bad("POST", "claims/", {**TWO_VIDEOS, **changes}, 400, pointer)


def place_with(pointer: str, **changes: Any) -> Bad:
    return claim_with(f"/claimed_location{pointer}", claimed_location={**KHERSON, **changes})


def date_of(value: Any, pointer: str = "") -> Bad:
    return claim_with(f"/claimed_date{pointer}", claimed_date=value)


def media_at(url: str) -> Bad:
    return claim_with("/media/0/url", media=[{"url": url}])


def body(raw: bytes, status: int = 400, pointer: str | None = "") -> Bad:
    return Bad("POST", "claims/", raw, status, pointer)


def typed(content_type: str, path: str = "claims/") -> Bad:
    return Bad("POST", path, b"statement=x", 415, None, {"Content_Type": content_type})


def asked(path: str, pointer: str) -> Bad:
    return Bad("GET", path, None, 400, pointer)


def call(method: str, path: str, status: int, sent: Any = None, pointer: str | None = None) -> Bad:
    return Bad(method, path, sent, status, pointer)


def edit(status: int, **headers: str) -> Bad:
    return Bad("PATCH", "claims/<claim>/", {"priority": "high"}, status, None, headers)


def verdict(pointer: str | None, http: int = 400, **changes: Any) -> Bad:
    sound = {"lease_token": "<token>", "dimension": "location", "status": "verified", "reason": "seen"}
    return Bad("POST", "claims/<claim>/verdicts/", {**sound, "basis": [CHURCH], **changes}, http, pointer)


def publish(pointer: str, **changes: Any) -> Bad:
    return Bad("POST", "claims/<signed_off>/publish/", changes, 400, pointer)


BAD: dict[str, list[Bad]] = {
    "bodies that are not JSON": [
        body(b'{"statement": '), body(b"nonsense"), body(b'{"a": 1} trailing'), body(b'{"statement": "\xff"}'),
        body(b'{"statement": NaN}'), body(b'{"statement": Infinity}'), body(b'{"statement": -Infinity}'),
        body(b'{"statement": "\\ud800"}'), body(b'{"\\udfff": 1}'), body(b'{"statement": "a\\u0000"}', 400, "/statement"),
        body(b'{"a\\u0000": 1}', 400, "/a"), body(b"[]"), body(b'"text"'), body(b"null"), body(b"5"),
        body(b"{}", 400, "/statement"), body(b"[" * 100_000), body(b"[" * 1000 + b"]" * 1000, 400, None),
        body(b'{"tags":' * 400 + b"1" + b"}" * 400, 400, None), body(b'{"statement": "' + b"x" * 1024 * 1024 + b'"}', 413, None),
        call("POST", "claims/<claim>/verdicts/", 400, b'{"value": ' + b"[" * 900 + b"]" * 900 + b"}"),
    ],
    "unknown and wrong fields": [
        claim_with("/nonsense", nonsense=1), claim_with("/source/owner", source={"name": "a", "owner": 1}),
        claim_with("/media/0/codec", media=[{**VIDEO, "codec": "h264"}]), place_with("/altitude", altitude=3),
        claim_with("/a~1b~0", **{"a/b~": 1}), date_of({"edtf": "2022", "note": "x"}, "/note"),
        claim_with("/statement", statement=" "), claim_with("/statement", statement=["a"]),
        claim_with("/language", language="english!"), claim_with("/source", source=NOWHERE),
        claim_with("/source", source=[]), claim_with("/source/name", source={"kind": "official"}),
        claim_with("/source/kind", source={"name": "a", "kind": "rumour"}), claim_with("/priority", priority="now"),
        claim_with("/tags", tags="flag"), claim_with("/tags/0", tags=[None]), claim_with("/media", media={}),
        claim_with("/media", media=[VIDEO] * 101), claim_with("/media/0/kind", media=[{**VIDEO, "kind": "hologram"}]),
        claim_with("/media/0/posted_at", media=[{**VIDEO, "posted_at": LATE}]),
        claim_with("/media/0/content_flags/0", media=[{**VIDEO, "content_flags": ["gore"]}]),
        claim_with("/external_id", external_id=["x"]), claim_with("/external_id", external_id="x" * 201),
        claim_with("/desk", desk="elsewhere"), claim_with("/draft", draft="perhaps"),
    ],
    "impossible dates": [
        date_of("2022-02-30"), date_of("2022-13"), date_of("soon"), date_of(20221004), date_of({}), date_of([]),
        date_of(""), date_of("2022?-10"), date_of("{2022-10, 2022-12}"), date_of("156X-12-25"), date_of("1E9"),
        date_of({"edtf": "2022-10-04", "timezone": "Mars/Olympus"}, "/timezone"),
    ],
    "impossible places": [
        place_with("/latitude", latitude=90.1), place_with("/latitude", latitude=-91), place_with("/latitude", latitude="nan"),
        place_with("/longitude", longitude=180.5), place_with("/longitude", longitude=None),
        place_with("/radius_m", radius_m=-1), place_with("/precision", precision="roughly"), place_with("/name", name=" "),
        place_with("/latitude", latitude=True), claim_with("/claimed_location", claimed_location="Kherson"),
    ],
    "addresses that are not for fetching": [
        media_at(url) for url in (
            "file:///etc/passwd", "ftp://media.example/a", "javascript:alert(1)", "media.example/a.mp4", "https://",
            "http://127.0.0.1/a", "http://2130706433/a", "http://10.1.2.3/a", "http://169.254.169.254/latest/",
            "http://[::1]/a", "http://localhost/a", "http://db.internal/a", "http://me:secret@media.example/a.mp4",
            "https://media.example:22/a", "https://media.example/\\a\n",
        )
    ],
    "forms that are not read": [
        typed("text/plain"), typed("application/xml"), typed("application/x-www-form-urlencoded"),
        typed("multipart/form-data; boundary=x"), typed("application/x-ndjson"), typed("nonsense"),
        typed("application/x-ndjson", "claims/<claim>/verdicts/"), typed("text/html", "queue/next/"),
    ],
    "methods that there are not": [
        call(method, path, 405) for method, path in (
            ("DELETE", "claims/"), ("PUT", "claims/<claim>/"), ("DELETE", "claims/<claim>/"), ("POST", "claims/<claim>/gate/"),
            ("GET", "claims/<claim>/publish/"), ("PATCH", "queue/"), ("GET", "queue/next/"), ("POST", "changes/"),
            ("DELETE", "published/<claim>/"), ("PUT", "media/<media>/file/"),
        )
    ],
    "ids that are none": [
        call(method, path, 404) for method, path in (
            ("GET", "claims/nonsense/"), ("GET", f"claims/{NOWHERE}/"), ("GET", f"claims/{'9' * 40}/"), ("GET", "claims/%00/"),
            ("GET", "claims/2022-99999/history/"), ("POST", "claims/nonsense/submit/"), ("GET", "media/nonsense/"),
            ("GET", f"media/{NOWHERE}/"), ("POST", f"queue/{NOWHERE}/lease/"), ("POST", "queue/nonsense/lease/"),
            ("GET", f"published/{NOWHERE}/"), ("GET", "published/2022-00001/"), ("GET", "no/such/thing/"),
            ("POST", f"claims/<claim>/notes/{NOWHERE}/strike/"),
        )
    ] + [call("POST", "claims/<claim>/duplicate/", 400, {"of": "<foreign>", "reason": "same"}, "/of"),
         call("POST", "claims/<claim>/duplicate/", 400, {"of": "<claim>", "reason": "same"}, "/of"),
         call("POST", "claims/<claim>/notes/", 400, {"body": "x", "media": NOWHERE}, "/media")],
    "questions that make no sense": [
        *(asked(f"claims/?page_size={size}", "page_size") for size in ("0", "201", "x", "-1", "1.5", "", "٣")),
        *(asked(f"{path}?cursor={cursor}", "cursor")
          for path in ("claims/", "queue/", "claims/<claim>/history/", "published/")
          for cursor in ("x", "%00", "é", "AAAA", "bnVsbA", "WzEsMiwzXQ", "WyJuZXh0IixudWxsLCJ4Il0")),
        *(asked(path, path.partition("?")[2].partition("=")[0]) for path in (
            "claims/?colour=red", "published/?stage=queued", "changes/?since=1", "claims/?stage=lost", "claims/?location=maybe",
            "claims/?location=verified,maybe", "claims/?has_contradiction=perhaps", "claims/?due_before=yesterday",
            "claims/?claimed_after=2022-10-04", f"claims/?updated_after={LATE}", f"claims/?claimed_before={LATE}",
            "claims/?bbox=1,2,3", "claims/?bbox=1,2,3,nan", "claims/?bbox=181,0,0,1", "claims/?bbox=0,50,1,40", "claims/?q=%00",
            "claims/?ordering=random", "published/?date=maybe", "published/?published_after=soon",
            f"published/?published_after={LATE}", "changes/?after=-1", "changes/?after=x", "changes/?limit=1.5",
            f"changes/?after={'9' * 30}", "published/<public>/?version=x", "published/<public>/?as_of=yesterday",
            f"published/<public>/?as_of={LATE}", "findings/?media=x", "findings/?check=x", "findings/?stance=x",
            "claims/<claim>/status-line/?of=x", "claims/<claim>/status-line/?form=x", "claims/<claim>/status-line/?language=x",
        )),
    ],
    "headers that make no sense": [
        edit(428), edit(412, If_Match='"99"'), edit(412, If_Match="nonsense"), edit(412, If_Match='"-1"'),
        *(Bad("POST", "claims/", TWO_VIDEOS, 400, "Idempotency-Key", {"Idempotency_Key": key}) for key in ("", "x" * 256, "é")),
        *(Bad("GET", "claims/", None, 401, None, {"Authorization": f"Bearer {key}"})
          for key in ("", "stet", "stet_x", "stet_x_y", "stet_é_é", "stet__", "x" * 5000)),
        Bad("GET", "claims/", None, 406, None, {"Accept": "text/html"}),
    ],
    "leases that are not the caller's": [
        *(verdict("/lease_token", lease_token=token) for token in ("nonsense", ".", f"{NOWHERE}", f"{NOWHERE}.x", f"{NOWHERE}.-1")),
        *(verdict(None, 423, lease_token=token) for token in (f"{NOWHERE}.1", "<others>", "<entry>.99", "<entry>.0")),
        call("POST", "claims/<claim>/submit/", 423, {"lease_token": "<others>"}),
        call("POST", "claims/<claim>/submit/", 400, {}, "/lease_token"),
        call("POST", "queue/leases/nonsense/renew/", 400, {}, "/lease_token"),
        call("POST", "queue/leases/<others>/release/", 423, {}), call("POST", "queue/leases/<token>/skip/", 400, {}, "/reason"),
        call("POST", "queue/next/", 400, {"desk": "elsewhere"}, "/desk"), call("POST", "queue/next/", 400, {"kind": "x"}, "/kind"),
    ],
    "verdicts that don't hold": [
        verdict("/reason", reason=" "), verdict("/basis", basis=[]), verdict("/basis", status="contradicted", basis=[]),
        verdict("/status", status="partly_verified"), verdict("/status", status={}), verdict("/dimension", dimension="weather"),
        verdict("/value", value={**KHERSON, "name": "Izium", "latitude": 49.2, "longitude": 37.3}),
        verdict("/relation", relation="differs"), verdict("/relation", relation="near"), verdict("/interim", interim=True),
        verdict("/value", value="Kherson"), verdict("/value/latitude", value={**KHERSON, "latitude": 91}),
        verdict("/value", dimension="date", value="2022-02-30"), verdict("/value", dimension="authenticity", value="2022"),
        verdict("/media", media=NOWHERE), verdict("/media", dimension="motivation", media="<media>"),
        verdict("/basis/0/finding", basis=[{**CHURCH, "finding": "<foreign_finding>"}]),
        verdict("/basis/0/finding", basis=[{**CHURCH, "finding": "x"}]), verdict("/basis/0/method", basis=[{"method": "luck"}]),
        verdict("/basis/0/reference_date", basis=[{**CHURCH, "reference_date": "2022-02-30"}]),
        verdict("/basis/0/url", basis=[{**CHURCH, "url": "javascript:alert(1)"}]), verdict("/basis/0/luck", basis=[{**CHURCH, "luck": 1}]),
        verdict("/credibility", credibility=7), verdict("/credibility", credibility=0),
    ],
    "publications that don't hold": [
        *(publish("/public_location_radius_m", public_location_radius_m=radius) for radius in (0, -5, "wide", "nan", 1e12, [])),
        publish("/embargo_until", embargo_until="2022-10-04T12:00:00Z"), publish("/embargo_until", embargo_until="soon"),
        publish("/embargo_until", embargo_until=LATE), publish("/headline", headline="x" * 301), publish("/line", line="Stet says so."),
        call("POST", "claims/<public>/withdraw/", 400, {}, "/reason"),
        call("POST", "claims/<public>/withdraw/", 400, {"reason": "x", "cause": "mood"}, "/cause"),
        call("POST", "claims/<claim>/publish/", 409, {}), call("POST", "claims/<public>/publish/", 409, {}),
    ],
}  # fmt: skip


@pytest.fixture
def scene(
    checker: Caller, second_checker: Caller, editor: Caller, admin: Caller, stranger: Caller
) -> dict[str, str]:
    """A claim under review, one that awaits sign-off, one that is public, another's lease and another desk's claim."""
    public = published(checker, editor)["claim"]
    signed_off = submitted(checker)["id"]
    file_claim(checker, media=[VIDEO])
    mine = lease(checker)
    others = file_claim(second_checker, statement="Something else.")
    theirs = lease(second_checker)
    foreign = file_claim(stranger, media=[VIDEO])
    run = CheckRun.objects.create(
        media_id=foreign["media"][0]["id"], check_slug="x", version="1", state="done", ran_at=timezone.now()
    )
    finding = FindingRow.objects.create(
        run=run, position=0, dimension="date", stance="neutral", sentence="It is."
    )
    assert others["id"] == theirs["claim"]["id"]
    return {
        "claim": mine["claim"]["id"],
        "token": mine["lease_token"],
        "entry": mine["entry"]["id"],
        "media": mine["claim"]["media"][0]["id"],
        "others": theirs["lease_token"],
        "signed_off": signed_off,
        "public": public,
        "foreign": foreign["id"],
        "foreign_finding": str(finding.pk),
    }


def filled(text: str, scene: dict[str, str]) -> str:
    for name, value in scene.items():
        text = text.replace(f"<{name}>", value)
    return text


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_named_and_changes_nothing(
    what: str, scene: dict[str, str], checker: Caller, editor: Caller, subtests: pytest.Subtests
) -> None:
    before = everything()
    for number, bad in enumerate(BAD[what]):
        sent = bad.body
        if sent is not None and not isinstance(sent, bytes):
            sent = filled(json.dumps(sent), scene).encode()
        elif sent is None and bad.method not in {"GET", "DELETE"}:
            sent = b"{}"
        with subtests.test(f"{number}: {bad.method} {bad.path} {str(bad.body)[:80]} {bad.headers}"):
            by = editor if "publi" in bad.path or "withdraw" in bad.path else checker
            response = by.call(bad.method, filled(bad.path, scene), sent, **bad.headers)
            refused(response, bad.status, pointer=bad.pointer)
            if bad.status in {401, 405}:
                assert response["WWW-Authenticate" if bad.status == 401 else "Allow"]
            assert everything() == before


UPLOADS: dict[str, tuple[dict[str, Any], str]] = {
    "an empty file": ({"file": SimpleUploadedFile("a.mp4", b"")}, "/file"),
    "three bytes of a film": ({"file": SimpleUploadedFile("a.mp4", b"\0\0\0")}, "/file"),
    "a page that calls itself a film": (
        {"file": SimpleUploadedFile("a.mp4", b"<!doctype html><script>alert(1)</script>", "video/mp4")},
        "/file",
    ),
    "no file": ({"caption": "a"}, "/file"),
    "text in place of the file": ({"file": "words"}, "/file"),
    "a field that there is not": ({"file": SimpleUploadedFile("a.gif", b"GIF89a"), "codec": "x"}, "/codec"),
    "a bad date beside it": (
        {"file": SimpleUploadedFile("a.gif", b"GIF89a"), "claimed_date": "2022-02-30"},
        "/claimed_date",
    ),
}


@pytest.mark.parametrize("what", UPLOADS)
def test_an_upload_that_is_no_media_is_refused(
    what: str, checker: Caller, settings: Any, tmp_path: Any
) -> None:
    settings.ARCHIVE_URL = str(tmp_path)
    parts, pointer = UPLOADS[what]
    for part in parts.values():
        if isinstance(part, SimpleUploadedFile):
            part.seek(0)
    claim = file_claim(checker)
    before = everything()
    response = checker.call(
        "POST",
        f"claims/{claim['id']}/media/",
        encode_multipart(BOUNDARY, parts),
        Content_Type=MULTIPART_CONTENT,
    )
    refused(response, 400, pointer=pointer)
    assert everything() == before


def test_a_late_verdict_is_refused_and_kept_out(checker: Caller) -> None:
    file_claim(checker)
    leased = lease(checker)
    QueueEntry.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    before = everything()
    refused(decide(checker, leased, "location", "verified"), 423, code="lease_lost")
    refused(
        checker.post(f"claims/{leased['claim']['id']}/submit/", {"lease_token": leased["lease_token"]}), 423
    )
    assert everything() == before


def test_an_amendment_that_lowers_a_verdict_is_refused(checker: Caller, editor: Caller) -> None:
    claim = published(checker, editor)["claim"]
    assert checker.post(f"claims/{claim}/request-recheck/", {"reason": "look again"}).status_code == 200
    leased = lease(checker)
    assert decide(checker, leased, "location", "unverified").status_code == 201
    assert checker.post(f"claims/{claim}/submit/", {"lease_token": leased["lease_token"]}).status_code == 200
    before = everything()
    problem = refused(
        editor.post(f"claims/{claim}/amend/", {"reason": "better words"}), 409, code="must_correct"
    )
    assert "correct" in problem["allowed_actions"]
    assert everything() == before
