"""Hours to call back that had passed before anybody was told of them are not told now, and what was kept to take back a
bulk act in another form is not kept.
"""

from typing import Any

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Now


def settle(apps: Any, schema_editor: Any) -> None:
    hand_overs = apps.get_model("verification", "HandOver").objects
    hand_overs.filter(call_back_at__lte=Now()).update(reminded_at=F("call_back_at"))
    for kept in ("BulkAct", "BulkRun"):
        apps.get_model("verification", kept).objects.filter(act__in=["drop", "duplicate"]).delete()


class Migration(migrations.Migration):
    dependencies = [("verification", "0023_what_was_asked_can_be_taken_back")]

    operations = [migrations.RunPython(settle, migrations.RunPython.noop)]
