"""Making an order's documents agree with a corrected delivery, by the difference to how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid5

from sqlalchemy.orm import Session

from server.billing.drafting import Bill
from server.billing.left import as_it_stands
from server.billing.model import CreditKind, CreditNote, Invoice
from server.billing.queries import credits_of, live_invoice, supplementary_of
from server.billing.service.agreed import agreed_for, leaves_nothing_to_bill
from server.billing.service.beside import prices_beside
from server.billing.service.clearing import VOIDED_BY_HAND
from server.billing.service.credits import DELIVERY, issue_credit, refuse_credit
from server.billing.service.holding import issuing, reopen_billing
from server.billing.service.invoices import drop_provisional, publish_bill
from server.billing.service.publication import is_wanted
from server.billing.service.settlement import Difference, waits_for_emission
from server.billing.service.supplementary import publish_supplementary
from server.billing.service.voided_since import is_voided_since
from server.billing.service.voids import void_invoice
from server.core.stamp import Stamp
from server.delivery.model import Delivery, DeliveryLine, Terms
from server.orders.model import Order
from server.parties.model import BillingType
from shared.correction import CorrectionSteps, correct_settlement
from shared.delivered_line import DeliveredLine
from shared.delivery import price_accepted, shortages
from shared.priced import PricedDocument
from shared.problems import Text
from shared.standing_invoice import StandingInvoice
from shared.states import CreditState, InvoiceState
from shared.wire.terms import Goods, Prices

CORRECTED: Final = Text("Livraison corrigée", "Delivery corrected")
NOTHING: Final = PricedDocument.of([])


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedBooks:
    """What a correction issued: credits (some may wait for an approval), invoices, proposals that it took back.

    ``variance`` asks for a notice to the seller of an external order; ``difference`` waits for a person.
    """

    credits: tuple[CreditNote, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    withdrawn: tuple[CreditNote, ...] = ()
    variance: bool = False
    difference: Difference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One corrected delivery with the revision that it replaces and the terms that bind both."""

    before: Delivery
    delivery: Delivery
    order: Order
    terms: Terms
    goods: Goods
    prices: Prices
    signed: PricedDocument | None = None
    stamp: Stamp

    @property
    def delivered(self) -> dict[str, int]:
        return {str(line.order_line_id): line.delivered for line in self.delivery.lines}

    @property
    def moved(self) -> set[str]:
        """The lines of which another quantity counts now: none of one that the terms of this revision have no more."""
        before = {str(line.order_line_id): line.delivered for line in self.before.lines}
        now = dict.fromkeys(before, 0) | self.delivered
        return {line_id for line_id, quantity in now.items() if before.get(line_id) != quantity}


def settle_correction(
    session: Session, *, before: Delivery, delivery: Delivery, order: Order, terms: Terms, stamp: Stamp
) -> CorrectedBooks:
    """Make the order's documents agree with a corrected delivery; ``before`` is the revision that it replaces.

    More is short: a further credit of the difference, on the latest document first (T5). Less is short: what was
    credited and delivered after all is billed again by a supplementary invoice; a published one never grows. What
    goes beyond it bears the taxes that it bears, whatever was taken off or put back since the terms were frozen. The
    documents come to what was signed, to the cent (ADR 0061). A credit that still waits for its approval is taken back
    and proposed anew. An order whose invoice went with its refusal (C27) gets a new one, one that nobody received
    after all is credited whole and opens again. Only the lines whose quantity changed move, so that what people
    decided of the others stands; a line that the seller struck out and the customer signed without is credited.
    Settling again changes nothing.

    Lines of both deliveries and of the order must be loaded; numbers are given by ``publish_pending``.

    Raises:
        IssuerChanged, NoIssuer, OrderChanged, MissingRegistration: as ``settle_delivery``.

    Source: R023, R024, R052; C12, C27; T5, T6; law 19; ADR 0048.
    """
    if leaves_nothing_to_bill(session, order, terms, delivery=delivery, before=before):
        is_told = order.billing_type is BillingType.EXTERNAL and not any(line.delivered for line in delivery.lines)
        return CorrectedBooks(variance=is_told)
    goods, prices = agreed_for(order, terms)
    if goods.billing_type == "external":
        return CorrectedBooks(variance=bool(shortages([_line(line) for line in delivery.lines])))
    case = _Case(before=before, delivery=delivery, order=order, terms=terms, goods=goods, prices=prices, stamp=stamp)
    with issuing(session, order):
        standing = live_invoice(session, order_id=order.id)
        if standing is None or standing.state is not InvoiceState.PUBLISHED:
            return _bill_anew(session, case, standing)
        beside = prices_beside(
            session, invoice=standing, order=order, agreed=(goods, prices), delivered_at=delivery.delivered_at
        )
        signed = price_accepted(goods, prices, case.delivered) if beside == prices else None
        return _correct(session, replace(case, prices=beside, signed=signed), standing)


