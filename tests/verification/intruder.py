"""What somebody does who owns the database and reaches the archive, but not the desk's signing key."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from claims.media import archive
from claims.models import Asset, Body
from claims.models.bodies import canonical
from verification.models import AuditChain, AuditEntry, Seal, append_only
from verification.services import chains


@contextmanager
def unguarded() -> Iterator[Any]:
    """A cursor with every trigger and foreign key out of the way; both are back afterwards, as if nothing was."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield cursor
            cursor.execute("SET session_replication_role = DEFAULT")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA defer_foreign_keys = ON")
            yield cursor
            append_only.install(connection)


def tables() -> dict[str, type[models.Model]]:
    """Every table that only grows."""
    of = {model._meta.db_table: model for model in apps.get_models()}
    return {rule.table: of[rule.table] for rule in append_only.RULES}


def pick(chance: random.Random, model: type[models.Model]) -> Any:
    return chance.choice(list(model._default_manager.order_by("pk").values_list("pk", flat=True)))


def stored(value: Any) -> Any:
    """A value as the driver wants it."""
    return value.hex if isinstance(value, uuid.UUID) and connection.vendor == "sqlite" else value


def alter(chance: random.Random, table: str) -> str:
    """Changes one column of one row."""
    model = tables()[table]
    row = model._default_manager.get(pk=pick(chance, model))
    field = chance.choice([one for one in model._meta.concrete_fields if not one.primary_key])
    old = getattr(row, field.attname)
    new = another(chance, field, old)
    with unguarded() as cursor:
        cursor.execute(
            f'UPDATE {table} SET "{field.column}" = %s WHERE "{model._meta.pk.column}" = %s',
            [field.get_db_prep_save(new, connection), stored(row.pk)],
        )
    return f"alter {table}.{field.column} of {row.pk}: {str(old)[:40]!r} to {str(new)[:40]!r}"


def another(chance: random.Random, field: Any, old: Any) -> Any:
    """A value that the column takes and that is not the one it has."""
    if field.remote_field is not None:
        return uuid.UUID(int=chance.getrandbits(128)) if not isinstance(old, int) else old + 1
    if isinstance(field, models.BooleanField):
        return not old
    if isinstance(field, models.DateTimeField):
        return (old or datetime(2026, 1, 1, tzinfo=UTC)) + timedelta(
            microseconds=chance.choice([1, 10**6, -(10**9)])
        )
    if isinstance(field, models.UUIDField):
        return uuid.UUID(int=chance.getrandbits(128))
    if isinstance(field, models.IntegerField):
        return (old or 0) + chance.choice([1, 7])
    if isinstance(field, models.BinaryField):
        return b"other bytes"
    if isinstance(field, models.JSONField):
        return {**(old if isinstance(old, dict) else {}), "added": chance.random()}
    text = old or ""
    if text and chance.random() < 0.5:
        at = chance.randrange(len(text))
        return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
    return (
        text[: (field.max_length or 1000) - 1] + "x" if (field.max_length or 1000) > len(text) else text[::-1]
    )


def delete(chance: random.Random, table: str) -> str:
    model = tables()[table]
    pk = pick(chance, model)
    with unguarded() as cursor:
        cursor.execute(f'DELETE FROM {table} WHERE "{model._meta.pk.column}" = %s', [stored(pk)])
    return f"delete {pk} from {table}"


def slip_in(chance: random.Random, table: str) -> str:
    """Copies a row under a key of its own, past the triggers."""
    model = tables()[table]
    pk = pick(chance, model)
    fields = model._meta.concrete_fields
    key = model._meta.pk
    fresh: Any = uuid.UUID(int=chance.getrandbits(128))
    if isinstance(key, models.IntegerField):
        fresh = model._default_manager.order_by("-pk").values_list("pk", flat=True)[0] + 1
    others = {
        # what must be unique, else the database itself refuses it
        "seq": lambda old: old + 1000, "position": lambda old: old + 1000, "version": lambda old: old + 1000,
    }  # fmt: skip
    row = model._default_manager.filter(pk=pk).values().get()
    values = [
        fresh
        if field.primary_key
        else field.get_db_prep_save(others.get(field.name, lambda old: old)(row[field.attname]), connection)
        for field in fields
    ]
    columns = ", ".join('"' + field.column + '"' for field in fields)
    with unguarded() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})",
            [stored(value) for value in values],
        )
    return f"slip a copy of {pk} into {table}"


def _chain(chance: random.Random) -> tuple[str, list[AuditEntry]]:
    name = chance.choice(sorted(AuditChain.objects.filter(seq__gte=2).values_list("name", flat=True)))
    return name, list(AuditEntry.objects.filter(chain_id=name).order_by("seq"))


def cut_tail(chance: random.Random) -> str:
    """Takes the last entries of a chain away and sets its head back: what is left is sound in itself."""
    name, entries = _chain(chance)
    left = chance.randrange(0, len(entries))
    with unguarded() as cursor:
        cursor.execute("DELETE FROM verification_auditentry WHERE chain_id = %s AND seq > %s", [name, left])
        if left:
            head = entries[left - 1].hash
            cursor.execute(
                "UPDATE verification_auditchain SET seq = %s, head = %s WHERE name = %s", [left, head, name]
            )
        else:
            cursor.execute("DELETE FROM verification_auditchain WHERE name = %s", [name])
    return f"cut {name} after entry {left} of {len(entries)}"


