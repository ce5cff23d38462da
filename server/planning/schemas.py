"""JSON of plans, runs, vehicles and cycles."""

from __future__ import annotations

from marshmallow import fields, validate

from server.core.web import QuerySchema, Schema
from server.core.web.limits import day, line, whole
from server.planning.service.fleet import MAX_CAPACITY, MAX_WEEKS, MINUTES_A_DAY
from server.planning.service.plans import MAX_SECONDS, MAX_SEED
from shared.wire.limits import MAX_STOPS

MAX_SITES = 5_000
_TEXT = {"type": "string"}


class DayQuery(QuerySchema):
    """Which day."""

    runs_on = day(required=True)


class PlanRequestSchema(Schema):
    """A day to plan, and how long to search. ``key`` makes a repeated request one plan."""

    key = fields.UUID(load_default=None, allow_none=True)
    runs_on = day(required=True)
    seconds = whole(least=1, most=MAX_SECONDS, load_default=10)
    seed = whole(most=MAX_SEED, load_default=1)


class PlanSchema(Schema):
    """A plan: how far it is, and what the solver answered once it is solved."""

    id = fields.UUID(required=True)
    runs_on = fields.Date(required=True)
    state = fields.Function(lambda plan: plan.state.value, required=True, metadata=_TEXT)
    progress = fields.Integer(required=True, metadata={"description": "percent"})
    seconds = fields.Integer(required=True)
    seed = fields.Integer(required=True)
    matrix_source = fields.Function(lambda plan: plan.matrix_source.value, required=True, metadata=_TEXT)
    solution = fields.Dict(required=True)
    problem_fr = fields.String(required=True)
    problem_en = fields.String(required=True)
    requested_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


class StopSchema(Schema):
    """A stop with the orders that go there."""

    id = fields.UUID(required=True)
    position = fields.Integer(required=True)
    site_id = fields.UUID(required=True)
    buyer_id = fields.UUID(required=True)
    state = fields.Function(lambda stop: stop.state.value, required=True, metadata=_TEXT)
    planned_at = fields.AwareDateTime(required=True)
    service_s = fields.Integer(required=True)
    leg_distance_m = fields.Integer(required=True)
    leg_duration_s = fields.Integer(required=True)
    arrived_at = fields.AwareDateTime(required=True, allow_none=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    order_ids = fields.Function(
        lambda stop: [str(one.order_id) for one in stop.orders],
        required=True,
        metadata={"type": "array", "items": {"type": "string", "format": "uuid"}},
    )


class RunSchema(Schema):
    """A run with its stops in their order."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    runs_on = fields.Date(required=True)
    state = fields.Function(lambda run: run.state.value, required=True, metadata=_TEXT)
    version = fields.Integer(required=True)
    vehicle_id = fields.UUID(required=True)
    driver_id = fields.UUID(required=True, allow_none=True)
    driver_name = fields.String(required=True)
    plan_id = fields.UUID(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    distance_m = fields.Integer(required=True)
    duration_s = fields.Integer(required=True)
    matrix_source = fields.Function(lambda run: run.matrix_source.value, required=True, metadata=_TEXT)
    route_e5 = fields.List(
        fields.List(fields.Integer()), required=True, metadata={"description": "[lat, lon] in 1e-5 degrees"}
    )
    stops = fields.List(fields.Nested(StopSchema), required=True, validate=validate.Length(max=MAX_STOPS))


class ViolationSchema(Schema):
    """A rule that a changed run breaks, and by how much in the rule's own unit."""

    kind = fields.Function(lambda found: found.kind.value, required=True, metadata=_TEXT)
    label = fields.Function(
        lambda found: {"fr": found.kind.label.fr, "en": found.kind.label.en},
        required=True,
        metadata={"type": "object", "additionalProperties": _TEXT},
    )
    stop = fields.String(required=True)
    excess = fields.Integer(required=True)


class RecostedSchema(Schema):
    """A changed run, timed again and checked."""

    run = fields.Nested(RunSchema, required=True)
    violations = fields.List(fields.Nested(ViolationSchema), required=True)


class DriverSchema(Schema):
    """Who drives."""

    driver_id = fields.UUID(required=True)


class PositionSchema(Schema):
    """Where a stop goes, counted from 1."""

    position = whole(least=1, most=MAX_STOPS, required=True)


class VehicleSchema(Schema):
    """A truck of the carrier. Times are local minutes after midnight."""

    id = fields.UUID(dump_only=True)
    name = line(longest=60, required=True)
    depot_site_id = fields.UUID(required=True)
    capacity_g = whole(least=1, most=MAX_CAPACITY, required=True)
    capacity_units = whole(least=1, most=MAX_CAPACITY, required=True)
    starts_min = whole(most=MINUTES_A_DAY, load_default=7 * 60)
    ends_min = whole(most=MINUTES_A_DAY, load_default=17 * 60)
    plate = line(longest=20, load_default="")


class CycleSchema(Schema):
    """A recurring delivery day; without sites or sellers it is for all of them."""

    id = fields.UUID(dump_only=True)
    name = line(longest=60, required=True)
    first_on = day(required=True)
    every_weeks = whole(least=1, most=MAX_WEEKS, required=True)
    site_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MAX_SITES))
    seller_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MAX_SITES))
