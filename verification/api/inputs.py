"""What staff send: one serializer a call, every field known."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from claims.api.base import StrictSerializer
from claims.api.fields import (
    DateValueField,
    LanguageField,
    MediaUrlField,
    MomentField,
    NeedsField,
    PlaceField,
    WordField,
)
from claims.intake import (
    MAX_MEDIA,
    MAX_MEDIA_URL,
    MAX_SOURCE_NAME,
    MAX_SOURCE_URL,
    MAX_TAG,
    MAX_TAGS,
    MAX_TEXT,
)
from claims.vocabulary import (
    Cause,
    Channel,
    ContentFlag,
    Dimension,
    MatchState,
    MediaKind,
    Method,
    Pace,
    Priority,
    Relation,
    SourceKind,
    Status,
)
from verification.domain.bulk import BulkAction
from verification.domain.evidence import EvidenceKind
from verification.domain.findings import Side
from verification.services.bulk import MAX_CLAIMS


class TextField(serializers.CharField):
    """A text of any use, up to 20,000 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_TEXT, **options)


DECIDABLE = ("not_checked", "verified", "unverified", "contradicted", "not_applicable")


class NewSourceInput(StrictSerializer):
    name = serializers.CharField(max_length=MAX_SOURCE_NAME)
    kind = WordField(SourceKind, required=False)
    url = serializers.URLField(max_length=MAX_SOURCE_URL, required=False)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "uuid"},
            {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 200},
                    "kind": {"enum": [kind.value for kind in SourceKind]},
                    "url": {"type": "string", "format": "uri"},
                },
            },
        ]
    }
)
class SourceField(serializers.Field):  # type: ignore[type-arg]
    """A source by its id, or a new one by name and kind."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return serializers.UUIDField().to_internal_value(data)
        inner = NewSourceInput(data=data)
        inner.is_valid(raise_exception=True)
        return inner.validated_data


class MediaWords(StrictSerializer):
    """What is said of a media item, however its bytes come."""

    kind = WordField(MediaKind, required=False)
    caption = TextField(required=False, allow_blank=True)
    credit = serializers.CharField(required=False, allow_blank=True, max_length=300)
    account = serializers.CharField(required=False, allow_blank=True, max_length=300)
    claimed_date = DateValueField(required=False, allow_null=True)
    claimed_location = PlaceField(required=False, allow_null=True)
    posted_at = MomentField(required=False, allow_null=True)
    content_flags = serializers.ListField(child=WordField(ContentFlag), required=False, max_length=5)


class MediaInput(MediaWords):
    url = MediaUrlField(max_length=MAX_MEDIA_URL)


class UploadInput(MediaWords):
    file = serializers.FileField(allow_empty_file=True, max_length=500)


class ClaimInput(StrictSerializer):
    statement = TextField()
    language = LanguageField()
    source = SourceField()  # type: ignore[assignment]
    claimed_date = DateValueField(required=False, allow_null=True)
    claimed_location = PlaceField(required=False, allow_null=True)
    media = serializers.ListField(child=MediaInput(), required=False, max_length=MAX_MEDIA)
    external_id = serializers.CharField(required=False, allow_null=True, max_length=200)
    priority = WordField(Priority, required=False)
    desk = serializers.CharField(required=False, max_length=60)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG), required=False, max_length=MAX_TAGS
    )
    skills = NeedsField(required=False)
    topics = NeedsField(required=False)
    draft = serializers.BooleanField(required=False)


class ClaimChanges(StrictSerializer):
    statement = TextField(required=False)
    language = LanguageField(required=False)
    claimed_date = DateValueField(required=False, allow_null=True)
    claimed_location = PlaceField(required=False, allow_null=True)
    priority = WordField(Priority, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG), required=False, max_length=MAX_TAGS
    )
    skills = NeedsField(required=False)
    topics = NeedsField(required=False)


class NoteInput(StrictSerializer):
    body = TextField()
    dimension = WordField(Dimension, required=False, allow_null=True)
    media = serializers.UUIDField(required=False, allow_null=True)


class InboxReadInput(StrictSerializer):
    ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=1000)


class WishesInput(StrictSerializer):
    email = WordField(Pace, required=False)
    email_address = serializers.CharField(required=False, allow_blank=True, max_length=254)
    webhook = WordField(Pace, required=False)
    webhook_url = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    digest_hour = serializers.IntegerField(required=False, min_value=0, max_value=23)
    quiet_from = serializers.TimeField(required=False, allow_null=True)
    quiet_to = serializers.TimeField(required=False, allow_null=True)
    time_zone = serializers.CharField(required=False, max_length=64)


class TestTellingInput(StrictSerializer):
    channel = WordField(Channel)


class BoundInput(StrictSerializer):
    """A side of a date, or a place where the camera stood."""

    kind = WordField(EvidenceKind)
    reason = TextField()
    url = serializers.URLField(required=False, allow_null=True, max_length=4000)
    side = WordField(Side, required=False, allow_null=True)
    date = DateValueField(required=False, allow_null=True)
    hard = serializers.BooleanField(required=False, default=False)
    place = PlaceField(required=False, allow_null=True)


class BoxField(serializers.ListField):
    """Left, top, width and height in parts of the picture, each from 0 to 1."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=serializers.FloatField(min_value=0, max_value=1), min_length=4, max_length=4, **options
        )


