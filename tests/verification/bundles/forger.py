"""What somebody does to a bundle who wants it to say something else, and how far they go to hide it."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from claims.models.bodies import canonical

Files = dict[str, bytes]
"""A bag's files by their names."""

MANIFEST, TAGS, SIGNATURE = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-signature.json"
CHAIN, CHECKPOINT = "data/audit/chain.json", "data/audit/checkpoint.json"
ORIGINALS, RECORDS = "data/originals/", "data/records/"


def unpack(bundle: Path) -> Files:
    with zipfile.ZipFile(bundle) as file:
        return {name.split("/", 1)[1]: file.read(name) for name in file.namelist()}


def pack(files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(f"bag/{name}", content)
    return path


def lay_out(files: Files, folder: Path) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def relist(files: Files) -> None:
    """Makes both manifests fit what is there: the bag is sound in itself."""
    info = files["bag-info.txt"].decode().splitlines()
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    files["bag-info.txt"] = "".join(f"{oxum if line.startswith('Payload-Oxum') else line}\n" for line in info).encode()  # fmt: skip
    files[MANIFEST] = _lines(payload)
    files[TAGS] = _lines({name: content for name, content in files.items() if not name.startswith("data/") and name not in {TAGS, SIGNATURE}})  # fmt: skip


def _lines(files: Files) -> bytes:
    return "".join(f"{sha256(content)}  {name}\n" for name, content in sorted(files.items())).encode()


def resign(files: Files, key: Ed25519PrivateKey) -> None:
    """Signs the manifests anew."""
    relist(files)
    public = key.public_key().public_bytes_raw()
    signature = key.sign(b"stet-bundle/1\n" + files[TAGS]).hex()
    said = json.loads(files[SIGNATURE]) | {"public_key": base64.b64encode(public).decode(), "key": sha256(public), "signature": signature}  # fmt: skip
    files[SIGNATURE] = json.dumps(said).encode()


def resign_checkpoint(files: Files, key: Ed25519PrivateKey) -> None:
    """Makes a checkpoint over the chain as it now is, of this one chain alone."""
    chain, kept = json.loads(files[CHAIN]), json.loads(files[CHECKPOINT])
    public = key.public_key().public_bytes_raw()
    leaf = hashlib.sha256(
        b"\0" + canonical([chain["name"], chain["seq"], chain["head"]]).encode()
    ).hexdigest()
    said = json.loads(kept["statement"]) | {"chains": {"count": 1, "root": leaf}, "key": sha256(public)}
    kept |= {
        "statement": canonical(said),
        "signature": key.sign(canonical(said).encode()).hex(),
        "public_key": base64.b64encode(public).decode(),
        "proof": {"index": 0, "path": []},
    }
    files[CHECKPOINT] = json.dumps(kept).encode()


def naive_holds(files: Files) -> bool:
    """The naive check: every file is listed and hashes to what the manifests say."""
    listed = {}
    for manifest in (MANIFEST, TAGS):
        for line in files[manifest].decode("utf-8", "replace").splitlines():
            digest, _, name = line.partition("  ")
            listed[name] = digest
    there = {name: sha256(content) for name, content in files.items() if name not in {TAGS, SIGNATURE}}
    return there == listed


# --- tampers of files -----------------------------------------------------------------------------------------

Tamper = Callable[[random.Random, Files], str]


def flip(chance: random.Random, files: Files) -> str:
    name = chance.choice(sorted(name for name in files if files[name]))
    content = bytearray(files[name])
    at = chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    files[name] = bytes(content)
    return f"flip a bit of byte {at} of {name}"


def cut(chance: random.Random, files: Files) -> str:
    name = chance.choice(sorted(name for name in files if files[name]))
    files[name] = files[name][: chance.randrange(len(files[name]))]
    return f"cut {name}"


def drop(chance: random.Random, files: Files) -> str:
    name = chance.choice(sorted(files))
    del files[name]
    return f"drop {name}"


def slip_in(chance: random.Random, files: Files) -> str:
    name = chance.choice(["data/originals/x.mp4", "data/x.json", "x.txt", "data/records/more.json"])
    files[name] = chance.randbytes(20)
    return f"slip in {name}"


def swap_originals(chance: random.Random, files: Files) -> str:
    one, other = chance.sample(sorted(name for name in files if name.startswith(ORIGINALS)), 2)
    files[one], files[other] = files[other], files[one]
    return f"swap {one[15:23]} and {other[15:23]}"


def replace_original(chance: random.Random, files: Files) -> str:
    name = chance.choice(sorted(name for name in files if name.startswith(ORIGINALS)))
    files[name] += b"!"
    return f"other bytes for {name[15:23]}"


def weaken_verifier(chance: random.Random, files: Files) -> str:
    files["verify_bundle.py"] = files["verify_bundle.py"].replace(b"1 if found.breaks else 0", b"0")
    return "weaken the verifier in the bag"


def reword_page(chance: random.Random, files: Files) -> str:
    files["README.html"] = files["README.html"].replace(b"unverified", b"verified").replace(b"Unverified", b"Verified")  # fmt: skip
    return "reword README.html"


# --- tampers of what is recorded, that hide behind hashes computed anew ---------------------------------------


def edit_record(chance: random.Random, files: Files) -> str:
    """Changes one value somewhere in one of the JSON files."""
    name = chance.choice(
        sorted(name for name in files if name.endswith(".json") and name.startswith("data/"))
    )
    said = json.loads(files[name])
    where = _change_one(chance, said)
    files[name] = json.dumps(said, ensure_ascii=False).encode()
    return f"edit {name}: {where}"


def _change_one(chance: random.Random, said: Any) -> str:
    spots: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in list(pairs):
            if isinstance(part, dict | list):
                walk(part)
            else:
                spots.append((value, key))

    walk(said)
    if not spots:
        said.append({"added": 1}) if isinstance(said, list) else said.update(added=1)
        return "added"
    holder, key = chance.choice(spots)
    old = holder[key]
    holder[key] = (
        not old if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else f"{old or ''}x"
    )
    return f"{key} {str(old)[:30]!r}"


def drop_record(chance: random.Random, files: Files) -> str:
    lists = {name: json.loads(files[name]) for name in sorted(files) if name.startswith(RECORDS) and name.endswith(".json")}  # fmt: skip
    name = chance.choice([name for name, said in lists.items() if isinstance(said, list) and said])
    said = lists[name]
    gone = said.pop(chance.randrange(len(said)))
    files[name] = json.dumps(said, ensure_ascii=False).encode()
    return f"drop {gone.get('id', '')} from {name}"


def _with_chain(files: Files, change: Callable[[list[dict[str, Any]]], int]) -> int:
    """Changes entries and hashes all after them anew, the head too: the chain is sound in itself."""
    chain = json.loads(files[CHAIN])
    entries = chain["entries"]
    at = change(entries)
    previous = "0" * 64
    for seq, entry in enumerate(entries, 1):
        entry |= {"seq": seq, "previous": previous}
        said = {name: value for name, value in entry.items() if name != "hash"}
        entry["hash"] = previous = sha256(canonical(said).encode())
    chain |= {"seq": len(entries), "head": previous}
    files[CHAIN] = json.dumps(chain, ensure_ascii=False).encode()
    return at


def cut_tail(chance: random.Random, files: Files) -> str:
    def change(entries: list[dict[str, Any]]) -> int:
        left = chance.randrange(1, len(entries))
        del entries[left:]
        return left

    return f"cut the chain after entry {_with_chain(files, change)}"


def rewrite_chain(chance: random.Random, files: Files) -> str:
    def change(entries: list[dict[str, Any]]) -> int:
        at = chance.randrange(len(entries))
        entry = entries[at]
        what = chance.choice(["actor", "at", "action", "gone"])
        if what == "gone":
            del entries[at]
        elif what == "at":
            entry["at"] = "2020-01-01T00:00:00.000000+00:00"
        else:
            entry[what] = "publish" if what == "action" and entry["action"] != "publish" else "somebody"
        return at + 1

    return f"rewrite the chain from entry {_with_chain(files, change)}"


def edit_text(chance: random.Random, files: Files) -> str:
    """Changes a text and commits to it anew, in the chain too, hashed anew: all is sound but what was signed."""
    texts = json.loads(files[f"{RECORDS}texts.json"])
    one = chance.choice([text for text in texts if text["content"] is not None])
    old = one["commitment"]
    one["content"] = one["content"].replace("e", "a") + " "
    one["commitment"] = sha256(bytes.fromhex(one["salt"]) + one["content"].encode())
    files[f"{RECORDS}texts.json"] = json.dumps(texts, ensure_ascii=False).encode()

    def change(entries: list[dict[str, Any]]) -> int:
        plain = json.loads(json.dumps(entries).replace(old, one["commitment"]))
        entries[:] = plain
        return 1

    _with_chain(files, change)
    return f"edit text {one['id']} and all that speaks of it"


def flip_verdict(chance: random.Random, files: Files) -> str:
    """A verdict says something else, and so does its audit entry."""
    name = f"{RECORDS}verdicts.json"
    verdicts = json.loads(files[name])
    one = chance.choice(verdicts)
    one["status"] = "contradicted" if one["status"] == "verified" else "verified"
    files[name] = json.dumps(verdicts, ensure_ascii=False).encode()

    def change(entries: list[dict[str, Any]]) -> int:
        for entry in entries:
            for given in entry["data"].get("verdicts", ()):
                if given["id"] == one["id"]:
                    given["status"] = one["status"]
        return 1

    _with_chain(files, change)
    return f"flip verdict {one['id']} in records and chain"


FILES: tuple[Tamper, ...] = (
    flip, cut, drop, slip_in, swap_originals, replace_original, weaken_verifier, reword_page,
)  # fmt: skip
HIDDEN: tuple[Tamper, ...] = (edit_record, drop_record, cut_tail, rewrite_chain, edit_text, flip_verdict)


def any_tamper(chance: random.Random, whole: Files) -> tuple[str, Files]:
    """One tamper of any kind, mostly with the manifests computed anew to hide it; says what it was."""
    files = copy.copy(whole)
    said = chance.choice([*FILES, *HIDDEN])(chance, files)
    if chance.random() < 0.6 and MANIFEST in files and "bag-info.txt" in files:
        relist(files)
        said += ", manifests computed anew"
    return said, files


def zipped(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in files.items():
            file.writestr(f"bag/{name}", content)
    return buffer.getvalue()