def rewrite_chain(chance: random.Random, *, seals_too: bool | None = None) -> str:
    """Changes an entry and hashes everything after it anew, head included: the chain is sound in itself."""
    name, entries = _chain(chance)
    first = chance.randrange(len(entries))
    changed = entries[first]
    changed.at += timedelta(hours=1)
    previous = changed.previous
    with unguarded() as cursor:
        for entry in entries[first:]:
            entry.previous = previous
            entry.hash = previous = chains.hash_of(entry)
            cursor.execute(
                "UPDATE verification_auditentry SET at = %s, previous = %s, hash = %s WHERE id = %s",
                [
                    connection.ops.adapt_datetimefield_value(entry.at),
                    entry.previous, entry.hash, stored(entry.pk),
                ],
            )  # fmt: skip
        for table, column in (("verification_auditchain", "name"), ("verification_sealedhead", "name")):
            cursor.execute(
                f"UPDATE {table} SET head = %s WHERE {column} = %s AND seq = %s",
                [previous, name, entries[-1].seq],
            )
        if chance.random() < 0.5 if seals_too is None else seals_too:
            _reseal(cursor, {(name, entry.seq): entry.hash for entry in entries})
    return f"rewrite {name} from entry {first + 1} of {len(entries)}"


def _reseal(cursor: Any, heads: dict[tuple[str, int], str]) -> None:
    """Makes the seals of heads fit; what the intruder cannot do is sign them."""
    for seal in Seal.objects.filter(of=Seal.HEADS):
        said = json.loads(seal.content)
        said["rows"] = [[name, seq, heads.get((name, seq), head)] for name, seq, head in said["rows"]]
        cursor.execute("UPDATE verification_seal SET content = %s WHERE id = %s", [canonical(said), seal.pk])


def erase_text(chance: random.Random) -> str:
    """Erases a text as a redaction would, but without one: the one UPDATE that the triggers let through."""
    pk = chance.choice(
        list(Body.objects.filter(redacted_at=None).order_by("pk").values_list("pk", flat=True))
    )
    Body.objects.filter(pk=pk).update(content=None, salt=None, redacted_at=datetime(2026, 1, 1, tzinfo=UTC))
    return f"erase body {pk} without a word"


def _files() -> list[Path]:
    return sorted(archive.path_of(one) for one in Asset.objects.values_list("sha256", flat=True))


def flip_a_bit(chance: random.Random) -> str:
    path = chance.choice(_files())
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    _replace(path, bytes(content))
    return f"flip a bit of byte {at} of {path.name}"


def cut_file(chance: random.Random) -> str:
    path = chance.choice(_files())
    content = path.read_bytes()
    _replace(path, content[: chance.randrange(len(content))])
    return f"cut {path.name}"


def lengthen_file(chance: random.Random) -> str:
    path = chance.choice(_files())
    _replace(path, path.read_bytes() + chance.randbytes(chance.randrange(1, 40)))
    return f"lengthen {path.name}"


def remove_file(chance: random.Random) -> str:
    path = chance.choice(_files())
    path.unlink()
    return f"remove {path.name}"


def put_another_in_place(chance: random.Random) -> str:
    """Other bytes under a name of their own, and the asset's row made to fit them."""
    asset = chance.choice(list(Asset.objects.order_by("pk")))
    content = archive.path_of(asset.sha256).read_bytes() + b"!"
    digest = hashlib.sha256(content).hexdigest()
    target = archive.path_of(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    Asset.objects.filter(pk=asset.pk).update(sha256=digest, size_bytes=len(content))
    return f"put {digest[:12]} in place of {asset.sha256[:12]}"


def _replace(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


FILES: tuple[Callable[[random.Random], str], ...] = (
    flip_a_bit, cut_file, lengthen_file, remove_file, put_another_in_place,
)  # fmt: skip
CHAINS: tuple[Callable[[random.Random], str], ...] = (cut_tail, rewrite_chain, erase_text)


def any_tamper(chance: random.Random) -> str:
    """One tamper of any kind; says what it was. Rows of every table are as likely as each other."""
    kind = chance.random()
    if kind < 0.2:
        return chance.choice(FILES)(chance)
    if kind < 0.4:
        return chance.choice(CHAINS)(chance)
    table = chance.choice(sorted(tables()))
    if kind < 0.75:
        return alter(chance, table)
    return delete(chance, table) if kind < 0.9 or table.endswith("strike") else slip_in(chance, table)


def sound_in_itself() -> bool:
    """The naive check: each chain hashes to its own head."""
    return not any(
        list(
            chains.breaks_of(
                name,
                AuditEntry.objects.filter(chain_id=name).order_by("seq"),
                AuditChain.objects.filter(name=name).first(),
            )
        )
        for name in AuditEntry.objects.values_list("chain_id", flat=True).distinct()
    )
