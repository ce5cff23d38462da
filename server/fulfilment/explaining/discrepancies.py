"""The amounts of a discrepancy, unfolded: what the signer was shown, what is billed, what was credited too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.explaining import Explanation, Step
from server.billing.explaining.evidence import sources_of_order
from server.billing.explaining.papers import credit_words, from_credit, from_invoice, invoice_words
from server.billing.explaining.steps import closed, said, summed
from server.billing.model import CreditNote, Invoice
from server.billing.queries import billed_documents
from server.delivery import queries as delivered
from server.delivery.model import ContainerReturn, Delivery, Discrepancy
from server.orders import queries as orders
from server.orders.model import Order
from shared.problems import Text

SIGNED: Final = Text("Montant signé", "Signed amount")
BILLED: Final = Text("Montant facturé", "Billed amount")
SIGNED_BEYOND: Final = Text("Supplément signé", "Signed supplement")
ORDERED: Final = Text("Commandé en supplément", "Ordered beyond")
INVOICED: Final = Text("Facture", "Invoice")
CREDITED: Final = Text("Crédit", "Credit")
SIGNED_DEPOSITS: Final = Text("Consignes signées", "Signed deposits")
CREDITED_DEPOSITS: Final = Text("Consignes créditées", "Credited deposits")
OVERCREDITED: Final = Text("Crédité de trop", "Credited too much")
_SINCE: Final = Text(
    "Changé depuis, ou sur des documents que vous ne lisez pas", "Changed since, or on documents that you do not read"
)


def explain_discrepancy(session: Session, *, found: Discrepancy) -> Explanation:
    """Return what each amount of a discrepancy is made of, as far as the acting organisation reads it.

    Each step is the sum of its parts; a discrepancy without amounts has no totals.

    Source: G6; C30; the issue's « why this number ».
    """
    delivery = delivered.find_delivery(session, found.subject_id)
    about = orders.orders(session, order_ids=[delivery.order_id]) if delivery else []
    order = about[0] if about else None
    totals = [
        *_signed(found, delivery),
        *_billed(session, found, order),
        *_supplements(session, found, order),
        *_overcredited(session, found),
        *_deposits(session, found),
    ]
    sources = sources_of_order(session, order, delivery=delivery) if order else []
    return Explanation(currency=order.currency if order else "CAD", totals=totals, sources=sources)


def _signed(found: Discrepancy, delivery: Delivery | None) -> Iterator[Step]:
    """What the tablet showed before the signature; a discrepancy of the first receipt notes the billed side alone."""
    signed = summed(SIGNED, _shown(delivery) if delivery else ())
    noted_cents = found.facts.get("signed_cents")
    if isinstance(noted_cents, int):
        yield closed(signed, noted_cents, _SINCE)
    elif signed.parts and _amounts(found):
        yield signed


def _shown(delivery: Delivery) -> list[Step]:
    invoice = Text("Facture montrée au signataire", "Invoice shown to the signer")
    credit = Text("Crédit montré au signataire", "Credit shown to the signer")
    both = (
        Step(label=invoice, amount_cents=delivery.shown_total_cents),
        Step(label=credit, amount_cents=-delivery.shown_credit_cents),
    )
    return [one for one in both if one.amount_cents]


def _amounts(found: Discrepancy) -> bool:
    names = ("signed_cents", "billed_cents", "invoice_cents", "credit_cents")
    return any(isinstance(found.facts.get(name), int) for name in names)


def _billed(session: Session, found: Discrepancy, order: Order | None) -> Iterator[Step]:
    documents = billed_documents(session, order_id=order.id) if order else []
    invoices = [_invoice(one) for one in documents if isinstance(one, Invoice)]
    credits_ = [_credit(one) for one in documents if isinstance(one, CreditNote)]
    for name, label, parts, sign in (
        ("billed_cents", BILLED, [*invoices, *credits_], 1),
        ("invoice_cents", INVOICED, invoices, 1),
        ("credit_cents", CREDITED, credits_, -1),
    ):
        noted_cents = found.facts.get(name)
        if isinstance(noted_cents, int):
            yield closed(summed(label, [_signed_as(one, sign) for one in parts]), noted_cents, _SINCE)


def _supplements(session: Session, found: Discrepancy, order: Order | None) -> Iterator[Step]:
    """What the signer was shown of what was accepted beyond the order, and the orders that it became."""
    signed_cents, ordered_cents = (found.facts.get(f"{name}_supplement_cents") for name in ("signed", "ordered"))
    if order is None or not isinstance(signed_cents, int) or not isinstance(ordered_cents, int):
        return
    shown = Text("Supplément montré au signataire", "Supplement shown to the signer")
    made = [
        Step(label=Text(f"Commande {one.number}", f"Order {one.number}"), amount_cents=one.total_cents)
        for one in orders.supplements_standing(session, order_id=order.id)
    ]
    yield summed(SIGNED_BEYOND, [Step(label=shown, amount_cents=signed_cents)])
    yield closed(summed(ORDERED, made), ordered_cents, _SINCE)


def _signed_as(step: Step, sign: int) -> Step:
    return Step(label=step.label, amount_cents=sign * step.amount_cents, source=step.source)


def _invoice(one: Invoice) -> Step:
    return Step(label=invoice_words(one), amount_cents=one.total_cents, source=from_invoice(one))


def _credit(one: CreditNote) -> Step:
    return Step(label=credit_words(one), amount_cents=-one.total_cents, source=from_credit(one))


def _overcredited(session: Session, found: Discrepancy) -> Iterator[Step]:
    """Units counted fewer than were credited, at the price that they were credited at."""
    noted_cents: Any = found.facts.get("overcredited_cents")
    if not isinstance(noted_cents, int):
        return
    row = session.get(ContainerReturn, found.subject_id)
    note = _note(session, found)
    says = None
    if row is not None and row.unit_cents and not noted_cents % row.unit_cents:
        count = f"{noted_cents // row.unit_cents} × {{}}"
        says = said(count, count, (row.unit_cents, note.currency if note else "CAD"))
    yield Step(label=OVERCREDITED, amount_cents=noted_cents, says=says, source=from_credit(note) if note else None)


def _deposits(session: Session, found: Discrepancy) -> Iterator[Step]:
    """What a corrected visit's containers were signed at, and what the visits' credits gave back for them."""
    signed_cents, credited_cents = (found.facts.get(name) for name in ("signed_deposit_cents", "credited_cents"))
    if not isinstance(signed_cents, int) or not isinstance(credited_cents, int):
        return
    row = session.get(ContainerReturn, found.subject_id)
    note, says = _note(session, found), None
    if row is not None:
        count = f"{row.quantity} × {{}}"
        says = said(count, count, (row.unit_cents, note.currency if note else "CAD"))
    yield Step(label=SIGNED_DEPOSITS, amount_cents=signed_cents, says=says)
    yield Step(label=CREDITED_DEPOSITS, amount_cents=credited_cents, source=from_credit(note) if note else None)


def _note(session: Session, found: Discrepancy) -> CreditNote | None:
    note_id = found.facts.get("credit_note_id")
    return session.get(CreditNote, UUID(str(note_id))) if note_id else None
