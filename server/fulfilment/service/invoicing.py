"""Invoices by hand: published before or after the delivery, voided, and published anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing import events
from server.billing.joined import joined_invoice
from server.billing.model import CreditKind, CreditNote, Invoice, InvoiceKind
from server.billing.queries import credit_note, credits_of, order_ids_of, supplementary_of
from server.billing.queries import invoice as read_invoice
from server.billing.service import (
    publish_delivered,
    publish_for_order,
    recharge_again,
    supplement_again,
    take_in_again,
    void_invoice,
)
from server.billing.service.holding import hold_credited
from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.problems import Conflict, Forbidden, Text
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Terms
from server.delivery.queries import latest_delivery, settled_terms
from server.fulfilment.service.comparing import compare_by_hand
from server.fulfilment.service.overages import supply_unsettled
from server.fulfilment.service.riding_again import CreditUndecided
from server.orders.model import Order
from server.orders.service import enter, hold_all
from server.orders.service.holding import require_seen
from server.parties.model import BillingType
from server.receivables.queries import Standing, standings
from shared.states import CreditState, InvoiceState, OrderState

_INVOICEABLE: Final = (
    OrderState.ACCEPTED,
    OrderState.PLANNED,
    OrderState.SHIPPED,
    OrderState.DELIVERED,
    OrderState.PARTLY_DELIVERED,
)
_HAS_ARRIVED: Final = (OrderState.DELIVERED, OrderState.PARTLY_DELIVERED)


class NotInvoiceable(Conflict):
    """The order is not accepted yet, or will not be delivered."""

    slug = "order-not-invoiceable"
    title = Text("Commande non facturable", "Order not to be invoiced")


def publish_by_hand(session: Session, *, order: Order, stamp: Stamp, seen_revision: int | None = None) -> Invoice:
    """Return the order's final invoice, wanted for publication; a published one is returned as it is.

    Before the delivery it bills what is ordered, after it what was delivered, as it was signed for; what was accepted
    beyond it then becomes a supplementary order, if nothing made that before, and where the bill comes to something
    else, a dispatcher is asked. With ``seen_revision`` the order must still be as the caller read it.

    Raises:
        StaleOrder: it was changed since.
        Forbidden: neither the issuer nor its representative acts; under agent billing the supplier reads along.
        NotInvoiceable: the order is not accepted, or ended without a delivery.
        BilledOutside, NoIssuer, OrderChanged, NothingToInvoice, MissingRegistration: as ``publish_for_order``.

    Source: R003, R007, R023, R042; C2, C28.
    """
    (order,) = hold_all(session, order_ids=[order.id])
    if order.issuer_id is not None and order.billing_type is not BillingType.EXTERNAL:
        _require_issuing_side(session, order.issuer_id, [order])
        with acting_for(session, order.owner_id):
            require_seen(session, order, seen_revision)
        _require_invoiceable(order)
    arrived = _arrived(session, order)
    if arrived is None:
        return publish_for_order(session, order=order, stamp=stamp)
    delivery, terms = arrived
    invoice = publish_delivered(session, order=order, delivery=delivery, terms=terms, stamp=stamp)
    supply_unsettled(session, delivery=delivery, order=order, terms=terms, stamp=stamp)
    if invoice.state is not InvoiceState.PUBLISHED:
        compare_by_hand(session, delivery, order, terms, invoice, stamp=stamp)
    return invoice


def void_by_hand(session: Session, *, invoice_id: UUID, reason: str, stamp: Stamp) -> CreditNote:
    """Return the mirror credit note of a published invoice, wanted for publication; asking again gives the same.

    Its number is kept, and the orders whose final invoice it is open for one new invoice; a void supplementary one
    leaves them billed as they are. At publication all that paid it is the customer's again.

    Raises:
        NotFound: there is none, or it is somebody else's.
        Forbidden: neither the issuer nor its representative acts.
        CreditUndecided: a proposed credit on it waits.
        NotPublished, ReasonMissing: as ``void_invoice``.

    Source: C6; section 4 (publiée → annulée).
    """
    invoice, orders = _held_invoice(session, invoice_id)
    if _is_void(session, invoice):
        return next(note for note in credits_of(session, invoice_id=invoice.id) if note.kind is CreditKind.VOID)
    _require_invoice_decided(session, invoice)
    text = Text(reason.strip(), reason.strip())
    note = void_invoice(session, invoice=invoice, reason=text, stamp=stamp)
    if invoice.kind is InvoiceKind.CONTAINER_DEPOSIT:
        take_in_again(session, invoice=invoice, note=note, stamp=stamp)
    for order in orders:
        said = Text(f"Facture {invoice.number} annulée.", f"Invoice {invoice.number} voided.")
        _enter(session, order, "invoice_voided", said, stamp)
    return note


def void_joined(session: Session, *, joined_id: UUID, reason: str, stamp: Stamp) -> list[CreditNote]:
    """Return the mirror credit notes of every section of a joined invoice, wanted for publication.

    Each section is voided as an invoice is: its number stays, its order opens for one new invoice. Asking again gives
    the same notes.

    Raises:
        NotFound: there is none, or the acting organisation does not read all of it.
        Forbidden, CreditUndecided, NotPublished, ReasonMissing: as ``void_by_hand``; then no section is voided.

    Source: C6, C15.
    """
    joined = joined_invoice(session, joined_id=joined_id)
    _hold_together(session, joined.sections)
    return [void_by_hand(session, invoice_id=one.id, reason=reason, stamp=stamp) for one in joined.sections]


def republish(session: Session, *, invoice_id: UUID, stamp: Stamp) -> Invoice:
    """Return the invoice that replaces a void one, wanted for publication, or send a standing one again as it is.

    The new invoice has its own number, names the one that it replaces, and bills what was delivered, if anything was;
    what the void one billed of a corrected delivery, if it was a supplement; or the deposits that it billed again.

    Raises:
        NotFound, Forbidden: as ``void_by_hand``.
        Conflict: it was never published, or its order has another invoice by now.
        NotInvoiceable, NothingToInvoice: as ``publish_by_hand``.
        NothingToTakeBack: its containers were billed again meanwhile.
        SupplementedVoid: what it supplemented is void, too.

    Source: C6, C27, C30.
    """
    invoice, orders = _held_invoice(session, invoice_id)
    if invoice.state is not InvoiceState.PUBLISHED:
        raise Conflict(
            Text("Seule une facture publiée se republie.", "Only a published invoice is published again."),
            where=invoice.reference,
        )
    if not _is_void(session, invoice):
        with acting_for(session, invoice.owner_id):
            facts.record(session, events.INVOICE_RESENT, invoice.id, stamp, readers=tuple(invoice.party_ids))
        for order in orders:
            said = Text(f"Facture {invoice.number} envoyée de nouveau.", f"Invoice {invoice.number} sent again.")
            _enter(session, order, "invoice_resent", said, stamp)
        return invoice
    made = _made_anew(session, invoice, orders, stamp)
    with acting_for(session, invoice.owner_id):
        if made.replaces_id != invoice.id:
            _require_new(made)
            made.replaces_id = invoice.id
            issued_on = invoice.issued_on.isoformat() if invoice.issued_on else ""
            made.parties_text = made.parties_text | {"replaces": {"number": invoice.number, "issued_on": issued_on}}
    return made


def _made_anew(session: Session, invoice: Invoice, orders: Sequence[Order], stamp: Stamp) -> Invoice:
    """Bill what a void invoice billed: its orders, what supplemented one, or the deposits of a credit."""
    if invoice.takes_back_id is None and invoice.supplements_id is None:
        made, *_ = [publish_by_hand(session, order=order, stamp=stamp) for order in orders]
        return made
    made = _billed_again(session, invoice, orders, stamp)
    if made.number and _is_void(session, made):
        raise Conflict(
            Text(
                f"La facture {made.number} l’a remplacée, puis fut annulée. Publier celle-là de nouveau.",
                f"Invoice {made.number} replaced it and was voided. Publish that one again.",
            ),
            where=made.number,
        )
    return made


def _billed_again(session: Session, invoice: Invoice, orders: Sequence[Order], stamp: Stamp) -> Invoice:
    if invoice.takes_back_id is None:
        (order,) = orders
        return supplement_again(session, order=order, invoice=invoice, stamp=stamp)
    note = credit_note(session, credit_id=invoice.takes_back_id)
    return recharge_again(session, invoice=invoice, note=note, stamp=stamp)


def _held_invoice(session: Session, invoice_id: UUID) -> tuple[Invoice, list[Order]]:
    invoice = read_invoice(session, invoice_id=invoice_id)
    orders = hold_credited(session, invoice)
    _require_issuing_side(session, invoice.owner_id, orders)
    return invoice, orders


def _hold_together(session: Session, invoices: Sequence[Invoice]) -> None:
    """All orders in the order that everyone keeps, before the first is touched."""
    wanted = [order_id for one in invoices for order_id in order_ids_of(session, invoice_id=one.id)]
    hold_all(session, order_ids=wanted)


def _is_void(session: Session, invoice: Invoice) -> bool:
    with acting_for(session, invoice.owner_id):
        on = invoice.due_on or invoice.created_at.date()
        standing = standings(session, invoices=[invoice], on=on).get(invoice.id)
    return standing is not None and standing[0] is Standing.ANNULLED


def _require_issuing_side(session: Session, issuer_id: UUID, orders: Sequence[Order]) -> None:
    """The issuer, or the representative of a seller that issues itself (C28)."""
    me = acting_org(session)
    represented = orders and all(order.agent_id == me and order.owner_id == issuer_id for order in orders)
    if me != issuer_id and not represented:
        raise Forbidden(
            Text(
                "Seul l’émetteur de cette facture, ou son représentant, le fait. Les autres parties la consultent.",
                "Only this invoice’s issuer, or its representative, does this. The other parties read along.",
            ),
            where=orders[0].number if orders else "",
        )


def _require_invoiceable(order: Order) -> None:
    if order.state not in _INVOICEABLE:
        raise NotInvoiceable(
            Text(
                f"La commande {order.number} n’est pas à facturer dans cet état. L’accepter ou la replanifier d’abord.",
                f"Order {order.number} is not to be invoiced in this state. Accept or replan it first.",
            ),
            where=order.number,
        )


def _require_invoice_decided(session: Session, invoice: Invoice) -> None:
    """Its supplements are credited with it: no proposal on one of them may wait either."""
    with acting_for(session, invoice.owner_id):
        chain = [invoice, *supplementary_of(session, invoice)]
        notes = [note for one in chain for note in credits_of(session, invoice_id=one.id)]
    waiting = [one for one in notes if one.state is CreditState.PROPOSED]
    if waiting:
        raise CreditUndecided(
            Text(
                f"Un crédit proposé sur {invoice.number} attend. L’approuver ou le refuser, puis annuler la facture.",
                f"A proposed credit on {invoice.number} waits. Approve or refuse it, then void the invoice.",
            ),
            where=str(waiting[0].id),
        )


def _require_new(made: Invoice) -> None:
    if made.number:
        raise Conflict(
            Text(
                f"La facture {made.number} remplace déjà celle-ci.", f"Invoice {made.number} replaces this one already."
            ),
            where=made.number,
        )


def _arrived(session: Session, order: Order) -> tuple[Delivery, Terms] | None:
    """Return the delivery that an order's bill is made of, with the terms that it settled by; None before it.

    What was accepted beyond another order has no delivery of its own, nor has what was imported as delivered: there
    the order says what arrived. Whoever issues reads what the carrier keeps.
    """
    if order.state not in _HAS_ARRIVED:
        return None
    with acting_for(session, order.carrier_id or order.owner_id):
        delivery = latest_delivery(session, order_id=order.id)
        if delivery is None:
            return None
        return delivery, settled_terms(session, delivery)


def _enter(session: Session, order: Order, kind: str, text: Text, stamp: Stamp) -> None:
    with acting_for(session, order.owner_id):
        enter(session, order, kind, text, stamp)
