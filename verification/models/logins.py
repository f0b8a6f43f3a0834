"""How often somebody tried to log in of late."""

from __future__ import annotations

from django.db import models


class LoginCount(models.Model):
    """Log-ins tried and failed since a window began, of one name, one address, or one name from one address.

    `key` says which, by a keyed hash: a password that was typed into the wrong field is not kept here.
    """

    key = models.CharField(max_length=80, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="With those whose password is being checked")
    until = models.DateTimeField(help_text="When the window ends and counting begins anew")
    locked_at = models.DateTimeField(
        null=True, help_text="When somebody was first turned away in this window"
    )

    class Meta:
        indexes = [models.Index(fields=["until"], name="login_counts_by_end")]

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
