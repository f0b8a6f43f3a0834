from claims.models.access import ApiKey, IdempotencyKey
from claims.models.bodies import Body
from claims.models.claim_texts import ClaimText
from claims.models.claims import Claim, RefCounter, Source, SourceLink
from claims.models.desks import Desk, Membership, Person
from claims.models.media import Asset, Capture, MediaItem
from claims.models.publications import ChangeHead, Publication, PublicClaim

__all__ = [
    "ApiKey",
    "Asset",
    "Body",
    "Capture",
    "ChangeHead",
    "Claim",
    "ClaimText",
    "Desk",
    "IdempotencyKey",
    "MediaItem",
    "Membership",
    "Person",
    "PublicClaim",
    "Publication",
    "RefCounter",
    "Source",
    "SourceLink",
]