def _bill_anew(session: Session, case: _Case, standing: Invoice | None) -> CorrectedBooks:
    """Nothing published stands: bill what was delivered, unless somebody voided an invoice of delivered goods.

    Where the delivery's own settlement was refused there never was one.

    What the visit of the same batch was about to publish has no number, and is let go for the corrected one.
    """
    if standing is None and waits_for_emission(case.goods, case.order, case.delivery):
        return CorrectedBooks()
    had_any = any(line.delivered for line in case.before.lines)
    if standing is None and had_any and is_voided_since(session, case.order, before=case.before, terms=case.terms):
        return CorrectedBooks(difference=_voided(case.order.number))
    bill = Bill.accepted(case.goods, case.prices, case.delivered)
    if not bill.priced.lines:
        if standing is not None:
            drop_provisional(session, invoice=standing, stamp=case.stamp)
            reopen_billing(session, case.order)
        return CorrectedBooks()
    unnumbered = standing if standing is not None and standing.state is InvoiceState.DRAFT else None
    if unnumbered is not None:
        drop_provisional(session, invoice=unnumbered, stamp=case.stamp)
        reopen_billing(session, case.order)
    invoice = publish_bill(
        session,
        order=case.order,
        standing=standing if unnumbered is None else None,
        bill=bill,
        delivered_at=case.delivery.delivered_at,
        stamp=case.stamp,
    )
    if unnumbered is not None:
        invoice.joined_id = unnumbered.joined_id
    return CorrectedBooks(invoices=(invoice,))


def _correct(session: Session, case: _Case, standing: Invoice) -> CorrectedBooks:
    chain = [standing, *supplementary_of(session, standing)]
    withdrawn = tuple(_withdraw(session, chain, case.stamp))
    lines = case.moved | {str(line.order_line_id) for note in withdrawn for line in note.lines}
    documents = {str(one.id): one for one in chain}
    notes = {key: credits_of(session, invoice_id=one.id) for key, one in documents.items()}
    first, *later = [as_it_stands(one, notes[key]) for key, one in documents.items()]
    wanted = {line_id: case.delivered.get(line_id, 0) for line_id in lines}
    steps = correct_settlement(
        case.goods, case.prices, invoice=first, supplementary=later, delivered=wanted, signed=case.signed
    )
    waits = _is_above_threshold(case, steps, chain, [note for many in notes.values() for note in many])
    voids = first.key if _leaves_nothing(case, steps, (first, *later)) else None
    credited = dict(steps.credits) | ({} if voids is None or voids in dict(steps.credits) else {voids: NOTHING})
    made = [
        _credit(session, case, documents[key], part, proposed=waits, void=key == voids)
        for key, part in credited.items()
        if part.total_cents or key == voids
    ]
    return CorrectedBooks(
        credits=tuple(made), invoices=tuple(_bill_more(session, case, standing, steps)), withdrawn=withdrawn
    )


