"""« Why this number » over JSON: what is open of an invoice, and what its account is made of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.billing.explaining import Explanation, explain_invoice, explain_joined
from server.billing.schemas import ExplanationSchema
from server.core.transaction import transaction
from server.core.web import actor, requires
from server.identity.permissions import Permission
from server.receivables.api.asking import dated, why_account, why_statement
from server.receivables.explaining import explain_credit_note, explain_payment, takers
from server.receivables.payables import shared_account
from server.receivables.schemas import WhyAccountQuerySchema, WhyStatementQuerySchema
from server.receivables.service.customers import require_customer
from server.receivables.service.owning import readable_payment

explained = Blueprint("explained_accounts_api", __name__, description="Why a total is what it is")


@explained.route("/invoices/<uuid:invoice_id>/explanation", methods=["GET"])
@requires(Permission.INVOICE_READ)
@explained.response(200, ExplanationSchema)
def why_invoice(invoice_id: UUID) -> Explanation:
    """Unfold an invoice's total and what is open of it"""
    with transaction(actor().org_id) as session:
        return explain_invoice(session, invoice_id=invoice_id, naming=takers)


@explained.route("/joined-invoices/<uuid:joined_id>/explanation", methods=["GET"])
@requires(Permission.INVOICE_READ)
@explained.response(200, ExplanationSchema)
def why_joined(joined_id: UUID) -> Explanation:
    """Unfold the total of one agent invoice for several orders, section by section"""
    with transaction(actor().org_id) as session:
        return explain_joined(session, joined_id=joined_id, naming=takers)


@explained.route("/credit-notes/<uuid:credit_id>/explanation", methods=["GET"])
@requires(Permission.INVOICE_READ)
@explained.response(200, ExplanationSchema)
def why_credit(credit_id: UUID) -> Explanation:
    """Unfold a credit note's total and what it still holds"""
    with transaction(actor().org_id) as session:
        return explain_credit_note(session, credit_id=credit_id)


@explained.route("/payments/<uuid:payment_id>/explanation", methods=["GET"])
@requires(Permission.INVOICE_READ)
@explained.response(200, ExplanationSchema)
def why_payment(payment_id: UUID) -> Explanation:
    """Unfold a payment: what it pays, what went back of it, and who says that it came"""
    with transaction(actor().org_id) as session:
        return explain_payment(session, payment=readable_payment(session, payment_id))


@explained.route("/accounts/<uuid:buyer_id>/explanation", methods=["GET"])
@requires(Permission.BALANCE_READ)
@explained.arguments(WhyAccountQuerySchema, location="query")
@explained.response(200, ExplanationSchema)
def why_balance(asked: dict[str, Any], buyer_id: UUID) -> Explanation:
    """Unfold a customer's balance and what is overdue of it, by age, to the documents that are open"""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        return why_account(session, me, buyer_id, dated(session, asked), at=f"/comptes/{buyer_id}")


@explained.route("/accounts/<uuid:buyer_id>/statement/explanation", methods=["GET"])
@requires(Permission.BALANCE_READ)
@explained.arguments(WhyStatementQuerySchema, location="query")
@explained.response(200, ExplanationSchema)
def why_statement_of(asked: dict[str, Any], buyer_id: UUID) -> Explanation:
    """Unfold a statement's opening, movements and closing"""
    me = actor().org_id
    with transaction(me) as session:
        require_customer(session, issuer_id=me, buyer_id=buyer_id)
        return why_statement(session, me, buyer_id, dated(session, asked), at=f"/comptes/{buyer_id}")


@explained.route("/payables/<uuid:issuer_id>/explanation", methods=["GET"])
@requires(Permission.BALANCE_READ)
@explained.arguments(WhyAccountQuerySchema, location="query")
@explained.response(200, ExplanationSchema)
def why_payable(asked: dict[str, Any], issuer_id: UUID) -> Explanation:
    """Unfold what one owes an issuer that shares the balance"""
    with transaction(actor().org_id) as session:
        asked = dated(session, asked)
        with shared_account(session, issuer_id=issuer_id) as buyer_id:
            return why_account(session, issuer_id, buyer_id, asked, at=f"/a-payer/{issuer_id}")


@explained.route("/payables/<uuid:issuer_id>/statement/explanation", methods=["GET"])
@requires(Permission.BALANCE_READ)
@explained.arguments(WhyStatementQuerySchema, location="query")
@explained.response(200, ExplanationSchema)
def why_payable_statement(asked: dict[str, Any], issuer_id: UUID) -> Explanation:
    """Unfold one's statement at an issuer that shares it"""
    with transaction(actor().org_id) as session:
        asked = dated(session, asked)
        with shared_account(session, issuer_id=issuer_id) as buyer_id:
            return why_statement(session, issuer_id, buyer_id, asked, at=f"/a-payer/{issuer_id}")
