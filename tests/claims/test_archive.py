"""The archive does the same in a folder and on S3; the table of what it does runs over both."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import StorageFailed
from claims.media import archive, stores, working
from claims.media.stores.s3 import S3Store
from tests.storages import KEYS, Bucket, Storage, bucket  # noqa: F401  a fixture

BODY = b"an original " * 200_000  # more than one chunk
SHA256 = hashlib.sha256(BODY).hexdigest()
NAME = f"{SHA256[:2]}/{SHA256[2:4]}/{SHA256}"


@dataclass
class Place:
    """Where the archive of a test is, and how somebody from outside looks at it and tampers with it."""

    kept: Callable[[], dict[str, bytes]]
    overwrite: Callable[[str, bytes], None]


def in_folder() -> Place:
    root = archive.root()
    assert root is not None

    def kept() -> dict[str, bytes]:
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def overwrite(name: str, body: bytes) -> None:
        (root / name).chmod(0o600)
        (root / name).write_bytes(body)

    return Place(kept, overwrite)


def on_s3(bucket: Bucket) -> Place:  # noqa: F811
    def kept() -> dict[str, bytes]:
        return {key.removeprefix("desk/"): body for key, body in bucket.objects().items()}

    return Place(kept, lambda name, body: bucket.overwrite(f"desk/{name}", body))


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Place:
    settings.DATA_DIR = tmp_path
    return in_folder() if request.param == "folder" else on_s3(request.getfixturevalue("bucket"))


def put(body: bytes = BODY) -> archive.Stored:
    with archive.arriving() as arriving:
        for start in range(0, len(body), 100_000):
            arriving.write(body[start : start + 100_000])
        return arriving.keep()


def test_what_is_put_is_there_whole_under_its_hash(place: Place) -> None:
    assert put() == archive.Stored(SHA256, len(BODY))
    assert place.kept() == {NAME: BODY}
    assert (archive.holds(SHA256), archive.size_of(SHA256)) == (True, len(BODY))
    assert list(archive.originals()) == [SHA256]
    assert list(archive.store().scratch().iterdir()) == []


def test_the_same_bytes_are_kept_once(place: Place) -> None:
    assert put() == put()
    assert place.kept() == {NAME: BODY}


def test_what_has_a_name_is_never_written_over(place: Place) -> None:
    put()
    place.overwrite(NAME, b"tampered with")
    put()
    assert place.kept() == {NAME: b"tampered with"}


def test_of_many_that_put_at_once_each_has_it_and_it_is_kept_once(place: Place) -> None:
    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(lambda _: put(), range(16))) == {archive.Stored(SHA256, len(BODY))}
    assert place.kept() == {NAME: BODY}


def test_what_is_not_kept_leaves_nothing(place: Place) -> None:
    with archive.arriving() as arriving:
        arriving.write(BODY)
    assert place.kept() == {}
    assert list(archive.store().scratch().iterdir()) == []


@pytest.mark.parametrize(
    ("start", "count"),
    [(0, None), (0, 1), (5, 7), (0, len(BODY)), (len(BODY) - 3, None), (len(BODY) - 3, 10), (len(BODY), None),
     (len(BODY), 1), (stores.CHUNK - 1, stores.CHUNK + 2), (9, 0), (0, 0)],
)  # fmt: skip
def test_any_part_of_it_is_read(place: Place, start: int, count: int | None) -> None:
    put()
    read = list(archive.chunks(SHA256, start, count))
    assert b"".join(read) == BODY[start : None if count is None else start + count]
    assert all(len(chunk) <= stores.CHUNK for chunk in read)


def test_a_local_copy_has_the_bytes_and_is_gone_afterwards(place: Place) -> None:
    put()
    with archive.local_copy(SHA256) as path:
        assert path.read_bytes() == BODY
    assert list(archive.store().scratch().iterdir()) == []
    assert place.kept() == {NAME: BODY}


def test_what_is_not_there_is_said_to_be_so(place: Place) -> None:
    assert (archive.holds(SHA256), archive.is_intact(SHA256)) == (False, False)
    for look in (archive.size_of, lambda sha256: list(archive.chunks(sha256)), read_copy):
        with pytest.raises(FileNotFoundError):
            look(SHA256)
    archive.erase(SHA256)
    working.erase(SHA256)


def read_copy(sha256: str) -> bytes:
    with archive.local_copy(sha256) as path:
        return path.read_bytes()


@pytest.mark.parametrize("tampered", [b"", BODY[:-1], BODY + b"!", b"!" + BODY[1:], BODY[:-1] + b"!"])
def test_fixity_finds_what_was_tampered_with(place: Place, tampered: bytes) -> None:
    put()
    assert archive.is_intact(SHA256)
    place.overwrite(NAME, tampered)
    assert not archive.is_intact(SHA256)


def test_working_copies_lie_beside_and_are_no_originals(place: Place) -> None:
    put()
    other = "0" * 64
    for copy in (
        working.WorkingCopy(SHA256, 1500),
        working.WorkingCopy(SHA256, 20),
        working.WorkingCopy(other, None),
    ):
        working.keep(copy, b"first")
        working.keep(copy, copy.name.encode())
    assert [copy.at_ms for copy in working.listed(SHA256)] == [20, 1500]
    assert b"".join(working.chunks(working.WorkingCopy(SHA256, 20))) == b"still-20.jpg"
    assert list(archive.originals()) == [SHA256]
    working.erase(SHA256)
    assert (working.holds(SHA256), working.listed(SHA256), working.holds(other)) == (False, [], True)
    assert archive.is_intact(SHA256)


def test_what_is_erased_leaves_nothing_of_itself_and_all_else(place: Place) -> None:
    put()
    kept = put(b"another")
    archive.erase(SHA256)
    assert not archive.holds(SHA256)
    assert [name.rpartition("/")[2] for name in place.kept()] == [kept.sha256]


def test_what_a_killed_process_left_is_swept_after_a_day(place: Place) -> None:
    left, fresh = (archive.store().scratch() / name for name in ("left", "fresh"))
    for path in (left, fresh):
        path.write_bytes(BODY)
    long_ago = time.time() - archive.LEFT_OVER_SECONDS - 60
    os.utime(left, (long_ago, long_ago))
    assert archive.sweep() == 1
    assert [path.name for path in archive.store().scratch().iterdir()] == ["fresh"]


@given(body=st.binary(max_size=300), start=st.integers(0, 320), count=st.none() | st.integers(0, 320))
def test_a_folder_gives_any_part_of_anything(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, start: int, count: int | None
) -> None:
    store = stores.store_at(stores.Place(folder=str(tmp_path_factory.mktemp("folder"))))
    store.replace("a/b", body)
    wanted = body[start : None if count is None else start + count]
    assert b"".join(store.chunks("a/b", start, count)) == wanted


# --- what only S3 can do to us


@pytest.fixture
def gone(settings: Any, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """An archive on a server of its own; calling it makes the server go away."""
    settings.DATA_DIR = tmp_path
    settings.ARCHIVE_ACCESS_KEY, settings.ARCHIVE_SECRET_KEY = KEYS
    storage = Storage()
    made = storage.bucket()
    settings.ARCHIVE_URL = made.url
    yield storage.stop
    made.client.close()
    storage.stop()


def test_a_storage_that_is_away_is_told_and_nothing_is_left(gone: Callable[[], None]) -> None:
    put(b"before")
    assert archive.store().answers()
    gone()
    assert not archive.store().answers()
    with pytest.raises(StorageFailed, match="storage does not answer") as failed:
        put()
    assert failed.value.retriable
    assert list(archive.store().scratch().iterdir()) == []
    for ask in (archive.holds, archive.size_of, archive.is_intact, archive.erase, read_copy, working.listed):
        with pytest.raises(OSError, match="storage does not answer"):
            ask(SHA256)


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket, settings: Any) -> None:  # noqa: F811
    settings.ARCHIVE_URL = bucket.url.replace(bucket.name, "no-such-bucket")
    assert not archive.store().answers()
    with pytest.raises(StorageFailed, match="refused with"):
        put()


def test_erasing_leaves_no_version_in_a_bucket_that_keeps_versions(bucket: Bucket) -> None:  # noqa: F811
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    put()
    bucket.overwrite(f"desk/{NAME}", b"a later version")
    bucket.overwrite(f"desk/{NAME}x", b"a neighbour")
    working.keep(working.WorkingCopy(SHA256, 1), b"first")
    working.keep(working.WorkingCopy(SHA256, 1), b"second")
    archive.erase(SHA256)
    working.erase(SHA256)
    listed = bucket.client.list_object_versions(Bucket=bucket.name)
    assert [one["Key"] for one in listed["Versions"]] == [f"desk/{NAME}x"]
    assert listed.get("DeleteMarkers", []) == []


def test_two_desks_in_one_bucket_see_nothing_of_each_other(bucket: Bucket, settings: Any) -> None:  # noqa: F811
    put()
    settings.ARCHIVE_URL = bucket.url.replace("/desk?", "/desk-two?")
    assert list(archive.originals()) == []
    archive.erase(SHA256)
    settings.ARCHIVE_URL = bucket.url
    assert archive.holds(SHA256)


class Refusing:
    """A client that answers `put_object` with a code where the condition is asked for."""

    def __init__(self, client: Any, code: str) -> None:
        self._client, self._code = client, code
        self.asked: list[bool] = []
        self.hashes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **asked: Any) -> Any:
        self.asked.append("IfNoneMatch" in asked)
        self.hashes.append(asked["ChecksumSHA256"])
        if "IfNoneMatch" in asked:
            asked["Body"].read(10)
            raise ClientError({"Error": {"Code": self._code}}, "PutObject")
        return self._client.put_object(**asked)


@pytest.mark.parametrize(
    ("code", "asked", "is_kept"),
    [
        ("NotImplemented", [True, False], True),
        ("PreconditionFailed", [True], False),
        ("AccessDenied", [True], False),
    ],
)
def test_a_storage_that_does_not_know_the_condition_gets_it_without(
    bucket: Bucket,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    asked: list[bool],
    is_kept: bool,
) -> None:
    store = archive.store()
    assert isinstance(store, S3Store)
    client = Refusing(store._client, code)
    monkeypatch.setattr(S3Store, "_client", client)
    if is_kept:
        put()
    else:
        with pytest.raises(StorageFailed):
            put()
    assert client.asked == asked
    assert bucket.objects() == ({f"desk/{NAME}": BODY} if is_kept else {})


def test_the_storage_is_told_the_hash_of_what_it_is_to_receive(
    bucket: Bucket,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It refuses what it did not receive as it was sent; the server of these tests does not, so we look at our side."""
    store = archive.store()
    assert isinstance(store, S3Store)
    client = Refusing(store._client, "NotImplemented")
    monkeypatch.setattr(S3Store, "_client", client)
    put()
    assert set(client.hashes) == {base64.b64encode(hashlib.sha256(BODY).digest()).decode()}
