"""Credits above the threshold: their issuer approves or refuses them, with a reason that the parties read."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from server.billing.model import CreditNote, Invoice
from server.billing.queries import credit_note, order_ids_of
from server.billing.service.credits import ReasonMissing, approve_credit, refuse_credit
from server.billing.service.holding import hold_credited
from server.conversations.model import ThreadSubject
from server.conversations.service import say
from server.core.acting import acting_for, acting_org
from server.core.problems import Forbidden, Text
from server.core.stamp import Stamp
from server.orders.model import Order
from shared.states import CreditState

MAX_REASON = 500


def approve_proposed(session: Session, *, credit_id: UUID, stamp: Stamp) -> CreditNote:
    """Return a proposed credit of the acting issuer, wanted for publication; one that is issued stays as it is.

    Raises:
        NotFound: the acting organisation reads no such credit.
        Forbidden: it is another issuer's.
        IllegalMove: it was refused.

    Source: C12; section 3, « Approve credit above threshold ».
    """
    credit = _own(session, credit_id)
    if credit.state is CreditState.ISSUED:
        return credit
    return approve_credit(session, credit=credit, stamp=stamp)


def refuse_proposed(session: Session, *, credit_id: UUID, reason: str, stamp: Stamp) -> CreditNote:
    """Return a proposed credit of the acting issuer as refused; the reason opens the thread of each of its orders.

    Raises:
        NotFound, Forbidden: as ``approve_proposed``.
        ReasonMissing: no words, or too many.
        IllegalMove: it was issued.

    Source: section 4 (proposée → refusée, thread opened).
    """
    credit = _own(session, credit_id)
    if credit.state is CreditState.REFUSED:
        return credit
    words = reason.replace("\x00", "").strip()
    if not 1 <= len(words) <= MAX_REASON:
        raise ReasonMissing(
            Text(
                f"Écrire le motif du refus, {MAX_REASON} caractères au plus.",
                f"Write why it is refused, {MAX_REASON} characters at most.",
            ),
            where="reason",
        )
    refused = refuse_credit(session, credit=credit, stamp=stamp)
    _tell_orders(session, refused, words, stamp)
    return refused


def _own(session: Session, credit_id: UUID) -> CreditNote:
    credit = credit_note(session, credit_id=credit_id)
    if credit.owner_id != acting_org(session):
        raise Forbidden(
            Text(
                "Seul l’émetteur de la facture approuve ou refuse ce crédit.",
                "Only the issuer of the invoice approves or refuses this credit.",
            ),
            where=str(credit_id),
        )
    if credit.invoice_id is not None:  # as what corrects the delivery: its orders first, then the note
        hold_credited(session, session.get_one(Invoice, credit.invoice_id))
    return session.scalars(
        select(CreditNote)
        .where(CreditNote.id == credit_id)
        .options(selectinload(CreditNote.lines))
        .with_for_update(of=CreditNote)
        .execution_options(populate_existing=True)
    ).one()


def _tell_orders(session: Session, credit: CreditNote, reason: str, stamp: Stamp) -> None:
    if credit.invoice_id is None:
        return
    text = Text(f"Crédit refusé par l’émetteur\u00a0: {reason}", f"Credit refused by the issuer: {reason}")
    ids = order_ids_of(session, invoice_id=credit.invoice_id)
    for order in session.scalars(select(Order).where(Order.id.in_(ids)).order_by(Order.id)).all():
        with acting_for(session, order.owner_id):
            say(
                session,
                subject=ThreadSubject.ORDER,
                subject_id=order.id,
                text=text,
                stamp=stamp,
                readers={*order.party_ids, credit.owner_id} - {order.owner_id},
            )