class FrameInput(StrictSerializer):
    media = serializers.UUIDField()
    at_ms = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000_000)
    box = BoxField(required=False)


class ReferenceInput(StrictSerializer):
    url = serializers.URLField(required=False, max_length=4000)
    image = serializers.UUIDField(required=False, allow_null=True)
    box = BoxField(required=False)
    provider = serializers.CharField(max_length=200)
    date = DateValueField(required=False)
    licence = serializers.CharField(required=False, max_length=200)


class ExhibitInput(StrictSerializer):
    """A frame of the claim's media beside the reference image that it was compared with."""

    frame = FrameInput()
    reference = ReferenceInput()


class BasisInput(StrictSerializer):
    method = WordField(Method)
    feature = serializers.CharField(required=False, max_length=2000)
    phrase = serializers.CharField(required=False, max_length=500)
    reference = serializers.CharField(required=False, max_length=2000)
    reference_date = DateValueField(required=False)
    url = serializers.URLField(required=False, max_length=4000)
    finding = serializers.UUIDField(required=False)
    verdict = serializers.UUIDField(
        required=False, help_text="Of another claim on the same picture: see `claims/{id}/offers/`"
    )
    exhibit = ExhibitInput(required=False)
    public = serializers.BooleanField(required=False, default=False)


VALUE_FIELDS = {Dimension.LOCATION: PlaceField(), Dimension.DATE: DateValueField()}


class VerdictInput(StrictSerializer):
    lease_token = serializers.CharField(max_length=80)
    dimension = WordField(Dimension)
    status = serializers.ChoiceField(
        choices=DECIDABLE, error_messages={"invalid_choice": f"Use one of: {', '.join(DECIDABLE)}."}
    )
    media = serializers.UUIDField(required=False, allow_null=True)
    reason = TextField(required=False, allow_blank=True, default="")
    interim = serializers.BooleanField(required=False, default=False)
    basis = serializers.ListField(child=BasisInput(), required=False, max_length=50)
    value = serializers.JSONField(required=False, allow_null=True, help_text="A place or a date")
    relation = WordField(Relation, required=False, allow_null=True)
    credibility = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=6)

    def validate_status(self, value: str) -> Status:
        return Status(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("value") is not None:
            field = VALUE_FIELDS.get(attrs["dimension"])
            if field is None:
                raise serializers.ValidationError({"value": "Only a date and a location have a value."})
            try:
                attrs["value"] = field.to_internal_value(attrs["value"])
            except serializers.ValidationError as error:
                raise serializers.ValidationError({"value": error.detail}) from error
        return attrs


class LeaseTokenInput(StrictSerializer):
    lease_token = serializers.CharField(max_length=80)


class ReasonInput(StrictSerializer):
    reason = TextField()


class TakeOverInput(ReasonInput):
    lease_token = serializers.CharField(max_length=80)


class DuplicateInput(ReasonInput):
    of = serializers.CharField(max_length=40)
    merge = serializers.BooleanField(
        required=False, default=False, help_text="Take the claim's media into the other one"
    )


class MediaUrlInput(StrictSerializer):
    url = MediaUrlField(max_length=MAX_MEDIA_URL)


class LookedForInput(StrictSerializer):
    """As much of a claim as duplicates are looked for by; it need not be filed."""

    statement = TextField(required=False, allow_blank=True, default="")
    media = serializers.ListField(child=MediaUrlInput(), required=False, default=list, max_length=MAX_MEDIA)
    desk = serializers.CharField(required=False, max_length=60)


class AssignInput(StrictSerializer):
    to = serializers.CharField(max_length=150, allow_null=True)
    reason = TextField(required=False, allow_blank=True, default="")


_BULK_NEEDS: dict[BulkAction, tuple[str, ...]] = {
    BulkAction.ASSIGN: ("to",),
    BulkAction.PRIORITISE: ("priority",),
    BulkAction.TAG: (),
    BulkAction.DROP: ("reason",),
    BulkAction.DUPLICATE: ("of", "reason"),
}
_BULK_TAKES: dict[BulkAction, tuple[str, ...]] = {
    **_BULK_NEEDS,
    BulkAction.ASSIGN: ("to", "reason"),
    BulkAction.TAG: ("add_tags", "remove_tags"),
}


class BulkActInput(StrictSerializer):
    """One act on many claims, with what the act takes and nothing else."""

    act = WordField(BulkAction)
    claims = serializers.ListField(
        child=serializers.CharField(max_length=64), allow_empty=False, max_length=MAX_CLAIMS
    )
    preview = serializers.BooleanField(required=False, default=False)
    to = serializers.CharField(required=False, max_length=150, allow_null=True)
    priority = WordField(Priority, required=False)
    add_tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG), required=False, max_length=MAX_TAGS
    )
    remove_tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG), required=False, max_length=MAX_TAGS
    )
    of = serializers.CharField(required=False, max_length=40)
    reason = TextField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        act = attrs["act"]
        wrong = {
            name: serializers.ErrorDetail(f"'{act}' takes no {name}.", "unknown")
            for name in attrs
            if name not in {"act", "claims", "preview", *_BULK_TAKES[act]}
        } | {
            name: serializers.ErrorDetail(f"'{act}' needs this.", "required")
            for name in _BULK_NEEDS[act]
            if name not in attrs
        }
        if act == BulkAction.TAG and not (attrs.get("add_tags") or attrs.get("remove_tags")):
            wrong["add_tags"] = serializers.ErrorDetail("Name a tag to add or to remove.", "required")
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


