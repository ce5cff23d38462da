"""Which files of tablets may go: their time is over and no proof holds them, or no event ever named them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from server.core.acting import acting_org

UNNAMED_KEPT: Final = timedelta(days=30)
"""A tablet sends a file before its event, in one round; it may be cut, lost or broken down between both.

Past this time nothing is lost either: a tablet keeps a file for as long as it holds an event that names it, and is
asked for the file again once the event is here.
"""

# A difference of two sets, each read once, whatever the planner believes of their sizes.
_LOOSE: Final = """
    SELECT a.sha256 FROM attachment a
    WHERE a.owner_id = :owner AND a.sha256 > :after AND a.complete_at < :before AND a.purged_at IS NULL
    EXCEPT (
        SELECT unnest(e.files) FROM device_event e {events}
        UNION ALL SELECT unnest(s.files) FROM stray_push s WHERE s.owner_id = :owner {strays}
    )
    ORDER BY 1 LIMIT :most
"""
_UNNAMED: Final = text(_LOOSE.format(events="WHERE e.owner_id = :owner", strays=""))
# Held: by an event of a later time, by a proof that has its pictures still, or by a contest of one of its orders.
_PAST_TIME: Final = text(
    _LOOSE.format(
        events="""
        LEFT JOIN visit v ON v.event_id = e.event_id
        WHERE e.owner_id = :owner AND e.files <> '{}' AND (
            coalesce(v.delivered_at, e.received_at) >= :before
            OR EXISTS (
                SELECT 1 FROM delivery d JOIN proof p ON p.delivery_id = d.id
                LEFT JOIN proof_edition gone ON gone.proof_id = p.id AND gone.cause = 'purged'
                WHERE d.visit_id = v.id AND gone.id IS NULL
            )
            OR EXISTS (
                SELECT 1 FROM delivery d JOIN contest c ON c.order_id = d.order_id
                WHERE d.visit_id = v.id AND c.state = 'open'
            )
            OR v.id IS NULL AND EXISTS (
                SELECT 1 FROM contest c WHERE c.state = 'open' AND 'order:' || c.order_id IN (
                    SELECT entry ->> 'key' FROM jsonb_array_elements(e.groups) AS entry
                )
            )
        )""",
        strays="AND s.received_at >= :before",
    )
)
_FILES: Final = text(
    "SELECT id, sha256, size_bytes FROM attachment WHERE owner_id = :owner AND sha256 = ANY(:names) ORDER BY sha256"
)
_DELETE: Final = text("DELETE FROM attachment WHERE owner_id = :owner AND id = ANY(:ids)")
_COPIES: Final = text(
    "SELECT DISTINCT served_sha256 FROM attachment WHERE owner_id = :owner AND id = ANY(:ids) AND served_sha256 <> ''"
)
# The store has one object for the same bytes, whoever brought them.
_STILL_NAMED: Final = text("""
    SELECT sha256 FROM attachment
    WHERE owner_id = :owner AND sha256 = ANY(:names) AND purged_at IS NULL AND complete_at IS NOT NULL
    UNION SELECT served_sha256 FROM attachment
    WHERE owner_id = :owner AND served_sha256 = ANY(:names) AND purged_at IS NULL
    UNION SELECT sha256 FROM document WHERE owner_id = :owner AND sha256 = ANY(:names)
    UNION SELECT sha256 FROM order_file WHERE owner_id = :owner AND sha256 = ANY(:names)
    UNION SELECT unnest(ARRAY[sha256, shown_sha256]) FROM paper_proof
    WHERE owner_id = :owner AND ARRAY[sha256, shown_sha256] && CAST(:names AS text[])
    UNION SELECT unnest(ARRAY[sha256, shown_sha256]) FROM contest_evidence
    WHERE owner_id = :owner AND ARRAY[sha256, shown_sha256] && CAST(:names AS text[])
""")


@dataclass(frozen=True, slots=True)
class LooseFile:
    """A file that nothing holds any more."""

    id: UUID
    sha256: str
    size_bytes: int


def past_time(session: Session, *, before: datetime, after: str, limit: int) -> Sequence[LooseFile]:
    """Return the acting carrier's files of before an instant that nothing holds, by sha256, behind ``after``.

    Those of parked, set-aside and quarantined events, and of visits that never got a proof. A file's time is that of
    its own reception or of what names it, whichever is later; an open contest of an order holds what names the order.
    """
    return _found(session, _PAST_TIME, before=before, after=after, limit=limit)


def unnamed(session: Session, *, before: datetime, after: str, limit: int) -> Sequence[LooseFile]:
    """Return the acting carrier's files of before an instant that no event at all names; by sha256, behind ``after``.

    Its time is counted from the file's own reception.
    """
    return _found(session, _UNNAMED, before=before, after=after, limit=limit)


def _found(session: Session, query: TextClause, *, before: datetime, after: str, limit: int) -> Sequence[LooseFile]:
    values = {"owner": acting_org(session), "before": before, "after": after, "most": limit}
    names = list(session.scalars(query, values))
    rows = session.execute(_FILES, {"owner": acting_org(session), "names": names})
    return [LooseFile(*row) for row in rows]


def copies_of(session: Session, files: Iterable[LooseFile]) -> list[str]:
    """Return the names of the copies of these pictures that people see."""
    return list(session.scalars(_COPIES, {"owner": acting_org(session), "ids": [one.id for one in files]}))


def let_go(session: Session, files: Iterable[LooseFile]) -> None:
    """Forget that these files ever came: whoever offers one again sends it anew."""
    session.execute(_DELETE, {"owner": acting_org(session), "ids": [one.id for one in files]})


def named_by_nothing(session: Session, names: Iterable[str]) -> list[str]:
    """Return which of these objects the acting organisation's rows do not name (any more)."""
    names = list(names)
    kept = set(session.scalars(_STILL_NAMED, {"owner": acting_org(session), "names": names}))
    return [name for name in names if name not in kept]
