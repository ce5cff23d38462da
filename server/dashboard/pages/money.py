"""Invoices and credit notes."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from server.billing.explaining import explain_invoice, explain_joined
from server.billing.joined import is_joined
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.dashboard.pages.blueprint import (
    asked_choice,
    asked_id,
    asked_page,
    asked_words,
    pages,
    same_list,
    today_in,
    turning,
    zone_here,
)
from server.dashboard.queries import money as queries
from server.dashboard.queries.money import InvoiceTab
from server.identity.permissions import Permission
from server.receivables.explaining import explain_credit_note, takers
from server.receivables.model import BY_HAND, METHOD_LABELS
from server.receivables.pages.blueprint import fresh_key
from server.receivables.queries import open_invoices
from server.receivables.reads import applied_from, applied_to, held_cents
from server.receivables.service.online import takes_online
from server.receivables.service.owning import represents


@pages.get("/factures")
@requires(Permission.INVOICE_READ)
def invoices() -> str:
    """List the invoices that the caller may read, published ones first."""
    tab, words = asked_choice("etat", InvoiceTab) or InvoiceTab.PUBLISHED, asked_words()
    with transaction(actor().org_id) as session:
        today = today_in(zone_here(session))
        found = queries.list_invoices(
            session, tab=tab, words=words, today=today, page=asked_page(), client_id=asked_id("client")
        )
        return render_template(
            "dashboard/invoices.html",
            found=found,
            tab=tab,
            words=words,
            counts=queries.tab_counts(session),
            standing_labels=queries.STANDING_LABELS,
            turning=turning(),
            same_list=same_list,
        )


@pages.get("/factures/<uuid:invoice_id>")
@requires(Permission.INVOICE_READ)
def invoice(invoice_id: UUID) -> str:
    """Show one invoice with its lines, orders, credits and papers; or one for several orders, a section for each."""
    with transaction(actor().org_id) as session:
        zone = zone_here(session)
        if is_joined(session, invoice_id):
            return _joined(session, invoice_id)
        whole = queries.invoice_whole(session, invoice_id=invoice_id, today=today_in(zone))
        return render_template(
            "dashboard/invoice.html",
            whole=whole,
            zone=zone,
            standing_labels=queries.STANDING_LABELS,
            explained=explain_invoice(session, invoice_id=invoice_id, naming=takers),
            applied=applied_to(session, invoice_id=invoice_id),
            online=takes_online(session, issuer_id=whole.row.invoice.owner_id),
            represents=represents(session, whole.row.invoice),
            key=fresh_key(),
        )


def _joined(session: Session, joined_id: UUID) -> str:
    zone = zone_here(session)
    whole = queries.joined_whole(session, joined_id=joined_id, today=today_in(zone))
    return render_template(
        "dashboard/joined_invoice.html",
        whole=whole,
        zone=zone,
        standing_labels=queries.STANDING_LABELS,
        explained=explain_joined(session, joined_id=joined_id, naming=takers),
        online=takes_online(session, issuer_id=whole.joined.first.owner_id),
        key=fresh_key(),
    )


@pages.get("/credits")
@requires(Permission.INVOICE_READ)
def credits() -> str:  # noqa: A001  # the trade's word; nobody calls the interpreter's
    """List the credit notes that the caller may read, those to approve first."""
    words = asked_words()
    with transaction(actor().org_id) as session:
        found = queries.list_credits(session, words=words, page=asked_page(), client_id=asked_id("client"))
        return render_template("dashboard/credits.html", found=found, words=words, turning=turning())


@pages.get("/credits/<uuid:credit_id>")
@requires(Permission.INVOICE_READ)
def credit(credit_id: UUID) -> str:
    """Show one credit note with its lines and papers."""
    with transaction(actor().org_id) as session:
        whole = queries.credit_whole(session, credit_id=credit_id)
        explained = explain_credit_note(session, credit_id=credit_id)
        note = whole.row.credit
        is_own = note.owner_id == actor().org_id
        still = open_invoices(session, issuer_id=note.owner_id, buyer_id=note.buyer_id, currency=note.currency)
        return render_template(
            "dashboard/credit.html",
            whole=whole,
            zone=zone_here(session),
            explained=explained,
            applied=applied_from(session, credit_id=credit_id),
            held=held_cents(session, credit_id) if is_own else 0,
            open_invoices=still if is_own else (),
            methods=METHOD_LABELS,
            by_hand=BY_HAND,
            key=fresh_key(),
        )