class BulkUndoInput(StrictSerializer):
    undo = serializers.UUIDField()


class AskInput(StrictSerializer):
    dimension = WordField(Dimension)
    due_at = MomentField()
    message = TextField(required=False, allow_blank=True, default="")


class UnaskInput(StrictSerializer):
    dimension = WordField(Dimension)
    reason = TextField(required=False, allow_blank=True, default="")


class HandOverInput(StrictSerializer):
    to = serializers.CharField(max_length=150, allow_null=True)
    tried = TextField(required=False, allow_blank=True, default="")
    next = TextField(required=False, allow_blank=True, default="")
    call_back_at = MomentField(required=False, allow_null=True)


class ColleagueInput(StrictSerializer):
    person = serializers.CharField(max_length=150)
    end = serializers.BooleanField(required=False, default=False)


class NextInput(StrictSerializer):
    desk = serializers.CharField(required=False, max_length=60)
    language = LanguageField(required=False)
    kind = WordField(MediaKind, required=False)


class NothingInput(StrictSerializer):
    """A call without a body."""


class PublishInput(StrictSerializer):
    embargo_until = MomentField(required=False, allow_null=True)
    public_location_radius_m = serializers.FloatField(
        required=False, allow_null=True, min_value=1, max_value=20_000_000
    )
    headline = serializers.CharField(required=False, max_length=300)


class ChangeInput(ReasonInput):
    internal_reason = TextField(required=False, allow_blank=True)


class AmendInput(ChangeInput):
    public_location_radius_m = serializers.FloatField(
        required=False, allow_null=True, min_value=1, max_value=20_000_000
    )


class CausedInput(ChangeInput):
    cause = WordField(Cause, required=False, default=Cause.ERROR)


class CorrectInput(CausedInput, AmendInput):
    """A correction may coarsen the public place too."""


class RedactInput(ReasonInput):
    target = serializers.ChoiceField(
        choices=["statement", "note", "hand_over", "said", "evidence", "original", "uploader"]
    )
    id = serializers.UUIDField(
        required=False,
        help_text="The note, the hand-over, what was said, the bound, or the media item whose original or uploader goes",
    )
    legal_ground = serializers.CharField(max_length=200)


class JudgeInput(ReasonInput):
    """What somebody says of two pictures that look alike: the same, or not."""

    state = WordField(MatchState)


class RecheckInput(StrictSerializer):
    checks = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=100)
