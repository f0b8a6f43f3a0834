"""The containers without containers: every command of Dockerfile and compose.yaml, run as an ordinary user."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deploy.containers import GIVEN, PUBLIC_NAME, House, compose, image, seconds
from tests.stack import HOME, Answer, Api, claim_with, photo, wait_for

OURS = ("migrate", "web", "worker", "reconcile")
RUNNING = ("web", "worker", "reconcile")


# --- what the files promise -----------------------------------------------------------------------------------


def test_only_the_proxy_has_a_port_and_no_service_more_rights_than_it_needs() -> None:
    services = compose()["services"]
    assert set(services) == {"proxy", "db", "redis", *OURS}
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert any(place.partition(":")[0] == "/tmp" for place in service["tmpfs"])
        assert not service.get("privileged")
    assert {services[name]["image"] for name in OURS} == {"stet:local"}
    assert [name for name in services if "build" in services[name]] == ["migrate"]


def test_who_may_reach_whom() -> None:
    read = compose()
    services, networks = read["services"], read["networks"]
    assert networks["inside"] == {"internal": True}
    assert services["db"]["networks"] == services["redis"]["networks"] == ["inside"]
    assert services["proxy"]["networks"] == ["front"]
    # It alone reaches the web processes from outside, so what it says of the connection is believed.
    assert "front" not in {
        network for name in ("worker", "reconcile") for network in services[name]["networks"]
    }
    assert services["web"]["environment"]["STET_BEHIND_PROXY"] == "1"


def test_only_what_migrates_knows_the_tables_owner() -> None:
    services = compose()["services"]
    knowing = {name for name in services if "database_owner_url" in services[name].get("secrets", ())}
    assert knowing == {"migrate"}
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            assert "://" not in str(value) or "@" not in str(value), (name, variable)
            if re.search("SECRET|PASSWORD|DATABASE_URL", variable):
                assert variable.endswith("_FILE")
                assert str(value).removeprefix("/run/secrets/") in service["secrets"]


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_an_address_that_is_not_given_stops_the_start(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        compose({known: value for known, value in GIVEN.items() if known != name})


def test_the_image_takes_in_only_what_is_named_twice() -> None:
    """What the Dockerfile copies is what .dockerignore lets through, and nothing else is."""
    lines = (HOME / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = {source for sources, _ in image().copies for source in sources}
    assert copied == let_through
    assert int(image().user.partition(":")[0]) > 0


# --- what they do ---------------------------------------------------------------------------------------------


class Outside(Api):
    """Somebody who calls through the proxy."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        return super().call(method, path, body, Host=PUBLIC_NAME, X_Forwarded_Proto="https", **headers)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The order of compose.yaml: broker and database, migrate to its end, then the rest."""
    with House() as house:
        house.start("redis")
        migrated = house.run("migrate")
        assert migrated.returncode == 0, migrated.stdout + migrated.stderr
        house.before = everything_in(house.code)
        for name in RUNNING:
            house.start(name)
        wait_for(lambda: alive(house) and house.healthy("web"), 60, "an answer of the server")
        yield house


def alive(house: House) -> bool:
    for process in house.processes.values():
        assert process.popen.poll() is None, f"{process.name} ended: {process.said()[-4000:]}"
    return True


def everything_in(folder: Path) -> dict[str, float]:
    return {str(path): path.lstat().st_mtime for path in folder.rglob("*")}


def ready(house: House) -> Answer:
    return Api(house.port, "").get("/readyz")


@pytest.mark.services
def test_web_answers_and_both_others_beat(house: House) -> None:
    assert Api(house.port, "").get("/healthz").status == 200

    def beating() -> bool:
        alive(house)
        return None not in ready(house).json["seconds_since_beat"].values()

    wait_for(beating, 60, "a beat of worker and reconcile")
    answer = ready(house)
    assert answer.status == 200
    assert answer.json["failing"] == answer.json["degraded"] == []
    assert set(answer.json["seconds_since_beat"]) == {"worker", "reconcile"}
    for name in RUNNING:
        assert house.healthy(name), name


