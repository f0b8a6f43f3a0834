from verification.models.audit import AuditChain, AuditEntry, LegalHold, Redaction
from verification.models.bulk import BulkAct, BulkRun
from verification.models.checkpoints import Checkpoint, FixityCheck, Seal, SealedHead, Stamp, Unsealed
from verification.models.checks import CheckRun, FindingRow
from verification.models.contacts import Contact, ContactMessage, PermissionRecord
from verification.models.evidence import Evidence, EvidenceStrike
from verification.models.hosts import Host, HostTurn
from verification.models.jobs import Heartbeat, Job, JobEvent
from verification.models.likeness import Hashed, ImageHash, MatchDecision, MediaMatch
from verification.models.logins import LoginCount
from verification.models.policy import Policy
from verification.models.queue import Ask, HandOver, LeaseEvent, Need, QueueEntry, Skip
from verification.models.review import DimensionStatus, Draft, Invitation, Note, NoteStrike, Review, Verdict
from verification.models.signoff import ScheduledPublication
from verification.models.telling import Follow, Message, Outgoing, TellingWishes, Told

__all__ = [
    "Ask",
    "AuditChain",
    "AuditEntry",
    "BulkAct",
    "BulkRun",
    "CheckRun",
    "Checkpoint",
    "Contact",
    "ContactMessage",
    "DimensionStatus",
    "Draft",
    "Evidence",
    "EvidenceStrike",
    "FindingRow",
    "FixityCheck",
    "Follow",
    "HandOver",
    "Hashed",
    "Heartbeat",
    "Host",
    "HostTurn",
    "ImageHash",
    "Invitation",
    "Job",
    "JobEvent",
    "LeaseEvent",
    "LegalHold",
    "LoginCount",
    "MatchDecision",
    "MediaMatch",
    "Message",
    "Need",
    "Note",
    "NoteStrike",
    "Outgoing",
    "PermissionRecord",
    "Policy",
    "QueueEntry",
    "Redaction",
    "Review",
    "ScheduledPublication",
    "Seal",
    "SealedHead",
    "Skip",
    "Stamp",
    "TellingWishes",
    "Told",
    "Unsealed",
    "Verdict",
]
