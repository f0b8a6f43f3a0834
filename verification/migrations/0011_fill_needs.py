"""Says of every queue entry what it needs somebody for and where it stands; of every draft, whose it is."""

import hashlib
import json
from datetime import timedelta

from django.db import migrations
from django.utils import timezone

from claims.vocabulary import Priority
from verification.domain.order import AGING, GOALS, Standing


def fill(apps, schema_editor):
    Entry = apps.get_model("verification", "QueueEntry")
    Need = apps.get_model("verification", "Need")
    now = timezone.now()
    for entry in Entry.objects.select_related("claim").iterator():
        key = hashlib.sha256(
            json.dumps([entry.language, [], []], ensure_ascii=False, separators=(",", ":")).encode()
        ).hexdigest()
        need, _ = Need.objects.get_or_create(
            desk_id=entry.desk_id, key=key, defaults={"language": entry.language}
        )
        priority = Priority(entry.claim.priority)
        standing = Standing(priority, entry.created_at, entry.due_at, GOALS[priority], AGING)
        entry.need = need
        entry.priority = priority.value
        entry.wanted_by = standing.wanted_by
        entry.place = standing.place(now)
        entry.rises_at = standing.rises_at(now)
        entry.save()
    Draft = apps.get_model("verification", "Draft")
    for draft in apps.get_model("verification", "OldDraft").objects.select_related("review").iterator():
        Draft.objects.create(
            review=draft.review, person_id=draft.review.reviewer_id, content=draft.content, saved_at=draft.saved_at
        )


class Migration(migrations.Migration):
    dependencies = [("verification", "0010_queue_needs")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
