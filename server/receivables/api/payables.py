"""What the caller's organisation owes, over JSON, as far as each issuer shares it (R079)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.conversations.model import Message
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.receivables import payables as reads
from server.receivables import statements
from server.receivables.api.asking import currency_of, period, today
from server.receivables.schemas import (
    AccountMessageSchema,
    AccountSaidSchema,
    OnQuerySchema,
    OpenInvoicesQuerySchema,
    PayableSchema,
    PayableWithInvoicesSchema,
    PeriodQuerySchema,
    StatementSchema,
)
from server.receivables.service.chatting import account_messages, say_on_account

payables = Blueprint("payables_api", __name__, url_prefix="/payables", description="What one owes")


@payables.route("", methods=["GET"])
@requires(Permission.BALANCE_READ)
@payables.arguments(OnQuerySchema, location="query")
@payables.response(200, PayableSchema(many=True))
def list_payables(asked: dict[str, Any]) -> Sequence[reads.Payable]:
    """List the issuers to pay; a balance is there only when it is shared"""
    with transaction(actor().org_id) as session:
        return reads.payables(session, on=asked.get("on") or today(session))


@payables.route("/<uuid:issuer_id>", methods=["GET"])
@requires(Permission.BALANCE_READ)
@payables.arguments(OpenInvoicesQuerySchema, location="query")
@payables.response(200, PayableWithInvoicesSchema)
def read_payable(asked: dict[str, Any], issuer_id: UUID) -> reads.PayableWithInvoices:
    """Read one issuer to pay, with the invoices that are open there; its shared balance is that of the day ``on``"""
    with transaction(actor().org_id) as session:
        asked = {"on": today(session)} | asked
        return reads.payable_with_invoices(session, issuer_id=issuer_id, **asked)


@payables.route("/<uuid:issuer_id>/statement", methods=["GET"])
@requires(Permission.BALANCE_READ)
@payables.arguments(PeriodQuerySchema, location="query")
@payables.response(200, StatementSchema)
def read_statement(asked: dict[str, Any], issuer_id: UUID) -> statements.Statement:
    """Read one's statement at an issuer that shares it"""
    with transaction(actor().org_id) as session:
        first, last = period(session, asked)
        currency = currency_of(session, issuer_id)
        with reads.shared_account(session, issuer_id=issuer_id) as buyer_id:
            return statements.statement(session, buyer_id=buyer_id, currency=currency, first_day=first, last_day=last)


@payables.route("/<uuid:issuer_id>/messages", methods=["GET"])
@requires(Permission.ACCOUNTING_CHAT)
@payables.response(200, AccountMessageSchema(many=True))
def list_messages(issuer_id: UUID) -> Sequence[Message]:
    """Read the accounting chat with an issuer"""
    with transaction(actor().org_id) as session:
        return account_messages(session, issuer_id=issuer_id, buyer_id=actor().org_id)


@payables.route("/<uuid:issuer_id>/messages", methods=["POST"])
@requires(Permission.ACCOUNTING_CHAT)
@payables.arguments(AccountSaidSchema)
@payables.response(201, AccountMessageSchema)
def say(asked: dict[str, Any], issuer_id: UUID) -> Message:
    """Write to an issuer about one's account"""
    who = actor()
    with transaction(who.org_id) as session:
        return say_on_account(
            session,
            issuer_id=issuer_id,
            buyer_id=who.org_id,
            words=asked["text"],
            author_name=who.display_name,
            key=asked["key"],
            stamp=stamp(),
        )
