"""Backups of a small desk: whole or refused, made again without copying twice, put back or nothing touched."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from claims.media import archive
from config import places
from config.backups import making
from config.backups import manifest as form
from config.backups.making import make
from config.backups.manifest import DamagedError, Kept, Manifest
from config.backups.restoring import restore
from config.places import RefusedError
from tests.stack import HOME, _without_settings

ERASE = """
import sys, django
django.setup()
from claims.models import Claim, Person
from verification.services.erasure import redact_statement
claim = Claim.objects.filter(stage="published").order_by("ref")[0]
admin = Person.objects.get(username="ada")
redact_statement(claim, actor=admin, reason="An order.", legal_ground="court order")
print(claim.pk, claim.statement_id)
"""


@dataclass
class House:
    """A data folder, and our commands upon it, each a process of its own."""

    data: Path

    def run(self, *words: str, code: int = 0) -> Any:
        """What the command prints, read where it is JSON."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=HOME,
            env={
                **_without_settings(),
                "STET_DATA": str(self.data),
                "DJANGO_SETTINGS_MODULE": "config.settings",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        said = done.stdout or done.stderr
        return json.loads(said) if "--json" in words and done.stdout else said

    def manage(self, *words: str, code: int = 0) -> Any:
        return self.run("manage.py", *words, code=code)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.data / "stet.sqlite3")) as database:
            return database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()

    def originals(self) -> dict[str, bytes]:
        found = {}
        for path in (self.data / "archive").glob("??/??/*"):
            found[path.name] = path.read_bytes()
        return found


@dataclass
class Furnished:
    house: House
    place: Path
    backup: Path


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """The demo desk with an admin, and a backup of it. For reading: who alters something takes copies."""
    folder = tmp_path_factory.mktemp("furnished")
    house = House(folder / "data")
    house.manage("migrate", "--verbosity=0")
    house.manage("demo")
    house.manage("account", "ada", "--role", "admin", "--desk", "demo")
    (house.data / "up.json").write_text('{"url": "http://127.0.0.1:8000"}', "utf-8")
    made = house.manage("backup", str(folder / "backups"), "--json")
    assert made["ok"]
    return Furnished(house, folder / "backups", Path(made["folder"]))


@pytest.fixture
def copy(furnished: Furnished, tmp_path: Path) -> Furnished:
    """A desk and a backup of it to do what one likes with."""
    shutil.copytree(furnished.house.data, tmp_path / "data")
    shutil.copytree(furnished.place, tmp_path / "backups")
    return Furnished(
        House(tmp_path / "data"), tmp_path / "backups", tmp_path / "backups" / furnished.backup.name
    )


# --- the round trip -------------------------------------------------------------------------------------------


