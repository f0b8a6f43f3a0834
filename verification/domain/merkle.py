"""Merkle trees after RFC 6962: one hash that stands for a list in its order.

Leaves and nodes are hashed under different first bytes, so that neither can be taken for the other. A tree that is
not full is not padded, so that no two lists share a root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that leaves are added to one by one; holds one hash for each level, however many leaves there are."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.count = 0
        self._full: list[tuple[int, bytes]] = []  # full subtrees from the left: (leaves in it, its root)
        for data in leaves:
            self.add(data)

    def add(self, data: bytes) -> None:
        size, digest = 1, leaf_hash(data)
        while self._full and self._full[-1][0] == size:
            digest = node_hash(self._full.pop()[1], digest)
            size *= 2
        self._full.append((size, digest))
        self.count += 1

    def root(self) -> bytes:
        if not self._full:
            return EMPTY_ROOT
        digest = self._full[-1][1]
        for _, left in reversed(self._full[:-1]):
            digest = node_hash(left, digest)
        return digest


def path_of(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """What has to be hashed with leaf `index` to come to the root, from the leaf upwards. `hashes` are leaf hashes.

    Raises IndexError where there is no such leaf.
    """
    if not 0 <= index < len(hashes):
        raise IndexError(f"There is no leaf {index} among {len(hashes)}.")
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*path_of(hashes[:split], index), _root(hashes[split:])]
    return [*path_of(hashes[split:], index - split), _root(hashes[:split])]


def root_by_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf hash comes to along a path; None where no tree of `count` leaves has such a path."""
    if not 0 <= index < count:
        return None
    if count == 1:
        return leaf if not path else None
    if not path:
        return None
    split = _split(count)
    if index < split:
        below = root_by_path(leaf, index, split, path[:-1])
        return None if below is None else node_hash(below, path[-1])
    below = root_by_path(leaf, index - split, count - split, path[:-1])
    return None if below is None else node_hash(path[-1], below)


def _split(count: int) -> int:
    """The largest power of two below a count of at least two."""
    return 1 << ((count - 1).bit_length() - 1)


def _root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    split = _split(len(hashes))
    return node_hash(_root(hashes[:split]), _root(hashes[split:]))
