"""The words both sides speak. Values are the API's words; see docs/words.md."""

from __future__ import annotations

from enum import StrEnum


class Dimension(StrEnum):
    """What can be verified separately."""

    STATEMENT = "statement"
    PROVENANCE = "provenance"
    SOURCE = "source"
    DATE = "date"
    LOCATION = "location"
    MOTIVATION = "motivation"
    AUTHENTICITY = "authenticity"


IN_ORDER_OF_WORK = (
    Dimension.LOCATION,
    Dimension.DATE,
    Dimension.AUTHENTICITY,
    Dimension.PROVENANCE,
    Dimension.SOURCE,
    Dimension.STATEMENT,
    Dimension.MOTIVATION,
)
"""As the line says the dimensions, and as they are mostly worked on; people are shown them so."""


class Status(StrEnum):
    """What is known of a dimension. `partly_verified` is only ever rolled up, never recorded."""

    NOT_CHECKED = "not_checked"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    CONTRADICTED = "contradicted"
    NOT_APPLICABLE = "not_applicable"
    PARTLY_VERIFIED = "partly_verified"


class Stage(StrEnum):
    """Where a claim is on its way."""

    DRAFT = "draft"
    QUEUED = "queued"
    IN_REVIEW = "in_review"
    AWAITING_SIGNOFF = "awaiting_signoff"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    DROPPED = "dropped"
    DUPLICATE = "duplicate"


class Role(StrEnum):
    """What a person is on a desk."""

    FACT_CHECKER = "fact_checker"
    EDITOR = "editor"
    ADMIN = "admin"
    CLIENT = "client"


class Scope(StrEnum):
    """What an API key may be used for."""

    CLAIMS_WRITE = "claims:write"
    QUEUE_WORK = "queue:work"
    VERDICTS_WRITE = "verdicts:write"
    PUBLISH = "publish"
    VERIFIED_READ = "verified:read"
    INTERNAL_READ = "internal:read"
    AUDIT_READ = "audit:read"
    ADMIN = "admin"


class SourceKind(StrEnum):
    OFFICIAL = "official"
    ORGANISATION = "organisation"
    MEDIA = "media"
    PERSON = "person"
    ACCOUNT = "account"
    UNKNOWN = "unknown"


class SourceRole(StrEnum):
    """What a source is to a claim or a media item."""

    CLAIMANT = "claimant"
    CREATOR = "creator"
    FIRST_KNOWN_POSTER = "first_known_poster"
    POSTER = "poster"
    SUPPLIER = "supplier"


class Reliability(StrEnum):
    """Admiralty code letter of a source."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class MediaKind(StrEnum):
    VIDEO = "video"
    PHOTO = "photo"
    AUDIO = "audio"
    DOCUMENT = "document"


class AssetKind(StrEnum):
    """What an archived original is: media, or what was kept beside it when it was captured."""

    VIDEO = "video"
    PHOTO = "photo"
    AUDIO = "audio"
    DOCUMENT = "document"
    PAGE = "page"
    PAGE_TEXT = "page_text"
    EXCHANGE = "exchange"


class CaptureState(StrEnum):
    PENDING = "pending"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    FAILED = "failed"


class Examination(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    QUARANTINED = "quarantined"


class Permission(StrEnum):
    """What whoever holds the rights to a media item allows the house."""

    UNKNOWN = "unknown"
    ASKED = "asked"
    GRANTED = "granted"
    EMBED_ONLY = "embed_only"
    REFUSED = "refused"


class MayDeliver(StrEnum):
    """What of a media item may be shown outside: its file, its place at the source, or nothing."""

    FILE = "file"
    EMBED = "embed"
    NONE = "none"


class ContactChannel(StrEnum):
    """How an uploader was asked, or answered."""

    MESSAGE = "message"
    COMMENT = "comment"
    EMAIL = "email"
    PHONE = "phone"
    IN_PERSON = "in_person"
    OTHER = "other"


class MessageKind(StrEnum):
    ASKED = "asked"
    ANSWERED = "answered"


class ContactOutcome(StrEnum):
    """How a contact ended."""

    GRANTED = "granted"
    EMBED_ONLY = "embed_only"
    REFUSED = "refused"
    ANSWERED = "answered"
    NO_ANSWER = "no_answer"


class ContentFlag(StrEnum):
    DEATH = "death"
    INJURY = "injury"
    MINOR = "minor"
    SEXUAL = "sexual"
    TORTURE = "torture"


class Precision(StrEnum):
    EXACT = "exact"
    VICINITY = "vicinity"
    LOCALITY = "locality"
    AREA = "area"


class Stance(StrEnum):
    """Of a finding towards what is claimed."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    NEUTRAL = "neutral"
    INCONCLUSIVE = "inconclusive"


