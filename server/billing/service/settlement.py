"""Making an order's invoice agree with what was delivered: the heart of a short delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from server.billing.drafting import Bill, priced_of
from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.queries import credit_of_cause, credited_quantities, credits_of, live_invoice
from server.billing.service.agreed import agreed_for, leaves_nothing_to_bill
from server.billing.service.credits import DELIVERY, issue_credit
from server.billing.service.holding import issuing
from server.billing.service.invoices import drop_provisional, publish_bill
from server.billing.service.other_units import other_units, said_of_units
from server.billing.service.voids import NOT_DELIVERED, what_is_left
from server.core.stamp import Stamp
from server.delivery.model import Delivery, DeliveryLine, Terms
from server.orders.model import Order
from server.parties.model import BillingType, Emission
from shared.delivery import DeliveredLine, SettlementPreview, preview_settlement, shortages
from shared.pricing import PricedDocument, credit_lines
from shared.problems import Text
from shared.states import CreditState, InvoiceState
from shared.wire.terms import Goods, Prices

type Kind = Literal["none", "invoice", "credit", "credit_pending", "dropped"]

SHORTAGE = Text("Quantités non livrées", "Quantities not delivered")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something newer than the terms that the delivery was signed under; a person decides, no amount moves."""

    kind: Literal["invoice_voided", "newer_invoice", "newer_credit", "amount_differs"]
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a delivery did to its order's invoice.

    ``kind`` says what was done: the ``invoice`` published for what was delivered, the ``credit`` issued or pending on
    the published one, the provisional one dropped, or nothing. ``supplement_lines`` are the units accepted beyond
    the order, by order line; ``variance`` asks for a notice to the seller of an external order. ``differences`` wait
    for a person.
    """

    kind: Kind
    invoice: Invoice | None = None
    credit: CreditNote | None = None
    supplement_lines: Mapping[str, int] = field(default_factory=dict)
    variance: bool = False
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One delivery to settle, with the terms that bind it and what they come to."""

    delivery: Delivery
    order: Order
    terms: Terms
    goods: Goods
    prices: Prices
    lines: tuple[DeliveredLine, ...]
    preview: SettlementPreview

    @property
    def delivered(self) -> dict[str, int]:
        return {line.line_id: line.delivered for line in self.lines}

    @property
    def extras(self) -> dict[str, int]:
        return {line.line_id: line.extra for line in self.lines if line.extra}

    @property
    def is_undelivered(self) -> bool:
        return not any(line.delivered for line in self.lines)

    def settled(
        self,
        kind: Kind,
        *,
        invoice: Invoice | None = None,
        credit: CreditNote | None = None,
        difference: Difference | None = None,
    ) -> Settlement:
        differences = (difference,) if difference else ()
        return Settlement(
            kind=kind, invoice=invoice, credit=credit, supplement_lines=self.extras, differences=differences
        )


def settle_delivery(session: Session, *, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp) -> Settlement:
    """Make the order's invoice agree with what was delivered, by the terms that the signer saw.

    A provisional invoice, or none yet, is published with the delivered quantities, and not at all when nothing was
    delivered. A published one is final: what is missing becomes a credit note on its lines, all of it when nothing was
    delivered, be it 0.00 because people credited it before, and the order opens for a new invoice. Above the threshold
    the credit is only proposed. External orders touch no invoice. When something newer stands than the terms say,
    nothing moves and a difference is returned. Settling the same delivery again changes nothing. ``delivery.lines`` and
    ``order.lines`` must be loaded; numbers are given by ``publish_pending``.

    Raises:
        IssuerChanged: who bills the order is not whom the terms name, and something was accepted, or billed.
        NoIssuer, OrderChanged, MissingRegistration: as ``publish_for_order``.
        LinesMismatch, UnbalancedLine: the delivered lines are not those of the terms.

    Source: R005, R016, R017, R023, R024; C1, C2, C10, C12, C14, C27.
    """
    if leaves_nothing_to_bill(session, order, terms, delivery=delivery):
        return Settlement(kind="none", variance=order.billing_type is BillingType.EXTERNAL)
    goods, prices = agreed_for(order, terms)
    lines = tuple(_delivered_line(line) for line in delivery.lines)
    if goods.billing_type == "external":
        extras = {line.line_id: line.extra for line in lines if line.extra}
        return Settlement(kind="none", supplement_lines=extras, variance=bool(shortages(lines)))
    # With a purchase order on the truck the signer saw no amount, but the order is invoiced here all the same.
    preview = preview_settlement(msgspec.structs.replace(goods, deliver_with="invoice"), prices, lines)
    case = _Case(delivery=delivery, order=order, terms=terms, goods=goods, prices=prices, lines=lines, preview=preview)
    with issuing(session, order) as issuer_id:
        known = None
        if not inspect(delivery).pending:  # nothing can have come of a delivery that is not written yet
            known = credit_of_cause(session, issuer_id=issuer_id, cause_kind=DELIVERY, cause_id=delivery.id)
        if known is not None:
            return _credited(case, known, live_invoice(session, order_id=order.id))
        return _settle(session, case, live_invoice(session, order_id=order.id), stamp)


