"""Payments, refunds, write-offs and accounts as subjects of news."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from server.billing.model import Invoice
from server.core.facts import Fact
from server.ledger.model import Allocation, AllocationSource
from server.notifications.following.lines import Part
from server.notifications.following.subjects.sealed import collected_at
from server.notifications.following.subjects.subject import Subject, amount, named, owned, plain, some
from server.parties.terms import balance_is_shared
from server.receivables.events import PAYMENT_RECEIVED
from server.receivables.model import METHOD_LABELS, CustomerAccount, Payment, Refund, WriteOff
from shared.problems import Text

_REFUND: Final = {True: Text("Contestation bancaire", "Chargeback"), False: Text("Remboursement", "Refund")}


def payment_of(session: Session, fact: Fact) -> Subject:
    """Return a payment with its payer and its issuer; the carrier that took it in the truck is told nothing (C29)."""
    one = session.get_one(Payment, fact.subject_id)
    about = collected_at(session, one.cause_id) if fact.name == PAYMENT_RECEIVED else ""
    return Subject(
        id=one.id,
        link=f"/paiements/{one.id}",
        parts=owned(one.owner_id, one.buyer_id),
        words=named(session, issuer=one.owner_id, buyer=one.buyer_id)
        | {"amount": amount(one.amount_cents, one.currency), "method": METHOD_LABELS[one.method]},
        members={"payment_id": str(one.id), "amount_cents": one.amount_cents, "method": one.method.value},
        about=about,
        once="" if about else None,
    )


def refund_of(session: Session, fact: Fact) -> Subject:
    """Return a refund, or what a bank took back, with the page of what it came out of."""
    one = session.get_one(Refund, fact.subject_id)
    page = "paiements" if one.source.value == "payment" else "credits"
    return Subject(
        id=one.source_id,  # what its page and papers are about
        link=f"/{page}/{one.source_id}",
        parts=owned(one.owner_id, one.buyer_id),
        words=named(session, issuer=one.owner_id, buyer=one.buyer_id)
        | {
            "amount": amount(one.amount_cents, one.currency),
            "method": METHOD_LABELS[one.method],
            "refund": _REFUND[one.is_chargeback],
        },
        members={"refund_id": str(one.id), "source_id": str(one.source_id), "amount_cents": one.amount_cents},
    )


def account_of(session: Session, fact: Fact) -> Subject:
    """Return a customer's account: neither its reason nor its balance, which are its issuer's to share (R079)."""
    one = session.get_one(CustomerAccount, fact.subject_id)
    return Subject(
        id=one.id,
        link="/a-payer",
        parts=owned(one.owner_id, one.buyer_id),
        words=named(session, issuer=one.owner_id),
        members={"issuer_id": str(one.owner_id)},
    )


def write_off_of(session: Session, fact: Fact) -> Subject:
    """Return a write-off with its invoice; its buyer is a part of it where its balance is shared with it (R079)."""
    return _written_off(session, session.get_one(WriteOff, fact.subject_id))


def undone_of(session: Session, fact: Fact) -> Subject:
    """Return what an undone allocation had set against an invoice; of a write-off alone anybody is told."""
    one = session.get_one(Allocation, fact.subject_id)
    if one.source is AllocationSource.WRITE_OFF:
        return _written_off(session, session.get_one(WriteOff, one.source_id))
    return Subject(id=one.id, link="", parts={}, words={}, members={}, state=one.source.value)


def _written_off(session: Session, made: WriteOff) -> Subject:
    invoice = session.get_one(Invoice, made.invoice_id)
    shared = balance_is_shared(session, issuer_id=made.owner_id, buyer_id=made.buyer_id)
    return Subject(
        id=invoice.id,
        link=f"/factures/{invoice.id}",
        parts={Part.OWNER: some(made.owner_id), Part.BUYER: some(made.buyer_id if shared else None)},
        words=named(session, issuer=made.owner_id, buyer=made.buyer_id)
        | {
            "amount": amount(made.amount_cents, made.currency),
            "number": plain(made.number),
            "invoice": plain(invoice.number),
            "reason": plain(made.reason.removesuffix(".")),
        },
        members={"write_off_id": str(made.id), "invoice_id": str(invoice.id), "amount_cents": made.amount_cents},
        state=AllocationSource.WRITE_OFF.value,
    )
