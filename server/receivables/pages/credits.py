"""Credits by a person's hand on pages: items of an invoice, returned containers, or described amounts."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from server.billing.service import FreeLine
from server.core.problems import Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_flag, form_whole, form_words, required
from server.identity.permissions import Permission
from server.receivables import service
from server.receivables.api.asking import today
from server.receivables.pages.blueprint import fresh_key, pages, written_parts
from server.receivables.pages.written import written_cents, written_id
from server.receivables.reads import container_choices, creditable, customer_whole
from server.receivables.service.crediting import Amounts, Empties, Items, NewCredit, write_credit
from server.receivables.service.owning import creditable_invoice, own_credit, own_invoice

MAX_LINES: Final = 8
MOST_UNITS: Final = 10**6
KINDS: Final = ("articles", "contenants", "montants")


@pages.get("/comptes/<uuid:buyer_id>/credit")
@requires(Permission.CREDIT_CREATE)
def credit_form(buyer_id: UUID) -> str:
    """Show the form of a credit; ``facture`` names the invoice from which one comes (R091)."""
    chosen = request.args.get("facture", "")
    kind = request.args.get("sorte", "articles" if chosen else "montants")
    with transaction(actor().org_id) as session:
        on = today(session)
        whole = customer_whole(session, buyer_id=buyer_id, on=on, page=1)
        invoice = own_invoice(session, UUID(chosen)) if _is_id(chosen) else None
        return render_template(
            "receivables/credit_form.html",
            whole=whole,
            buyer_id=buyer_id,
            kind=kind if kind in KINDS else "montants",
            invoice=invoice,
            lines=creditable(session, invoice) if invoice else (),
            containers=container_choices(session, buyer_id=buyer_id),
            rows=range(1, MAX_LINES + 1),
            key=fresh_key(),
        )


@pages.post("/comptes/<uuid:buyer_id>/credit")
@requires(Permission.CREDIT_CREATE)
def write_credit_form(buyer_id: UUID) -> Response:
    """Write a credit, numbered and applied at once."""
    reason = form_words("reason", longest=500)
    new = NewCredit(
        buyer_id=buyer_id, of=_of(request.form.get("sorte", "")), reason=Text(reason, reason), parts=written_parts()
    )
    with transaction(actor().org_id) as session:
        made = write_credit(session, new=new, key=written_id("key"), stamp=stamp())
    return redirect(f"/credits/{made.id}", code=303)


@pages.get("/factures/<uuid:invoice_id>/credit")
@requires(Permission.CREDIT_CREATE)
def items_form(invoice_id: UUID) -> str:
    """Show what is left to credit of an invoice, to its issuer or to the agent that represents its seller."""
    with transaction(actor().org_id) as session:
        invoice = creditable_invoice(session, invoice_id)
        return render_template(
            "receivables/credit_items.html", invoice=invoice, lines=creditable(session, invoice), key=fresh_key()
        )


@pages.post("/factures/<uuid:invoice_id>/credit")
@requires(Permission.CREDIT_CREATE)
def write_items(invoice_id: UUID) -> Response:
    """Credit items of an invoice in its issuer's name, numbered in its series; its own invoice takes it first."""
    reason = form_words("reason", longest=500)
    with transaction(actor().org_id) as session:
        buyer_id = creditable_invoice(session, invoice_id).buyer_id
        new = NewCredit(buyer_id=buyer_id, of=Items(invoice_id, _counted("line-")), reason=Text(reason, reason))
        made = write_credit(session, new=new, key=written_id("key"), stamp=stamp())
    return redirect(f"/credits/{made.id}", code=303)


@pages.post("/credits/<uuid:credit_id>/affecter")
@requires(Permission.CREDIT_CREATE)
def apply_credit(credit_id: UUID) -> Response:
    """Split what a credit note holds over open invoices."""
    with transaction(actor().org_id) as session:
        service.apply_credit(session, credit=own_credit(session, credit_id), parts=written_parts(), stamp=stamp())
    return redirect(f"/credits/{credit_id}", code=303)


def _of(kind: str) -> Items | Empties | Amounts:
    if kind == "articles":
        return Items(written_id("invoice_id"), _counted("line-"))
    if kind == "contenants":
        return Empties(_counted("class-"))
    return Amounts(list(filter(None, (_free_line(row) for row in range(1, MAX_LINES + 1)))))


def _free_line(row: int) -> FreeLine | None:
    words, amount_cents = form_words(f"words-{row}", longest=500), written_cents(f"amount-{row}")
    if not words and amount_cents is None:
        return None
    return FreeLine(Text(words, words), required(f"amount-{row}", amount_cents), form_flag(f"taxed-{row}"))


def _counted(prefix: str) -> dict[UUID, int]:
    named = (name for name in request.form if name.startswith(prefix) and _is_id(name.removeprefix(prefix)))
    counted = {UUID(name.removeprefix(prefix)): form_whole(name, most=MOST_UNITS) for name in named}
    return {one: count for one, count in counted.items() if count}


def _is_id(raw: str) -> bool:
    try:
        UUID(raw)
    except ValueError:
        return False
    return True
