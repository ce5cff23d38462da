"""« Comptes clients »: every customer's balance, one customer's account, its statement and its chat."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_id, form_words
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.receivables import accounts as reads
from server.receivables import service, statements
from server.receivables.api.asking import currency_of, few, today, why_account
from server.receivables.movements import MOVEMENT_LABELS
from server.receivables.pages.blueprint import asked_day, asked_page, pages
from server.receivables.pages.written import written_cents
from server.receivables.reads import customer_whole
from server.receivables.service.chatting import say_on_account
from server.receivables.service.customers import require_customer
from server.receivables.service.periods import period_of

LINES_A_PAGE = 500


@pages.get("/comptes")
@requires(Permission.BALANCE_READ)
def accounts() -> str:
    """List customers' balances at the end of a day, with their ages."""
    words = request.args.get("q", "").replace("\x00", "").strip()[:80]
    with transaction(actor().org_id) as session:
        day = asked_day("jour")
        on = day or today(session)
        return render_template(
            "receivables/accounts.html",
            found=reads.accounts(session, on=on, words=words),
            on=on,
            day=day,
            words=words,
            ages=reads.AGE_LABELS,
        )


@pages.get("/comptes/<uuid:buyer_id>")
@requires(Permission.BALANCE_READ)
def account(buyer_id: UUID) -> str:
    """Show one customer's account, now or at the end of a day: open documents, ages, transactions, limit and chat."""
    me, page = actor().org_id, asked_page()
    with transaction(me) as session:
        day = asked_day("jour")
        on = day or today(session)
        whole = customer_whole(session, buyer_id=buyer_id, on=on, page=page, day=day)
        return render_template(
            "receivables/account.html",
            whole=whole,
            explained=why_account(session, me, buyer_id, few(on, whole.account.currency), at=f"/comptes/{buyer_id}"),
            buyer_id=buyer_id,
            on=on,
            day=day,
            page=page,
            ages=reads.AGE_LABELS,
            labels=MOVEMENT_LABELS,
            zone=parties.zone_of(session, org_id=me),
        )


@pages.get("/comptes/<uuid:buyer_id>/releve")
@requires(Permission.BALANCE_READ)
def statement(buyer_id: UUID) -> str:
    """Show a customer's statement of a period, each line with its invoice, credit and proof."""
    me, page = actor().org_id, asked_page()
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        first, last = period_of(asked_day("du"), asked_day("au"), today=today(session))
        found = statements.statement(
            session, buyer_id=buyer_id, currency=currency_of(session, me), first_day=first, last_day=last
        )
        lines = found.lines[(page - 1) * LINES_A_PAGE : page * LINES_A_PAGE]
        proofs = statements.proofs_of_invoices(session, {one.invoice_id for one in lines if one.invoice_id})
        return render_template(
            "receivables/statement.html",
            found=found,
            lines=lines,
            page=page,
            more=len(found.lines) > page * LINES_A_PAGE,
            proofs=proofs,
            party=parties.names(session, org_ids=[buyer_id]).get(buyer_id, ""),
            back=f"/comptes/{buyer_id}",
            pdf=f"/comptes/{buyer_id}/releve.pdf?du={first}&au={last}",
        )


@pages.post("/comptes/<uuid:buyer_id>/messages")
@requires(Permission.ACCOUNTING_CHAT)
def say(buyer_id: UUID) -> Response:
    """Write to a customer about its account."""
    who = actor()
    with transaction(who.org_id) as session:
        say_on_account(
            session,
            issuer_id=who.org_id,
            buyer_id=buyer_id,
            words=form_words("text", longest=4000),
            author_name=who.display_name,
            key=form_id("key"),
            stamp=stamp(),
        )
    return redirect(f"/comptes/{buyer_id}#chat", code=303)


@pages.post("/comptes/<uuid:buyer_id>/limite")
@requires(Permission.TERMS_SET)
def limit(buyer_id: UUID) -> Response:
    """Set how much a customer may owe; an empty field takes the limit away."""
    with transaction(actor().org_id) as session:
        service.set_credit_limit(session, buyer_id=buyer_id, limit_cents=written_cents("limit"), stamp=stamp())
    return redirect(f"/comptes/{buyer_id}", code=303)


@pages.post("/comptes/<uuid:buyer_id>/retenir")
@requires(Permission.TERMS_SET)
def hold(buyer_id: UUID) -> Response:
    """Put a customer on hold."""
    with transaction(actor().org_id) as session:
        service.hold_account(session, buyer_id=buyer_id, reason=form_words("reason", longest=500), stamp=stamp())
    return redirect(f"/comptes/{buyer_id}", code=303)


@pages.post("/comptes/<uuid:buyer_id>/liberer")
@requires(Permission.TERMS_SET)
def release(buyer_id: UUID) -> Response:
    """Take a customer off hold."""
    with transaction(actor().org_id) as session:
        service.release_account(session, buyer_id=buyer_id, stamp=stamp())
    return redirect(f"/comptes/{buyer_id}", code=303)
