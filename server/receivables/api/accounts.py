"""Customers' accounts over JSON, as their issuer keeps them (R078, R090)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.conversations.model import Message
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.receivables import accounts as reads
from server.receivables import service, statements
from server.receivables.api.asking import currency_of, period, today
from server.receivables.model import CustomerAccount
from server.receivables.movements import Line
from server.receivables.schemas import (
    AccountMessageSchema,
    AccountSaidSchema,
    AccountSchema,
    DecisionsSchema,
    HoldSchema,
    LimitSchema,
    OnQuerySchema,
    PeriodQuerySchema,
    StatementSchema,
    TransactionSchema,
    TransactionsQuerySchema,
)
from server.receivables.service.chatting import account_messages, say_on_account
from server.receivables.service.customers import require_customer

accounts = Blueprint("accounts_api", __name__, url_prefix="/accounts", description="Customers' accounts")


@accounts.route("", methods=["GET"])
@requires(Permission.BALANCE_READ)
@accounts.arguments(OnQuerySchema, location="query")
@accounts.response(200, AccountSchema(many=True))
def list_accounts(asked: dict[str, Any]) -> Sequence[reads.Account]:
    """List customers' balances at the end of a day, with their ages"""
    with transaction(actor().org_id) as session:
        return reads.accounts(session, on=asked.get("on") or today(session), words=asked["q"])


@accounts.route("/<uuid:buyer_id>", methods=["GET"])
@requires(Permission.BALANCE_READ)
@accounts.arguments(OnQuerySchema, location="query")
@accounts.response(200, AccountSchema(many=True))
def read_account(asked: dict[str, Any], buyer_id: UUID) -> Sequence[reads.Account]:
    """Read one customer's account, one for each currency"""
    with transaction(actor().org_id) as session:
        require_customer(session, issuer_id=actor().org_id, buyer_id=buyer_id)
        return reads.accounts(session, on=asked.get("on") or today(session), buyer_id=buyer_id)


@accounts.route("/<uuid:buyer_id>/transactions", methods=["GET"])
@requires(Permission.BALANCE_READ)
@accounts.arguments(TransactionsQuerySchema, location="query")
@accounts.response(200, TransactionSchema(many=True))
def list_transactions(asked: dict[str, Any], buyer_id: UUID) -> Sequence[Line]:
    """List every transaction of a customer, newest first"""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        currency = currency_of(session, me)
        return statements.transactions(session, buyer_id=buyer_id, currency=currency, **asked)


@accounts.route("/<uuid:buyer_id>/statement", methods=["GET"])
@requires(Permission.BALANCE_READ)
@accounts.arguments(PeriodQuerySchema, location="query")
@accounts.response(200, StatementSchema)
def read_statement(asked: dict[str, Any], buyer_id: UUID) -> statements.Statement:
    """Read a customer's statement of a period"""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        first, last = period(session, asked)
        currency = currency_of(session, me)
        return statements.statement(session, buyer_id=buyer_id, currency=currency, first_day=first, last_day=last)


@accounts.route("/<uuid:buyer_id>/limit", methods=["PUT"])
@requires(Permission.TERMS_SET)
@accounts.arguments(LimitSchema)
@accounts.response(200, DecisionsSchema)
def set_limit(asked: dict[str, Any], buyer_id: UUID) -> CustomerAccount:
    """Set how much a customer may owe"""
    with transaction(actor().org_id) as session:
        return service.set_credit_limit(session, buyer_id=buyer_id, limit_cents=asked["limit_cents"], stamp=stamp())


@accounts.route("/<uuid:buyer_id>/hold", methods=["PUT"])
@requires(Permission.TERMS_SET)
@accounts.arguments(HoldSchema)
@accounts.response(200, DecisionsSchema)
def hold(asked: dict[str, Any], buyer_id: UUID) -> CustomerAccount:
    """Put a customer on hold: its orders are accepted by hand only"""
    with transaction(actor().org_id) as session:
        return service.hold_account(session, buyer_id=buyer_id, reason=asked["reason"], stamp=stamp())


@accounts.route("/<uuid:buyer_id>/hold", methods=["DELETE"])
@requires(Permission.TERMS_SET)
@accounts.response(200, DecisionsSchema)
def release(buyer_id: UUID) -> CustomerAccount:
    """Take a customer off hold"""
    with transaction(actor().org_id) as session:
        return service.release_account(session, buyer_id=buyer_id, stamp=stamp())


@accounts.route("/<uuid:buyer_id>/messages", methods=["GET"])
@requires(Permission.ACCOUNTING_CHAT)
@accounts.response(200, AccountMessageSchema(many=True))
def list_messages(buyer_id: UUID) -> Sequence[Message]:
    """Read the accounting chat with a customer"""
    with transaction(actor().org_id) as session:
        return account_messages(session, issuer_id=actor().org_id, buyer_id=buyer_id)


@accounts.route("/<uuid:buyer_id>/messages", methods=["POST"])
@requires(Permission.ACCOUNTING_CHAT)
@accounts.arguments(AccountSaidSchema)
@accounts.response(201, AccountMessageSchema)
def say(asked: dict[str, Any], buyer_id: UUID) -> Message:
    """Write to a customer about its account"""
    who = actor()
    with transaction(who.org_id) as session:
        return say_on_account(
            session,
            issuer_id=who.org_id,
            buyer_id=buyer_id,
            words=asked["text"],
            author_name=who.display_name,
            key=asked["key"],
            stamp=stamp(),
        )
