from verification.models.audit import AuditChain, AuditEntry, LegalHold, Redaction
from verification.models.checkpoints import Checkpoint, FixityCheck, Seal, SealedHead, Stamp, Unsealed
from verification.models.checks import CheckRun, FindingRow
from verification.models.hosts import Host, HostTurn
from verification.models.jobs import Heartbeat, Job, JobEvent
from verification.models.logins import LoginCount
from verification.models.policy import Policy
from verification.models.queue import LeaseEvent, QueueEntry, Skip
from verification.models.review import DimensionStatus, Draft, Note, NoteStrike, Review, Verdict
from verification.models.signoff import ScheduledPublication

__all__ = [
    "AuditChain",
    "AuditEntry",
    "CheckRun",
    "Checkpoint",
    "DimensionStatus",
    "Draft",
    "FindingRow",
    "FixityCheck",
    "Heartbeat",
    "Host",
    "HostTurn",
    "Job",
    "JobEvent",
    "LeaseEvent",
    "LegalHold",
    "LoginCount",
    "Note",
    "NoteStrike",
    "Policy",
    "QueueEntry",
    "Redaction",
    "Review",
    "ScheduledPublication",
    "Seal",
    "SealedHead",
    "Skip",
    "Stamp",
    "Unsealed",
    "Verdict",
]
