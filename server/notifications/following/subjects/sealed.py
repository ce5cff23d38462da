"""What a tablet sealed, by a name that an office which was restored, and hears it again, gives it too."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.model import CreditNote
from server.core.acting import acting_for
from server.delivery.model import Collection, Correction, Delivery, Visit


def said_by(session: Session, delivery: Delivery) -> str:
    """Return what says that a delivery was so: its event, a correction's own key, or a record at hand; its owner asks.

    A person's correction, or record, is made again under another key: it may say something else.
    """
    correction = select(Correction.key).where(Correction.delivery_id == delivery.id)
    key = session.scalars(correction).one_or_none()
    if key is None and delivery.visit_id is not None:
        key = session.get_one(Visit, delivery.visit_id).event_id
    return f"{key or delivery.source_id}:{delivery.revision}"


def credited_for(session: Session, note: CreditNote) -> str:
    """Return what a tablet told of that a credit note gives back for, with its issuer; empty of any other note.

    Its number is a part of it: where a restored office gave it another one, that is news.
    """
    cause = ""
    if note.cause_kind == "delivery":
        delivery = session.get(Delivery, note.cause_id)
        if delivery is not None:
            with acting_for(session, delivery.owner_id):
                cause = f"{said_by(session, delivery)}:{delivery.order_id}"
    elif note.cause_kind == "visit":
        cause = _event_of(session, note.cause_id, (note.owner_id, *note.party_ids))
    return f"{cause}:{note.owner_id}:{note.number}" if cause else ""


def collected_at(session: Session, cause_id: UUID) -> str:
    """Return the visit that an issuer's payment was taken at, by its event; empty of money that no tablet told of."""
    collection = session.get(Collection, cause_id)
    if collection is None or collection.visit_id is None:
        return ""
    event = _event_of(session, collection.visit_id, (collection.owner_id,))
    return f"{event}:{collection.issuer_id}:{collection.method}" if event else ""


def _event_of(session: Session, visit_id: UUID, readers: Iterable[UUID]) -> str:
    """Return the event of a visit, which its carrier alone reads, and is one of ``readers``."""
    for reader_id in readers:
        with acting_for(session, reader_id):
            visit = session.scalars(select(Visit.event_id).where(Visit.id == visit_id)).one_or_none()
        if visit is not None:
            return str(visit)
    return ""
