"""« Pourquoi ce montant »: what a balance or a statement is made of, on a page of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy.orm import Session

from server.billing.explaining import Explanation
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.receivables.accounts import AGE_LABELS, Age
from server.receivables.api.asking import dated, why_account, why_statement
from server.receivables.pages.blueprint import asked_day, asked_page, pages
from server.receivables.payables import shared_account
from server.receivables.service.customers import require_customer


@pages.get("/comptes/<uuid:buyer_id>/pourquoi")
@requires(Permission.BALANCE_READ)
def why_balance(buyer_id: UUID) -> str:
    """Unfold a customer's balance at the end of a day, or one age of it, to the documents that are open."""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        asked = _asked(session)
        explained = why_account(session, me, buyer_id, asked, at=f"/comptes/{buyer_id}")
        return _shown(session, explained, asked, party_id=buyer_id, back=f"/comptes/{buyer_id}?jour={asked['on']}")


@pages.get("/a-payer/<uuid:issuer_id>/pourquoi")
@requires(Permission.BALANCE_READ)
def why_payable(issuer_id: UUID) -> str:
    """Unfold what one owes an issuer that shares the balance."""
    with transaction(actor().org_id) as session:
        asked = _asked(session)
        with shared_account(session, issuer_id=issuer_id) as buyer_id:
            explained = why_account(session, issuer_id, buyer_id, asked, at=f"/a-payer/{issuer_id}")
        return _shown(session, explained, asked, party_id=issuer_id, back=f"/a-payer/{issuer_id}")


@pages.get("/comptes/<uuid:buyer_id>/releve/pourquoi")
@requires(Permission.BALANCE_READ)
def why_statement_of(buyer_id: UUID) -> str:
    """Unfold a statement's opening, movements and closing."""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        asked = _asked(session)
        explained = why_statement(session, me, buyer_id, asked, at=f"/comptes/{buyer_id}")
        return _of_period(session, explained, asked, party_id=buyer_id, back=f"/comptes/{buyer_id}/releve")


@pages.get("/a-payer/<uuid:issuer_id>/releve/pourquoi")
@requires(Permission.BALANCE_READ)
def why_payable_statement(issuer_id: UUID) -> str:
    """Unfold one's statement at an issuer that shares it."""
    with transaction(actor().org_id) as session:
        asked = _asked(session)
        with shared_account(session, issuer_id=issuer_id) as buyer_id:
            explained = why_statement(session, issuer_id, buyer_id, asked, at=f"/a-payer/{issuer_id}")
        return _of_period(session, explained, asked, party_id=issuer_id, back=f"/a-payer/{issuer_id}/releve")


def _asked(session: Session) -> dict[str, Any]:
    """What the address asks for, with its days.

    Raises:
        BadRequest: a day, an age or a currency cannot be read.
    """
    days = {"on": asked_day("jour"), "first_day": asked_day("du"), "last_day": asked_day("au")}
    return dated(session, days) | {"age": _age(), "currency": _currency(), "page": asked_page()}


def _age() -> Age | None:
    raw = request.args.get("age", "")
    try:
        return Age(raw) if raw else None
    except ValueError as error:
        raise BadRequest(Text("Cet âge n’existe pas.", "There is no such age."), where="age") from error


def _currency() -> str:
    raw = request.args.get("devise", "")
    if raw and not (len(raw) == len("CAD") and raw.isascii() and raw.isalpha() and raw.isupper()):
        raise BadRequest(Text("Cette devise n’existe pas.", "There is no such currency."), where="devise")
    return raw


def _shown(session: Session, explained: Explanation, asked: dict[str, Any], *, party_id: UUID, back: str) -> str:
    return render_template(
        "receivables/why.html",
        explained=explained,
        first=None,
        on=asked["on"],
        age=asked["age"],
        age_label=AGE_LABELS.get(asked["age"]),
        party=parties.names(session, org_ids=[party_id]).get(party_id, ""),
        back=back,
    )


def _of_period(session: Session, explained: Explanation, asked: dict[str, Any], *, party_id: UUID, back: str) -> str:
    first, last = asked["first_day"], asked["last_day"]
    return render_template(
        "receivables/why.html",
        explained=explained,
        first=first,
        last=last,
        age=None,
        party=parties.names(session, org_ids=[party_id]).get(party_id, ""),
        back=f"{back}?du={first}&au={last}",
    )