@pytest.mark.services
def test_everything_runs_as_the_images_user(house: House) -> None:
    for name in ("redis", *RUNNING):
        status = Path(f"/proc/{house.processes[name].pid}/status").read_text("utf-8")
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(told["Uid"].split()) == {str(house.uid)} != {"0"}
        assert told["NoNewPrivs"] == "1"
        if os.geteuid() == 0:
            assert int(told["CapEff"], 16) == 0
            assert told["Groups"].strip() == ""


@pytest.mark.services
def test_what_is_uploaded_is_examined_by_the_worker(house: House, tmp_path: Path) -> None:
    made = house.run("web", "python", "manage.py", "account", "reporter", "--role", "fact_checker", "--json")
    assert made.returncode == 0, made.stdout + made.stderr
    reporter = Outside(house.port, json.loads(made.stdout)["api_key"])
    for number in (1, 2):
        filed = reporter.post("claims/", claim_with(number=number))
        assert filed.status == 201, filed.body
    (tmp_path / "sent.jpg").write_bytes(photo(tmp_path, 3))
    uploaded = reporter.upload(f"claims/{filed.json['id']}/media/", tmp_path / "sent.jpg", "sent.jpg")
    assert uploaded.status == 202, uploaded.body
    media = uploaded.json["id"]

    def examined() -> Any:
        alive(house)
        shown = reporter.get(f"media/{media}/").json
        return shown if shown["examination"] in {"done", "quarantined"} else None

    shown = wait_for(examined, 60, "the examination")
    assert (shown["state"], shown["examination"]) == ("captured", "done")
    assert {run["state"] for run in shown["check_runs"]} <= {"done", "not_applicable"}
    assert reporter.get(f"media/{media}/file/").body == (tmp_path / "sent.jpg").read_bytes()
    assert "job.finished" in house.processes["worker"].said()
    assert "job.finished" not in house.processes["reconcile"].said()
    # Links speak of the outside.
    assert (
        reporter.get("claims/?page_size=1").json["next"].startswith(f"https://{PUBLIC_NAME}/api/v1/claims/")
    )


@pytest.mark.services
def test_the_desks_own_role_can_not_undo_what_only_grows(house: House) -> None:
    with house.as_desk() as database:
        for order in (
            "DROP TRIGGER verification_verdict_no_delete ON verification_verdict",
            "ALTER TABLE verification_auditentry DISABLE TRIGGER ALL",
            "TRUNCATE verification_auditentry CASCADE",
            "CREATE TABLE mine (id int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                database.execute(order.encode())
    kept = house.run("web", "python", "manage.py", "verify", "--json")
    assert (kept.returncode, json.loads(kept.stdout)["breaks"]) == (0, [])


@pytest.mark.services
def test_migrating_again_does_no_harm_and_a_half_configured_desk_is_refused(house: House) -> None:
    assert house.run("migrate").returncode == 0
    house.services["migrate"]["environment"]["STET_PUBLIC_URL"] = "http://stet.example.org"
    try:
        refused = house.run("migrate")
    finally:
        house.services["migrate"]["environment"]["STET_PUBLIC_URL"] = GIVEN["STET_PUBLIC_URL"]
    assert refused.returncode == 1
    assert "stet.E004" in refused.stderr


@pytest.mark.services
def test_static_files_come_collected_and_compressed_from_the_image(house: House) -> None:
    name = "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css"
    collected = house.code / "staticfiles" / f"{name}.gz"
    served = Api(house.port, "").get(f"/static/{name}", Accept_Encoding="gzip")
    assert (served.status, served.headers.get("content-encoding")) == (200, "gzip")
    assert served.body == collected.read_bytes()


@pytest.mark.services
def test_nothing_is_written_but_to_the_data_folder_and_tmp(house: House) -> None:
    ready(house)
    assert everything_in(house.code) == house.before
    originals = [path for path in (house.folder / "data" / "archive").rglob("*") if path.is_file()]
    assert originals
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o440 for path in originals)
    assert not (house.folder / "data" / "secret_key").exists()


@pytest.mark.services
def test_each_ends_when_it_is_told_to_within_its_grace(house: House) -> None:
    """Last in this file: it takes the house down."""
    for name in RUNNING:
        process = house.processes[name].popen
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(seconds(house.services[name]["stop_grace_period"]))
        assert process.returncode == 0, (name, time.monotonic() - began)
    for name in RUNNING:
        assert not house.healthy(name)
