"""The public side's addresses."""

from django.urls import path

from claims.api import public

urlpatterns = [
    path("published/", public.PublishedList.as_view()),
    path("verified/", public.PublishedList.as_view(verified_only=True)),
    path("published/snapshot/", public.Snapshot.as_view()),
    path("published/<uuid:claim_id>/", public.PublishedDetail.as_view()),
    path("changes/", public.Changes.as_view()),
]