def _settle(session: Session, case: _Case, standing: Invoice | None, stamp: Stamp) -> Settlement:
    if case.prices.invoice_standing == "published":
        return _settle_published(session, case, standing, stamp)
    if standing is not None and standing.state is not InvoiceState.PROVISIONAL:
        return _compare(session, case, standing, stamp)
    if standing is None and waits_for_emission(case.goods, case.order, case.delivery):
        return case.settled("none")
    if case.preview.invoice is None:
        return _let_go(session, case, standing, stamp)
    bill = Bill(case.goods, case.prices, case.preview.invoice)
    delivered_at = case.delivery.delivered_at
    invoice = publish_bill(
        session,
        order=case.order,
        standing=standing,
        bill=bill,
        delivered_at=delivered_at,
        place_id=case.delivery.visit_id,
        stamp=stamp,
    )
    return case.settled("invoice", invoice=invoice)


def waits_for_emission(goods: Goods, order: Order, delivery: Delivery) -> bool:
    """Say whether an order without an invoice gets none at its delivery: somebody is to make it by hand.

    On a run, papers with an invoice ask for it even then (C2). Every automatic emission bills here what its own moment
    did not: the order was billed outside when it was accepted, its invoice was voided before it left, its run's papers
    had a purchase order, or there was no run.

    Source: R002, R003, R005; C2.
    """
    if order.emission is not Emission.MANUAL:
        return False
    return delivery.hand_record_id is not None or goods.deliver_with == "po"


def _let_go(session: Session, case: _Case, standing: Invoice | None, stamp: Stamp) -> Settlement:
    if standing is None:
        return case.settled("none")
    return case.settled("dropped", invoice=drop_provisional(session, invoice=standing, stamp=stamp))


def _compare(session: Session, case: _Case, standing: Invoice, stamp: Stamp) -> Settlement:
    """An invoice was published since the terms were frozen: fine when it bills what was delivered and signed."""
    credited_cents = sum(note.total_cents for note in credits_of(session, invoice_id=standing.id))
    wanted_cents = case.preview.invoice.total_cents if case.preview.invoice else 0
    if case.is_undelivered and standing.total_cents == credited_cents:
        return _annul_spent(session, case, standing, stamp)
    agreed = case.goods, case.prices
    if units := other_units(session, invoice=standing, agreed=agreed, delivered=case.delivered):
        return case.settled("none", invoice=standing, difference=_other_units(units, case))
    if standing.total_cents - credited_cents == wanted_cents:
        return case.settled("invoice", invoice=standing)
    return case.settled("none", invoice=standing, difference=_difference("newer_invoice", case))


def _settle_published(session: Session, case: _Case, standing: Invoice | None, stamp: Stamp) -> Settlement:
    if standing is None:
        return case.settled("none", difference=_difference("invoice_voided", case))
    if standing.id != case.terms.invoice_id:
        return case.settled("none", invoice=standing, difference=_difference("newer_invoice", case))
    if case.is_undelivered and not what_is_left(session, standing).total_cents:
        return _annul_spent(session, case, standing, stamp)
    credit = case.preview.credit
    if credit is None or not credit.total_cents:  # a missing unit that was free gives nothing back
        return case.settled("none", invoice=standing)
    if difference := _newer_than_terms(session, case, standing, credit):
        return case.settled("none", invoice=standing, difference=difference)
    proposed = case.preview.kind == "credit_pending"
    return _credited(case, _credit(session, case, standing, credit, stamp, proposed=proposed), standing)


