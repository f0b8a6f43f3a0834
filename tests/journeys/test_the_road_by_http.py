"""The whole road over HTTP alone: a real server, a real worker, a real broker, media from a host on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config.demo_media import make_photo, make_video
from tests.stack import Answer, Databases, MediaHost, Page, Stack, claim_with, free_port, wait_for

pytestmark = pytest.mark.services

SEED = "Reuters has verified the locations in the videos, but could not independently verify the date."
BORIVSKA = {"name": "Borivska Andriivka", "latitude": 49.42, "longitude": 37.64, "radius_m": 3000}
KHERSON = {"name": "Kherson region", "latitude": 46.8, "longitude": 33.2, "radius_m": 120_000}
CHURCH = {"method": "geolocation", "feature": "church beside a T-junction"}
INSIDE = "inside.example"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("films")
    return [
        make_video(
            folder / f"{number}.mp4",
            lines=[f"Village {number}"],
            seconds=2,
            size=(320, 180),
            created_at=datetime(2022, 10, 4, 9, 30, tzinfo=UTC),
            location=(place["latitude"], place["longitude"]),
            seed=number,
        )
        for number, place in enumerate((BORIVSKA, KHERSON), start=1)
    ]


@pytest.fixture(scope="module")
def dead_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def stack(databases: Databases, tmp_path_factory: pytest.TempPathFactory, dead_port: int) -> Iterator[Stack]:
    with Stack(databases, tmp_path_factory.mktemp("road") / "data") as stack:
        stack.environment["STET_FETCH_ALLOW"] += f",127.0.0.1:{dead_port}"
        stack.start_web(workers=2)
        # The wrapper is here for one name only, which it resolves as a hostile name server would.
        stack.start_worker(app="tests.journeys.faulty_worker", STET_TEST_NAMES=f"{INSIDE}=127.0.0.1")
        stack.start_loop()
        stack.web_answers()
        yield stack


def filed(stack: Stack, *media: Any, **more: Any) -> dict[str, Any]:
    answer = stack.api("checker-1").post("claims/", claim_with(*media, **more))
    assert answer.status == 201, answer.body
    claim: dict[str, Any] = answer.json
    return claim


def settled(stack: Stack, media_id: str, state: str, seconds: float = 40) -> dict[str, Any]:
    """The media item once it has come to a state."""

    def item() -> dict[str, Any] | None:
        found: dict[str, Any] = stack.api("checker-1").get(f"media/{media_id}/").json
        return found if found["state"] == state else None

    return wait_for(item, seconds, f"{state!r} of {media_id}")  # type: ignore[return-value]


def examined(stack: Stack, media_id: str) -> dict[str, Any]:
    def item() -> dict[str, Any] | None:
        found: dict[str, Any] = stack.api("checker-1").get(f"media/{media_id}/").json
        return found if found["examination"] == "done" else None

    return wait_for(item, 40, f"the examination of {media_id}")  # type: ignore[return-value]


def test_from_two_videos_to_the_printed_sentence_and_back(stack: Stack, films: list[Path]) -> None:
    login = stack.account("olena", "fact_checker")
    assert login["password"]
    checker, editor, client = stack.api(login["api_key"]), stack.api("editor-1"), stack.api("client")
    urls = [stack.media_host.serve(f"/{film.name}", film.read_bytes()) for film in films]
    answer = checker.post(
        "claims/",
        claim_with(
            {"url": urls[0], "claimed_location": BORIVSKA}, {"url": urls[1], "claimed_location": KHERSON}
        ),
    )
    assert answer.status == 201
    claim = answer.json
    here = f"claims/{claim['id']}/"

    for item, film in zip(claim["media"], films, strict=True):
        found = examined(stack, item["id"])
        assert (found["state"], found["kind"]) == ("captured", "video")
        assert found["asset"]["size_bytes"] == film.stat().st_size
        assert {run["state"] for run in found["check_runs"]} <= {"done", "not_applicable"}
        stances = {
            (finding["dimension"], finding["stance"])
            for finding in checker.get(f"findings/?media={item['id']}").json["results"]
        }
        assert ("location", "supports") in stances

    early = checker.get(f"{here}status-line/")
    assert early.status == 409
    assert {blocker["dimension"] for blocker in early.json["blockers"]} == {"location", "date"}

    leased = checker.post("queue/next/").json
    assert leased["claim"]["id"] == claim["id"]
    token = {"lease_token": leased["lease_token"]}
    for verdict in (
        {"dimension": "location", "status": "verified", "reason": "matches imagery", "basis": [CHURCH]},
        {"dimension": "date", "status": "unverified", "reason": "no weather record"},
    ):
        assert checker.post(f"{here}verdicts/", {**token, **verdict}).status == 201
    line = checker.get(f"{here}status-line/")
    assert (line.status, line.json["text"], line.json["version"]) == (200, SEED, None)
    gate = editor.get(f"{here}gate/").json
    assert not gate["can_publish"]
    assert "review_open" in {blocker["code"] for blocker in gate["blockers"]}
    refused = editor.post(f"{here}publish/")
    assert refused.status == 409
    assert "publish" not in refused.json["allowed_actions"]

    submitted = checker.post(f"{here}submit/", token)
    assert (submitted.status, submitted.json["stage"]) == (200, "awaiting_signoff")
    gate = editor.get(f"{here}gate/").json
    assert (gate["can_publish"], gate["blockers"]) == (True, [])
    publication = editor.post(f"{here}publish/").json
    assert (publication["version"], publication["line"]) == (1, SEED)
    assert checker.get(f"{here}status-line/").json["version"] == 1
    assert client.get(f"published/{claim['id']}/").json["line"] == SEED
    assert [row["claim"] for row in client.get("verified/").json["results"]] == [claim["id"]]

    assert editor.post(f"{here}withdraw/", {"reason": "The place was another one."}).status == 200
    changes = client.get("changes/?after=0").json
    assert [(c["position"], c["kind"], c["claim"]) for c in changes["changes"]] == [
        (1, "published", claim["id"]),
        (2, "withdrawn", claim["id"]),
    ]
    assert changes["changes"][0]["publication"]["line"] == SEED
    assert changes["changes"][1]["reason"] == "The place was another one."
    assert (changes["last_position"], changes["more"]) == (2, False)
    assert client.get(f"published/{claim['id']}/").status == 410
    actions = [entry["action"] for entry in editor.get(f"{here}history/").json["results"]]
    assert actions.count("captured") == actions.count("examined") == 2
    stack.holds_true()


def test_an_upload_is_examined_and_read_back_in_ranges(stack: Stack, films: list[Path]) -> None:
    checker, bytes_ = stack.api("checker-1"), films[0].read_bytes()
    claim = filed(stack)
    answer = checker.upload(f"claims/{claim['id']}/media/", films[0], "вулиця.mp4", caption="From a witness")
    assert (answer.status, answer.json["state"]) == (202, "captured"), answer.body
    item = examined(stack, answer.json["id"])
    assert (item["url"], item["caption"]) == (None, "From a witness")
    file = f"media/{item['id']}/file/"
    whole = checker.get(file)
    assert (whole.status, whole.body) == (200, bytes_)
    assert whole.headers["x-content-type-options"] == "nosniff"

    def part(words: str) -> Answer:
        return checker.get(file, Range=f"bytes={words}")

    assert (part("0-99").status, part("0-99").body) == (206, bytes_[:100])
    assert part("100-199").headers["content-range"] == f"bytes 100-199/{len(bytes_)}"
    assert (part("100-199").body, part("-50").body) == (bytes_[100:200], bytes_[-50:])
    assert part(f"{len(bytes_) - 10}-").body == bytes_[-10:]
    assert part(f"{len(bytes_)}-").status == 416
    assert stack.api("client").get(file).status == 403
    assert stack.api("").get(file).status == 401


def test_what_cannot_be_captured_says_why(stack: Stack) -> None:
    host = stack.media_host
    endless = Page(b"\0" * 1000, headers={"Content-Length": str(600 * 1024 * 1024)})
    redirect = Page(status=302, headers={"Location": "http://10.0.0.1/camera.mp4"})
    hostile = {
        host.serve("/missing.mp4", Page(b"no", 404)): ("http_status", False),
        host.serve("/endless.mp4", endless): ("too_large", False),
        host.serve("/page.html", Page(b"<html>a page</html>", headers={"Content-Type": "text/html"})): (
            "not_media",
            False,
        ),
        host.serve("/nothing.mp4", b""): ("empty_file", False),
        host.serve("/inwards.mp4", redirect): ("address_refused", False),
        f"http://{INSIDE}/camera.mp4": ("address_refused", False),
    }
    claim = filed(stack, *hostile)
    for item, (url, (code, retriable)) in zip(claim["media"], hostile.items(), strict=True):
        failed = settled(stack, item["id"], "failed")
        assert failed["url"] == url
        assert (failed["failure"]["code"], failed["failure"]["retriable"]) == (code, retriable), failed
        assert failed["failure"]["detail"].endswith(".")
        assert failed["asset"] is None
    redirected = stack.api("checker-1").get(f"media/{claim['media'][4]['id']}/").json
    assert [hop["status"] for hop in redirected["captures"][0]["hops"]] == [302]
    assert redirected["captures"][0]["failure"]["code"] == "address_refused"
    # That its media failed keeps nobody from checking the claim.
    assert stack.api("checker-1").get(f"claims/{claim['id']}/").json["stage"] == "queued"


@pytest.mark.parametrize("inside", ["http://127.0.0.1:{port}/healthz", "http://localhost/camera.mp4"])
def test_what_is_plainly_inside_is_not_even_filed(stack: Stack, inside: str) -> None:
    answer = stack.api("checker-1").post("claims/", claim_with(inside.format(port=stack.port)))
    assert answer.status == 400
    assert [error["pointer"] for error in answer.json["errors"]] == ["/media/0/url"]


def test_a_dead_host_is_tried_again_and_once_more_on_demand(
    stack: Stack, dead_port: int, tmp_path: Path
) -> None:
    checker = stack.api("checker-1")
    claim = filed(stack, f"http://127.0.0.1:{dead_port}/photo.jpg")
    media_id = claim["media"][0]["id"]
    failed = settled(stack, media_id, "failed")
    assert (failed["failure"]["code"], failed["failure"]["retriable"]) == ("connect_failed", True)
    assert len(failed["captures"]) == 3  # all three attempts, each in the log

    photo = make_photo(tmp_path / "photo.jpg", lines=["Back"], seed=7)
    with MediaHost(dead_port) as host:
        host.serve("/photo.jpg", photo.read_bytes())
        again = checker.post(f"media/{media_id}/recapture/")
        assert (again.status, again.json["state"], again.json["failure"]) == (202, "pending", None)
        found = examined(stack, media_id)
    assert (found["state"], found["failure"]) == ("captured", None)
    assert found["asset"]["size_bytes"] == photo.stat().st_size


def test_others_are_served_while_a_host_stalls(stack: Stack, tmp_path: Path) -> None:
    photo = make_photo(tmp_path / "slow.jpg", lines=["Slow"], seed=8)
    released = threading.Event()
    claim = filed(stack, stack.media_host.serve("/slow.jpg", Page(photo.read_bytes(), held=released)))
    media_id = claim["media"][0]["id"]
    settled(stack, media_id, "capturing")
    wait_for(lambda: stack.media_host.requests["/slow.jpg"], 20, "the request")
    assert stack.api("checker-1").get("queue/").status == 200
    released.set()
    assert examined(stack, media_id)["state"] == "captured"
    assert stack.media_host.requests["/slow.jpg"] == 1
