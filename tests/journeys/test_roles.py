"""On PostgreSQL the desk runs as a role that owns nothing: it can do all its work and nothing behind the audit's back."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.stack import HOME, missing, postgres_server, why_no_postgres
from verification.models import append_only

pytestmark = pytest.mark.services


class Roles:
    """A database with an owner and with the desk's role, made by the very lines that Compose runs."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database = f"stet_roles_{os.getpid()}_{secrets.token_hex(3)}"
        self.owner, self.desk = f"{self.database}_owner", f"{self.database}_desk"
        self.admin(
            f'CREATE ROLE "{self.owner}" LOGIN CREATEROLE',
            f'CREATE DATABASE "{self.database}" OWNER "{self.owner}"',
        )
        script = (HOME / "deploy/init-db.sh").read_text()
        found = re.search(r"<<'SQL'\n(.*?)^SQL$", script, re.DOTALL | re.MULTILINE)
        assert found
        lines = found[1].replace("stet_desk", f'"{self.desk}"').replace(":'password'", "'none'")
        with psycopg.connect(self.url(self.owner), autocommit=True) as server:
            server.execute(lines.encode())

    def admin(self, *orders: str) -> None:
        with psycopg.connect(postgres_server(), autocommit=True) as server:
            for order in orders:
                server.execute(order.encode())

    def url(self, role: str) -> str:
        parts = urlsplit(postgres_server())
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{role}@{host}", path=f"/{self.database}"))

    def manage(self, role: str, *words: str) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STET_") and k != "REDIS_URL"}
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=HOME,
            env={**kept, "DATABASE_URL": self.url(role), "STET_DATA": str(self.data)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def drop(self) -> None:
        self.admin(
            f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)',
            f'DROP ROLE IF EXISTS "{self.desk}"',
            f'DROP ROLE IF EXISTS "{self.owner}"',
        )


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    """A desk with its demo case, made by the owner's migration and then by the desk's role alone."""
    if why := why_no_postgres():
        missing(why)
    made = Roles(tmp_path_factory.mktemp("data"))
    try:
        made.manage(made.owner, "migrate", "--noinput")
        made.manage(made.desk, "demo")
        yield made
    finally:
        made.drop()


def test_the_desks_role_does_all_the_work(roles: Roles) -> None:
    roles.manage(roles.desk, "reconcile")
    roles.manage(roles.desk, "fixity")
    with ThreadPoolExecutor(3) as loops:  # several loops do no harm: each number is made once
        lines = [
            json.loads(one) for one in loops.map(lambda _: roles.manage(roles.desk, "checkpoint"), range(3))
        ]
    assert max(one["number"] for one in lines) >= 1
    report = json.loads(roles.manage(roles.desk, "verify", "--json"))
    assert report["breaks"] == []
    assert report["sections"]["chains"]["read"] > 0
    assert report["sections"]["originals"]["read"] > 0
    journal = (roles.data / "checkpoints/journal.jsonl").read_text().splitlines()
    numbers = [json.loads(line)["number"] for line in journal]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("table", [rule.table for rule in append_only.RULES])
def test_nothing_that_only_grows_can_be_changed_or_unlocked(roles: Roles, table: str) -> None:
    orders = {
        f"DELETE FROM {table}": "append-only",
        f"TRUNCATE {table} CASCADE": "permission denied",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL": "must be owner",
        f"ALTER TABLE {table} DISABLE TRIGGER USER": "must be owner",
        f"DROP TRIGGER {table}_no_update ON {table}": "must be owner",
        f"DROP TABLE {table} CASCADE": "must be owner",
        "CREATE OR REPLACE FUNCTION stet_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'": "must be owner|permission denied",
        "SET session_replication_role = replica": "permission denied",
    }
    with psycopg.connect(roles.url(roles.desk), autocommit=True) as server:
        filled = server.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        column = server.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s LIMIT 1", [table]
        ).fetchone()
        assert filled is not None
        assert column is not None
        orders[f'UPDATE {table} SET "{column[0]}" = "{column[0]}"'] = "append-only"
        for order, refusal in orders.items():
            if refusal == "append-only" and filled[0] == 0:
                continue  # a row's trigger fires where there is a row
            with pytest.raises(psycopg.Error, match=refusal):
                server.execute(order.encode())
        left = server.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert left == filled
