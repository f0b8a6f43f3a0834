"""The verifier's own Ed25519 says what RFC 8032 and everybody else says."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.domain import merkle
from verification.services.bundles import verify_bundle as program

# RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        ("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_rfcs_own_examples(key: str, message: str, signature: str) -> None:
    given_key, said, signed = (bytes.fromhex(one) for one in (key, message, signature))
    assert program.is_signed(said, signed, given_key)
    assert not program.is_signed(said + b"!", signed, given_key)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_it_agrees_with_another_implementation(seed: bytes, message: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert program.is_signed(message, signature, public)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not program.is_signed(message, bytes(flipped), public)


def test_what_is_no_key_or_no_signature_is_refused() -> None:
    key, _, signature = (bytes.fromhex(one) for one in RFC_8032[0])
    s = int.from_bytes(signature[32:], "little") + program.ORDER
    malleable = signature[:32] + s.to_bytes(32, "little")
    for bad_key, bad in (
        (key, malleable), (key, signature[:63]), (key, signature + b"\0"), (key, b""), (b"", signature),
        (b"\xff" * 32, signature), (b"\x02" + b"\0" * 31, signature),
    ):  # fmt: skip
        assert not program.is_signed(b"", bad, bad_key)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_its_paths_lead_where_the_trees_do(leaves: list[bytes], data: st.DataObject) -> None:
    hashes = [merkle.leaf_hash(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.path_of(hashes, index)
    assert program.root_by_path(hashes[index], index, len(leaves), path) == merkle.Tree(leaves).root()
    assert (
        program.root_by_path(hashes[index], index, len(leaves), [*path, b"\0" * 32])
        != merkle.Tree(leaves).root()
    )
    assert program.root_by_path(hashes[index], len(leaves), len(leaves), path) is None
