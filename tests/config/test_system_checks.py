"""A half-configured start is refused with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection

from config import system_checks
from tests.media.credentials import Signer


def ids(messages: list[Any]) -> set[str]:
    return {message.id for message in messages}


def test_an_allow_list_that_is_not_understood_is_refused(settings: Any) -> None:
    settings.FETCH_ALLOW = ["10.0.0.0/8", "http://store/"]
    assert ids(system_checks.fetch_allow_list(None)) == {"stet.E001"}
    settings.FETCH_ALLOW = ["10.0.0.0/8", "store.example:9000"]
    assert system_checks.fetch_allow_list(None) == []


@pytest.mark.parametrize(
    ("url", "keys", "is_understood"),
    [
        ("file:///srv/originals", ("", ""), True),
        ("/srv/originals", ("", ""), True),
        ("s3://originals", ("", ""), True),
        ("s3://originals/desk/one?endpoint_url=https://s3.example:9000&region=eu-1", ("id", "secret"), True),
        ("gs://originals", ("", ""), False),
        ("s3://", ("", ""), False),
        ("s3:///desk", ("", ""), False),
        ("s3://id:secret@originals", ("", ""), False),
        ("s3://originals/../other", ("", ""), False),
        ("s3://originals?endpoint=https://s3.example", ("", ""), False),
        ("s3://originals?endpoint_url=s3.example", ("", ""), False),
        ("s3://originals#part", ("", ""), False),
        ("s3://originals", ("id", ""), False),
        ("s3://originals", ("", "secret"), False),
    ],
)
def test_an_archive_whose_address_is_not_understood_is_refused(
    settings: Any, url: str, keys: tuple[str, str], is_understood: bool
) -> None:
    settings.ARCHIVE_URL = url
    settings.ARCHIVE_ACCESS_KEY, settings.ARCHIVE_SECRET_KEY = keys
    found = system_checks.archive_place(None)
    assert ids(found) == (set() if is_understood else {"stet.E005"})
    assert all(one.hint and "secret" not in one.msg for one in found)


@pytest.mark.django_db
def test_a_lost_trigger_is_an_error() -> None:
    assert "stet.E002" not in ids(run_checks(databases=["default"]))
    on = " ON verification_verdict" if connection.vendor == "postgresql" else ""
    connection.cursor().execute(f"DROP TRIGGER verification_verdict_no_delete{on}")
    assert "stet.E002" in ids(run_checks(databases=["default"]))


@pytest.mark.django_db
def test_a_database_that_cannot_search_by_pieces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "stet.E010" not in ids(run_checks(databases=["default"]))
    if connection.vendor == "sqlite":
        monkeypatch.setattr(system_checks.sqlite3, "sqlite_version_info", (3, 33, 0))
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm CASCADE")
            cursor.execute("CREATE ROLE stet_without_rights")
            cursor.execute("GRANT USAGE ON SCHEMA public TO stet_without_rights")
            cursor.execute("SET LOCAL ROLE stet_without_rights")
    (error,) = system_checks.search_by_pieces(None, databases=["default"])
    assert error.id == "stet.E010"
    assert error.hint
    if connection.vendor == "postgresql":
        connection.cursor().execute("RESET ROLE")


def test_production_needs_postgresql_a_broker_and_https(settings: Any) -> None:
    settings.DATABASE_URL = "sqlite:///desk.sqlite3"
    settings.REDIS_URL, settings.PUBLIC_URL = "", "http://desk.example"
    assert ids(system_checks.production_parts(None)) == {"stet.E003", "stet.W001", "stet.E004"}
    settings.DATABASE_URL = "postgres://database/stet"
    settings.REDIS_URL, settings.PUBLIC_URL = "redis://broker", "https://desk.example"
    assert system_checks.production_parts(None) == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["missing", "empty", "nonsense"])
def test_a_trust_list_that_cannot_be_read_is_refused(
    settings: Any, tmp_path: Path, content: bytes | None
) -> None:
    settings.C2PA_TRUST = tmp_path / "trusted.pem"
    if content is not None:
        settings.C2PA_TRUST.write_bytes(content)
    (error,) = system_checks.credential_signers(None)
    assert error.id == "stet.E008"
    assert str(settings.C2PA_TRUST) in error.msg


def test_a_trust_list_is_taken_and_none_is_needed(settings: Any, tmp_path: Path) -> None:
    settings.C2PA_TRUST = None
    assert system_checks.credential_signers(None) == []
    settings.C2PA_TRUST = tmp_path / "trusted.pem"
    settings.C2PA_TRUST.write_bytes(Signer().root)
    assert system_checks.credential_signers(None) == []


def test_an_exiftool_that_is_named_must_be_there(settings: Any, tmp_path: Path) -> None:
    settings.EXIFTOOL = tmp_path / "exiftool"
    (error,) = system_checks.exiftool(None)
    assert (error.id, str(settings.EXIFTOOL) in error.msg) == ("stet.E009", True)
    settings.EXIFTOOL = None
    assert system_checks.exiftool(None) == []
