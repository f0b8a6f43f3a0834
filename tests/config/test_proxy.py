"""What a proxy says of the connection outside is believed only where the operator vouches for it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

HOME = Path(__file__).resolve().parents[2]
HTTPS = {"STET_PUBLIC_URL": "https://stet.example.org"}
VOUCHED = {"STET_BEHIND_PROXY": "1"}


@pytest.mark.parametrize(
    ("environment", "believed"),
    [
        ({}, False),
        (HTTPS, False),
        (VOUCHED, False),
        ({**VOUCHED, "STET_PUBLIC_URL": "http://stet.example.org"}, False),
        ({**HTTPS, "STET_BEHIND_PROXY": "0"}, False),
        ({**HTTPS, **VOUCHED}, True),
    ],
)
def test_the_header_counts_only_with_an_https_address_and_the_operators_word(
    environment: dict[str, str],
    believed: bool,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    for name in ("STET_PUBLIC_URL", "STET_BEHIND_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "STET_DATA": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(str(HOME / "config" / "settings.py"))
    settings.SECURE_PROXY_SSL_HEADER = read["SECURE_PROXY_SSL_HEADER"]
    asked = RequestFactory(headers={"X-Forwarded-Proto": "https"}).get("/")
    assert asked.is_secure() is believed
    assert not RequestFactory(headers={"X-Forwarded-Proto": "http"}).get("/").is_secure()
