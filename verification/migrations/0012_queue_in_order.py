import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("verification", "0011_fill_needs")]

    operations = [
        migrations.DeleteModel("OldDraft"),
        migrations.AlterField(
            model_name="queueentry",
            name="need",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="verification.need"
            ),
        ),
        migrations.AlterField(
            model_name="queueentry",
            name="wanted_by",
            field=models.DateTimeField(help_text="That, or the end of the desk's goal"),
        ),
        migrations.RemoveField(model_name="queueentry", name="language"),
    ]
