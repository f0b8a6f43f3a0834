"""Media: the bytes (asset), how they appear in a claim (media item), how they came here (capture)."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q

from claims.media.names import LONGEST
from claims.models.base import Identified, word_field
from claims.models.claims import Claim, Claimed
from claims.models.desks import Membership, Person
from claims.vocabulary import AssetKind, CaptureState, Examination, MediaKind, Permission


class AssetQuerySet(models.QuerySet["Asset"]):
    def kept_with(self, original: Asset) -> AssetQuerySet:
        """An original and what was archived beside it whenever it was captured."""
        captures = Capture.objects.filter(asset=original)
        beside = [Q(pk__in=captures.exclude(**{name: None}).values(name)) for name in Capture.KEPT_BESIDE]
        return self.filter(reduce(or_, beside, Q(pk=original.pk)))


class Asset(Identified):
    """One archived original, known by its SHA-256; serves any number of claims."""

    sha256 = models.CharField(max_length=64, unique=True)
    size_bytes = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100)
    kind = word_field(AssetKind)
    archived_at = models.DateTimeField()
    facts = models.JSONField(null=True, help_text="What the decoder read, with readers and versions")
    redacted_at = models.DateTimeField(null=True)

    objects = AssetQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sha256[:12]


class MediaItemQuerySet(models.QuerySet["MediaItem"]):
    def visible_to(self, person: Person) -> MediaItemQuerySet:
        return self.filter(claim__desk__in=Membership.objects.desks_of_staff(person))


class MediaItem(Identified, Claimed):
    """An asset as it appears in one claim. A claimed value of its own stands before the claim's."""

    claim = models.ForeignKey(Claim, on_delete=models.CASCADE, related_name="media")
    position = models.PositiveSmallIntegerField()
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="items")
    url = models.CharField(max_length=4000, blank=True, default="")
    url_key = models.CharField(max_length=64, blank=True, default="", db_index=True)
    kind = word_field(MediaKind)
    caption = models.TextField(blank=True, default="")
    credit = models.CharField(max_length=300, blank=True, default="")
    account = models.CharField(max_length=300, blank=True, default="")
    language = models.CharField(max_length=35, blank=True, default="")
    rights_holder = models.CharField(max_length=300, blank=True, default="")
    permission = word_field(Permission, Permission.UNKNOWN)
    permission_scope = models.CharField(max_length=300, blank=True, default="", help_text="For which uses")
    permission_territory = models.CharField(max_length=300, blank=True, default="", help_text="Where")
    permission_until = models.DateTimeField(null=True, help_text="From this moment on it counts no more")
    content_flags = models.JSONField(default=list)
    posted_at = models.DateTimeField(null=True)
    posted_by_page = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="Where the page states posted_at; empty if a person said it",
    )
    state = word_field(CaptureState, CaptureState.PENDING)
    failure = models.JSONField(null=True)
    examination = word_field(Examination, Examination.WAITING)
    examined_with = models.CharField(
        max_length=16,
        blank=True,
        default="",
        help_text="Stands for the checks and their versions at the last examination",
    )
    taken_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="taken_in",
        help_text="The duplicate's item that this one was made of when they were merged",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MediaItemQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["claim", "position"], name="one_media_item_a_position")
        ]
        indexes = [
            models.Index(
                fields=["permission_until"],
                condition=Q(permission_until__isnull=False),
                name="permissions_that_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position} of {self.claim_id}"

    def source_has_changed(self) -> bool:
        """Whether the newest bytes that came from its address are others than those that it stands on."""
        newest = self.captures.exclude(asset=None).first()
        return newest is not None and newest.asset_id != self.asset_id


class Capture(Identified):
    """One attempt to fetch a URL or take an upload into the archive, with its log.

    Where the URL led to a page, `page` and `page_text` are what was kept of it, `found_url` and `found_by` which
    address on it was taken for its media and where it says so, `posted` when it says it was posted. `warc` is the
    whole exchange. `file_name` is what an upload was called by whoever sent it: erased with the original, for people
    put names and places into it.
    """

    KEPT_BESIDE = ("page", "page_text", "warc")
    """What is archived beside the original, and erased with it."""

    media = models.ForeignKey(MediaItem, on_delete=models.CASCADE, related_name="captures")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="captures")
    file_name = models.CharField(max_length=LONGEST, blank=True, default="")
    requested_url = models.CharField(max_length=4000, blank=True, default="")
    final_url = models.CharField(max_length=8192, blank=True, default="")
    hops = models.JSONField(default=list)
    page = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    page_text = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    page_url = models.CharField(max_length=8192, blank=True, default="")
    found_url = models.CharField(max_length=8192, blank=True, default="")
    found_by = models.CharField(max_length=100, blank=True, default="")
    posted = models.JSONField(null=True)
    warc = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, related_name="+")
    unchanged = models.BooleanField(
        default=False,
        help_text="Fetched again, and the same as the capture before, by its bytes or its server's word",
    )
    versions = models.JSONField(default=dict)
    failure = models.JSONField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"capture of {self.media_id} at {self.started_at:%Y-%m-%d %H:%M}"
