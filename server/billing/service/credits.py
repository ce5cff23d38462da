"""Credit notes on an invoice: issued at once, or proposed and then approved or refused."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.billing import events
from server.billing.billed import is_agents
from server.billing.crediting import (
    Cause,
    CreditAmounts,
    credit_on_lines,
    credited_taxes,
    fee_part_cents,
    new_note,
    require_left,
)
from server.billing.model import CreditKind, CreditNote, Invoice, InvoiceOrder
from server.billing.queries import credit_of_cause, credits_of
from server.billing.queries import invoice as read_invoice
from server.billing.service.holding import release_orders, reopen_billing
from server.billing.service.publication import want_published
from server.core import facts
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.orders.model import Order
from shared.lifecycles import CREDIT_LIFECYCLE
from shared.priced import PricedDocument
from shared.states import CreditState, InvoiceState

DELIVERY, VISIT, HAND, PERSON = "delivery", "visit", "hand_record", "user"


class NotPublished(Conflict):
    """Only a published invoice is credited; what is provisional is adjusted or dropped."""

    slug = "invoice-not-published"
    title = Text("Facture non publiée", "Invoice not published")


class ReasonMissing(Conflict):
    """A credit says why (R095)."""

    slug = "credit-reason-missing"
    title = Text("Motif du crédit manquant", "Credit without reason")


def issue_credit(
    session: Session,
    *,
    invoice: Invoice,
    credited: PricedDocument,
    cause_kind: str,
    cause_id: UUID,
    reason: Text,
    stamp: Stamp,
    proposed: bool = False,
    kind: CreditKind = CreditKind.ITEMS,
    reasons: Mapping[str, str] | None = None,
) -> CreditNote:
    """Return the credit note of a cause, wanted for publication, or proposed and waiting for an approval.

    The same cause gives the same note again. ``credited`` is priced from the invoice (``shared.pricing.credit_lines``);
    ``reasons`` are codes by order line. ``invoice.lines`` must be loaded. A credit of kind ``void`` frees the orders
    whose final invoice it annuls for one new invoice as soon as it is issued; what supplements another frees none.

    Raises:
        NotPublished: the invoice has no number yet.
        ReasonMissing: no reason is given.
        CreditTooLarge: more than a line still has.

    Source: R017, R024, R095; C6, C12, C27; laws 8, 9, 10.
    """
    require_reason(reason)
    with acting_for(session, invoice.owner_id):
        known = credit_of_cause(session, issuer_id=invoice.owner_id, cause_kind=cause_kind, cause_id=cause_id)
        if known is not None:
            return known
        _require_published(invoice)
        cause = Cause(kind=cause_kind, id=cause_id)
        note = _draft(session, invoice, credited, cause=cause, reason=reason, kind=kind, stamp=stamp)
        credit_on_lines(note, invoice, credited, reasons or {})
        session.add(note)
        session.flush()
        if proposed:
            facts.record(session, events.CREDIT_PROPOSED, note.id, stamp, readers=tuple(note.party_ids))
        else:
            _issue(session, note, invoice, stamp)
    return note


def require_reason(reason: Text) -> None:
    """Refuse a credit without words.

    Raises:
        ReasonMissing: one of the two languages is empty.

    Source: R095.
    """
    if not (reason.fr.strip() and reason.en.strip()):
        raise ReasonMissing(Text("Écrire le motif du crédit.", "Write the reason of the credit."), where="reason")


def approve_credit(session: Session, *, credit: CreditNote, stamp: Stamp) -> CreditNote:
    """Return a proposed credit note, wanted for publication; ``credit.lines`` must be loaded.

    Raises:
        IllegalMove: it was refused or issued before.

    Source: C12; the permission is the door's.
    """
    with acting_for(session, credit.owner_id):
        _require_proposed(credit)
        invoice = read_invoice(session, invoice_id=credit.invoice_id) if credit.invoice_id else None
        if invoice is None:
            want_published(session, credit, by_agent=False)
        else:
            _issue(session, credit, invoice, stamp)
    return credit


def refuse_credit(session: Session, *, credit: CreditNote, stamp: Stamp) -> CreditNote:
    """Return a proposed credit note as refused; what it would have taken of the invoice is free again.

    Raises:
        IllegalMove: it was refused or issued before.
    """
    with acting_for(session, credit.owner_id):
        credit.move_to(CreditState.REFUSED)
        facts.record(session, events.CREDIT_REFUSED, credit.id, stamp, readers=tuple(credit.party_ids))
    return credit


def _draft(
    session: Session,
    invoice: Invoice,
    credited: PricedDocument,
    *,
    cause: Cause,
    reason: Text,
    kind: CreditKind,
    stamp: Stamp,
) -> CreditNote:
    earlier = credits_of(session, invoice_id=invoice.id)
    require_left(invoice, credited, earlier)
    amounts = CreditAmounts(
        net_cents=credited.net_cents,
        deposit_cents=credited.deposits_cents,
        taxes=credited_taxes(invoice, credited),
    )
    note = new_note(
        owner_id=invoice.owner_id,
        party_ids=invoice.party_ids,
        buyer_id=invoice.buyer_id,
        seller_ids=invoice.seller_ids,
        kind=kind,
        cause=cause,
        reason=reason,
        currency=invoice.currency,
        amounts=amounts,
        stamp=stamp,
    )
    note.invoice_id = invoice.id
    note.agent_fee_cents = fee_part_cents(invoice, credited.net_cents, earlier)
    issued_on = invoice.issued_on.isoformat() if invoice.issued_on else ""
    note.parties_text = invoice.parties_text | {"invoice": {"number": invoice.number, "issued_on": issued_on}}
    return note


def _issue(session: Session, note: CreditNote, invoice: Invoice, stamp: Stamp) -> None:
    want_published(session, note, by_agent=is_agents(invoice))
    if note.kind is CreditKind.VOID:
        orders = _orders_that_it_closes(session, invoice)
        release_orders(session, invoice)
        for order in orders:
            reopen_billing(session, order)
        facts.record(session, events.INVOICE_VOIDED, invoice.id, stamp, readers=tuple(invoice.party_ids))


def _orders_that_it_closes(session: Session, invoice: Invoice) -> list[Order]:
    """The orders whose live final invoice it is: what only supplements one closes none (R042)."""
    stands_for = select(InvoiceOrder.order_id).where(InvoiceOrder.invoice_id == invoice.id, InvoiceOrder.live_final)
    return list(session.scalars(select(Order).where(Order.id.in_(stands_for)).order_by(Order.id)))


def _require_published(invoice: Invoice) -> None:
    if invoice.state is not InvoiceState.PUBLISHED:
        raise NotPublished(
            Text(
                "Seule une facture publiée se crédite. Ajuster la facture provisoire, ou l’abandonner.",
                "Only a published invoice is credited. Adjust the provisional invoice, or drop it.",
            ),
            where=invoice.number or invoice.reference,
        )


def _require_proposed(credit: CreditNote) -> None:
    """The state moves at publication only; here it is asked whether it may."""
    CREDIT_LIFECYCLE.step(credit.state, CreditState.ISSUED)
