"""Invoices, their reminders and credit notes as subjects of news."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing.events import CREDIT_REFUSED, INVOICE_RESENT
from server.billing.joined import JoinedInvoice, joined_invoice, joined_number, sections_beside
from server.billing.model import CreditNote, Invoice, InvoiceOrder
from server.core.days import day_text
from server.core.facts import Fact
from server.notifications.following.lines import Part
from server.notifications.following.subjects.sealed import credited_for
from server.notifications.following.subjects.subject import Subject, amount, named, owned, plain, some
from server.orders.model import Order
from server.receivables.model import Reminder
from shared.problems import Text

_TONES: Final = {
    1: Text("Rappel amical", "Friendly reminder"),
    2: Text("Deuxième rappel", "Second reminder"),
    3: Text("Dernier rappel", "Last reminder"),
}


def invoice_of(session: Session, fact: Fact) -> Subject:
    """Return an invoice to see (R073), or the joined one that it is a section of: told once for all of them (C15).

    Asked for again, it is told again, at most once a minute (C6).
    """
    invoice = session.get_one(Invoice, fact.subject_id)
    once = f"{fact.at:%Y%m%d%H%M}" if fact.name == INVOICE_RESENT else ""
    if invoice.joined_id is None:
        return lone_invoice(invoice, about=_about(session, [invoice]), once=once)
    joined = joined_invoice(session, joined_id=invoice.joined_id)
    return whole_invoice(joined, about=_about(session, joined.sections), once=once)


def lone_invoice(invoice: Invoice, *, about: str = "", once: str = "") -> Subject:
    """Return an invoice that stands alone: whose, how much, until when."""
    members = {"invoice_id": str(invoice.id), "number": invoice.number, "total_cents": invoice.total_cents}
    return Subject(
        id=invoice.id,
        link=f"/factures/{invoice.id}",
        parts={Part.BUYER: some(invoice.buyer_id)},
        words=_invoice_words(invoice, invoice.number, invoice.total_cents),
        members=members,
        state="alone",
        about=about,
        once=once,
    )


def whole_invoice(joined: JoinedInvoice, *, about: str = "", once: str = "") -> Subject:
    """Return one invoice for several orders (C15); its webhook names each order's section."""
    return Subject(
        id=joined.id,
        link=f"/factures/{joined.id}",
        parts={Part.BUYER: some(joined.first.buyer_id)},
        words=_invoice_words(joined.first, joined.number, joined.total_cents)
        | {"count": plain(str(len(joined.sections)))},
        members={
            "joined_id": str(joined.id),
            "invoice_ids": [str(one.id) for one in joined.sections],
            "number": joined.number,
            "total_cents": joined.total_cents,
        },
        state="joined",
        about=about,
        once=once,
    )


def reminder_of(session: Session, fact: Fact) -> Subject:
    """Return a reminder of an overdue invoice (R122, law 27)."""
    one = session.get_one(Reminder, fact.subject_id)
    invoice = session.get_one(Invoice, one.invoice_id)
    sections = [invoice]
    if invoice.joined_id is not None:
        sections = list(joined_invoice(session, joined_id=invoice.joined_id).sections)
    return reminded(one, invoice, open_cents=_open_with(session, one, invoice), about=_about(session, sections))


def reminded(one: Reminder, invoice: Invoice, *, open_cents: int, about: str = "") -> Subject:
    """Return what a buyer is reminded of, once for all sections of a joined invoice (C15)."""
    number, subject_id, once = invoice.number, invoice.id, str(one.level)
    if invoice.joined_id is not None:
        number, subject_id = joined_number(invoice), invoice.joined_id
        once = f"{one.level}:{one.sent_on}"  # a section contested today may be due another day
    return Subject(
        id=subject_id,
        link=f"/factures/{subject_id}",
        parts={Part.BUYER: some(one.buyer_id)},
        words=_invoice_words(invoice, number, open_cents) | {"tone": _TONES[one.level]},
        members={"invoice_id": str(invoice.id), "number": number, "level": one.level},
        about=about,
        once=once,
    )


def credit_of(session: Session, fact: Fact) -> Subject:
    """Return a credit note: issued, waiting for its issuer or refused by it; its readers are the invoice's (C12)."""
    note = session.get_one(CreditNote, fact.subject_id)
    about = "" if fact.name == CREDIT_REFUSED else credited_for(session, note)
    return credited(note, named(session, issuer=note.owner_id, buyer=note.buyer_id), about=about)


def credited(note: CreditNote, names: dict[str, Text], *, about: str = "") -> Subject:
    """Return a credit note with the names of its parties; one without a number is not issued."""
    members: dict[str, Any] = {"credit_id": str(note.id), "total_cents": note.total_cents}
    return Subject(
        id=note.id,
        link=f"/credits/{note.id}",
        parts=owned(note.owner_id, note.buyer_id, note.party_ids),
        words=names
        | {
            "letterhead": _issuer(note),
            "number": plain(note.number),
            "amount": amount(note.total_cents, note.currency),
            "reason": Text(note.reason_fr.removesuffix("."), note.reason_en.removesuffix(".")),
        },
        members=members | ({"number": note.number} if note.number else {}),
        about=about,
        once="" if about else None,
    )


def _about(session: Session, sections: Sequence[Invoice]) -> str:
    """Return what an invoice is called over restores: its issuer, orders, number and total, one name for them all.

    Delivered again, an order is billed again, by another row. Where that has another number, or total, it is news.
    """
    first = sections[0]
    orders = _covered(session, [one.id for one in sections]) or [str(first.joined_id or first.id)]
    number, total_cents = joined_number(first) or first.number, sum(one.total_cents for one in sections)
    return str(uuid5(first.owner_id, "|".join((number, str(total_cents), *orders))))


def _covered(session: Session, invoice_ids: Sequence[UUID]) -> list[str]:
    """Name the orders that invoices cover; a supplement, which a visit makes, by the order that it is to."""
    covers = (
        select(InvoiceOrder.order_id, Order.supplement_of_id)
        .outerjoin(Order, Order.id == InvoiceOrder.order_id)
        .where(InvoiceOrder.invoice_id.in_(invoice_ids))
    )
    return sorted(f"{parent_id}+" if parent_id else str(order_id) for order_id, parent_id in session.execute(covers))


def _invoice_words(invoice: Invoice, number: str, cents: int) -> dict[str, Text]:
    if invoice.due_on is None:
        raise ValueError(f"invoice {invoice.id} is not published")
    return {
        "issuer": _issuer(invoice),
        "number": plain(number),
        "amount": amount(cents, invoice.currency),
        "due": day_text(invoice.due_on),
    }


def _issuer(document: Invoice | CreditNote) -> Text:
    """Return the name of a document's issuer, as it is printed there."""
    return plain(str(document.parties_text["issuer"]["name"]))


def _open_with(session: Session, one: Reminder, invoice: Invoice) -> int:
    """Return what is reminded of: of a joined invoice all sections that this day's reminders of the level are about."""
    beside = [section.id for section in sections_beside(session, invoice)]
    alike = select(func.sum(Reminder.open_cents)).where(
        Reminder.invoice_id.in_(beside), Reminder.level == one.level, Reminder.sent_on == one.sent_on
    )
    return int(session.scalars(alike).one())
