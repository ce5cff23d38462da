"""What changed hands at a stop before a visit, by what counted last: a correction writes only what it changes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.delivery.model import Collection, ContainerReturn, Visit

type Key = tuple[UUID, str]
"""Whose it is, and its container class or the way it was paid."""


def containers_before(session: Session, visit: Visit) -> dict[Key, list[ContainerReturn]]:
    """Return the stop's empties of other visits by owner and class, in the order in which they counted."""
    rows = session.scalars(
        select(ContainerReturn)
        .join(Visit, Visit.id == ContainerReturn.visit_id)
        .where(Visit.stop_id == visit.stop_id, Visit.id != visit.id)
        .order_by(ContainerReturn.position)
    )
    history: dict[Key, list[ContainerReturn]] = {}
    for row in rows:
        history.setdefault((row.container_owner_id, row.class_code), []).append(row)
    return history


def collections_before(session: Session, visit: Visit) -> dict[Key, Collection]:
    """Return the stop's money of other visits that stands, by issuer and method; of nothing where it was taken back."""
    rows = session.scalars(
        select(Collection)
        .join(Visit, Visit.id == Collection.visit_id)
        .where(Visit.stop_id == visit.stop_id, Visit.id != visit.id)
        .order_by(Collection.position)
    )
    return {(row.issuer_id, row.method): row for row in rows}
