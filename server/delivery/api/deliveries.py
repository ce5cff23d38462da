"""Deliveries and discrepancies over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.paging import page
from server.delivery import queries
from server.delivery.api.callers import driver_only
from server.delivery.model import Delivery, Discrepancy
from server.delivery.schemas import (
    DecisionSchema,
    DeliveryQuerySchema,
    DeliverySchema,
    DiscrepancyQuerySchema,
    DiscrepancySchema,
)
from server.delivery.service import decide_discrepancy
from server.identity.permissions import Permission

deliveries = Blueprint("deliveries_api", __name__, url_prefix="/deliveries", description="What customers accepted")
discrepancies = Blueprint(
    "discrepancies_api", __name__, url_prefix="/discrepancies", description="What waits for a dispatcher"
)


@deliveries.route("", methods=["GET"])
@requires(Permission.PROOF_READ)
@deliveries.arguments(DeliveryQuerySchema, location="query")
@deliveries.response(200, DeliverySchema(many=True))
def list_deliveries(asked: dict[str, Any]) -> Sequence[Delivery]:
    """List deliveries with their lines"""
    with transaction(actor().org_id) as session:
        return page(
            session, queries.all_deliveries(order_id=asked.get("order_id"), driver_id=driver_only()), Delivery.id, asked
        )


@discrepancies.route("", methods=["GET"])
@requires(Permission.RUN_CLOSE)
@discrepancies.arguments(DiscrepancyQuerySchema, location="query")
@discrepancies.response(200, DiscrepancySchema(many=True))
def list_discrepancies(asked: dict[str, Any]) -> Sequence[Discrepancy]:
    """List what waits for a dispatcher"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_discrepancies(asked.get("state")), Discrepancy.id, asked)


@discrepancies.route("/<uuid:discrepancy_id>/decision", methods=["POST"])
@requires(Permission.RUN_CLOSE)
@discrepancies.arguments(DecisionSchema)
@discrepancies.response(200, DiscrepancySchema)
def decide(asked: dict[str, Any], discrepancy_id: UUID) -> Discrepancy:
    """Close a discrepancy with a decision in words"""
    with transaction(actor().org_id) as session:
        found = queries.discrepancy(session, discrepancy_id)
        return decide_discrepancy(session, found, decision=asked["decision"], stamp=stamp())
