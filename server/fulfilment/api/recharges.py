"""Deposits of a credit billed again over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from marshmallow import fields, validate

from server.billing.api import today
from server.billing.queries import credit_note
from server.billing.schemas import InvoiceSchema
from server.billing.service import publish_pending, recharge_deposits, require_issuer
from server.billing.service.recharging import MAX_REASON
from server.billing.standing import InvoiceStanding, standing_of
from server.billing.taken_back import Given, given_back
from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.core.web.limits import line, whole
from server.fulfilment.api.corrections import MOST_UNITS
from server.identity.permissions import Permission
from shared.wire.limits import MAX_LINES_AN_ORDER

recharges = Blueprint(
    "deposits_again_api", __name__, url_prefix="/credit-notes", description="Deposits of a credit, billed again"
)


class GivenSchema(Schema):
    """What one line of a credit still gives back, at its price; ``back_units`` a correction has moved back already."""

    credit_line_id = fields.UUID(required=True, attribute="line.id")
    description_fr = fields.String(required=True, attribute="line.description_fr")
    description_en = fields.String(required=True, attribute="line.description_en")
    unit_cents = fields.Integer(required=True, attribute="line.unit_cents")
    left_units = fields.Integer(required=True)
    back_units = fields.Integer(required=True)


class AgainSchema(Schema):
    """So many containers of a credit's line."""

    credit_line_id = fields.UUID(required=True)
    units = whole(least=1, most=MOST_UNITS, required=True)


class RechargeSchema(Schema):
    """What is billed again, and why, as the invoice prints it."""

    key = fields.UUID(required=True)
    reason = line(longest=MAX_REASON, required=True)
    lines = fields.List(
        fields.Nested(AgainSchema), required=True, validate=validate.Length(min=1, max=MAX_LINES_AN_ORDER)
    )


@recharges.route("/<uuid:credit_id>/deposit-invoices", methods=["GET"])
@requires(Permission.INVOICE_PUBLISH)
@recharges.response(200, GivenSchema(many=True))
def still_given(credit_id: UUID) -> Sequence[Given]:
    """List what one's own credit of returned containers still gives back"""
    with transaction(actor().org_id) as session:
        note = credit_note(session, credit_id=credit_id)
        require_issuer(note, session)
        return given_back(session, note)


@recharges.route("/<uuid:credit_id>/deposit-invoices", methods=["POST"])
@requires(Permission.INVOICE_PUBLISH)
@recharges.arguments(RechargeSchema)
@recharges.response(201, InvoiceSchema)
def recharge(asked: dict[str, Any], credit_id: UUID) -> InvoiceStanding:
    """Bill deposits again that one's own credit gave back too much"""
    now = stamp()
    units: dict[UUID, int] = {}
    for one in asked["lines"]:
        units[one["credit_line_id"]] = units.get(one["credit_line_id"], 0) + one["units"]
    with transaction(actor().org_id) as session:
        note = credit_note(session, credit_id=credit_id)
        invoice = recharge_deposits(
            session, note=note, units=units, reason=asked["reason"], key=asked["key"], stamp=now
        )
        publish_pending(session, stamp=now)
        return standing_of(session, invoice, on=today(session))
