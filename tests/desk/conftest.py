"""People in front of the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests.conftest import Caller


@pytest.fixture
def pages() -> Callable[[Caller], Client]:
    """A browser without JavaScript, logged in as somebody."""

    def logged_in(caller: Caller) -> Client:
        client = Client()
        client.force_login(caller.person)
        return client

    return logged_in
