"""Verifies an evidence bundle of Stet, offline, with nothing but Python 3.11 and its standard library.

    python3 verify_bundle.py BUNDLE [--key KEY] [--json]

BUNDLE is the zip, or the folder that it was unpacked into; without it, the folder that this file lies in. What is read:
every file against the bag's manifests (BagIt 1.0, RFC 8493), the maker's signature over them, the claim's audit chain
and the signed checkpoint that it is in, every kept text against its commitment, verdicts, reviews, notes, erasures and
publications against the audit entries that speak of them, originals against their names and the entries that took
them in, and what the time-stamps are of. Exit 0: all of it holds; 1: each break is named; 2: there is nothing to verify.

Two things no bundle can say of itself. Whoever alters one may alter this file too: take it from where Stet comes from
(verification/services/bundles/verify_bundle.py). And a bundle forged whole is signed by a key of the forger's: compare
the key by --key with the desk's, which its /.well-known/stet-signing-key.json says.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

FORMAT = "stet-bundle/1"
MANIFEST, TAGS, SIGNATURE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-signature.json"
NOTHING_BEFORE = "0" * 64
MANGLED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError)
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
KIND_OF_ACT = {
    "publish": "published", "amend": "amended", "correct": "corrected", "hold": "held", "release": "released",
    "withdraw": "withdrawn", "redact": "withdrawn", "set-permission": "amended",
}  # fmt: skip

# --- Ed25519, RFC 8032 section 5.1 ------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
"""Extended coordinates: x = X/Z, y = Y/Z, and the fourth is X·Y/Z."""
NEUTRAL: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    cross, both = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, both - cross, both + cross, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    total = NEUTRAL
    while number:
        if number & 1:
            total = add(total, point)
        point = add(point, point)
        number >>= 1
    return total


def to_bytes(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def to_point(encoded: bytes) -> Point:
    """Raises ValueError for bytes that are no point of the curve."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if len(encoded) != 32 or y >= P:
        raise ValueError("no point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = to_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Whether a signature of 64 bytes is the key's over the message."""
    try:
        public = to_point(key)
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    x, y, z, t = times(h, public)
    return to_bytes(add(times(s, BASE), (P - x, y, z, P - t))) == signature[:32]


# --- the ways things are hashed -----------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def root_by_path(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes | None:
    """The root of an RFC 6962 tree of `count` leaves that a leaf's hash leads to; None where no path is so long."""
    if not 0 <= index < count or (count > 1) != bool(path):
        return None
    if count == 1:
        return leaf
    split = 1 << ((count - 1).bit_length() - 1)
    if index < split:
        below = root_by_path(leaf, index, split, path[:-1])
        return None if below is None else hashlib.sha256(b"\1" + below + path[-1]).digest()
    below = root_by_path(leaf, index - split, count - split, path[:-1])
    return None if below is None else hashlib.sha256(b"\1" + path[-1] + below).digest()


# --- the bag, zipped or unpacked ------------------------------------------------------------------------------


class Bag:
    """The files of a bag by their names, which begin where `bagit.txt` lies. Raises what is in UNREADABLE."""

    def __init__(self, place: Path) -> None:
        self.odd: list[str] = []
        self.names: set[str] = set()
        self._folder = place if place.is_dir() else None
        self._zip = None if self._folder else zipfile.ZipFile(place)
        self._top = ""
        if self._folder:
            self._walk(self._folder)
        elif self._zip:
            self._list(self._zip)

    def _walk(self, top: Path) -> None:
        for folder, folders, files in os.walk(top):
            for name in [*folders, *files]:
                path = Path(folder, name)
                if path.is_symlink() or not (path.is_dir() or path.is_file()):
                    self.odd.append(f"{path.relative_to(top).as_posix()} is no plain file")
            self.names |= {Path(folder, name).relative_to(top).as_posix() for name in files}

    def _list(self, file: zipfile.ZipFile) -> None:
        listed = [one for one in file.namelist() if not one.endswith("/")]
        tops = {one.split("/")[0] + "/" for one in listed}
        if len(tops) != 1 or any("/" not in one for one in listed):
            self.odd.append("the zip does not hold one folder")
        self._top = next((one for one in sorted(tops) if f"{one}bagit.txt" in listed), "")
        for name in listed:
            inside = name.removeprefix(self._top)
            if inside in self.names:
                self.odd.append(f"{inside} is in the zip twice")
            if not name.startswith(self._top) or {"", ".", ".."} & set(inside.split("/")) or "\\" in inside:
                self.odd.append(f"{name} lies outside the bag")
            self.names.add(inside)

    def open(self, name: str) -> IO[bytes]:
        if self._zip is not None:
            return self._zip.open(self._top + name)
        return Path(str(self._folder), name).open("rb")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            return file.read()

    def json(self, name: str) -> Any:
        return json.loads(self.read(name))


# --- the verification -----------------------------------------------------------------------------------------


class Verification:
    """One reading of a bag: `breaks` say what does not hold, `redacted` what was erased, `notes` what else to know."""

    def __init__(self, bag: Bag, trusted: frozenset[bytes]) -> None:
        self.bag = bag
        self.trusted = trusted
        self.breaks: list[tuple[str, str]] = []
        self.redacted: list[str] = []
        self.notes: list[str] = []
        self.held: list[str] = []
        self.keys: dict[str, str] = {}
        self.entries: list[dict[str, Any]] = []
        self.texts: dict[str, dict[str, Any]] = {}

    def run(self) -> None:
        sections: list[Callable[[], str]] = [
            self.files, self.signature, self.chain, self.checkpoint, self.kept_texts, self.verdicts, self.reviews,
            self.remarks, self.rights, self.publications, self.erasures, self.originals, self.stamps,
        ]  # fmt: skip
        for section in sections:
            before = len(self.breaks)
            try:
                said = section()
            except UNREADABLE as error:
                self.mark(section.__name__, f"can't be read: {error}")
            except MANGLED as error:
                self.mark(
                    section.__name__, f"is not in the form of {FORMAT} ({type(error).__name__}: {error})"
                )
            else:
                if len(self.breaks) == before:
                    self.held.append(said)

    def mark(self, where: str, detail: str) -> None:
        self.breaks.append((where, detail))

    def records(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.bag.json(f"data/records/{name}.json")
        return found

    # --- what was packed

    def files(self) -> str:
        """Every file is listed and is what its list says; nothing else is there."""
        for odd in self.bag.odd:
            self.mark("bag", odd)
        if b"BagIt-Version: 1.0\n" not in self.bag.read("bagit.txt"):
            self.mark("bagit.txt", "is not that of a BagIt 1.0 bag")
        payload, tags = self._manifest(MANIFEST), self._manifest(TAGS)
        for name in sorted(payload.keys() & tags.keys()):
            self.mark(name, "is listed twice")
        if outside := [name for name in payload if not name.startswith("data/")]:
            self.mark(MANIFEST, f"lists {outside[0]}, which is no payload")
        listed = payload | tags
        for name in sorted(self.bag.names - listed.keys() - {TAGS, SIGNATURE}):
            self.mark(name, "is in no manifest")
        for name, digest in sorted(listed.items()):
            if name not in self.bag.names:
                self.mark(name, "is listed and not there")
            elif self._hash(name) != digest:
                self.mark(name, "is not what its manifest says")
        for needed in ("bagit.txt", "bag-info.txt", MANIFEST, "README.html", "verify_bundle.py"):
            if needed not in tags:
                self.mark(TAGS, f"does not list {needed}")
        return f"{len(listed)} files are what the manifests say"

    def _manifest(self, name: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self.bag.read(name).decode().splitlines():
            match = re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line)
            if match is None or match[2] in found:
                self.mark(name, f"has a line that is none of a manifest: {line[:80]!r}")
            else:
                found[match[2]] = match[1]
        return found

    def _hash(self, name: str) -> str:
        try:
            digest = hashlib.sha256()
            with self.bag.open(name) as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        except UNREADABLE as error:
            return f"unreadable: {error}"
        return digest.hexdigest()

    def signature(self) -> str:
        """The desk signed the list of lists, and so all that is in the bag."""
        said = self.bag.json(SIGNATURE)
        message = f"{FORMAT}\n".encode() + self.bag.read(TAGS)
        key = self._key("the bag", said["public_key"], said["key"])
        if not is_signed(message, bytes.fromhex(said["signature"]), key):
            self.mark(SIGNATURE, f"is not the signature of key {said['key']} over {TAGS}")
        return f"the bag is as the desk packed and signed it, with key {said['key']}"

    def _key(self, what: str, public_key: str, key_id: str) -> bytes:
        key = base64.b64decode(public_key, validate=True)
        if sha256(key) != key_id:
            self.mark(what, "names another key than it carries")
        if self.trusted and key not in self.trusted:
            self.mark(what, f"is signed by key {sha256(key)}, which is not among those of --key")
        self.keys[what] = sha256(key)
        return key

    # --- what was recorded

    def chain(self) -> str:
        """Each entry is what was hashed and continues the one before it."""
        said = self.bag.json("data/audit/chain.json")
        self.entries = said["entries"]
        seq, previous = 0, NOTHING_BEFORE
        for entry in self.entries:
            where = f"audit entry {entry['seq']}"
            if entry["seq"] != seq + 1 or entry["previous"] != previous or entry["chain"] != said["name"]:
                self.mark(where, f"does not continue entry {seq}")
            if sha256(canonical({name: entry[name] for name in entry if name != "hash"})) != entry["hash"]:
                self.mark(where, "is not what was hashed")
            seq, previous = entry["seq"], entry["hash"]
        if (said["seq"], said["head"]) != (seq, previous):
            self.mark("audit chain", f"ends at entry {seq}, its head is entry {said['seq']}")
        if said["name"] != f"claim:{self.bag.json('data/records/claim.json')['id']}":
            self.mark("audit chain", "is another claim's")
        return f"{seq} audit entries follow from each other"

    def checkpoint(self) -> str:
        """The chain's last entry is under a signature of the desk."""
        kept = self.bag.json("data/audit/checkpoint.json")
        statement = kept["statement"].encode()
        said = json.loads(statement)
        where = f"checkpoint {kept['number']}"
        key = self._key(where, kept["public_key"], said["key"])
        if not is_signed(statement, bytes.fromhex(kept["signature"]), key):
            self.mark(where, "is not what was signed")
        if said["number"] != kept["number"] or said["format"] != "stet-checkpoint/1":
            self.mark(where, "was signed as another one")
        chain, proof = self.bag.json("data/audit/chain.json"), kept["proof"]
        leaf = hashlib.sha256(b"\0" + canonical([chain["name"], chain["seq"], chain["head"]])).digest()
        path = [bytes.fromhex(one) for one in proof["path"]]
        root = root_by_path(leaf, proof["index"], said["chains"]["count"], path)
        if root is None or root.hex() != said["chains"]["root"]:
            self.mark(where, "was not signed over this end of the audit chain")
        return f"the chain's end is under {where}, SHA-256 {sha256(statement)}, signed {said['at']}"

    def kept_texts(self) -> str:
        """Each text is what an entry committed to; what is erased was erased by an entry."""
        self.texts = {one["id"]: one for one in self.records("texts")}
        said = {pair for entry in self.entries for pair in commitments_in(entry["data"])}
        erased = {body: entry for entry in self.entries if entry["action"] == "redact" for body in entry["data"].get("erased", ())}  # fmt: skip
        # Why something was erased may quote it: that stays with the desk, its commitment goes along.
        reasons = {entry["data"]["reason"]["body"] for entry in self.entries if entry["action"] == "redact"}
        for text, commitment in sorted(said):
            if text not in self.texts or self.texts[text]["commitment"] != commitment:
                self.mark(f"text {text}", "is spoken of by an audit entry and is not there")
        for text, one in self.texts.items():
            if (text, one["commitment"]) not in said:
                self.mark(f"text {text}", "is spoken of by no audit entry")
            if one["withheld"]:
                if text not in reasons or one["content"] is not None or one["salt"] is not None:
                    self.mark(f"text {text}", "is withheld, and only the reason of an erasure may be")
            else:
                self._text(one, erased.get(text))
        return f"{len(self.texts)} texts are what was committed to"

    def _text(self, one: dict[str, Any], erased: dict[str, Any] | None) -> None:
        where = f"text {one['id']}"
        if one["redacted_at"] is None:
            if sha256(bytes.fromhex(one["salt"]) + one["content"].encode()) != one["commitment"]:
                self.mark(where, "is not what was committed to")
            if erased:
                self.mark(where, f"was erased by audit entry {erased['seq']} and is there again")
        elif not erased:
            self.mark(where, "is erased, and no audit entry says so")
        elif one["content"] is not None or one["salt"] is not None:
            self.mark(where, "is said to be erased and is there")
        else:
            self.redacted.append(f"{where}, by audit entry {erased['seq']} of {erased['at']}")

    def said(self, word: str) -> Iterator[tuple[Any, dict[str, Any]]]:
        """What entries name by a word, each with its entry."""
        for entry in self.entries:
            if word in entry["data"]:
                yield entry["data"][word], entry

    def compare(self, kind: str, kept: dict[str, Any], recorded: dict[str, Any]) -> None:
        """Both by id, each as what must be the same on both sides."""
        for name in sorted(kept.keys() - recorded.keys()):
            self.mark(f"{kind} {name}", "is spoken of by no audit entry")
        for name in sorted(recorded.keys() - kept.keys()):
            self.mark(f"{kind} {name}", "is spoken of by an audit entry and is not there")
        for name in sorted(kept.keys() & recorded.keys()):
            if kept[name] != recorded[name]:
                self.mark(f"{kind} {name}", "is not what its audit entry says")

    def verdicts(self) -> str:
        same = ("review", "media", "dimension", "status", "interim", "relation", "undoes")
        kept = {
            one["id"]: [one["by"], one["at"], one["text"], *(one[name] for name in same)]
            for one in self.records("verdicts")
        }
        recorded = {
            one["id"]: [
                entry["actor"],
                entry["at"],
                one["content"]["body"],
                *(one.get(name) for name in same),
            ]
            for given, entry in self.said("verdicts")
            for one in given
        }
        self.compare("verdict", kept, recorded)
        return f"{len(kept)} verdicts are those that were recorded"

    def reviews(self) -> str:
        kept = {one["id"]: [one["reviewer"], one["submitted_at"]] for one in self.records("reviews") if one["state"] == "submitted"}  # fmt: skip
        recorded = {review: [entry["actor"], entry["at"]] for review, entry in self.said("review")}
        self.compare("review", kept, recorded)
        return f"{len(kept)} reviews were submitted"

    def remarks(self) -> str:
        notes = self.records("notes")
        kept = {one["id"]: [one["by"], one["at"], one["text"]] for one in notes}
        recorded = {note: [entry["actor"], entry["at"], entry["data"]["content"]["body"]] for note, entry in self.said("note")}  # fmt: skip
        self.compare("note", kept, recorded)
        struck = {one["id"]: [one["struck"]["by"], one["struck"]["at"]] for one in notes if one["struck"]}
        self.compare("struck note", struck, {note: [entry["actor"], entry["at"]] for note, entry in self.said("struck")})  # fmt: skip
        return f"{len(kept)} notes are those that were written"

    def rights(self) -> str:
        """Contacts with uploaders and permissions; of a bundle that was packed before these were kept, none."""
        contacts, permissions = (
            self.records(name) if f"data/records/{name}.json" in self.bag.names else []
            for name in ("contacts", "permissions")
        )
        kept = {
            one["id"]: [
                one["by"],
                one["recorded_at"],
                one["kind"],
                one["text"],
                contact["id"],
                contact["media"],
            ]
            for contact in contacts
            for one in contact["messages"]
        }
        recorded = {
            message: [
                entry["actor"],
                entry["at"],
                data["kind"],
                data["said"]["body"],
                data["contact"],
                data["media"],
            ]
            for message, entry in self.said("contact_message")
            for data in [entry["data"]]
        }
        self.compare("contact message", kept, recorded)
        allowed = {one["id"]: [one["by"], one["at"], one["permission"], one["text"], one["media"]] for one in permissions}  # fmt: skip
        said = {
            record: [entry["actor"], entry["at"], data["permission"], data["terms"]["body"], data["media"]]
            for record, entry in self.said("permission_record")
            for data in [entry["data"]]
        }
        self.compare("permission", allowed, said)
        return (
            f"{len(kept)} messages with uploaders and {len(allowed)} permissions are those that were recorded"
        )

    def publications(self) -> str:
        kept, recorded = {}, {}
        for one in self.records("publications"):
            kept[one["text"]] = [one["at"], one["kind"], one["version"], one["id"]]
            content = self.texts.get(one["text"], {}).get("content")
            if content is not None:
                face = json.loads(content)
                if (face["version"], face["kind"]) != (one["version"], one["kind"]):
                    self.mark(f"publication {one['version']}", "says another version or kind of itself")
        for entry in self.entries:
            data, kind = entry["data"], KIND_OF_ACT.get(entry["action"])
            if kind and "content" in data:
                mine = kept.get(data["content"]["body"], [None] * 4)
                # The withdrawal that an erasure brings names its text alone.
                recorded[data["content"]["body"]] = [entry["at"], kind, data.get("version", mine[2]), data.get("publication", mine[3])]  # fmt: skip
        self.compare("publication with text", kept, recorded)
        return f"{len(kept)} publications are those that were made"

    def erasures(self) -> str:
        same = ("target", "target_id")
        kept = {
            one["id"]: [one["by"], one["at"], one["reason"], *(one[name] for name in same)]
            for one in self.records("redactions")
        }
        recorded = {
            name: [entry["actor"], entry["at"], entry["data"]["reason"]["body"], *(entry["data"][one] for one in same)]
            for name, entry in self.said("redaction")
            if not entry["data"].get("repeated")  # after a restore: its row went with the old database
        }  # fmt: skip
        self.compare("erasure", kept, recorded)
        return f"{len(kept)} erasures are those that were ordered"

    # --- what was archived

    def originals(self) -> str:
        """Each archived file is what its name and the entries say; what is missing was erased on record."""
        kept = {one["sha256"]: one for one in self.records("originals")}
        taken: set[str] = set()
        erased: dict[str, dict[str, Any]] = {}
        for entry in self.entries:
            data = entry["data"]
            if entry["action"] == "redact":
                erased |= {
                    digest: entry for digest in [data.get("sha256"), *data.get("beside", ())] if digest
                }
            else:
                taken |= {data[name] for name in ("sha256", "page", "warc") if data.get(name)}
        for digest in sorted(taken - kept.keys()):
            self.mark(f"original {digest}", "was taken in by an audit entry and is not there")
        beside = {}
        for one in self.records("captures"):
            for name in ("page", "page_text", "warc"):
                if one[name] and one["sha256"] in erased:
                    beside[one[name]] = erased[one["sha256"]]
        files = {name for name in self.bag.names if name.startswith("data/originals/")}
        for digest, one in kept.items():
            self._original(one, erased.get(digest), beside.get(digest))
            # The text of a page is derived from it; entries name the page.
            if digest not in taken and one["kind"] != "page_text":
                self.mark(f"original {digest}", "is taken in by no audit entry")
        for name in sorted(files - {one["file"] for one in kept.values()}):
            self.mark(name, "is no original that the records know")
        return f"{len(files)} archived files are what was taken in"

    def _original(
        self, one: dict[str, Any], erased: dict[str, Any] | None, beside: dict[str, Any] | None
    ) -> None:
        where = f"original {one['sha256']}"
        by = erased or beside
        if one["file"] is not None:
            if one["redacted_at"] is not None or erased:
                self.mark(where, "was erased and is there")
            elif self._hash(one["file"]) != one["sha256"]:
                self.mark(where, "has bytes of another hash")
        elif one["redacted_at"] is None:
            self.mark(where, "is missing, and nothing says that it was erased")
        elif by:
            self.redacted.append(f"{where}, by audit entry {by['seq']} of {by['at']}")
        else:
            self.redacted.append(f"{where}, on another claim's record")
            self.notes.append(
                f"{where} was erased for another claim that it serves as well; this claim's audit chain does not "
                "say so, and this bundle cannot prove it."
            )

    def stamps(self) -> str:
        """Each time-stamp is of what it is kept for. Who made it takes more than a standard library."""
        stamps = self.records("stamps")
        statement = sha256(self.bag.json("data/audit/checkpoint.json")["statement"].encode())
        known = {one["sha256"] for one in self.records("originals")} | {statement}
        for one in stamps:
            where = f"time-stamp {one['file']}"
            # SHA-256's identifier and the hash itself, as the message imprint has them in DER.
            imprint = (
                bytes.fromhex("0609608648016503040201") + b"\x05\x00\x04\x20" + bytes.fromhex(one["sha256"])
            )
            bare = imprint.replace(b"\x05\x00\x04\x20", b"\x04\x20", 1)
            token = self.bag.read(one["file"])
            if one["sha256"] not in known:
                self.mark(where, "is of nothing in this bundle")
            elif imprint not in token and bare not in token:
                self.mark(where, "is over another hash")
        if stamps:
            self.notes.append(
                f"{len(stamps)} time-stamps are over the right hashes; by whom they are was not checked here. With the "
                "authority's root certificates: openssl ts -verify -digest SHA256 -in FILE.tsr -CAfile ROOTS.pem"
            )
        return f"{len(stamps)} time-stamps are of what is here"


def commitments_in(value: Any) -> Iterator[tuple[str, str]]:
    """Each text that an entry's data commits to: its id and its commitment."""
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(value.values())
        if isinstance(value.get("commitment"), str):
            yield str(value.get("body")), value["commitment"]
    elif isinstance(value, list):
        parts = value
    for part in parts:
        yield from commitments_in(part)


# --- the command ----------------------------------------------------------------------------------------------


def keys_from(given: str) -> set[bytes]:
    """The keys that an argument names: 32 bytes in base64 or hex, or a file as the desk's well-known address gives it.

    Raises ValueError.
    """
    path = Path(given)
    if path.is_file():
        listed = json.loads(path.read_bytes())["keys"]
        keys = {base64.b64decode(one["public_key"], validate=True) for one in listed}
    elif re.fullmatch(r"[0-9a-fA-F]{64}", given):
        keys = {bytes.fromhex(given)}
    else:
        keys = {base64.b64decode(given, validate=True)}
    if not keys or any(len(key) != 32 for key in keys):
        raise ValueError("no key of 32 bytes")
    return keys


def as_text(found: Verification) -> str:
    lines = [f"BREAK     {where} {detail}" for where, detail in found.breaks]
    lines += [f"holds     {one}" for one in found.held]
    lines += [f"REDACTED  {one}" for one in found.redacted]
    lines += [f"NOTE      {one}" for one in found.notes]
    if not found.trusted:
        lines.append(
            "NOTE      The keys are the bundle's own word: whoever forges one whole signs it with a key of their own. "
            "Compare them by --key with those at the desk's /.well-known/stet-signing-key.json."
        )
    lines.append(
        f"{len(found.breaks)} BREAKS. This is not what the desk recorded and packed."
        if found.breaks
        else "Everything is what the desk recorded and packed"
        + (", under the key that you named." if found.trusted else ", if the key is the desk's.")
    )
    return "\n".join(lines)


def as_json(found: Verification) -> str:
    return json.dumps(
        {
            "breaks": [{"where": where, "detail": detail} for where, detail in found.breaks],
            "holds": found.held,
            "redacted": found.redacted,
            "notes": found.notes,
            "keys": found.keys,
            "key_compared": bool(found.trusted),
        }
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Verifies an evidence bundle of Stet, offline.")
    parser.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", action="append", default=[],
        help="the desk's public key, obtained elsewhere: base64, hex, or a file of /.well-known/stet-signing-key.json; "
        "may be repeated",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        trusted = frozenset(key for one in given.key for key in keys_from(one))
    except (*MANGLED, OSError):
        parser.error(
            "--key is no public key: give its 32 bytes in base64 or hex, or the file that the desk serves"
        )
    if not given.bundle.exists() or (given.bundle.is_dir() and not (given.bundle / "bagit.txt").exists()):
        parser.error(f"{given.bundle} is no bundle: name the zip, or the folder with bagit.txt in it")
    try:
        bag = Bag(given.bundle)
    except UNREADABLE as error:
        sys.stdout.write(f"BREAK     {given.bundle.name} can't be read: {error}\n")
        return 1
    found = Verification(bag, trusted)
    found.run()
    sys.stdout.write((as_json(found) if given.json else as_text(found)) + "\n")
    return 1 if found.breaks else 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
