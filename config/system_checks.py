"""What `manage.py check` refuses, each with its remedy: a half-configured start is worse than none."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from claims import extractors
from claims.addresses import AllowList
from claims.media import stores
from claims.models.claim_texts import LEAST_SQLITE
from verification.models import append_only
from verification.services import signing, stamps


@register()
def fetch_allow_list(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """STET_FETCH_ALLOW must be understood whole: a misread entry would open the wrong door."""
    try:
        AllowList.parse(settings.FETCH_ALLOW)
    except ValueError as error:
        return [
            Error(
                str(error), hint="Mend STET_FETCH_ALLOW: host, host:port or CIDR, by commas.", id="stet.E001"
            )
        ]
    return []


@register()
def archive_place(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """An address that is not understood whole must not become a folder of that name, or another bucket."""
    try:
        stores.place_of(str(settings.ARCHIVE_URL))
    except ValueError as error:
        hint = (
            "Set STET_ARCHIVE_URL to a folder or to s3://bucket/prefix?endpoint_url=…&region=…, with credentials in "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or in files, by …_FILE)."
        )
        return [Error(str(error), hint=hint, id="stet.E005")]
    return []


@register()
def known_extractors(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """An extractor that is named and not there would be passed over in silence."""
    try:
        missing = [one for one in extractors.switched_on() if not one.is_installed()]
    except ValueError as error:
        return [Error(str(error), hint="Mend STET_EXTRACTORS.", id="stet.E008")]
    hint = "Install it (pip install yt-dlp), or take it out of STET_EXTRACTORS."
    return [
        Error("An extractor is switched on and not installed.", hint=hint, id="stet.E008") for _ in missing
    ]


@register()
def exiftool(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """One that is named and not there would fail with every file."""
    program = settings.EXIFTOOL
    if program is None or os.access(program, os.X_OK):
        return []
    hint = "Set STET_EXIFTOOL to the path of exiftool, to auto, or to off."
    return [Error(f"{program} can't be run.", hint=hint, id="stet.E009")]


@register()
def keys_and_certificates(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What signs checkpoints, and whose time-stamps are believed, must be readable before anything relies on it."""
    found: list[CheckMessage] = []
    for readable, code in ((signing.public_key, "stet.E006"), (stamps.roots, "stet.E007")):
        try:
            readable()
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id=code))
    if settings.TSA_URL and not settings.TSA_ROOTS:
        found.append(
            checks.Warning(
                "Time-stamps are asked for, and nothing says whose are to be believed.",
                hint="Set STET_TSA_ROOTS to a file with the authority's root certificate, in PEM.",
                id="stet.W002",
            )
        )
    return found


@register()
def credential_signers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """A trust list that can't be read would leave every examination without its content credentials."""
    path = settings.C2PA_TRUST
    try:
        if path is not None:
            x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return [
            Error(
                f"STET_C2PA_TRUST names {path}, which holds no certificates in PEM that can be read.",
                hint="Name a file of root certificates in PEM, or leave it out: then no signer is trusted.",
                id="stet.E008",
            )
        ]
    return []


@register(Tags.database)
def append_only_triggers(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[CheckMessage]:
    """The database itself must refuse to alter what only grows."""
    lost = []
    for name in databases or ():
        connection = connections[name]
        try:
            if "claims_body" in connection.introspection.table_names():
                lost += append_only.missing(connection)
        except DatabaseError:
            continue  # migrate and readiness speak of a database that is away
    hint = "Run manage.py migrate: it puts every trigger in place again."
    return [Error(f"The trigger {name} is not in the database.", hint=hint, id="stet.E002") for name in lost]


@register(Tags.database)
def search_by_pieces(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[CheckMessage]:
    """Similar statements are looked up by pieces of three letters, which the database must know how to index."""
    found: list[CheckMessage] = []
    for name in databases or ():
        connection = connections[name]
        try:
            missing, hint = _missing_for_pieces(connection)
        except DatabaseError:
            continue  # migrate and readiness speak of a database that is away
        if missing:
            found.append(Error(missing, hint=hint, id="stet.E010"))
    return found


def _missing_for_pieces(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """What the database lacks and what to do; empty where it lacks nothing."""
    if connection.vendor == "sqlite":
        version = ".".join(map(str, LEAST_SQLITE))
        old = sqlite3.sqlite_version_info < LEAST_SQLITE
        said = (
            f"SQLite {sqlite3.sqlite_version} can't search by pieces of words: it takes {version} or later."
        )
        return (said, "Use a Python with a newer SQLite, or PostgreSQL.") if old else ("", "")
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'),
                EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm')
                AND has_database_privilege(current_database(), 'CREATE')
        """)
        is_there, may_be_made = cursor.fetchone()
    if is_there or may_be_made:
        return "", ""
    return (
        "PostgreSQL's extension pg_trgm is not in the database, and this user may not put it there.",
        "As a superuser, in this database: CREATE EXTENSION pg_trgm (it is in PostgreSQL's contrib package).",
    )


@register(Tags.security, deploy=True)
def production_parts(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:  # noqa: ARG001
    """What a newcomer's first run does without and production does not."""
    found: list[CheckMessage] = []
    if not settings.DATABASE_URL.startswith(("postgres://", "postgresql://")):
        found.append(
            Error("Production runs on PostgreSQL.", hint="Set DATABASE_URL=postgres://…", id="stet.E003")
        )
    if not settings.REDIS_URL:
        found.append(
            checks.Warning(
                "No broker is set: the reconcile loop does every job itself, one at a time.",
                hint="Set REDIS_URL.",
                id="stet.W001",
            )
        )
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            Error(
                "STET_PUBLIC_URL is not an https address: cookies would travel in the clear.",
                hint="Set STET_PUBLIC_URL=https://…",
                id="stet.E004",
            )
        )
    return found
