"""A credit note's total: shares of its invoice's own amounts (T5), containers at their day's price, or as agreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from server.billing.explaining.evidence import orders_named, sources_of_order
from server.billing.explaining.invoices import DEPOSITS, NET, OTHER, TOTAL
from server.billing.explaining.papers import from_invoice
from server.billing.explaining.steps import Explanation, Source, Step, closed, said, summed
from server.billing.model import CreditLine, CreditNote, Invoice, InvoiceLine
from server.billing.queries import credit_note as read_credit
from server.billing.queries import credits_of, order_ids_of, with_lines
from server.billing.service.credits import DELIVERY, HAND
from server.delivery.model import Delivery, HandRecord
from server.delivery.queries import latest_delivery
from shared.money import half_up_ratio
from shared.problems import Text

type Amounts = Mapping[str, int]
_OF_ROUNDING_CENTS = 3


def explain_credit(session: Session, *, credit_id: UUID) -> Explanation:
    """Return how a credit note's total comes about; every step is the sum of its parts.

    Raises:
        NotFound: there is none, or it is somebody else's.

    Source: T5, T6; C30.
    """
    note = read_credit(session, credit_id=credit_id)
    invoice = session.get(Invoice, note.invoice_id) if note.invoice_id else None
    if invoice is not None:
        with_lines(session, [invoice])
    already = _already(session, note)
    lines = {line.id: line for line in invoice.lines} if invoice else {}
    parts = [
        summed(NET, [_net(line, lines, already, note.currency) for line in note.lines if line.net_cents]),
        *_taxes(note, lines, already),
        summed(DEPOSITS, [_deposit(line, note.currency) for line in note.lines if line.deposit_cents]),
    ]
    total = closed(summed(TOTAL, [part for part in parts if part.parts]), note.total_cents, _plain(note))
    return Explanation(currency=note.currency, totals=[total], sources=list(_sources(session, note, invoice)))


def _plain(note: CreditNote) -> Text:
    return OTHER if note.lines else Text("Montant convenu", "Agreed amount")


def _already(session: Session, note: CreditNote) -> dict[UUID, int]:
    """Count the units that earlier credits on the same invoice took of each of its lines."""
    taken: dict[UUID, int] = {}
    for earlier in credits_of(session, invoice_id=note.invoice_id) if note.invoice_id else ():
        if (earlier.created_at, earlier.id) < (note.created_at, note.id):
            for line in earlier.lines:
                if line.invoice_line_id:
                    taken[line.invoice_line_id] = taken.get(line.invoice_line_id, 0) + line.quantity
    return taken


def _net(line: CreditLine, lines: Mapping[UUID, InvoiceLine], already: Mapping[UUID, int], currency: str) -> Step:
    billed = lines.get(line.invoice_line_id) if line.invoice_line_id else None
    if billed is None:
        return Step(label=_name(line), amount_cents=line.net_cents)
    return _share(line, billed, already, amount_cents=line.net_cents, whole_cents=billed.net_cents, currency=currency)


def _taxes(note: CreditNote, lines: Mapping[UUID, InvoiceLine], already: Mapping[UUID, int]) -> Iterator[Step]:
    for row in note.taxes:
        code = row["code"]
        yield summed(
            Text(row["name_fr"], row["name_en"]),
            [_tax(line, lines, already, code, note.currency) for line in note.lines if _of(line, code)],
            rule="T5, T6",
        )


def _tax(
    line: CreditLine, lines: Mapping[UUID, InvoiceLine], already: Mapping[UUID, int], code: str, currency: str
) -> Step:
    billed = lines.get(line.invoice_line_id) if line.invoice_line_id else None
    if billed is None or line.deposit_taxes.get(code):
        return Step(label=_name(line), amount_cents=_of(line, code))
    return _share(
        line, billed, already, amount_cents=_of(line, code), whole_cents=billed.taxes.get(code, 0), currency=currency
    )


def _share(
    line: CreditLine,
    billed: InvoiceLine,
    already: Mapping[UUID, int],
    *,
    amount_cents: int,
    whole_cents: int,
    currency: str,
) -> Step:
    """Say T5: cum(already + quantity) − cum(already), of the invoice line's own, and the cents of a signed document.

    A correction's credit leaves what was signed, and may so be a few cents off the line's share (ADR 0061).
    """
    before = already.get(billed.id, 0)
    after = before + line.quantity
    reckoned = half_up_ratio(whole_cents * after, billed.quantity) - half_up_ratio(
        whole_cents * before, billed.quantity
    )
    units = (
        f"Unités {before + 1} à {after} de {billed.quantity}",
        f"Units {before + 1} to {after} of {billed.quantity}",
    )
    fr, en = f"{units[0]}, part de {{}} facturés", f"{units[1]}, share of {{}} invoiced"
    says = None
    if reckoned == amount_cents:
        says = said(fr, en, (whole_cents, currency))
    elif abs(reckoned - amount_cents) <= _OF_ROUNDING_CENTS:
        fr, en = f"{fr}\u00a0: {{}}, au cent du total signé", f"{en}: {{}}, to the cent of the signed total"
        says = said(fr, en, (whole_cents, currency), (reckoned, currency))
    return Step(label=_name(line), amount_cents=amount_cents, rule="T5", says=says)


def _deposit(line: CreditLine, currency: str) -> Step:
    says = None
    if line.unit_cents and line.unit_cents * line.quantity == line.deposit_cents:
        count = f"{line.quantity} × {{}}"
        says = said(f"{count}, prix du jour", f"{count}, price of the day", (line.unit_cents, currency))
    return Step(label=_name(line), amount_cents=line.deposit_cents, says=says)


def _sources(session: Session, note: CreditNote, invoice: Invoice | None) -> Iterator[Source]:
    if invoice is not None:
        yield from_invoice(invoice)
    cause = session.get(Delivery, note.cause_id) if note.cause_kind == DELIVERY else None
    for order in orders_named(session, _order_ids(session, note, cause)):
        delivery = cause if cause and cause.order_id == order.id else latest_delivery(session, order_id=order.id)
        yield from sources_of_order(session, order, delivery=delivery)


def _order_ids(session: Session, note: CreditNote, cause: Delivery | None) -> Sequence[UUID]:
    if cause is not None:
        return [cause.order_id]
    if note.cause_kind == HAND:
        record = session.get(HandRecord, note.cause_id)
        return [record.order_id] if record else ()
    return order_ids_of(session, invoice_id=note.invoice_id) if note.invoice_id else ()


def _of(line: CreditLine, code: str) -> int:
    found: int = line.taxes.get(code, 0) + line.deposit_taxes.get(code, 0)
    return found


def _name(line: CreditLine) -> Text:
    return Text(line.description_fr, line.description_en)
