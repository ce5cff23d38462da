"""Parked events over JSON: the list, one whole, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.billing.explaining import Explanation
from server.billing.schemas import ExplanationSchema
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.paging import page
from server.delivery import queries as delivered
from server.delivery.model import Discrepancy
from server.delivery.schemas import DecisionSchema, DiscrepancySchema
from server.fulfilment.api.access import require_whole
from server.identity.permissions import Permission
from server.sync import decision_schemas as schemas
from server.sync.model import DecisionKind, DeviceEvent, EventOutcome
from server.sync.service.deciding import decide_event, events_of, foresee, parked_event
from server.sync.service.disputes import replace_by_second
from server.sync.service.explaining import explain_dispute
from server.sync.service.reading import read_event

parked = Blueprint(
    "parked_events", __name__, url_prefix="/sync/parked", description="What tablets sent and a person decides about"
)
disputes = Blueprint(
    "disputed_visits", __name__, url_prefix="/discrepancies", description="Two visits of one stop, and which one stands"
)
KINDS = {"apply": DecisionKind.APPLIED, "replace": DecisionKind.REPLACED, "set_aside": DecisionKind.SET_ASIDE}


@parked.route("", methods=["GET"])
@requires(Permission.RUN_CLOSE)
@parked.arguments(schemas.ParkedQuerySchema, location="query")
@parked.response(200, schemas.ParkedEventSchema(many=True))
def list_parked(asked: dict[str, Any]) -> Sequence[DeviceEvent]:
    """List the events that wait for a person"""
    with transaction(actor().org_id) as session:
        return page(session, events_of(session, EventOutcome(asked["outcome"])), DeviceEvent.id, asked)


@parked.route("/<uuid:event_id>", methods=["GET"])
@requires(Permission.STOP_CORRECT)
@parked.response(200, schemas.ReadEventSchema)
def read_parked(event_id: UUID) -> dict[str, Any]:
    """Read a parked event whole, with what applying it now would do"""
    with transaction(actor().org_id) as session:
        event = parked_event(session, event_id)
        require_whole(Permission.STOP_CORRECT)
        foreseen = foresee(session, event) if event.outcome is EventOutcome.PARKED else None
        return schemas.present_read(read_event(session, event), foreseen)


@parked.route("/<uuid:event_id>/decision", methods=["POST"])
@requires(Permission.STOP_CORRECT)
@parked.arguments(schemas.EventDecisionSchema)
@parked.response(200, schemas.DecidedSchema)
def decide(asked: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Apply a parked event, let it replace what stands, or set it aside for good"""
    with transaction(actor().org_id) as session:
        parked_event(session, event_id)
        require_whole(Permission.STOP_CORRECT)
        decided = decide_event(session, event_id, choice=KINDS[asked["choice"]], reason=asked["reason"], stamp=stamp())
        return schemas.present_decided(decided)


@disputes.route("/<uuid:discrepancy_id>/replacement", methods=["POST"])
@requires(Permission.STOP_CORRECT)
@disputes.arguments(DecisionSchema)
@disputes.response(200, DiscrepancySchema)
def replace_first(asked: dict[str, Any], discrepancy_id: UUID) -> Discrepancy:
    """Let the other tablet's visit stand in place of the first, as a correction"""
    with transaction(actor().org_id) as session:
        found = delivered.discrepancy(session, discrepancy_id)
        require_whole(Permission.STOP_CORRECT)
        replace_by_second(session, found, reason=asked["decision"], stamp=stamp())
        return found


@disputes.route("/<uuid:discrepancy_id>/explanation", methods=["GET"])
@requires(Permission.RUN_CLOSE)
@disputes.response(200, ExplanationSchema)
def why_discrepancy(discrepancy_id: UUID) -> Explanation:
    """Unfold the amounts of a discrepancy: signed, billed, credited too much, shown by another tablet"""
    with transaction(actor().org_id) as session:
        return explain_dispute(session, delivered.discrepancy(session, discrepancy_id))
