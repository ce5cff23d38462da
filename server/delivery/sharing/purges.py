"""Proofs whose pictures were purged: what stands in their place, and what may not be purged yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.delivery.contests.model import Contest, ContestState
from server.delivery.model import Delivery, DeliveryLine, Proof, Visit
from server.delivery.sharing.model import ProofPurge


def purge_of(session: Session, proof_id: UUID) -> ProofPurge | None:
    """Return what replaced a proof's files, if its pictures were purged."""
    return session.scalars(select(ProofPurge).where(ProofPurge.proof_id == proof_id)).one_or_none()


def due_visits(session: Session, *, before: datetime, limit: int) -> Sequence[UUID]:
    """Return the acting carrier's oldest visits before an instant whose proofs hold pictures, none contested."""
    return session.scalars(_due(session, before).where(~_contested()).order_by(Visit.delivered_at).limit(limit)).all()


def count_due(session: Session, *, before: datetime, contested: bool) -> int:
    """Return how many visits are due, or how many of them an open contest holds."""
    due = _due(session, before).where(_contested() if contested else ~_contested())
    return int(session.scalar(select(func.count()).select_from(due.subquery())) or 0)


def still_needed(session: Session, sha256s: Iterable[str], *, visit_id: UUID) -> frozenset[str]:
    """Return those pictures that another visit's proof, not purged, names too: identical files are one file."""
    return frozenset(one for one in sha256s if _is_named(session, one, visit_id))


def _is_named(session: Session, sha256: str, visit_id: UUID) -> bool:
    query = (
        select(Visit.id)
        .join(Delivery, Delivery.visit_id == Visit.id)
        .join(DeliveryLine, DeliveryLine.delivery_id == Delivery.id)
        .outerjoin(Proof, Proof.delivery_id == Delivery.id)
        .outerjoin(ProofPurge, ProofPurge.proof_id == Proof.id)
        .where(
            Visit.owner_id == acting_org(session),
            Visit.id != visit_id,
            ProofPurge.id.is_(None),
            or_(
                Visit.signature_sha256 == sha256,
                Visit.picture_sha256 == sha256,
                literal(sha256) == any_(DeliveryLine.photos),
            ),
        )
    )
    return session.scalars(query.limit(1)).first() is not None


def _due(session: Session, before: datetime) -> Select[UUID]:
    sealed = (
        select(Proof.id)
        .join(Delivery, Delivery.id == Proof.delivery_id)
        .outerjoin(ProofPurge, ProofPurge.proof_id == Proof.id)
        .where(Delivery.visit_id == Visit.id, ProofPurge.id.is_(None))
    )
    return select(Visit.id).where(Visit.owner_id == acting_org(session), Visit.delivered_at < before, exists(sealed))


def _contested() -> ColumnElement[bool]:
    held = (
        select(Contest.id)
        .join(Delivery, Delivery.order_id == Contest.order_id)
        .where(Delivery.visit_id == Visit.id, Contest.state == ContestState.OPEN)
    )
    return exists(held)
