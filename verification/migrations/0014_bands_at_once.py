from django.db import migrations


def write_at_once(apps, schema_editor):
    """New hashes go straight into the index by bands. Every search reads through all that waits to be put there."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER INDEX image_hashes_by_band SET (fastupdate = off)")
        schema_editor.execute("SELECT gin_clean_pending_list('image_hashes_by_band')")


def write_later(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER INDEX image_hashes_by_band RESET (fastupdate)")


class Migration(migrations.Migration):

    dependencies = [
        ('verification', '0013_telling'),
    ]

    operations = [
        migrations.RunPython(write_at_once, write_later),
    ]
