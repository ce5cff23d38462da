"""Invoices and credit notes over JSON, as the caller's organisation may read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.billing import queries
from server.billing.explaining import Explanation, explain_order
from server.billing.explaining.deposits import DepositsAsked, explain_deposits
from server.billing.explaining.paging import Page
from server.billing.joined import joined_invoice
from server.billing.letterhead import letterhead
from server.billing.model import CreditNote, Invoice
from server.billing.revaluing import reading
from server.billing.revaluing.model import DepositRevaluation
from server.billing.revaluing.service import revalue_deposits
from server.billing.schemas import (
    CreditDecisionSchema,
    CreditNoteSchema,
    CreditNoteWithLinesSchema,
    DepositStandingSchema,
    ExplanationSchema,
    InvoiceSchema,
    InvoiceWithLinesSchema,
    JoinedInvoiceSchema,
    OfOrderQuerySchema,
    RevaluationSchema,
    WhyDepositsQuerySchema,
)
from server.billing.service import approve_proposed, publish_pending, refuse_proposed
from server.billing.standing import (
    InvoiceStanding,
    JoinedStanding,
    joined_standing,
    standing_of,
    with_standings,
)
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.paging import page
from server.identity.permissions import Permission

invoices = Blueprint("invoices_api", __name__, url_prefix="/invoices", description="Invoices")
joined = Blueprint("joined_invoices_api", __name__, url_prefix="/joined-invoices", description="Invoices of a stop")
credits_ = Blueprint("credits_api", __name__, url_prefix="/credit-notes", description="Credit notes")
deposits = Blueprint(
    "container_deposits_api", __name__, url_prefix="/container-deposits", description="What one owes on containers"
)
explained = Blueprint("explained_api", __name__, description="Why a total is what it is")


def today(session: Session) -> date:
    """Return the business day of now, in the caller's organisation."""
    return letterhead(session, org_id=actor().org_id).day_of(stamp().at)


@invoices.route("", methods=["GET"])
@requires(Permission.INVOICE_READ)
@invoices.arguments(OfOrderQuerySchema, location="query")
@invoices.response(200, InvoiceSchema(many=True))
def list_invoices(asked: dict[str, Any]) -> Sequence[InvoiceStanding]:
    """List invoices that one issued, sells on or received"""
    with transaction(actor().org_id) as session:
        found = page(session, queries.all_invoices(asked.get("order_id")), Invoice.id, asked)
        return with_standings(session, found, on=today(session))


@invoices.route("/<uuid:invoice_id>", methods=["GET"])
@requires(Permission.INVOICE_READ)
@invoices.response(200, InvoiceWithLinesSchema)
def read_invoice(invoice_id: UUID) -> InvoiceStanding:
    """Read an invoice with its lines"""
    with transaction(actor().org_id) as session:
        return standing_of(session, queries.invoice(session, invoice_id=invoice_id), on=today(session))


@joined.route("/<uuid:joined_id>", methods=["GET"])
@requires(Permission.INVOICE_READ)
@joined.response(200, JoinedInvoiceSchema)
def read_joined(joined_id: UUID) -> JoinedStanding:
    """Read one agent invoice for several orders, whole; a seller reads its own sections as invoices"""
    with transaction(actor().org_id) as session:
        return joined_standing(session, joined_invoice(session, joined_id=joined_id), on=today(session))


@credits_.route("", methods=["GET"])
@requires(Permission.INVOICE_READ)
@credits_.arguments(OfOrderQuerySchema, location="query")
@credits_.response(200, CreditNoteSchema(many=True))
def list_credit_notes(asked: dict[str, Any]) -> Sequence[CreditNote]:
    """List credit notes that one issued or received"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_credit_notes(asked.get("order_id")), CreditNote.id, asked)


@credits_.route("/<uuid:credit_id>", methods=["GET"])
@requires(Permission.INVOICE_READ)
@credits_.response(200, CreditNoteWithLinesSchema)
def read_credit_note(credit_id: UUID) -> CreditNote:
    """Read a credit note with its lines"""
    with transaction(actor().org_id) as session:
        return queries.credit_note(session, credit_id=credit_id)


@credits_.route("/<uuid:credit_id>/decision", methods=["POST"])
@requires(Permission.CREDIT_APPROVE)
@credits_.arguments(CreditDecisionSchema)
@credits_.response(200, CreditNoteSchema)
def decide(asked: dict[str, Any], credit_id: UUID) -> CreditNote:
    """Approve or refuse one's own credit above the threshold"""
    now = stamp()
    with transaction(actor().org_id) as session:
        if asked["approve"]:
            note = approve_proposed(session, credit_id=credit_id, stamp=now)
            publish_pending(session, stamp=now)
            return note
        return refuse_proposed(session, credit_id=credit_id, reason=asked["reason"], stamp=now)


@explained.route("/orders/<uuid:order_id>/explanation", methods=["GET"])
@requires(Permission.INVOICE_READ)
@explained.response(200, ExplanationSchema)
def why_order(order_id: UUID) -> Explanation:
    """Unfold an order's total"""
    with transaction(actor().org_id) as session:
        return explain_order(session, order_id=order_id)


@deposits.route("", methods=["GET"])
@requires(Permission.BALANCE_READ)
@deposits.response(200, DepositStandingSchema(many=True))
def list_deposits() -> Sequence[reading.DepositStanding]:
    """List what one owes on each container class, beside what the containers come to today"""
    with transaction(actor().org_id) as session:
        return reading.deposit_standings(session, stamp=stamp())


@deposits.route("/revaluations", methods=["GET"])
@requires(Permission.BALANCE_READ)
@deposits.response(200, RevaluationSchema(many=True))
def list_revaluations() -> Sequence[DepositRevaluation]:
    """List one's last hundred revaluations, the newest first"""
    with transaction(actor().org_id) as session:
        return reading.revaluations(session)


@deposits.route("/revaluations", methods=["POST"])
@requires(Permission.RECEIVABLES_RUN)
@deposits.response(201, RevaluationSchema(many=True))
def revalue() -> Sequence[DepositRevaluation]:
    """Bring one's deposits to today's prices; a class is revalued once a day at most"""
    with transaction(actor().org_id) as session:
        return revalue_deposits(session, stamp=stamp())


@explained.route("/container-deposits/<uuid:class_id>/explanation", methods=["GET"])
@requires(Permission.BALANCE_READ)
@explained.arguments(WhyDepositsQuerySchema, location="query")
@explained.response(200, ExplanationSchema)
def why_deposits(asked: dict[str, Any], class_id: UUID) -> Explanation:
    """Unfold what one owes on a container class: deposits invoiced, credited, revalued, and the price of today"""
    wanted = DepositsAsked(class_id=class_id, on=asked.get("on"), page=Page(number=asked["page"]))
    with transaction(actor().org_id) as session:
        return explain_deposits(session, asked=wanted, stamp=stamp())
