"""« À payer »: what the caller's organisation owes, as far as each issuer shares it (R079)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import redirect, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.billing.explaining import Explanation
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_id, form_words
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.receivables import accounts as accounts_read
from server.receivables import payables as reads
from server.receivables import statements
from server.receivables.api.asking import currency_of, few, today, why_account
from server.receivables.pages.blueprint import asked_day, asked_page, pages
from server.receivables.pages.customers import LINES_A_PAGE
from server.receivables.queries import open_invoices
from server.receivables.service.chatting import account_messages, say_on_account
from server.receivables.service.online import takes_online
from server.receivables.service.periods import period_of


@pages.get("/a-payer")
@requires(Permission.BALANCE_READ)
def payables() -> str:
    """List the issuers to pay, shared balances as they stood at the end of a day."""
    with transaction(actor().org_id) as session:
        on = asked_day("jour") or today(session)
        return render_template("receivables/payables.html", found=reads.payables(session, on=on), on=on)


@pages.get("/a-payer/<uuid:issuer_id>")
@requires(Permission.BALANCE_READ)
def payable(issuer_id: UUID) -> str:
    """Show one issuer's open invoices, the balance if it is shared, and the chat."""
    me = actor().org_id
    with transaction(me) as session:
        on = today(session)
        found = reads.payable(session, issuer_id=issuer_id, on=on)
        still = open_invoices(session, issuer_id=issuer_id, buyer_id=me, currency=found.currency)
        return render_template(
            "receivables/payable.html",
            found=found,
            on=on,
            open_invoices=still,
            ages=accounts_read.AGE_LABELS,
            explained=_explained(session, found, on),
            online=takes_online(session, issuer_id=issuer_id),
            messages=account_messages(session, issuer_id=issuer_id, buyer_id=me),
            zone=parties.zone_of(session, org_id=me),
        )


def _explained(session: Session, found: reads.Payable, on: date) -> Explanation | None:
    """What a shared balance is made of; None when it is hidden."""
    if found.account is None:
        return None
    with reads.shared_account(session, issuer_id=found.issuer_id) as buyer_id:
        asked = few(on, found.currency)
        return why_account(session, found.issuer_id, buyer_id, asked, at=f"/a-payer/{found.issuer_id}")


@pages.get("/a-payer/<uuid:issuer_id>/releve")
@requires(Permission.BALANCE_READ)
def payable_statement(issuer_id: UUID) -> str:
    """Show one's statement at an issuer that shares it."""
    me, page = actor().org_id, asked_page()
    with transaction(me) as session:
        first, last = period_of(asked_day("du"), asked_day("au"), today=today(session))
        currency = currency_of(session, issuer_id)
        with reads.shared_account(session, issuer_id=issuer_id) as buyer_id:
            found = statements.statement(session, buyer_id=buyer_id, currency=currency, first_day=first, last_day=last)
        lines = found.lines[(page - 1) * LINES_A_PAGE : page * LINES_A_PAGE]
        return render_template(
            "receivables/statement.html",
            found=found,
            lines=lines,
            page=page,
            more=len(found.lines) > page * LINES_A_PAGE,
            proofs=statements.proofs_of_invoices(session, {one.invoice_id for one in lines if one.invoice_id}),
            party=parties.names(session, org_ids=[issuer_id]).get(issuer_id, ""),
            back=f"/a-payer/{issuer_id}",
            pdf=f"/a-payer/{issuer_id}/releve.pdf?du={first}&au={last}",
        )


@pages.post("/a-payer/<uuid:issuer_id>/messages")
@requires(Permission.ACCOUNTING_CHAT)
def say_to_issuer(issuer_id: UUID) -> Response:
    """Write to an issuer about one's account."""
    who = actor()
    with transaction(who.org_id) as session:
        say_on_account(
            session,
            issuer_id=issuer_id,
            buyer_id=who.org_id,
            words=form_words("text", longest=4000),
            author_name=who.display_name,
            key=form_id("key"),
            stamp=stamp(),
        )
    return redirect(f"/a-payer/{issuer_id}#chat", code=303)
