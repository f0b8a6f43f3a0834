"""Pages and their parts are sent compressed. The API's bytes go as they were rendered, and media in ranges."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_TEXT = ("text/", "application/json", "image/svg+xml", "application/javascript")


class _Unpadded(GZipMiddleware):
    max_random_bytes = 0


class TextCompression(GZipMiddleware):
    """Django's, with its random padding against BREACH, for what people look at; files of ours hold no secret."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_text = response.get("Content-Type", "").startswith(_TEXT)
        if response.status_code != 200 or not is_text or request.path.startswith("/api/v1/"):
            return response
        if request.path.startswith(settings.STATIC_URL):
            return _Unpadded(self.get_response).process_response(request, response)
        return super().process_response(request, response)
