"""Credits by a person's hand over JSON, and write-offs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.billing.model import CreditNote
from server.billing.schemas import CreditNoteSchema
from server.billing.service import FreeLine
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.ledger.model import Allocation
from server.receivables import queries, service
from server.receivables.api.payments import parts_of
from server.receivables.model import Refund, WriteOff
from server.receivables.schemas import (
    ApplySchema,
    NewCreditSchema,
    PaymentAllocationSchema,
    RefundRequestSchema,
    RefundSchema,
    WriteOffRequestSchema,
    WriteOffSchema,
)
from server.receivables.service.crediting import Amounts, Empties, Items, NewCredit, write_credit
from server.receivables.service.owning import own_credit, own_invoice

credits_by_hand = Blueprint("credits_by_hand_api", __name__, url_prefix="/credit-notes", description="Credit notes")
write_offs = Blueprint("write_offs_api", __name__, url_prefix="/invoices", description="Invoices")


@credits_by_hand.route("", methods=["POST"])
@requires(Permission.CREDIT_CREATE)
@credits_by_hand.arguments(NewCreditSchema)
@credits_by_hand.response(201, CreditNoteSchema)
def write(asked: dict[str, Any]) -> CreditNote:
    """Write a credit: invoiced items, returned containers, or described amounts"""
    new = NewCredit(
        buyer_id=asked["buyer_id"],
        of=_of(asked),
        reason=Text(asked["reason_fr"], asked["reason_en"] or asked["reason_fr"]),
        parts=parts_of(asked["apply"]),
    )
    with transaction(actor().org_id) as session:
        return write_credit(session, new=new, key=asked["key"], stamp=stamp())


@credits_by_hand.route("/<uuid:credit_id>/allocations", methods=["GET"])
@requires(Permission.INVOICE_READ)
@credits_by_hand.response(200, PaymentAllocationSchema(many=True))
def list_allocations(credit_id: UUID) -> Sequence[Allocation]:
    """List what a credit note pays now"""
    with transaction(actor().org_id) as session:
        return queries.allocations_from(session, source_id=credit_id)


@credits_by_hand.route("/<uuid:credit_id>/allocations", methods=["POST"])
@requires(Permission.CREDIT_CREATE)
@credits_by_hand.arguments(ApplySchema)
@credits_by_hand.response(201, PaymentAllocationSchema(many=True))
def apply(asked: dict[str, Any], credit_id: UUID) -> Sequence[Allocation]:
    """Split a credit note over open or overdue invoices"""
    with transaction(actor().org_id) as session:
        credit = own_credit(session, credit_id)
        return service.apply_credit(session, credit=credit, parts=parts_of(asked["parts"]), stamp=stamp())


@credits_by_hand.route("/<uuid:credit_id>/refunds", methods=["POST"])
@requires(Permission.RECEIVABLES_RUN)
@credits_by_hand.arguments(RefundRequestSchema)
@credits_by_hand.response(201, RefundSchema)
def give_back(asked: dict[str, Any], credit_id: UUID) -> Refund:
    """Pay out what a credit note still holds"""
    wish = service.Wish(amount_cents=asked["amount_cents"], method=asked["method"], reason=asked["reason"])
    with transaction(actor().org_id) as session:
        credit = own_credit(session, credit_id)
        return service.refund_by_hand(session, source=credit, wish=wish, key=asked["key"], stamp=stamp())


@write_offs.route("/<uuid:invoice_id>/write-offs", methods=["POST"])
@requires(Permission.RECEIVABLES_RUN)
@write_offs.arguments(WriteOffRequestSchema)
@write_offs.response(201, WriteOffSchema)
def let_off(asked: dict[str, Any], invoice_id: UUID) -> WriteOff:
    """Give up what an invoice has open, with a reason"""
    with transaction(actor().org_id) as session:
        return service.write_off(session, invoice=own_invoice(session, invoice_id), **asked, stamp=stamp())


def _of(asked: dict[str, Any]) -> Items | Empties | Amounts:
    kinds = [name for name in ("items", "containers", "lines") if asked[name]]
    if len(kinds) != 1 or (kinds == ["items"]) != (asked["invoice_id"] is not None):
        raise BadRequest(
            Text(
                "Un crédit est d’une seule sorte\u00a0: articles d’une facture, contenants, ou montants décrits.",
                "A credit is of one kind: items of an invoice, containers, or described amounts.",
            ),
            where="items",
        )
    if kinds == ["items"]:
        return Items(asked["invoice_id"], _summed(asked["items"], "line_id"))
    if kinds == ["containers"]:
        return Empties(_summed(asked["containers"], "class_id"))
    return Amounts(
        [
            FreeLine(Text(one["description_fr"], one["description_en"]), one["net_cents"], one["taxed"])
            for one in asked["lines"]
        ]
    )


def _summed(rows: list[dict[str, Any]], name: str) -> Mapping[UUID, int]:
    """What is named twice counts twice."""
    counted: Counter[UUID] = Counter()
    for row in rows:
        counted[row[name]] += row["quantity"]
    return counted
