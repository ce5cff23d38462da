"""Payments on pages: written down, looked at, set elsewhere, given back, paid online."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_choice, form_day, form_flag, form_words, required
from server.identity.permissions import Permission
from server.receivables import service
from server.receivables.api.asking import today
from server.receivables.api.opening import open_online, refund_payment
from server.receivables.explaining import explain_payment
from server.receivables.jobs import bring_to_agree
from server.receivables.model import BY_HAND, METHOD_LABELS, PaymentMethod
from server.receivables.pages.blueprint import fresh_key, pages, written_parts
from server.receivables.pages.written import written_cents, written_id
from server.receivables.reads import customer_whole, payment_whole
from server.receivables.service.online import ProviderKeys, provider_account, set_provider
from server.receivables.service.owning import own_credit, own_invoice, own_payment, readable_payment
from shared.money import cash_rounding


@pages.get("/comptes/<uuid:buyer_id>/paiement")
@requires(Permission.PAYMENT_KEEP)
def payment_form(buyer_id: UUID) -> str:
    """Show the form of a received payment; ``facture`` names the invoice from which one comes (R091)."""
    with transaction(actor().org_id) as session:
        on = today(session)
        return render_template(
            "receivables/payment_form.html",
            whole=customer_whole(session, buyer_id=buyer_id, on=on, page=1),
            buyer_id=buyer_id,
            on=on,
            chosen=request.args.get("facture", ""),
            methods=[(one, METHOD_LABELS[one]) for one in BY_HAND],
            rounding=cash_rounding,
            key=fresh_key(),
        )


@pages.post("/comptes/<uuid:buyer_id>/paiement")
@requires(Permission.PAYMENT_KEEP)
def record(buyer_id: UUID) -> Response:
    """Record a received payment: against the invoices that the form names, else the oldest."""
    parts = written_parts()
    paid = service.NewPayment(
        buyer_id=buyer_id,
        method=form_choice("method", PaymentMethod),
        amount_cents=required("amount", written_cents("amount")),
        received_on=required("received_on", form_day("received_on")),
        reference=form_words("reference", longest=200),
        parts=parts or ([] if form_flag("keep") else None),
    )
    me = actor().org_id
    with transaction(me) as session:
        made = service.record_payment(session, issuer_id=me, paid=paid, key=written_id("key"), stamp=stamp())
    return redirect(url_for(".payment", payment_id=made.id), code=303)


@pages.get("/paiements/<uuid:payment_id>")
@requires(Permission.INVOICE_READ)
def payment(payment_id: UUID) -> str:
    """Show a payment: what it pays, what it holds, what went back of it; for the buyer, where to pay it."""
    with transaction(actor().org_id) as session:
        found = readable_payment(session, payment_id)
        return render_template(
            "receivables/payment.html",
            whole=payment_whole(session, payment=found),
            explained=explain_payment(session, payment=found),
            methods=METHOD_LABELS,
            by_hand=BY_HAND,
            key=fresh_key(),
        )


@pages.post("/paiements/<uuid:payment_id>/affecter")
@requires(Permission.PAYMENT_KEEP)
def allocate(payment_id: UUID) -> Response:
    """Set what a payment holds against invoices, or all of it elsewhere."""
    verb = service.reallocate_payment if form_flag("replace") else service.allocate_payment
    with transaction(actor().org_id) as session:
        verb(session, payment=own_payment(session, payment_id), parts=written_parts(), stamp=stamp())
    return redirect(f"/paiements/{payment_id}", code=303)


@pages.post("/affectations/<uuid:allocation_id>/annuler")
@requires(Permission.PAYMENT_KEEP, Permission.CREDIT_CREATE)
def undo(allocation_id: UUID) -> Response:
    """Take a payment, credit or write-off off an invoice."""
    with transaction(actor().org_id) as session:
        undone = service.undo_allocation(session, allocation_id=allocation_id, stamp=stamp())
    return redirect(f"/factures/{undone.invoice_id}", code=303)


@pages.post("/paiements/<uuid:payment_id>/rembourser")
@requires(Permission.RECEIVABLES_RUN)
def give_back(payment_id: UUID) -> Response:
    """Give back what a payment holds."""
    refund_payment(payment_id, _wish(), key=written_id("key"))
    return redirect(f"/paiements/{payment_id}", code=303)


@pages.post("/credits/<uuid:credit_id>/rembourser")
@requires(Permission.RECEIVABLES_RUN)
def give_back_credit(credit_id: UUID) -> Response:
    """Pay out what a credit note holds."""
    with transaction(actor().org_id) as session:
        credit = own_credit(session, credit_id)
        service.refund_by_hand(session, source=credit, wish=_wish(), key=written_id("key"), stamp=stamp())
    return redirect(f"/credits/{credit_id}", code=303)


@pages.post("/paiements/<uuid:payment_id>/confirmer")
@requires(Permission.PAYMENT_KEEP)
def confirm(payment_id: UUID) -> Response:
    """Confirm money that a driver collected."""
    with transaction(actor().org_id) as session:
        service.confirm_collected(session, payment=own_payment(session, payment_id), stamp=stamp())
    return redirect(f"/paiements/{payment_id}", code=303)


@pages.post("/paiements/<uuid:payment_id>/echec")
@requires(Permission.PAYMENT_KEEP)
def fail(payment_id: UUID) -> Response:
    """Say that a payment did not hold."""
    with transaction(actor().org_id) as session:
        service.fail_by_hand(session, payment=own_payment(session, payment_id), stamp=stamp())
    return redirect(f"/paiements/{payment_id}", code=303)


@pages.post("/factures/<uuid:invoice_id>/radier")
@requires(Permission.RECEIVABLES_RUN)
def let_off(invoice_id: UUID) -> Response:
    """Give up what an invoice has open."""
    with transaction(actor().org_id) as session:
        service.write_off(
            session,
            invoice=own_invoice(session, invoice_id),
            amount_cents=required("amount", written_cents("amount")),
            reason=form_words("reason", longest=500),
            key=written_id("key"),
            stamp=stamp(),
        )
    return redirect(f"/factures/{invoice_id}", code=303)


@pages.post("/factures/<uuid:invoice_id>/payer")
@requires(Permission.PAYMENT_ONLINE)
def pay(invoice_id: UUID) -> Response:
    """Open an online payment of an invoice; its page leads to the provider's."""
    made = open_online(invoice_id, written_id("key"))
    return redirect(f"/paiements/{made.id}", code=303)