def _withdraw(session: Session, chain: Iterable[Invoice], stamp: Stamp) -> Iterator[CreditNote]:
    for invoice in chain:
        for note in credits_of(session, invoice_id=invoice.id):
            waits = note.state is CreditState.PROPOSED and not is_wanted(session, note)
            if waits and note.cause_kind == DELIVERY:
                refuse_credit(session, credit=note, stamp=stamp)
                yield note


def _is_above_threshold(
    case: _Case, steps: CorrectionSteps, chain: Sequence[Invoice], notes: Sequence[CreditNote]
) -> bool:
    """Count what this order's deliveries were credited so far, so that small corrections do not add up unseen (C12)."""
    threshold = case.prices.credit_threshold_cents
    giving = sum(credited.total_cents for _key, credited in steps.credits)
    if threshold is None or not giving:
        return False
    before = sum(note.total_cents for note in notes if note.cause_kind == DELIVERY)
    again = sum(one.total_cents for one in chain[1:])
    again -= sum(note.total_cents for note in notes if note.cause_kind == VOIDED_BY_HAND)
    return max(0, before - again) + giving > threshold


def _leaves_nothing(case: _Case, steps: CorrectionSteps, stack: Sequence[StandingInvoice]) -> bool:
    """Say whether nothing was accepted and no cent stays billed: people may have credited all of it before (C27)."""
    if any(case.delivered.values()) or steps.again is not None or steps.beyond is not None:
        return False
    left_cents = sum(PricedDocument.of(tuple(one.left.values())).total_cents for one in stack)
    return left_cents == sum(credited.total_cents for _key, credited in steps.credits)


def _credit(
    session: Session, case: _Case, invoice: Invoice, credited: PricedDocument, *, proposed: bool, void: bool
) -> CreditNote:
    is_first = invoice.supplements_id is None
    return issue_credit(
        session,
        invoice=invoice,
        credited=credited,
        cause_kind=DELIVERY,
        cause_id=case.delivery.id if is_first else uuid5(case.delivery.id, str(invoice.id)),
        reason=CORRECTED,
        stamp=case.stamp,
        proposed=proposed,
        kind=CreditKind.VOID if void else CreditKind.ITEMS,
        reasons={str(line.order_line_id): line.reason for line in case.delivery.lines},
    )


def _bill_more(session: Session, case: _Case, standing: Invoice, steps: CorrectionSteps) -> Iterator[Invoice]:
    for priced in (steps.again, steps.beyond):
        if priced is not None:
            yield publish_supplementary(
                session,
                order=case.order,
                invoice=standing,
                bill=Bill(case.goods, case.prices, priced),
                delivered_at=case.delivery.delivered_at,
                stamp=case.stamp,
            )


def _voided(number: str) -> Difference:
    return Difference(
        "invoice_voided",
        Text(
            f"Commande {number}\u00a0: sa facture a été annulée. Décider s’il en faut une nouvelle.",
            f"Order {number}: its invoice was voided. Decide whether a new one is needed.",
        ),
    )


def _line(line: DeliveryLine) -> DeliveredLine:
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


def void_supplement(session: Session, *, supplement: Order, stamp: Stamp) -> CreditNote | None:
    """Void the invoice of an order of what had been accepted beyond another, if it has one (C6); return the credit.

    What is invoiced outside has none here, and its seller is told by the variance notice. One that has no number yet,
    because visit and correction came in one batch, is let go.
    """
    if supplement.billing_type is BillingType.EXTERNAL:
        return None
    with issuing(session, supplement):
        standing = live_invoice(session, order_id=supplement.id)
        if standing is None:
            return None
        if standing.state is not InvoiceState.PUBLISHED:
            drop_provisional(session, invoice=standing, stamp=stamp)
            reopen_billing(session, supplement)
            return None
        return void_invoice(session, invoice=standing, reason=CORRECTED, stamp=stamp)
