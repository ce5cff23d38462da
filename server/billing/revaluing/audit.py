"""Walking an issuer's revaluations: each is what its documents, its postings and the table of deposits make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing.revaluing.counting import Held, held_before
from server.billing.revaluing.model import DepositRevaluation
from server.catalog.model import ContainerPrice
from server.core.problems import Text
from server.ledger.audit import Head, LedgerFault, head_fault, heads_of, orphan_faults, posting_fault, sides_of
from server.ledger.entries import EntryKind, revaluation_sides

_KIND = EntryKind.DEPOSIT_REVALUATION


def revaluation_faults(session: Session, *, issuer_id: UUID) -> Iterator[LedgerFault]:
    """Yield the revaluations that cannot be made again from what was issued before their day, and wrong postings.

    Source: law 20.
    """
    rows = session.scalars(
        select(DepositRevaluation)
        .where(DepositRevaluation.owner_id == issuer_id)
        .order_by(DepositRevaluation.as_of, DepositRevaluation.class_id)
    ).all()
    ids = [one.id for one in rows]
    posted = sides_of(session, issuer_id=issuer_id, kind=_KIND, document_ids=ids)
    heads = heads_of(session, issuer_id=issuer_id, kind=_KIND, document_ids=ids)
    counted: dict[tuple[str, date], Mapping[UUID, Held]] = {}
    for one in rows:
        key = one.currency, one.as_of
        if key not in counted:
            counted[key] = held_before(session, issuer_id=issuer_id, currency=one.currency, day=one.as_of)
        if not _holds(session, one, counted[key].get(one.class_id, Held())):
            yield _fault(one)
        sides = revaluation_sides(class_id=one.class_id, amount_cents=one.amount_cents)
        if fault := posting_fault(issuer_id, str(one.id), expected=sides, posted=posted.get(one.id)):
            yield fault
        head = Head(one.currency, one.as_of, one.recorded_at)
        if fault := head_fault(issuer_id, str(one.id), expected=head, posted=heads.get(one.id)):
            yield fault
    yield from orphan_faults(session, issuer_id=issuer_id, kind=_KIND, document=DepositRevaluation)


def _holds(session: Session, one: DepositRevaluation, held: Held) -> bool:
    price = session.get(ContainerPrice, one.price_id)
    return (
        price is not None
        and (price.class_id, price.unit_cents) == (one.class_id, one.unit_cents)
        and price.valid_from <= one.as_of
        and held == Held(one.units, one.standing_cents)
        and one.amount_cents == one.units * one.unit_cents - one.standing_cents
    )


def _fault(one: DepositRevaluation) -> LedgerFault:
    text = Text(
        f"La réévaluation des consignes du {one.as_of} ne se refait pas depuis les documents émis avant ce jour.",
        f"The revaluation of deposits of {one.as_of} cannot be made again from what was issued before that day.",
    )
    return LedgerFault("wrong-revaluation", one.owner_id, str(one.id), text)
