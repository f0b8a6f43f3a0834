"""Reads everything again and says what is not what was recorded, signed or archived.

The sections stand in the order in which they need each other: checkpoints say what was signed, chains say what was
done, and texts, rows and files are held against both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from claims.models import Asset, Body, Capture, Publication
from claims.vocabulary import FixityOutcome
from verification.models import (
    AuditChain,
    AuditEntry,
    Checkpoint,
    FixityCheck,
    Seal,
    Stamp,
    Unsealed,
    append_only,
)
from verification.services import checked_checkpoints, fixity, stamps
from verification.services.chains import Break, breaks_of
from verification.services.notebook import Notebook
from verification.services.rows import UNREADABLE, columns_of, each, hashes_of, key_of, sealed_tables

SPOKEN_OF = {
    "verification_verdict": "verdict",
    "verification_note": "note",
    "verification_notestrike": "struck",
    "verification_evidence": "evidence",
    "verification_evidencestrike": "evidence_struck",
    "verification_contactmessage": "contact_message",
    "verification_permissionrecord": "permission_record",
    "verification_redaction": "redaction",
    "claims_publication": "publication",
}
"""Tables of which every row is an act, and the word by which an entry speaks of it."""

KEYS_AT_A_TIME = 500


@dataclass(frozen=True)
class Section:
    """A part of a verification. `count` says how many steps it is likely to take; `read` yields its breaks."""

    name: str
    title: str
    count: Callable[[], int]
    read: Callable[[], Iterator[Break]]


@contextmanager
def one_moment() -> Iterator[None]:
    """Holds what is read still, while others go on writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not atomic(): on SQLite it would take the one write lock.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


