"""Rows that a door names: readable by whoever may, changed by their issuer alone."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing import queries as billing
from server.billing.model import CreditNote, Invoice
from server.core.acting import acting_for, acting_org
from server.core.problems import Forbidden, NotFound, Text
from server.orders.model import Order
from server.receivables.model import Payment, Refund


def readable_payment(session: Session, payment_id: UUID) -> Payment:
    """Return a payment that the acting organisation made or received.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.get(Payment, payment_id)
    if found is None:
        raise NotFound(Text("Ce paiement n’existe pas.", "There is no such payment."), where=str(payment_id))
    return found


def own_payment(session: Session, payment_id: UUID) -> Payment:
    """Return a payment to the acting issuer.

    Raises:
        NotFound: as ``readable_payment``; Forbidden: it is to another issuer.
    """
    found = readable_payment(session, payment_id)
    require_issuer(session, found)
    return found


def own_credit(session: Session, credit_id: UUID) -> CreditNote:
    """Return a credit note of the acting issuer.

    Raises:
        NotFound: there is none; Forbidden: it is another issuer's.
    """
    found = billing.credit_note(session, credit_id=credit_id)
    require_issuer(session, found)
    return found


def own_invoice(session: Session, invoice_id: UUID) -> Invoice:
    """Return an invoice of the acting issuer, with its lines.

    Raises:
        NotFound: there is none; Forbidden: it is another issuer's.
    """
    found = billing.invoice(session, invoice_id=invoice_id)
    require_issuer(session, found)
    return found


def creditable_invoice(session: Session, invoice_id: UUID) -> Invoice:
    """Return an invoice whose items the acting organisation may credit, with its lines.

    It is the issuer's own, or of orders that it represents for a seller that issues itself.

    Raises:
        NotFound: there is none; Forbidden: it is another issuer's.

    Source: R089, C28; section 3 (sellers and their agents create credit notes).
    """
    found = billing.invoice(session, invoice_id=invoice_id)
    if not represents(session, found):
        require_issuer(session, found)
    return found


def represents(session: Session, invoice: Invoice) -> bool:
    """Say whether the acting organisation is the agent of all orders of an invoice that their seller issued (C28)."""
    me = acting_org(session)
    with acting_for(session, invoice.owner_id):
        order_ids = billing.order_ids_of(session, invoice_id=invoice.id)
        rows = session.execute(select(Order.owner_id, Order.agent_id).where(Order.id.in_(order_ids))).all()
    return bool(rows) and all((row.owner_id, row.agent_id) == (invoice.owner_id, me) for row in rows)


def require_issuer(session: Session, row: Payment | CreditNote | Invoice | Refund) -> None:
    """Refuse whoever reads along: accounts are their issuer's to keep.

    Raises:
        Forbidden: another organisation acts.

    Source: R011, R089; section 3, « agent billing ».
    """
    if row.owner_id != acting_org(session):
        raise Forbidden(
            Text(
                "Seul l’émetteur de la facture tient ce compte. Lui écrire par le chat comptable.",
                "Only the invoice’s issuer keeps this account. Write to it in the accounting chat.",
            ),
            where=str(row.id),
        )
