"""The next review in one statement, on PostgreSQL: picked, leased, written down and begun.

Does what `queue` does in a dozen statements where nothing is out of the ordinary, and leaves to it what is: a person's
own assignments, leases that ran out, rows that others are just taking, and the limit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db import connection

from claims.models import Person
from claims.models.base import new_id

# What is written down is dated by the clock once the row is held: by an earlier one it could seem to have begun before
# the lease before it was given back.
_LEASE = """
WITH skipped AS MATERIALIZED (
    SELECT entry_id FROM verification_skip WHERE person_id = %(person)s AND until > statement_timestamp()
), best AS MATERIALIZED (
    SELECT need.id, head.place
    FROM unnest(%(needs)s::uuid[]) AS need(id)
    CROSS JOIN LATERAL (
        SELECT place FROM verification_queueentry
        WHERE need_id = need.id AND state = 'waiting' AND assignee_id IS NULL
            AND strpos(barred, %(barred)s) = 0 AND id NOT IN (SELECT entry_id FROM skipped)
        ORDER BY place, id LIMIT 1
    ) AS head
    ORDER BY head.place, need.id LIMIT 1
), picked AS MATERIALIZED (
    SELECT id, desk_id FROM verification_queueentry
    WHERE need_id = (SELECT id FROM best) AND state = 'waiting' AND assignee_id IS NULL
        AND strpos(barred, %(barred)s) = 0 AND id NOT IN (SELECT entry_id FROM skipped)
        AND NOT EXISTS (
            SELECT FROM verification_queueentry
            WHERE assignee_id = %(person)s AND state = 'waiting'
        )
        AND NOT EXISTS (
            SELECT FROM verification_queueentry
            WHERE state = 'leased' AND lease_until <= statement_timestamp()
        )
    ORDER BY place, id LIMIT 1
    FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE verification_queueentry AS entry
    SET state = 'leased', holder_id = %(person)s, fence = fence + 1,
        lease_until = statement_timestamp() + policy.lease_seconds * interval '1 second'
    FROM picked JOIN verification_policy AS policy USING (desk_id)
    WHERE entry.id = picked.id AND policy.lease_limit > (
        SELECT count(*) FROM verification_queueentry AS held
        WHERE held.holder_id = %(person)s AND held.state = 'leased' AND held.desk_id = picked.desk_id
            AND held.lease_until > statement_timestamp()
    )
    RETURNING entry.id, entry.claim_id, entry.fence, entry.lease_until, entry.review_kind, entry.round
), noted AS (
    INSERT INTO verification_leaseevent (entry_id, fence, kind, person_id, until, at)
    SELECT id, fence, 'leased', %(person)s, lease_until, clock_timestamp() FROM leased
), begun AS (
    INSERT INTO verification_review (id, claim_id, entry_id, kind, round, reviewer_id, state, opened_at)
    SELECT %(review)s, claim_id, id, review_kind, round, %(person)s, 'open', clock_timestamp() FROM leased
    ON CONFLICT (entry_id, reviewer_id) DO NOTHING
), under_review AS (
    UPDATE claims_claim SET stage = 'in_review', updated_at = clock_timestamp()
    WHERE id = (SELECT claim_id FROM leased) AND stage = 'queued'
)
SELECT id FROM leased
"""


def lease_head(person: Person, needs: Sequence[uuid.UUID]) -> uuid.UUID | None:
    """Leases the first of what waits for somebody with these needs; None where it is not as plain as that, or where
    nothing waits. Within a transaction in which all of the person's calls wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _LEASE,
            {
                "person": person.pk,
                "needs": list(needs),
                "barred": f"|{person.pk}|",
                "review": new_id(),
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None