class Verification:
    """One reading of everything: its sections in their order, and what is to be said besides breaks.

    `step` is called as the reading goes on. `kept_outside` are files of checkpoints that were kept elsewhere.
    """

    def __init__(self, kept_outside: Sequence[Path] = (), step: Callable[[], None] = lambda: None) -> None:
        self._notes = Notebook()
        self._kept_outside = kept_outside
        self.step = step
        self.remarks: list[str] = []

    def __enter__(self) -> Verification:
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.close()

    def sections(self) -> list[Section]:
        return [*self.of_one_moment(), *self.of_files()]

    def of_one_moment(self) -> list[Section]:
        """What must see the database as it was at one moment: to be read within `one_moment`."""
        return [
            Section("triggers", "Triggers", lambda: 1, self._triggers),
            Section("checkpoints", "Checkpoints", Checkpoint.objects.count, self._checkpoints),
            Section("chains", "Audit chains", AuditEntry.objects.count, self._chains),
            Section("texts", "Kept texts", Body.objects.count, self._texts),
            Section("rows", "Rows that only grow", _rows_in_all, self._rows),
            Section("stamps", "Time-stamps", Stamp.objects.exclude(token=None).count, self._stamps),
        ]

    def of_files(self) -> list[Section]:
        """The originals. They may take hours, so nothing is held still for them."""
        return [Section("originals", "Originals", Asset.objects.count, self._originals)]

    # --- what the database says

    def _triggers(self) -> Iterator[Break]:
        for name in append_only.missing(connection):
            yield Break(f"trigger {name}", "is not in the database")
        self.step()

    def _checkpoints(self) -> Iterator[Break]:
        yield from checked_checkpoints.read_again(self._notes, self.step)
        yield from checked_checkpoints.held_against(self._kept_outside, self.remarks)

    def _chains(self) -> Iterator[Break]:
        unreadable: list[int] = []
        heads = AuditChain.objects
        # Asked once for all: a query a chain would take longer than reading its entries.
        self._notes.stand(heads.values_list("name", "seq", "head").iterator(chunk_size=2000))
        entries = each(AuditEntry.objects.order_by("chain_id", "seq", "id"), unreadable=unreadable.append)
        for name, chain in groupby(entries, key=lambda entry: entry.chain_id):
            stands = self._notes.standing(name)
            head = None if stands is None else AuditChain(name=name, seq=stands[0], head=stands[1])
            yield from breaks_of(name, self._noted(chain), head, self._notes.signed_of(name))
        of_it = AuditEntry.objects.filter(chain=OuterRef("pk"))
        for head in heads.filter(~Exists(of_it)).iterator():
            yield from breaks_of(head.name, (), head, self._notes.signed_of(head.name))
        for name in self._notes.signed_names():
            yield from breaks_of(name, (), None, self._notes.signed_of(name))
        for place in unreadable:
            yield Break(f"audit entry {place} of all, by chain and number", "can't be read")

    def _noted(self, chain: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
        """The entries, each put down with all that it speaks of."""
        for entry in chain:
            self.step()
            # Else it is not what was hashed, and that is said where the chain is read.
            with suppress(*UNREADABLE):
                self._note(entry)
            yield entry

    def _note(self, entry: AuditEntry) -> None:
        data = entry.data
        for body, commitment in _commitments_in(data):
            self._notes.say("text", f"{body} {commitment}")
        for verdict in data.get("verdicts", ()):
            self._notes.say("verdict", verdict["id"])
        for word in SPOKEN_OF.values():
            # An erasure that a restore repeated has its row in the database that was lost.
            if word in data and not (word == "redaction" and data.get("repeated")):
                self._notes.say(word, data[word])
        erasing = entry.action == "redact"
        if isinstance(sha256 := data.get("sha256"), str):
            self._notes.say("erased original" if erasing else "original", sha256)
        if erasing:
            for sha256 in data.get("beside", ()):
                self._notes.say("erased original", sha256)
            for body in data.get("erased", ()):
                self._notes.say("erased", body)
            if "content" in data:  # the withdrawal that a redaction publishes
                for pk in Publication.objects.filter(body=data["content"]["body"]).values_list(
                    "pk", flat=True
                ):
                    self._notes.say("publication", pk)

    def _texts(self) -> Iterator[Break]:
        unreadable: list[int] = []
        for body in each(Body.objects.order_by("pk"), unreadable=unreadable.append):
            self.step()
            where = f"body {body.pk}"
            spoken_of = self._notes.is_said("text", f"{body.pk} {body.commitment}")
            erased = self._notes.is_said("erased", body.pk)
            if not body.holds():
                yield Break(where, "is not what was committed to")
            elif not spoken_of:
                yield Break(where, "is spoken of by no audit entry")
            elif body.redacted_at is not None and not erased:
                yield Break(where, "was erased, and no audit entry says so")
            elif body.redacted_at is None and erased:
                yield Break(where, "was erased by an audit entry and is there again")
        for place in unreadable:
            yield Break(f"body {place} of all, by id", "can't be read")
        for said in self._notes.said_and_unseen("text"):
            yield Break(f"body {said.split()[0]}", "is spoken of by an audit entry and is gone")

    def _rows(self) -> Iterator[Break]:
        models = sealed_tables()
        for one in Unsealed.objects.order_by("id").iterator(chunk_size=2000):
            model = models.get(one.table_name)
            if model is not None and (key := key_of(model, one.row_id)) is not None:
                self._notes.wait(one.table_name, [key])
        for seal in Seal.objects.exclude(of=Seal.HEADS).order_by("checkpoint_id", "position").iterator(50):
            self.step()
            try:
                yield from self._breaks_of_sealed(seal)
            except (*UNREADABLE, KeyError):
                yield Break(f"checkpoint {seal.checkpoint_id}", f"has a seal of {seal.of} that can't be read")
        for table, model in models.items():
            unreadable: list[int] = []
            keys = each(
                model._default_manager.order_by("pk").values_list("pk", flat=True),
                unreadable=unreadable.append,
            )
            yield from self._breaks_of_unsealed(table, map(str, keys))
            for place in unreadable:
                yield Break(f"{table} row {place} of all, by key", "can't be read")

    def _breaks_of_sealed(self, seal: Seal) -> Iterator[Break]:
        """Whether the rows of a seal are still there and what they were."""
        model = sealed_tables().get(seal.of)
        if model is None:
            yield Break(f"checkpoint {seal.checkpoint_id}", f"seals {seal.of}, of which nothing is known")
            return
        content = json.loads(seal.content)
        if not set(content["columns"]) <= set(columns_of(model)):
            raise ValueError(f"no such columns of {seal.of}")
        signed: list[tuple[str, str | None]] = [(key, digest) for key, digest in content["rows"]]
        self._notes.seal(seal.of, (key for key, _ in signed))
        for start in range(0, len(signed), KEYS_AT_A_TIME):
            part = signed[start : start + KEYS_AT_A_TIME]
            found = hashes_of(model, content["columns"], [key for key, _ in part])
            for key, digest in part:
                where = f"{seal.of} {key}"
                if digest is None:
                    yield Break(
                        where, f"was gone or garbled before checkpoint {seal.checkpoint_id} could seal it"
                    )
                elif key not in found:
                    yield Break(where, f"is gone; checkpoint {seal.checkpoint_id} sealed it")
                elif found[key] != digest:
                    yield Break(where, f"is not what checkpoint {seal.checkpoint_id} sealed")

    def _breaks_of_unsealed(self, table: str, keys: Iterable[str]) -> Iterator[Break]:
        """Whether rows came by the front door: put down by their trigger, and spoken of where they are acts."""
        word = SPOKEN_OF.get(table)
        for key in keys:
            self.step()
            if not self._notes.is_sealed_or_waits(table, key):
                yield Break(f"{table} {key}", "is sealed by no checkpoint and does not wait for one")
            if word and not self._notes.is_said(word, key):
                yield Break(f"{table} {key}", "is spoken of by no audit entry")
        for said in self._notes.said_and_unseen(word) if word else ():
            yield Break(f"{table} {said}", "is spoken of by an audit entry and is gone")

    def _stamps(self) -> Iterator[Break]:
        unchecked = 0
        stamped = Stamp.objects.exclude(token=None).select_related("checkpoint", "asset")
        for stamp in stamped.order_by("pk").iterator():
            self.step()
            wrong = stamps.what_is_wrong(stamp)
            unchecked += not stamps.roots()
            if wrong:
                yield Break(f"stamp {stamp.pk}", wrong)
        if unchecked:
            self.remarks.append(
                f"{unchecked} time-stamps say the right hash, but who made them was not checked: set STET_TSA_ROOTS."
            )

    # --- what the archive holds

    def _originals(self) -> Iterator[Break]:
        for asset in Asset.objects.order_by("pk").iterator():
            self.step()
            where = f"original {asset.sha256}"
            self._notes.is_said("original", asset.sha256)
            erased = self._notes.is_said("erased original", asset.sha256)
            if asset.redacted_at is not None and not erased:
                erased = self._went_with_an_original(asset)
            outcome = fixity.look(asset)
            if outcome is None:
                continue  # erased while we read
            if asset.redacted_at is not None and not erased:
                yield Break(where, "was erased, and no audit entry says so")
            elif asset.redacted_at is not None and outcome == FixityOutcome.UNREADABLE:
                yield Break(
                    where, "was erased by an audit entry, and the archive does not say whether it is gone"
                )
            elif asset.redacted_at is not None and outcome != FixityOutcome.MISSING:
                yield Break(where, "was erased by an audit entry, and its file is there")
            elif asset.redacted_at is None and erased:
                yield Break(where, "was erased by an audit entry and is said to be there")
            elif asset.redacted_at is None:
                yield from self._breaks_of_file(asset, outcome)
        for sha256 in self._notes.said_and_unseen("original"):
            yield Break(f"original {sha256}", "was taken in by an audit entry, and there is no asset of it")

    def _went_with_an_original(self, asset: Asset) -> bool:
        """Whether it was kept beside bytes that were erased before, and turned up again."""
        beside = reduce(or_, (Q(**{name: asset}) for name in Capture.KEPT_BESIDE))
        originals = Capture.objects.filter(beside).exclude(asset=None).values_list("asset__sha256", flat=True)
        return any(self._notes.is_said("erased original", sha256) for sha256 in originals)

    def _breaks_of_file(self, asset: Asset, outcome: FixityOutcome) -> Iterator[Break]:
        where = f"original {asset.sha256}"
        if outcome != FixityOutcome.INTACT:
            yield Break(where, fixity.WORDS[outcome])
            return
        if not fixity.is_as_long_as_said(asset):
            yield Break(where, f"is not {asset.size_bytes} bytes long, as its row says")
        bad = FixityCheck.objects.filter(asset=asset).exclude(outcome=FixityOutcome.INTACT).first()
        if bad is not None:
            self.remarks.append(f"{where} is intact, but at {bad.at.isoformat()} it was found {bad.outcome}.")


def _rows_in_all() -> int:
    counts = [model._default_manager.count() for model in sealed_tables().values()]
    return sum(counts) + Seal.objects.exclude(of=Seal.HEADS).count()


def _commitments_in(value: Any) -> Iterator[tuple[str, str]]:
    """Each text that an entry's data commits to: its id and its commitment."""
    if isinstance(value, dict):
        if isinstance(commitment := value.get("commitment"), str):
            yield str(value.get("body")), commitment
        for part in value.values():
            yield from _commitments_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _commitments_in(part)
