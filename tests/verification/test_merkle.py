"""The Merkle trees: one list, one root; and a path proves what is in it and nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.domain.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash, path_of, root_by_path

LEAVES = st.lists(st.binary(max_size=8), max_size=40)
SOME = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def root_as_defined(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root_as_defined(leaves[:k]) + root_as_defined(leaves[k:])).digest()


@given(LEAVES)
def test_the_root_is_that_of_the_rfc(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    assert (tree.count, tree.root()) == (len(leaves), root_as_defined(leaves))


@given(SOME, st.data())
def test_any_change_of_the_list_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.binary(max_size=8))
    changed = data.draw(
        st.sampled_from([
            [*leaves[:at], *leaves[at + 1 :]],
            [*leaves[:at], other, *leaves[at:]],
            [*leaves[:at], other, *leaves[at + 1 :]],
            leaves[::-1],
            [*leaves, leaves[-1]],  # padding with the last leaf, as some trees do, would hide this one
        ])
    )  # fmt: skip
    assert (Tree(changed).root() == Tree(leaves).root()) == (changed == leaves)


@given(SOME, st.data())
def test_a_path_leads_from_each_leaf_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(one) for one in leaves]
    at = data.draw(st.integers(0, len(leaves) - 1))
    assert root_by_path(hashes[at], at, len(leaves), path_of(hashes, at)) == Tree(leaves).root()


@given(SOME, st.data())
def test_a_path_proves_no_other_leaf_place_or_path(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [leaf_hash(one) for one in leaves]
    at = data.draw(st.integers(0, len(leaves) - 1))
    path, root = path_of(hashes, at), Tree(leaves).root()
    other = data.draw(st.binary(max_size=8).filter(lambda one: one != leaves[at]))
    assert root_by_path(leaf_hash(other), at, len(leaves), path) != root
    assert root_by_path(hashes[at], at, len(leaves), [*path, hashes[at]]) != root
    if path:
        assert root_by_path(hashes[at], at, len(leaves), path[:-1]) != root
    assert root_by_path(hashes[at], len(leaves), len(leaves), path) is None


def test_a_node_can_not_pass_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert Tree([b"a", b"b"]).root() == node_hash(left, right)
    assert Tree([left + right]).root() != Tree([b"a", b"b"]).root()


def test_nothing_has_a_root_and_no_leaves() -> None:
    assert Tree().root() == EMPTY_ROOT
    with pytest.raises(IndexError, match="no leaf 0 among 0"):
        path_of([], 0)
