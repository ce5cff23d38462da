"""What was signed is what is billed: any other amount is put before a dispatcher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.queries import billed_documents
from server.billing.service import Settlement, bills_otherwise
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.model import Delivery, Terms
from server.delivery.service import open_discrepancy, read_terms
from server.fulfilment.issued import Issued
from server.fulfilment.service.overages import standing_supplements
from server.orders.model import Order
from server.orders.queries import is_revised_since
from shared.pricing import credit_lines, price_order
from shared.problems import Text
from shared.states import InvoiceState

_INVOICED: Final = {"invoice", "credit", "credit_pending"}
_DIFFERS: Final = Text(
    "Le montant signé et le montant facturé diffèrent.", "The signed amount and the billed amount differ."
)
_SUPPLEMENT_DIFFERS: Final = Text(
    "Le supplément signé et la commande supplémentaire diffèrent.", "The signed supplement and its order differ."
)


def compare_delivery(
    session: Session, delivery: Delivery, settlement: Settlement, issued: Iterable[Issued], stamp: Stamp
) -> bool:
    """Ask where a first delivery settled to another amount than its signer was shown: invoice, credit or supplement.

    Where billing itself found a difference, a person is asked already. An invoice that was published since the terms
    was compared as it was found. Returns whether the order's own bill is another.

    Source: law 19; sync, « What binds ».
    """
    if settlement.differences:
        return False
    is_newer = settlement.kind == "invoice" and _is_numbered(settlement.invoice)
    differs = False
    if delivery.shown in _INVOICED and not is_newer:
        differs = _compare(session, delivery, _signed_cents(delivery), _settled_cents(settlement), stamp)
    _compare_supplements(session, delivery, [one.document for one in issued if isinstance(one.document, Order)], stamp)
    return differs


def compare_correction(
    session: Session, delivery: Delivery, order: Order, terms: Terms, made: Iterable[Invoice], *, stamp: Stamp
) -> bool:
    """Ask where what is billed after a correction, the invoices that it ``made`` included, is not what was signed anew.

    Units that the terms knew to be credited were given before; free amounts are no goods. What the office corrects,
    nobody signs. Where another bills by now than the terms name, it was asked before.
    Returns whether the order's own bill is another.
    """
    if bills_otherwise(order, terms):
        return False
    differs = False
    if delivery.shown in {"invoice", "credit"}:
        signed_cents = _signed_cents(delivery) - _known_cents(terms)
        with acting_for(session, delivery.issuer_id):
            documents = {one.id: one for one in (*billed_documents(session, order_id=delivery.order_id), *made)}
        differs = _compare(session, delivery, signed_cents, sum(map(_cents, documents.values())), stamp)
    if delivery.shown != "none":  # nobody looks for what no signer saw
        _compare_supplements(session, delivery, standing_supplements(session, order), stamp)
    return differs


def compare_by_hand(
    session: Session, delivery: Delivery, order: Order, terms: Terms, invoice: Invoice, *, stamp: Stamp
) -> None:
    """Ask its carrier where an invoice made by hand of a delivery bills another amount than its signer was shown.

    Nobody is asked about taxes that somebody took off, or put back, since it was signed (R052), nor where another bills
    by now than the terms name: that was asked when it was delivered. A credit that was to be approved was no amount.

    Source: law 19; R052; ADR 0059, 0060.
    """
    if delivery.shown not in {"invoice", "credit"} or bills_otherwise(order, terms):
        return
    with acting_for(session, order.owner_id):
        is_decided = is_revised_since(session, order_id=order.id, at=delivery.received_at)
    if not is_decided:
        with acting_for(session, delivery.owner_id):
            signed_cents = _signed_cents(delivery) - _given_before_cents(delivery, terms)
            _compare(session, delivery, signed_cents, invoice.total_cents, stamp, against_id=invoice.id)


def _given_before_cents(delivery: Delivery, terms: Terms) -> int:
    """What the units that the terms knew to be credited had given back, as far as they were missing, too."""
    short = {str(line.order_line_id): line.ordered - line.delivered for line in delivery.lines}
    return _known_cents(terms, short)


def _signed_cents(delivery: Delivery) -> int:
    return delivery.shown_total_cents - delivery.shown_credit_cents


def _settled_cents(settlement: Settlement) -> int:
    """What the order's invoice bills once it is settled, 0 of one that was dropped; what waits for approval is none."""
    invoice, credit = settlement.invoice, settlement.credit
    billed_cents = invoice.total_cents if invoice is not None and settlement.kind != "dropped" else 0
    return billed_cents - (credit.total_cents if credit is not None and settlement.kind == "credit" else 0)


def _is_numbered(invoice: Invoice | None) -> bool:
    return invoice is not None and invoice.state is InvoiceState.PUBLISHED


def _cents(document: Invoice | CreditNote) -> int:
    if isinstance(document, Invoice):
        return document.total_cents
    return 0 if document.kind is CreditKind.FREE_AMOUNT else -document.total_cents


def _known_cents(terms: Terms, short: Mapping[str, int] | None = None) -> int:
    """What the credited units that the terms name had given back, of each line at most those that are ``short``."""
    goods, prices = read_terms(terms)
    if prices.invoice_standing != "published":
        return 0
    already = dict.fromkeys((line.line_id for line in prices.lines), 0)
    crediting = {line.line_id: line.credited_quantity for line in prices.lines}
    if short is not None:
        crediting = {line_id: min(units, short.get(line_id, 0)) for line_id, units in crediting.items()}
    return credit_lines(goods, prices, price_order(goods, prices), already=already, crediting=crediting).total_cents


def _compare(
    session: Session,
    delivery: Delivery,
    signed_cents: int,
    billed_cents: int,
    stamp: Stamp,
    *,
    against_id: UUID | None = None,
) -> bool:
    if signed_cents != billed_cents:
        details = {"shown": delivery.shown, "signed_cents": signed_cents, "billed_cents": billed_cents}
        open_discrepancy(
            session,
            kind="amount_differs",
            subject_id=delivery.id,
            text=_DIFFERS,
            stamp=stamp,
            details=details,
            against_id=against_id,
        )
    return signed_cents != billed_cents


def _compare_supplements(session: Session, delivery: Delivery, made: Iterable[Order], stamp: Stamp) -> None:
    ordered_cents, signed_cents = sum(one.total_cents for one in made), delivery.shown_supplement_cents
    if delivery.shown != "none" and signed_cents != ordered_cents:
        details = {"signed_supplement_cents": signed_cents, "ordered_supplement_cents": ordered_cents}
        open_discrepancy(
            session,
            kind="supplement_differs",
            subject_id=delivery.id,
            text=_SUPPLEMENT_DIFFERS,
            stamp=stamp,
            details=details,
        )
