"""What a person must look at; opening the same one twice changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.problems import Conflict
from server.core.stamp import Stamp
from server.delivery.events import DISCREPANCY_DECIDED, DISCREPANCY_OPENED
from server.delivery.model import Discrepancy, DiscrepancyState
from shared.ids import new_id
from shared.problems import Text


def open_discrepancy(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    text: Text,
    stamp: Stamp,
    run_id: UUID | None = None,
    stop_id: UUID | None = None,
    details: dict[str, Any] | None = None,
    against_id: UUID | None = None,
) -> Discrepancy:
    """Put a question before the carrier's dispatchers; one for each kind, subject and what says otherwise."""
    owner_id = acting_org(session)
    known = session.scalars(
        select(Discrepancy).where(
            Discrepancy.owner_id == owner_id,
            Discrepancy.kind == kind,
            Discrepancy.subject_id == subject_id,
            Discrepancy.against_id.is_not_distinct_from(against_id),
        )
    ).one_or_none()
    if known is not None:
        return known
    discrepancy = Discrepancy(
        id=new_id(),
        owner_id=owner_id,
        kind=kind,
        subject_id=subject_id,
        against_id=against_id,
        run_id=run_id,
        stop_id=stop_id,
        text_fr=text.fr,
        text_en=text.en,
        facts=details or {},
        opened_at=stamp.at,
    )
    session.add(discrepancy)
    facts.record(session, DISCREPANCY_OPENED, discrepancy.id, stamp)
    return discrepancy


def decide_discrepancy(session: Session, discrepancy: Discrepancy, *, decision: str, stamp: Stamp) -> Discrepancy:
    """Close a discrepancy with the dispatcher's words; a decided one keeps its first decision.

    Raises:
        Conflict: it was decided before.
    """
    if discrepancy.state is DiscrepancyState.DECIDED:
        raise Conflict(
            Text("Cet écart est déjà réglé.", "This discrepancy is already decided."), where=str(discrepancy.id)
        )
    discrepancy.state = DiscrepancyState.DECIDED
    discrepancy.decided_at, discrepancy.decided_by, discrepancy.decision = stamp.at, stamp.by, decision
    facts.record(session, DISCREPANCY_DECIDED, discrepancy.id, stamp)
    return discrepancy
