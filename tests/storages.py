"""A real S3 server on loopback for tests, one for a whole run, with a bucket of its own for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

KEYS = ("test-key-id", "test-key")


@dataclass(frozen=True)
class Bucket:
    """A bucket that a test has for itself, seen from outside of Stet."""

    client: Any
    name: str
    endpoint_url: str

    @property
    def url(self) -> str:
        """As STET_ARCHIVE_URL names it."""
        return f"s3://{self.name}/desk?endpoint_url={self.endpoint_url}&region=us-east-1"

    def objects(self) -> dict[str, bytes]:
        """All that is in it, by key."""
        listed = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {one["Key"]: self.body(one["Key"]) for one in listed}

    def body(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def overwrite(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body)


class Storage:
    """A server that can be away and come back with all that it had."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, self.port = self._server.get_host_and_port()
        self.endpoint_url = f"http://{host}:{self.port}"

    def stop(self) -> None:
        self._server.stop()

    def bucket(self) -> Bucket:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
            config=Config(retries={"total_max_attempts": 1}),
        )
        name = f"originals-{uuid.uuid4().hex[:12]}"
        client.create_bucket(Bucket=name)
        return Bucket(client, name, self.endpoint_url)


@lru_cache(maxsize=1)
def shared_storage() -> Storage:
    """The run's server; a thread of the test process that ends with it."""
    return Storage()


@pytest.fixture
def bucket(settings: Any) -> Iterator[Bucket]:
    """An empty bucket that the archive is in."""
    made = shared_storage().bucket()
    settings.ARCHIVE_ACCESS_KEY, settings.ARCHIVE_SECRET_KEY = KEYS
    settings.ARCHIVE_URL = made.url
    yield made
    made.client.close()
