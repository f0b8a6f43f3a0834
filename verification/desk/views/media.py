from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern

from verification.desk.frame import DeskRequest, page


@page()
def soon(request: DeskRequest, **named: Any) -> HttpResponse:  # noqa: ARG001
    return render(request, "desk/base.html")


urlpatterns: list[URLPattern] = []
