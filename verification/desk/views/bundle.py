"""The evidence bundle of a claim, from its sign-off page."""

from __future__ import annotations

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path

from claims.api.files import download
from claims.errors import IllegalState
from verification.desk.frame import DeskRequest, page
from verification.services.bundles import asking
from verification.services.reading import claim_named


@page(methods=("POST",))
def bundle(request: DeskRequest, ref: str) -> HttpResponseBase:
    """The zip where it is made; else it is made from now on, and the page says so."""
    claim = claim_named(request.user, ref)
    try:
        ready = asking.ask_for(claim, request.user)
    except IllegalState as error:
        messages.error(request, f"The evidence bundle could not be made. {error.detail}")
        return redirect("sign-off", claim.ref)
    if ready is not None:
        return download(ready, f"stet-{claim.ref}.zip")
    messages.info(
        request, "The evidence bundle is being made. Press the button again in a moment to save it."
    )
    return redirect("sign-off", claim.ref)


urlpatterns = [path("claims/<str:ref>/bundle/", bundle, name="bundle")]
