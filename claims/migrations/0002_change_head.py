"""The change log's one head row: every database has its own identity from the start."""

from django.db import migrations


def make_head(apps, schema_editor):
    apps.get_model("claims", "ChangeHead").objects.get_or_create(id=1)


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial")]
    operations = [migrations.RunPython(make_head, migrations.RunPython.noop, elidable=False)]
