"""All addresses."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import health
from verification.api.views.signing import signing_keys

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("claims.api.urls")),
    path("api/v1/", include("verification.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("", include("verification.desk.urls")),
    path(".well-known/stet-signing-key.json", signing_keys),
    path("healthz", health.process_lives),
    path("readyz", health.is_ready),
]
handler400 = "config.api_errors.bad_request"
handler404 = "config.api_errors.not_found"
handler500 = "config.api_errors.server_error"