@pages.post("/paiements/<uuid:payment_id>/verifier")
@requires(Permission.PAYMENT_ONLINE, Permission.PAYMENT_KEEP)
def look(payment_id: UUID) -> Response:
    """Ask the provider how an online payment stands now."""
    with transaction(actor().org_id) as session:
        found = readable_payment(session, payment_id)
    bring_to_agree(found.owner_id, payment_id)
    return redirect(f"/paiements/{payment_id}", code=303)


@pages.get("/paiement-en-ligne")
@requires(Permission.MEMBER_ADMINISTER)
def provider() -> str:
    """Show one's account at the provider; its secrets are never shown."""
    with transaction(actor().org_id) as session:
        account = provider_account(session, issuer_id=actor().org_id)
        return render_template("receivables/provider.html", account=account, me=actor().org_id)


@pages.post("/paiement-en-ligne")
@requires(Permission.MEMBER_ADMINISTER)
def enter_provider() -> Response:
    """Enter one's account at the provider, and offer online payment or not."""
    keys = ProviderKeys(
        is_enabled=form_flag("enabled"),
        secret_key=form_words("secret_key", longest=300),
        webhook_secret=form_words("webhook_secret", longest=300),
    )
    with transaction(actor().org_id) as session:
        set_provider(session, keys=keys, stamp=stamp())
    return redirect(url_for(".provider"), code=303)


def _wish() -> service.Wish:
    return service.Wish(
        amount_cents=required("amount", written_cents("amount")),
        method=form_choice("method", PaymentMethod),
        reason=form_words("reason", longest=500),
    )
