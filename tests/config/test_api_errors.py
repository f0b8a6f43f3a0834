"""What is answered where something of ours breaks: whether trying again helps, and never half a page."""

from __future__ import annotations

import json

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from config.api_errors import server_error


def answered(error: Exception, path: str) -> HttpResponse:
    try:
        raise error
    except type(error):
        return server_error(RequestFactory().post(path))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(OperationalError("database is locked"), 503, "busy"), (ZeroDivisionError(), 500, "fault")],
)
def test_programs_are_told_whether_trying_again_helps(error: Exception, status: int, code: str) -> None:
    response = answered(error, "/api/v1/queue/next/")
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(response.content)["code"] == code
    assert response.has_header("Retry-After") == (status == 503)


def test_people_read_that_the_database_is_busy() -> None:
    response = answered(OperationalError("database is locked"), "/queue/")
    assert response.status_code == 503
    assert "Busy just now" in response.content.decode()
    assert "locked" not in response.content.decode()