def _annul_spent(session: Session, case: _Case, standing: Invoice, stamp: Stamp) -> Settlement:
    """Nothing was accepted, and people credited all of the invoice before: a note of 0.00 opens the order (C27).

    Else its next ride would find a live invoice with nothing left, and never be billed. Nothing waits for an approval.
    """
    note = _credit(session, case, standing, what_is_left(session, standing), stamp, proposed=False)
    seen = case.preview.credit
    newer = _difference("newer_credit", case) if seen is not None and seen.total_cents else None
    return case.settled("credit", invoice=standing, credit=note, difference=newer)


def _credit(
    session: Session, case: _Case, standing: Invoice, credited: PricedDocument, stamp: Stamp, *, proposed: bool
) -> CreditNote:
    return issue_credit(
        session,
        invoice=standing,
        credited=credited,
        cause_kind=DELIVERY,
        cause_id=case.delivery.id,
        reason=NOT_DELIVERED if case.is_undelivered else SHORTAGE,
        stamp=stamp,
        proposed=proposed,
        kind=CreditKind.VOID if case.is_undelivered else CreditKind.ITEMS,
        reasons={line.line_id: line.reason for line in case.lines},
    )


def _newer_than_terms(session: Session, case: _Case, standing: Invoice, credit: PricedDocument) -> Difference | None:
    """Say what keeps the credit that the signer saw from being issued to the cent."""
    taken = credited_quantities(session, invoice_id=standing.id)
    already = {str(line.order_line_id): taken.get(line.id, 0) for line in standing.lines}
    known = {line.line_id: line.credited_quantity for line in case.prices.lines}
    if any(already.get(line.line_id, 0) != known[line.line_id] for line in credit.lines):
        return _difference("newer_credit", case)
    crediting = {line.line_id: line.quantity for line in credit.lines}
    exact = credit_lines(case.goods, case.prices, priced_of(standing), already=already, crediting=crediting)
    return None if exact == credit else _difference("amount_differs", case)


def _credited(case: _Case, note: CreditNote, standing: Invoice | None) -> Settlement:
    kind: Kind = "credit_pending" if case.preview.kind == "credit_pending" else "credit"
    if note.state is CreditState.REFUSED:
        kind = "none"
    return case.settled(kind, invoice=standing, credit=note)


def _delivered_line(line: DeliveryLine) -> DeliveredLine:
    return DeliveredLine(
        line_id=str(line.order_line_id),
        ordered=line.ordered,
        delivered=line.delivered,
        not_shipped=line.not_shipped,
        lost=line.lost,
        returned=line.returned,
        extra=line.extra,
        reason=line.reason,
    )


def _difference(
    kind: Literal["invoice_voided", "newer_invoice", "newer_credit", "amount_differs"], case: _Case
) -> Difference:
    fr, en = _DIFFERENCES[kind]
    number = case.order.number
    return Difference(kind, Text(f"Commande {number}\u00a0: {fr}", f"Order {number}: {en}"))


def _other_units(units: Text, case: _Case) -> Difference:
    return Difference("newer_invoice", said_of_units(units, case.order.number))


_DIFFERENCES = {
    "invoice_voided": (
        "la facture a été annulée après le départ du lot. Décider s’il faut une nouvelle facture.",
        "its invoice was voided after the bundle was made. Decide whether a new one is needed.",
    ),
    "newer_invoice": (
        "une facture plus récente ne correspond pas à ce qui a été signé. Comparer, puis créditer au besoin.",
        "a newer invoice does not agree with what was signed. Compare, then credit if need be.",
    ),
    "newer_credit": (
        "un crédit a été émis depuis sur les mêmes articles. Vérifier s’il couvre déjà le manquant.",
        "a credit was issued since on the same items. Check whether it covers the shortage already.",
    ),
    "amount_differs": (
        "le crédit calculé sur la facture n’est pas celui qui a été signé. Vérifier les deux.",
        "the credit computed on the invoice is not the one that was signed. Check both.",
    ),
}
