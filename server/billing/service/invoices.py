"""Invoices of one order: provisional ones, their revisions, and the one that is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from server.billing import events
from server.billing.crediting import agent_fee_cents
from server.billing.drafting import (
    Bill,
    draft_invoice,
    invoice_lines,
    is_printed_as,
    quantities_of,
    rules_of,
    set_amounts,
)
from server.billing.letterhead import letterhead, parties_text, require_registrations
from server.billing.model import Invoice, InvoiceKind, InvoiceOrder
from server.billing.queries import live_invoice
from server.billing.service.holding import issuing, mark_billed, release_orders, rules_for
from server.billing.service.joining import joins_at
from server.billing.service.publication import is_wanted, want_no_more, want_published
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.memory import remembered
from server.core.objects import fresh
from server.core.problems import Conflict, Text
from server.core.stamp import Stamp
from server.orders.model import Order
from server.orders.pricing import goods_of, prices_of
from server.orders.queries import due_base_on
from server.orders.service import settle_rebates
from server.parties.model import BillingType
from server.parties.terms import ChosenTerms, effective_terms
from shared.ids import new_id
from shared.states import InvoiceState
from shared.wire.terms import TaxRule


class NothingToInvoice(Conflict):
    """No unit of the order would stand on the invoice."""

    slug = "nothing-to-invoice"
    title = Text("Rien à facturer", "Nothing to invoice")


def create_provisional(
    session: Session, *, order: Order, run_id: UUID | None, stamp: Stamp, place_id: UUID | None = None
) -> Invoice:
    """Return the order's provisional invoice, made unless an invoice stands already.

    It has a reference ``P-<order>-<revision>``, no number and no posting, and is not in the receivables. Whatever
    already stands for the order, provisional or published, is returned as it is. ``order.lines`` must be loaded.
    ``place_id`` is the stop whose agent orders are to be joined (C15).

    Raises:
        BilledOutside, NoIssuer, OrderChanged: as ``issuing``.

    Source: R014, C1.
    """
    with issuing(session, order) as issuer_id:
        standing = live_invoice(session, order_id=order.id)
        if standing is not None:
            if standing.state is InvoiceState.PROVISIONAL and standing.run_id != run_id:
                standing.run_id, standing.joined_id = run_id, joins_at(order, place_id)
            return standing
        bill = _bill_of(session, order, stamp=stamp)
        state = InvoiceState.PROVISIONAL
        invoice = draft_invoice(order=order, issuer_id=issuer_id, bill=bill, state=state, stamp=stamp)
        invoice.run_id, invoice.joined_id = run_id, joins_at(order, place_id)
        _refer(invoice, order)
        prepare(session, invoice, order, delivered_at=None, stamp=stamp)
        _stand_for(session, invoice, order)
        facts.record(session, events.INVOICE_PROVISIONAL, invoice.id, stamp, readers=tuple(invoice.party_ids))
    return invoice


def adjust_provisional(
    session: Session, *, invoice: Invoice, order: Order, quantities: Mapping[str, int], stamp: Stamp
) -> Invoice:
    """Give a provisional invoice a new revision with these quantities by order line; the former one is kept.

    Raises:
        IllegalMove: it is not provisional any more.
        NothingToInvoice: no quantity is left.
        QuantityOutOfRange: more than ordered, or an unknown line.

    Source: R016.
    """
    with issuing(session, order):
        bill = Bill.of(goods_of(order), prices_of(order, taxes=rules_of(invoice.taxes)), quantities)
        return revise(session, invoice=invoice, order=order, bill=bill, stamp=stamp)


def drop_provisional(session: Session, *, invoice: Invoice, stamp: Stamp) -> Invoice:
    """Let go of a provisional invoice: its order was undelivered or left the run. It had no number to explain.

    One that this transaction was about to publish is let go as well: a visit and its correction came in one batch.

    Raises:
        IllegalMove: it is not provisional any more.
    """
    with acting_for(session, invoice.owner_id):
        want_no_more(session, invoice)
        invoice.move_to(InvoiceState.DROPPED)
        release_orders(session, invoice)
        facts.record(session, events.INVOICE_DROPPED, invoice.id, stamp, readers=tuple(invoice.party_ids))
    return invoice


def publish_for_order(
    session: Session,
    *,
    order: Order,
    stamp: Stamp,
    quantities: Mapping[str, int] | None = None,
    run_id: UUID | None = None,
    place_id: UUID | None = None,
    delivered_at: datetime | None = None,
) -> Invoice:
    """Return the order's final invoice, to be numbered by ``publish_pending``.

    A provisional one is published with ``quantities`` (by order line, what it bills when None); a published one is
    returned as it is, so that a retried command gets the same number. Otherwise one is made from the order's lines.
    ``delivered_at`` (else the order's own) sets tax date and due date. ``place_id`` is the stop whose agent orders are
    published together, as sections of one invoice.

    Raises:
        BilledOutside, NoIssuer, OrderChanged: as ``issuing``.
        NothingToInvoice: no unit to bill.
        MissingRegistration: a tax without the issuer's number.
        BadOrder: a rebate is above the lines that are taxed so on the tax date, and the order can still be changed.

    Source: R003, R004, R005, R042; C2, C10, C15, C28.
    """
    with issuing(session, order):
        standing = live_invoice(session, order_id=order.id)
        if standing is not None and standing.state is not InvoiceState.PROVISIONAL:
            mark_billed(session, order)
            return standing
        kept = rules_of(standing.taxes) if standing else None
        bill = _bill_of(session, order, stamp=stamp, kept=kept, quantities=_chosen(standing, quantities))
        invoice = publish_bill(
            session,
            order=order,
            standing=standing,
            bill=bill,
            delivered_at=delivered_at,
            place_id=place_id,
            stamp=stamp,
        )
        invoice.run_id = run_id or invoice.run_id
    return invoice


def publish_bill(
    session: Session,
    *,
    order: Order,
    standing: Invoice | None,
    bill: Bill,
    delivered_at: datetime | None,
    stamp: Stamp,
    place_id: UUID | None = None,
) -> Invoice:
    """Return the invoice of a bill, wanted for publication; ``standing`` is the provisional one that becomes it.

    ``place_id`` names the visit or stop whose agent orders become one invoice; without it this one stands alone. The
    order is held and the session acts for its issuer.
    """
    _require_content(bill, order)
    invoice = standing
    if invoice is None:
        state = InvoiceState.DRAFT
        invoice = draft_invoice(order=order, issuer_id=acting_org(session), bill=bill, state=state, stamp=stamp)
    elif not is_printed_as(invoice, bill):  # be it as many units, or as many cents
        revise(session, invoice=invoice, order=order, bill=bill, stamp=stamp)
    prepare(session, invoice, order, delivered_at=delivered_at or order.delivered_at, stamp=stamp)
    require_registrations(invoice.parties_text, invoice.taxes)
    if standing is None:
        _stand_for(session, invoice, order)
    mark_billed(session, order)
    if place_id is not None or not is_wanted(session, invoice):  # a correction leaves it among those of its visit
        invoice.joined_id = joins_at(order, place_id)
    want_published(session, invoice, by_agent=invoice.kind is InvoiceKind.AGENT)
    return invoice


def revise(session: Session, *, invoice: Invoice, order: Order, bill: Bill, stamp: Stamp) -> Invoice:
    """Write the next revision of a provisional invoice; the session acts for its issuer."""
    _require_content(bill, order)
    invoice.move_to(InvoiceState.PROVISIONAL)
    invoice.revision += 1
    _refer(invoice, order)
    set_amounts(invoice, bill)
    _set_agent_fee(invoice, order)
    lines = invoice_lines(invoice, order=order, bill=bill)
    session.add_all(lines)
    set_committed_value(invoice, "lines", lines)
    facts.record(session, events.INVOICE_PROVISIONAL, invoice.id, stamp, readers=tuple(invoice.party_ids))
    return invoice


def _bill_of(
    session: Session,
    order: Order,
    *,
    stamp: Stamp,
    kept: tuple[TaxRule, ...] | None = None,
    quantities: Mapping[str, int] | None = None,
) -> Bill:
    if kept is None:
        on = _tax_on(session, order, None, stamp)
        kept = rules_for(session, order=order, on=on)
        settle_rebates(session, order, taxes=kept, on=on, stamp=stamp)
    return Bill.of(goods_of(order), prices_of(order, taxes=kept), quantities)


def _chosen(standing: Invoice | None, quantities: Mapping[str, int] | None) -> Mapping[str, int] | None:
    return quantities_of(standing) if quantities is None and standing is not None else quantities


def _stand_for(session: Session, invoice: Invoice, order: Order) -> None:
    session.add(invoice)
    session.flush()
    session.add(
        fresh(InvoiceOrder, id=new_id(), **invoice.kin(), invoice_id=invoice.id, order_id=order.id, live_final=True)
    )
    session.flush()


def _refer(invoice: Invoice, order: Order) -> None:
    invoice.reference = f"P-{order.number}-{invoice.revision}"


def prepare(session: Session, invoice: Invoice, order: Order, *, delivered_at: datetime | None, stamp: Stamp) -> None:
    """Set what a document freezes beside its lines: dates, parties, footer, and what the agent keeps.

    What a provisional invoice printed of its parties stays; its dates and registrations are those of the day.
    """
    issuer = letterhead(session, org_id=invoice.owner_id)
    invoice.tax_on = _tax_on(session, order, delivered_at, stamp)
    base_on = issuer.day_of(delivered_at) if delivered_at else due_base_on(order, issued_at=stamp.at, zone=issuer.zone)
    invoice.due_on = base_on + timedelta(days=invoice.net_days)
    known = invoice.parties_text
    invoice.parties_text = parties_text(
        session, issuer_id=invoice.owner_id, order=order, on=invoice.tax_on, known=known
    )
    if not known:
        printed = _printed(session, invoice, order)
        invoice.footer_fr, invoice.footer_en = printed.footer.fr, printed.footer.en
        invoice.parties_text = invoice.parties_text | _notes(printed.note, order)
    _set_agent_fee(invoice, order)


def _tax_on(session: Session, order: Order, delivered_at: datetime | None, stamp: Stamp) -> date:
    """The issuer's business day of the delivery, of the planned one before it took place, else of the publication."""
    issuer = letterhead(session, org_id=acting_org(session))
    if delivered_at or order.delivered_at:
        return issuer.day_of(delivered_at or order.delivered_at or stamp.at)
    return order.planned_on or issuer.day_of(stamp.at)


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a seller has printed for a client beside the figures."""

    footer: Text
    note: Text


def _printed(session: Session, invoice: Invoice, order: Order) -> _Printed:
    """The seller's for its client (R006, R071); a billing agent prints its own footer, and nobody's note."""
    if invoice.kind is InvoiceKind.AGENT:
        issuer = letterhead(session, org_id=invoice.owner_id)
        return _Printed(Text(issuer.footer_fr, issuer.footer_en), Text("", ""))
    known: dict[tuple[UUID, UUID, UUID | None], _Printed] = remembered(session, "printed")
    deal = (order.owner_id, order.buyer_id, order.carrier_id)
    if deal not in known:
        terms = effective_terms(
            session,
            seller_id=order.owner_id,
            buyer_id=order.buyer_id,
            carrier_id=order.carrier_id,
            chosen=ChosenTerms(billing_type=BillingType.PLATFORM),
        )
        footer = Text(terms.footer_fr, terms.footer_en)
        known[deal] = _Printed(footer, Text(terms.note_fr, terms.note_en))
    return known[deal]


def _notes(note: Text, order: Order) -> dict[str, dict[str, str]]:
    """Return the client's standing note and the order's own, as the invoice keeps them (R051); nothing without any."""
    kept = {"fr": note.fr, "en": note.en, "order": order.note}
    return {"notes": kept} if any(kept.values()) else {}


def _set_agent_fee(invoice: Invoice, order: Order) -> None:
    """Keep the rate that was agreed when the order was accepted, and what it comes to (C28, law 34)."""
    fee_bp = order.agent_fee_bp if order.billing_type is BillingType.AGENT else 0
    invoice.agent_fee_bp, invoice.agent_fee_cents = fee_bp, agent_fee_cents(invoice.net_cents, fee_bp)


def _require_content(bill: Bill, order: Order) -> None:
    if not bill.priced.lines:
        raise NothingToInvoice(
            Text(
                f"Aucune unité de la commande {order.number} n’est à facturer.",
                f"No unit of order {order.number} is to be invoiced.",
            ),
            where=order.number,
        )