class Relation(StrEnum):
    """Of an established value to the claimed one."""

    MATCHES = "matches"
    NARROWER = "narrower"
    BROADER = "broader"
    DIFFERS = "differs"
    NOTHING_CLAIMED = "nothing_claimed"


class Method(StrEnum):
    """How a part of a verdict's basis was come by."""

    GEOLOCATION = "geolocation"
    CHRONOLOCATION = "chronolocation"
    ARCHIVED_COPY = "archived_copy"
    REVERSE_SEARCH = "reverse_search"
    METADATA = "metadata"
    CREDENTIALS = "credentials"
    OFFICIAL_RECORD = "official_record"
    WITNESS = "witness"
    EXPERT = "expert"
    OTHER = "other"


class Priority(StrEnum):
    BREAKING = "breaking"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class ReviewKind(StrEnum):
    FIRST = "first"
    SECOND = "second"
    RECHECK = "recheck"
    ADJUDICATION = "adjudication"


class ChangeKind(StrEnum):
    """What happened to a publication."""

    PUBLISHED = "published"
    AMENDED = "amended"
    CORRECTED = "corrected"
    HELD = "held"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    ERROR = "error"
    UPDATE = "update"
    RIGHTS = "rights"
    LEGAL = "legal"
    SAFETY = "safety"
    PRIVACY = "privacy"


class PubStatus(StrEnum):
    """IPTC's publication statuses."""

    USABLE = "usable"
    WITHHELD = "withheld"
    CANCELED = "canceled"


class MatchState(StrEnum):
    """What is known of two originals that look alike: whether a person looked, or that they are the same bytes."""

    IDENTICAL = "identical"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


class JobKind(StrEnum):
    CAPTURE = "capture"
    EXAMINE = "examine"
    BUNDLE = "bundle"
    COPY = "copy"
    TELL = "tell"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    QUARANTINED = "quarantined"


class FixityOutcome(StrEnum):
    """What re-hashing an original came to."""

    INTACT = "intact"
    ALTERED = "altered"
    MISSING = "missing"
    UNREADABLE = "unreadable"


class CheckRunState(StrEnum):
    DONE = "done"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"


class Notice(StrEnum):
    """On what occasion somebody is told of a claim."""

    MENTIONED = "mentioned"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    ASKED = "asked"
    UNASKED = "unasked"
    UNANSWERED = "unanswered"
    HANDED_OVER = "handed_over"
    INVITED = "invited"
    LEASE_BROKEN = "lease_broken"
    CANCELLED = "cancelled"
    DROPPED = "dropped"
    DUPLICATE = "duplicate"
    REOPENED = "reopened"
    SKIPPED = "skipped"
    FLAGGED = "flagged"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    CALL_BACK = "call_back"
    CALL_AGAIN = "call_again"
    ANSWERED = "answered"
    RECHECK_NEEDED = "recheck_needed"
    VERDICT_CHANGED = "verdict_changed"
    PUBLISHED = "published"
    CORRECTED = "corrected"
    HELD = "held"
    WITHDRAWN = "withdrawn"
    NOTED = "noted"
    RIGHTS_CHANGED = "rights_changed"


class RecheckReason(StrEnum):
    """Why what was decided should be looked at again."""

    SOURCE_CHANGED = "source_changed"
    SOURCE_GONE = "source_gone"
    EARLIER_COPY = "earlier_copy"
    MATCH_JUDGED = "match_judged"
    FINDING_REVERSED = "finding_reversed"
    FINDING_GONE = "finding_gone"
    INTERIM = "interim"
    VERDICT_UNSAID = "verdict_unsaid"


class Channel(StrEnum):
    """How people are told outside the desk's pages; the inbox they have anyhow."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Pace(StrEnum):
    """How soon a channel tells; `digest` is once a day."""

    OFF = "off"
    AT_ONCE = "at_once"
    DIGEST = "digest"


class Theme(StrEnum):
    """How somebody wants the pages drawn; `system` is as their machine is set."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
