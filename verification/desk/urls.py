"""The pages' addresses."""

from verification.desk.views import (
    board,
    bundle,
    editing,
    entrance,
    erasing,
    filing,
    house,
    media,
    numbers,
    published,
    queue,
    records,
    signoff,
    telling,
    together,
    workbench,
)

urlpatterns = [
    *entrance.urlpatterns,
    *queue.urlpatterns,
    *filing.urlpatterns,
    *board.urlpatterns,
    *workbench.urlpatterns,
    *together.urlpatterns,
    *editing.urlpatterns,
    *media.urlpatterns,
    *signoff.urlpatterns,
    *bundle.urlpatterns,
    *published.urlpatterns,
    *house.urlpatterns,
    *erasing.urlpatterns,
    *records.urlpatterns,
    *telling.urlpatterns,
    *numbers.urlpatterns,
]
