"""Statements as PDF: read in a transaction, rendered outside of any (R086)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.core.web.byte_doors import carries_bytes
from server.documents.service.statements import StatementDraft, draft_statement
from server.identity.permissions import Permission
from server.receivables.api.asking import today
from server.receivables.payables import shared_account
from server.receivables.schemas import PeriodQuerySchema
from server.receivables.service.customers import require_customer
from server.receivables.service.periods import period_of

account_statements = Blueprint("account_statements_api", __name__, url_prefix="/accounts", description="Statements")
payable_statements = Blueprint("payable_statements_api", __name__, url_prefix="/payables", description="Statements")


@account_statements.route("/<uuid:buyer_id>/statement/file", methods=["GET"])
@requires(Permission.BALANCE_READ)
@account_statements.arguments(PeriodQuerySchema, location="query")
@account_statements.response(200)
@carries_bytes(gives=("application/pdf",))
def statement_file(asked: dict[str, Any], buyer_id: UUID) -> Response:
    """Download a customer's statement of a period"""
    return statement_response(customer_statement(buyer_id, asked.get("first_day"), asked.get("last_day")))


@payable_statements.route("/<uuid:issuer_id>/statement/file", methods=["GET"])
@requires(Permission.BALANCE_READ)
@payable_statements.arguments(PeriodQuerySchema, location="query")
@payable_statements.response(200)
@carries_bytes(gives=("application/pdf",))
def payable_statement_file(asked: dict[str, Any], issuer_id: UUID) -> Response:
    """Download one's statement at an issuer that shares it"""
    return statement_response(shared_statement(issuer_id, asked.get("first_day"), asked.get("last_day")))


def customer_statement(buyer_id: UUID, first_day: date | None, last_day: date | None) -> StatementDraft:
    """Return a statement of one of the caller's customers.

    Raises:
        NoAccount: it is no customer. BadPeriod: it ends before it begins.
    """
    with transaction(actor().org_id) as session:
        require_customer(session, issuer_id=actor().org_id, buyer_id=buyer_id)
        period = period_of(first_day, last_day, today=today(session))
        return draft_statement(session, buyer_id=buyer_id, period=period, at=clock.now())


def shared_statement(issuer_id: UUID, first_day: date | None, last_day: date | None) -> StatementDraft:
    """Return the caller's own statement at an issuer.

    Raises:
        BalanceHidden: the issuer does not share it. BadPeriod: it ends before it begins.
    """
    with transaction(actor().org_id) as session:
        period = period_of(first_day, last_day, today=today(session))
        with shared_account(session, issuer_id=issuer_id) as buyer_id:
            return draft_statement(session, buyer_id=buyer_id, period=period, at=clock.now())


def statement_response(draft: StatementDraft) -> Response:
    """Return a statement's PDF as a file, which nobody else keeps."""
    response = Response(draft.rendered(), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=draft.name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