def test_what_was_backed_up_comes_back_whole_in_a_new_place(furnished: Furnished, tmp_path: Path) -> None:
    there, here = furnished.house, House(tmp_path / "new")
    report = here.manage("restore", str(furnished.backup), "--json")
    assert report["ok"], report
    assert (report["lost"], report["breaks"], report["put_aside"], report["notes"]) == ([], [], [], [])
    assert report["embargoes"] == 1
    assert here.originals() == there.originals() != {}
    for table in (
        "claims_claim",
        "claims_body",
        "claims_publication",
        "verification_verdict",
        "claims_apikey",
    ):
        if table != "claims_claim":
            assert here.rows(table) == there.rows(table) != []
    refs = [row[0] for row in here.rows("claims_claim")]
    assert refs == [row[0] for row in there.rows("claims_claim")]
    for name in form.SECRETS:
        assert (here.data / name).read_bytes() == (there.data / name).read_bytes()
        assert stat.S_IMODE((here.data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((here.data / "stet.sqlite3").stat().st_mode) == 0o600
    assert all(path.stat().st_mode & 0o222 == 0 for path in (here.data / "archive").glob("??/??/*"))
    assert here.manage("verify", "--json")["breaks"] == []
    assert not list(here.data.glob(".restoring*"))


def test_a_backup_is_its_owners_alone_and_says_what_is_in_it(furnished: Furnished) -> None:
    manifest = form.read(furnished.backup)
    assert (manifest.vendor, manifest.lost, manifest.counts["claims"]) == ("sqlite", (), 20)
    for path in (furnished.place, furnished.backup):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    there = {
        str(path.relative_to(furnished.backup)) for path in furnished.backup.rglob("*") if path.is_file()
    }
    assert there == {*manifest.files, "manifest.json"}
    assert set(manifest.originals()) == set(furnished.house.originals())
    assert [path.name for path in furnished.place.iterdir()] == [furnished.backup.name]


def test_a_copy_of_the_file_alone_loses_what_a_backup_has(tmp_path: Path) -> None:
    """The naive control: what was acknowledged last lies in the log beside the file."""
    path = tmp_path / "a.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE told (number INTEGER)")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.executemany("INSERT INTO told VALUES (?)", [(number,) for number in range(50)])
        shutil.copy(path, tmp_path / "naive.sqlite3")
        with closing(sqlite3.connect(tmp_path / "ours.sqlite3")) as copy:
            writer.backup(copy)

    def told(name: str) -> int:
        with closing(sqlite3.connect(tmp_path / name)) as database:
            return int(database.execute("SELECT count(*) FROM told").fetchone()[0])

    assert (told("naive.sqlite3"), told("ours.sqlite3")) == (0, 50)


# --- a second backup, and an archive with losses ----------------------------------------------------------------


def test_a_second_backup_links_what_the_first_has_and_mends_what_either_lost(copy: Furnished) -> None:
    lost, damaged, rotten = sorted(copy.house.originals())[:3]
    of_archive = copy.house.data / "archive"
    overwrite(of_archive / lost[:2] / lost[2:4] / lost, None)
    overwrite(of_archive / damaged[:2] / damaged[2:4] / damaged, b"something else")
    overwrite(copy.backup / form.path_of_original(rotten), b"bit rot")
    made = copy.house.manage("backup", str(copy.place), "--json")
    assert made["ok"], made
    assert (made["copied"], made["linked"]) == (1, len(copy.house.originals()))
    assert [note for note in made["notes"] if rotten in note and "damaged" in note]
    second = Path(made["folder"])
    assert second.parent == copy.place
    for sha256 in (lost, damaged):
        here, before = (folder / form.path_of_original(sha256) for folder in (second, copy.backup))
        assert here.samefile(before)
    for sha256 in form.read(second).originals():
        assert form.digest_of(second / form.path_of_original(sha256)).sha256 == sha256


def test_an_original_that_nobody_has_any_more_is_named_and_the_rest_is_backed_up(copy: Furnished) -> None:
    lost, damaged = sorted(copy.house.originals())[:2]
    of_archive = copy.house.data / "archive"
    overwrite(of_archive / lost[:2] / lost[2:4] / lost, None)
    overwrite(of_archive / damaged[:2] / damaged[2:4] / damaged, b"something else")
    made = copy.house.manage("backup", str(copy.place / "elsewhere"), "--json", code=1)
    assert (made["ok"], made["lost"]) == (False, sorted([lost, damaged]))
    assert made["copied"] == len(copy.house.originals()) - 1
    new = House(copy.house.data.with_name("new"))
    report = new.manage("restore", made["folder"], "--json", code=1)
    assert (report["ok"], report["lost"], report["breaks"]) == (False, sorted([lost, damaged]), [])


def overwrite(path: Path, content: bytes | None) -> None:
    """Replaces a file, or removes it, whatever it is linked to elsewhere."""
    path.unlink()
    if content is not None:
        path.write_bytes(content)


# --- what is erased stays erased --------------------------------------------------------------------------------


def test_what_the_replaced_desk_or_a_later_backup_erased_does_not_come_back(copy: Furnished) -> None:
    claim, body = copy.house.run("-c", ERASE).split()
    later = copy.house.manage("backup", str(copy.place), "--json")
    another, other_body = copy.house.run("-c", ERASE).split()
    assert another != claim

    report = copy.house.manage("restore", str(copy.backup), "--replace", "--json")
    assert (report["ok"], report["erasures_repeated"]) == (True, 2)
    assert content_of(copy.house, body) is content_of(copy.house, other_body) is None
    (aside,) = (Path(path) for path in report["put_aside"])
    assert aside.parent == copy.house.data
    assert copy.house.manage("verify", "--json")["breaks"] == []

    # On another machine only the backups tell, and the report says up to when.
    new = House(copy.house.data.with_name("new"))
    report = new.manage("restore", str(copy.backup), "--json")
    assert (report["erasures_repeated"], report["erasures_known_until"]) == (1, later["made_at"])
    assert content_of(new, body) is None
    assert content_of(new, other_body) is not None


def content_of(house: House, body: str) -> str | None:
    with closing(sqlite3.connect(house.data / "stet.sqlite3")) as database:
        query = "SELECT content FROM claims_body WHERE id = ?"
        (row,) = database.execute(query, (body.replace("-", ""),)).fetchall()
    return row[0]


# --- refused ----------------------------------------------------------------------------------------------------


def plainly(items: Sequence[str], what: str) -> Sequence[str]:
    return items


def seal_again(backup: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """As somebody would who knows how the seal is made."""
    content = json.loads((backup / form.MANIFEST).read_text("utf-8"))
    del content["seal"]
    change(content)
    content["seal"] = form._seal(content)
    (backup / form.MANIFEST).write_text(json.dumps(content), "utf-8")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(path, bytes(content))


def an_original(backup: Path) -> Path:
    return min(backup.glob("archive/*/*/*"))


def forge_path(content: dict[str, Any]) -> None:
    content["files"]["../../escaped"] = {"sha256": "0" * 64, "size_bytes": 1}


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a byte of the database": (lambda at: flip(at / "database.sqlite3"), "is not what was written"),
    "a byte of an original": (lambda at: flip(an_original(at)), "is not what was written.*whole"),
    "an original gone": (lambda at: an_original(at).unlink(), "is missing.*whole"),
    "an original cut": (lambda at: (an_original(at).chmod(0o600), cut(an_original(at))), "is not what was"),
    "the database gone": (lambda at: (at / "database.sqlite3").unlink(), "is missing"),
    "the secret gone": (lambda at: (at / "secret_key").unlink(), "is missing"),
    "the erasures emptied": (lambda at: (at / "erasures.json").write_text("[ ]"), "is not what was written"),
    "the manifest cut": (lambda at: cut(at / form.MANIFEST), "can't be read"),
    "the manifest gone": (lambda at: (at / form.MANIFEST).unlink(), "is no backup"),
    "a byte of the manifest": (
        lambda at: replace_text(at / form.MANIFEST, '"claims": 20', '"claims": 21'),
        "is not what was written",
    ),
    "a manifest that is none": (lambda at: (at / form.MANIFEST).write_text("[]"), "is no manifest"),
    "a path that leads out": (lambda at: seal_again(at, forge_path), "not in the form"),
    "an original under another hash": (
        lambda at: seal_again(at, lambda content: content["files"].update(swapped(content["files"]))),
        "not in the form",
    ),
    "no database named": (
        lambda at: seal_again(at, lambda content: content["files"].pop("database.sqlite3")),
        "not in the form",
    ),
    "another form": (lambda at: seal_again(at, lambda content: content.update(format=2)), "does not read"),
}


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def swapped(files: dict[str, Any]) -> dict[str, Any]:
    one, other = sorted(name for name in files if name.startswith("archive/"))[:2]
    return {one: files[other]}


@pytest.fixture
def empty(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new data folder to restore into, in this very process."""
    if connection.vendor != "sqlite":
        pytest.skip("the embedded default")
    data = tmp_path / "empty"
    data.mkdir()
    settings.DATA_DIR = data
    settings.ARCHIVE_URL = str(data / "archive")
    monkeypatch.setitem(connection.settings_dict, "NAME", str(data / "stet.sqlite3"))
    return data


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_and_nothing_is_put_in_place(
    damage: str, copy: Furnished, empty: Path
) -> None:
    act, words = DAMAGES[damage]
    act(copy.backup)
    with pytest.raises(DamagedError, match=f"(?s){words}"):
        restore(copy.backup, replace=False, watch=plainly)
    assert {path.name for path in empty.iterdir()} <= {"up.lock", "archive"}
    for path in (empty / "archive").glob("??/??/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_a_backup_of_a_newer_stet_is_refused_with_its_version(copy: Furnished, empty: Path) -> None:
    def make_newer(content: dict[str, Any]) -> None:
        content["migrations"].append("claims.9999_of_the_future")
        content["stet"] = "99.0.0"

    seal_again(copy.backup, make_newer)
    with pytest.raises(RefusedError, match=r"newer Stet \(99\.0\.0.*9999_of_the_future"):
        restore(copy.backup, replace=True, watch=plainly)
    assert list(empty.iterdir()) == []


def test_a_backup_of_another_kind_of_database_is_refused(copy: Furnished, empty: Path) -> None:
    def move_to_postgresql(content: dict[str, Any]) -> None:
        content["vendor"] = "postgresql"
        content["files"]["database.dump"] = content["files"].pop("database.sqlite3")

    seal_again(copy.backup, move_to_postgresql)
    with pytest.raises(RefusedError, match=r"is of postgresql.*DATABASE_URL"):
        restore(copy.backup, replace=False, watch=plainly)
    assert list(empty.iterdir()) == []


def test_a_running_desk_is_not_restored_into(furnished: Furnished, empty: Path) -> None:
    held = places.lock(empty)
    try:
        with pytest.raises(RefusedError, match="runs already"):
            restore(furnished.backup, replace=True, watch=plainly)
    finally:
        os.close(held)
    assert {path.name for path in empty.iterdir()} == {"up.lock"}


def test_a_database_that_is_there_is_replaced_on_request_only(furnished: Furnished, empty: Path) -> None:
    there = empty / "stet.sqlite3"
    with closing(sqlite3.connect(there)) as database:
        database.execute("CREATE TABLE mine (number INTEGER)")
        database.commit()
    before = there.read_bytes()
    with pytest.raises(RefusedError, match="--replace"):
        restore(furnished.backup, replace=False, watch=plainly)
    assert there.read_bytes() == before


def test_a_database_that_somebody_has_open_is_not_replaced(
    furnished: Furnished, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.backups.targets._PATIENCE_SECONDS", 0.1)
    shutil.copy(furnished.house.data / "stet.sqlite3", empty)
    with closing(sqlite3.connect(empty / "stet.sqlite3")) as somebody:
        somebody.execute("PRAGMA journal_mode=WAL")
        somebody.execute("SELECT count(*) FROM claims_claim").fetchall()
        with pytest.raises(RefusedError, match="in use"):
            restore(furnished.backup, replace=True, watch=plainly)
        assert somebody.execute("SELECT count(*) FROM claims_claim").fetchone() == (20,)


def test_a_database_that_is_damaged_is_put_aside_with_all_that_lies_beside_it(copy: Furnished) -> None:
    (copy.house.data / "stet.sqlite3").write_bytes(b"no database at all" * 1000)
    (copy.house.data / "stet.sqlite3-wal").write_bytes(b"nor this")
    report = copy.house.manage("restore", str(copy.backup), "--replace", "--json")
    assert report["ok"], report
    assert report["put_aside"]
    assert not (copy.house.data / "stet.sqlite3-wal").exists()
    assert any("erasures" in note for note in report["notes"])
    assert copy.house.manage("verify", "--json")["breaks"] == []


# --- making one that fails --------------------------------------------------------------------------------------


@pytest.fixture
def desk_in_process(settings: Any, tmp_path: Path, db: None) -> Path:
    if connection.vendor != "sqlite":
        pytest.skip("the embedded default")
    settings.DATA_DIR = tmp_path / "data"
    (tmp_path / "data").mkdir()
    with archive.arriving() as arriving:
        arriving.write(b"an original")
        arriving.keep()
    return tmp_path


@pytest.mark.parametrize("named", ["data", "data/inside", "archive"])
def test_a_place_that_would_be_lost_with_the_desk_is_refused(
    desk_in_process: Path, settings: Any, named: str
) -> None:
    place = Path(settings.ARCHIVE_URL) if named == "archive" else desk_in_process / named
    with pytest.raises(RefusedError, match="lost with it"):
        make(place, dump=None, watch=plainly)


def test_a_disk_that_is_full_leaves_no_half_backup(
    desk_in_process: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = desk_in_process / "backups"
    monkeypatch.setattr(making.shutil, "copyfile", full)
    with pytest.raises(RefusedError, match="No space left") as refused:
        make(place, dump=None, watch=plainly)
    assert refused.value.code == 1
    assert list(place.iterdir()) == []
    monkeypatch.undo()
    made = make(place, dump=None, watch=plainly)
    assert list(place.iterdir()) == [made.folder]
    assert made.copied == 1


def test_a_place_that_is_no_folder_and_a_dump_of_nothing_are_refused(desk_in_process: Path) -> None:
    (desk_in_process / "file").write_text("", "utf-8")
    with pytest.raises(RefusedError, match="can't be written to"):
        make(desk_in_process / "file" / "backups", dump=None, watch=plainly)
    with pytest.raises(RefusedError, match="--dump is for PostgreSQL"):
        make(desk_in_process / "backups", dump=desk_in_process / "file", watch=plainly)


@pytest.mark.django_db
def test_on_postgresql_a_dump_in_the_custom_form_is_asked_for(settings: Any, tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("runs on PostgreSQL")
    settings.DATA_DIR = tmp_path / "data"
    with pytest.raises(RefusedError, match="pg_dump -Fc"):
        make(tmp_path / "backups", dump=None, watch=plainly)
    (tmp_path / "plain.sql").write_text("CREATE TABLE x ();", "utf-8")
    with pytest.raises(RefusedError, match="custom form"):
        make(tmp_path / "backups", dump=tmp_path / "plain.sql", watch=plainly)


# --- the manifest as such ---------------------------------------------------------------------------------------


def small_backup(folder: Path) -> Manifest:
    """Files and a manifest of the right form, without a desk."""
    sha256 = hashlib.sha256(b"an original").hexdigest()
    contents = {
        "database.sqlite3": b"rows",
        "erasures.json": b"[]\n",
        form.path_of_original(sha256): b"an original",
    }
    files: dict[str, Kept] = {}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        files[name] = form.digest_of(folder / name)
    manifest = Manifest("id", "0.1.0", "2026-11-22T20:00:00+00:00", "sqlite", (), "log", 1, {}, (), files)
    form.write(folder, manifest)
    return manifest


def holds(folder: Path) -> bool:
    try:
        manifest = form.read(folder)
        for name, kept in manifest.files.items():
            form.check_file(folder, name, kept)
    except DamagedError:
        return False
    return True


@given(data=st.data())
def test_whatever_byte_is_altered_or_cut_off_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("small")
    manifest = small_backup(folder)
    assert holds(folder)
    name = data.draw(st.sampled_from([*manifest.files, form.MANIFEST]))
    content = (folder / name).read_bytes()
    at = data.draw(st.integers(0, len(content) - 2))  # the manifest's last line end means nothing
    if data.draw(st.booleans()):
        altered = content[:at]
    else:
        altered = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
        # The naive control: names and sizes are all the same, so a look at them alone finds nothing.
        assert len(altered) == len(content)
    (folder / name).write_bytes(altered)
    same = name == form.MANIFEST and means_the_same(altered, content)
    assert holds(folder) == same


def means_the_same(one: bytes, other: bytes) -> bool:
    """White space between the parts of a manifest is not what it says."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_a_manifest_reads_as_it_was_written(tmp_path: Path) -> None:
    manifest = small_backup(tmp_path)
    assert form.read(tmp_path) == manifest
