"""Checkpoints read again: signed by us, bound to each other, and the same as what is kept outside the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from verification.domain import merkle
from verification.models import Checkpoint, Seal, SealedHead
from verification.services import signing
from verification.services.chains import Break
from verification.services.checkpoints import NOTHING_BEFORE, by_bytes, head_leaf, journal
from verification.services.notebook import Notebook
from verification.services.rows import UNREADABLE

LINES_AT_A_TIME = 200
_GARBLED = (*UNREADABLE, KeyError)


def read_again(notes: Notebook, step: Callable[[], None]) -> Iterator[Break]:
    """Reads every checkpoint and puts down which heads were signed; yields each break."""
    known = signing.known_keys()
    number, previous = 0, NOTHING_BEFORE
    newest: dict[str, Any] | None = None
    for checkpoint in Checkpoint.objects.order_by("number").iterator():
        step()
        where = f"checkpoint {checkpoint.number}"
        try:
            newest = checkpoint.said
            yield from _breaks_of(checkpoint, newest, number, previous, known)
            yield from _breaks_of_seals(checkpoint, newest["sealed"], notes)
        except _GARBLED:
            newest = None
            yield Break(where, "can't be read")
        number, previous = checkpoint.number, checkpoint.hash
    if newest is not None:
        yield from _breaks_of_heads(number, newest["chains"], notes)


def _breaks_of(
    checkpoint: Checkpoint, said: dict[str, Any], number: int, previous: str, known: dict[str, bytes]
) -> Iterator[Break]:
    where = f"checkpoint {checkpoint.number}"
    if checkpoint.number != number + 1:
        yield Break(where, f"follows checkpoint {number}: what was between them is gone")
    elif said["previous"] != previous:
        yield Break(where, "does not continue the checkpoint before it")
    if said["number"] != checkpoint.number:
        yield Break(where, f"was signed as checkpoint {said['number']}")
    key = known.get(said["key"])
    if key is None:
        yield Break(where, f"is signed by the key {said['key'][:16]}, which has never signed here")
    elif not signing.is_signed(checkpoint.statement.encode(), checkpoint.signature, key):
        yield Break(where, "is not what was signed")


def _breaks_of_seals(checkpoint: Checkpoint, said: dict[str, Any], notes: Notebook) -> Iterator[Break]:
    tree = merkle.Tree()
    moved = False
    for seal in checkpoint.seals.order_by("position").iterator():
        moved = moved or seal.position != tree.count
        tree.add(seal.leaf)
        if seal.of == Seal.HEADS:
            heads = [(str(name), int(seq), str(head)) for name, seq, head in json.loads(seal.content)["rows"]]
            notes.sign_heads(heads, number=checkpoint.number)
    if moved or (tree.count, tree.root().hex()) != (said["count"], said["root"]):
        yield Break(f"checkpoint {checkpoint.number}", "has other seals than were signed")


def _breaks_of_heads(number: int, said: dict[str, Any], notes: Notebook) -> Iterator[Break]:
    """Whether the newest root over all heads is that of all that was sealed so far, and of the heads kept of it."""
    signed = (said["count"], said["root"])
    tree = merkle.Tree(head_leaf(head) for head in notes.heads())
    if (tree.count, tree.root().hex()) != signed:
        yield Break(f"checkpoint {number}", "was signed over other heads of chains than were sealed by then")
    kept = SealedHead.objects.order_by(by_bytes("name")).values_list("name", "seq", "head")
    tree = merkle.Tree(head_leaf(head) for head in kept.iterator(chunk_size=2000))
    if (tree.count, tree.root().hex()) != signed:
        yield Break("sealed heads", f"are not those that checkpoint {number} was signed over")


def held_against(files: Sequence[Path], remarks: list[str]) -> Iterator[Break]:
    """Compares the checkpoints with the journal and with what an operator kept elsewhere. Raises OSError."""
    if journal().exists():
        files = [journal(), *files]
    elif Checkpoint.objects.exists():
        remarks.append(
            f"There is no journal of checkpoints at {journal()}: the database was not held against it. "
            "Run this where the reconcile loop runs, or give --checkpoint."
        )
    for path in files:
        yield from _breaks_against(path)


def _breaks_against(path: Path) -> Iterator[Break]:
    with path.open(encoding="utf-8", errors="replace") as file:
        some: list[tuple[int, str]] = []
        for place, line in enumerate(file, 1):
            if line.strip():
                some.append((place, line))
            if len(some) == LINES_AT_A_TIME:
                yield from _breaks_in(path, some)
                some = []
        yield from _breaks_in(path, some)


def _breaks_in(path: Path, lines: Sequence[tuple[int, str]]) -> Iterator[Break]:
    kept: list[tuple[int, int, str, str]] = []
    for place, line in lines:
        try:
            said = json.loads(line)
            kept.append((place, int(said["number"]), said["statement"], said["signature"]))
        except _GARBLED:
            yield Break(f"{path.name} line {place}", "is not a checkpoint that was kept")
    there = Checkpoint.objects.in_bulk([number for _, number, _, _ in kept])
    for place, number, statement, signature in kept:
        found = there.get(number)
        if found is None:
            yield Break(f"checkpoint {number}", f"is in {path.name}, line {place}, and not in the database")
        elif (found.statement, found.signature) != (statement, signature):
            yield Break(f"checkpoint {number}", f"is not the one that {path.name} holds in line {place}")
