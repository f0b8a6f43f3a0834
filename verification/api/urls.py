"""The staff side's addresses."""

from django.urls import path

from verification.api.views import bundle, claims, evidence, media, publication, queue, review

urlpatterns = [
    path("claims/", claims.ClaimList.as_view()),
    path("claims/bulk/", claims.ClaimBulk.as_view()),
    path("claims/<str:name>/", claims.ClaimDetail.as_view()),
    path("claims/<str:name>/queue/", claims.ClaimQueue.as_view()),
    path("claims/<str:name>/media/", media.ClaimMedia.as_view()),
    path("claims/<str:name>/notes/", review.Notes.as_view()),
    path("claims/<str:name>/notes/<uuid:note_id>/strike/", review.NoteStrikes.as_view()),
    path("claims/<str:name>/verdicts/", review.Verdicts.as_view()),
    path("claims/<str:name>/verdicts/undo/", review.Undo.as_view()),
    path("claims/<str:name>/submit/", review.Submit.as_view()),
    path("claims/<str:name>/gate/", review.Gate.as_view()),
    path("claims/<str:name>/status-line/", review.StatusLine.as_view()),
    path("claims/<str:name>/history/", review.History.as_view()),
    path("claims/<str:name>/bundle/", bundle.Bundle.as_view(), name="claim-bundle"),
    path("claims/<str:name>/redact/", publication.Redact.as_view()),
    path("claims/<str:name>/legal-hold/", publication.LegalHolds.as_view()),
    *(path(f"claims/<str:name>/{act}/", view.as_view()) for act, view in review.CASE_VIEWS.items()),
    *(path(f"claims/<str:name>/{act}/", view.as_view()) for act, view in publication.VIEWS.items()),
    path("media/<uuid:media_id>/", media.MediaDetail.as_view()),
    path("media/<uuid:media_id>/file/", media.MediaFile.as_view(), name="media-file"),
    path("media/<uuid:media_id>/stills/", media.MediaStills.as_view()),
    path("media/<uuid:media_id>/stills/<str:still>", media.MediaStill.as_view(), name="media-still"),
    path("media/<uuid:media_id>/similar/", media.MediaSimilar.as_view()),
    path("media/<uuid:media_id>/similar/<uuid:match_id>/", media.MediaMatchJudged.as_view()),
    path("media/<uuid:media_id>/recapture/", media.MediaRecapture.as_view()),
    path("media/<uuid:media_id>/recheck/", media.MediaRecheck.as_view()),
    path("media/<uuid:media_id>/bounds/", evidence.Bounds.as_view()),
    path("media/<uuid:media_id>/bounds/<uuid:bound_id>/strike/", evidence.BoundStrikes.as_view()),
    path("checks/", media.Checks.as_view()),
    path("findings/", media.Findings.as_view()),
    path("queue/", queue.QueueList.as_view()),
    path("queue/next/", queue.QueueNext.as_view()),
    path("queue/<uuid:entry_id>/lease/", queue.QueueLease.as_view()),
    path("queue/leases/<str:token>/renew/", queue.LeaseRenew.as_view()),
    path("queue/leases/<str:token>/release/", queue.LeaseRelease.as_view()),
    path("queue/leases/<str:token>/skip/", queue.LeaseSkip.as_view()),
]
