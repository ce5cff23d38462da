"""Payments over JSON: recorded, set against invoices, taken off, refunded, confirmed, failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.problems import Forbidden, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.paging import page
from server.identity.model import Role
from server.identity.permissions import Permission
from server.ledger.model import Allocation
from server.receivables import queries, service
from server.receivables.api.opening import refund_payment
from server.receivables.model import Payment, Refund
from server.receivables.schemas import (
    AllocateSchema,
    NewPaymentSchema,
    PaymentAllocationSchema,
    PaymentSchema,
    PaymentsQuerySchema,
    RefundRequestSchema,
    RefundSchema,
)
from server.receivables.service.owning import own_payment, readable_payment

payments = Blueprint("payments_api", __name__, url_prefix="/payments", description="Payments")
allocations = Blueprint(
    "payment_allocations_api", __name__, url_prefix="/payment-allocations", description="What pays what"
)


def parts_of(asked: list[dict[str, Any]]) -> list[service.Part]:
    """Return what a body says that invoices get."""
    return [service.Part(one["invoice_id"], one["amount_cents"]) for one in asked]


def refuse_drivers() -> None:
    """A driver's money comes in sealed events from its tablet, and waits there for an accountant (section 3).

    Raises:
        Forbidden: a driver calls.
    """
    if actor().only(Role.DRIVER, permission=Permission.PAYMENT_RECORD):
        raise Forbidden(
            Text(
                "Un livreur note ce qu’il encaisse sur sa tablette; un comptable le confirme.",
                "A driver notes what was collected on the tablet; an accountant confirms it.",
            )
        )


@payments.route("", methods=["GET"])
@requires(Permission.INVOICE_READ)
@payments.arguments(PaymentsQuerySchema, location="query")
@payments.response(200, PaymentSchema(many=True))
def list_payments(asked: dict[str, Any]) -> Sequence[Payment]:
    """List payments that one made or received"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_payments(asked.get("buyer_id")), Payment.id, asked)


@payments.route("", methods=["POST"])
@requires(Permission.PAYMENT_RECORD)
@payments.arguments(NewPaymentSchema)
@payments.response(201, PaymentSchema)
def record(asked: dict[str, Any]) -> Payment:
    """Record a payment received outside: cheque, Interac, cash or transfer"""
    refuse_drivers()
    paid = service.NewPayment(
        buyer_id=asked["buyer_id"],
        method=asked["method"],
        amount_cents=asked["amount_cents"],
        received_on=asked["received_on"],
        reference=asked["reference"],
        parts=None if asked["allocations"] is None else parts_of(asked["allocations"]),
    )
    with transaction(actor().org_id) as session:
        return service.record_payment(session, issuer_id=actor().org_id, paid=paid, key=asked["key"], stamp=stamp())


@payments.route("/<uuid:payment_id>", methods=["GET"])
@requires(Permission.INVOICE_READ)
@payments.response(200, PaymentSchema)
def read_payment(payment_id: UUID) -> Payment:
    """Read a payment"""
    with transaction(actor().org_id) as session:
        return readable_payment(session, payment_id)


@payments.route("/<uuid:payment_id>/allocations", methods=["GET"])
@requires(Permission.INVOICE_READ)
@payments.response(200, PaymentAllocationSchema(many=True))
def list_allocations(payment_id: UUID) -> Sequence[Allocation]:
    """List what a payment pays now"""
    with transaction(actor().org_id) as session:
        return queries.allocations_from(session, source_id=readable_payment(session, payment_id).id)


@payments.route("/<uuid:payment_id>/allocations", methods=["POST"])
@requires(Permission.PAYMENT_KEEP)
@payments.arguments(AllocateSchema)
@payments.response(201, PaymentAllocationSchema(many=True))
def allocate(asked: dict[str, Any], payment_id: UUID) -> Sequence[Allocation]:
    """Set a payment against open invoices, or set it elsewhere"""
    verb = service.reallocate_payment if asked["replace"] else service.allocate_payment
    with transaction(actor().org_id) as session:
        payment = own_payment(session, payment_id)
        return verb(session, payment=payment, parts=parts_of(asked["parts"]), stamp=stamp())


@payments.route("/<uuid:payment_id>/refunds", methods=["POST"])
@requires(Permission.RECEIVABLES_RUN)
@payments.arguments(RefundRequestSchema)
@payments.response(201, RefundSchema)
def give_back(asked: dict[str, Any], payment_id: UUID) -> Refund:
    """Give back what a payment still holds"""
    wish = service.Wish(amount_cents=asked["amount_cents"], method=asked["method"], reason=asked["reason"])
    return refund_payment(payment_id, wish, key=asked["key"])


@payments.route("/<uuid:payment_id>/confirmation", methods=["POST"])
@requires(Permission.PAYMENT_KEEP)
@payments.response(200, PaymentSchema)
def confirm(payment_id: UUID) -> Payment:
    """Confirm money that a driver collected"""
    with transaction(actor().org_id) as session:
        return service.confirm_collected(session, payment=own_payment(session, payment_id), stamp=stamp())


@payments.route("/<uuid:payment_id>/failure", methods=["POST"])
@requires(Permission.PAYMENT_KEEP)
@payments.response(200, PaymentSchema)
def fail(payment_id: UUID) -> Payment:
    """Say that a payment did not hold: what it paid is open again"""
    with transaction(actor().org_id) as session:
        return service.fail_by_hand(session, payment=own_payment(session, payment_id), stamp=stamp())


@allocations.route("/<uuid:allocation_id>", methods=["DELETE"])
@requires(Permission.PAYMENT_KEEP, Permission.CREDIT_CREATE)
@allocations.response(200, PaymentAllocationSchema)
def undo(allocation_id: UUID) -> Allocation:
    """Take a payment, credit or write-off off an invoice, both sides exactly as before"""
    with transaction(actor().org_id) as session:
        return service.undo_allocation(session, allocation_id=allocation_id, stamp=stamp())
