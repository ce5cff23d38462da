"""JSON of parked events and of what people decide about them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from server.billing.schemas import StepSchema
from server.core.web import Schema
from server.core.web.paging import PageQuerySchema
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.service.deciding import Decided, Foreseen
from server.sync.service.reading import ReadEvent, ReadOrder
from shared.problems import Problem

CHOICES = ("apply", "replace", "set_aside")


class ParkedRefusalSchema(Schema):
    """Why something was not applied, in both languages."""

    slug = fields.String(required=True)
    fr = fields.String(required=True)
    en = fields.String(required=True)


class ParkedEventSchema(Schema):
    """An event of a tablet that waits for a person, or was decided."""

    id = fields.UUID(required=True, metadata={"description": "what the next page comes after"})
    event_id = fields.UUID(required=True)
    device_id = fields.UUID(required=True)
    seq = fields.Integer(required=True)
    type = fields.String(required=True)
    run_id = fields.UUID(required=True, allow_none=True)
    stop_id = fields.UUID(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)
    outcome = fields.Enum(EventOutcome, by_value=True, required=True)
    refusal = fields.Nested(ParkedRefusalSchema, required=True)


class ReadLineSchema(Schema):
    """One line as it was counted on the tablet; ``stands`` is what the office holds of it."""

    line_id = fields.String(required=True)
    description_fr = fields.String(required=True)
    description_en = fields.String(required=True)
    ordered = fields.Integer(required=True)
    delivered = fields.Integer(required=True)
    not_shipped = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    returned = fields.Integer(required=True)
    extra = fields.Integer(required=True)
    reason = fields.String(required=True)
    stands = fields.Integer(required=True, allow_none=True)


class ReadOrderSchema(Schema):
    """One order of the visit, as the signer saw it."""

    order_id = fields.String(required=True)
    number = fields.String(required=True)
    seller_name = fields.String(required=True)
    outcome = fields.String(required=True)
    shown = fields.String(required=True)
    shown_total_cents = fields.Integer(required=True)
    shown_credit_cents = fields.Integer(required=True)
    shown_supplement_cents = fields.Integer(required=True)
    shown_comes_from = fields.List(
        fields.Nested(StepSchema),
        required=True,
        metadata={"description": "what each amount shown is made of, by the terms that the event cites"},
    )
    stands_delivery_id = fields.UUID(required=True, allow_none=True)
    lines = fields.List(fields.Nested(ReadLineSchema), required=True)


class EventDocumentSchema(Schema):
    """A document that the event made or would make; it has no number before it is published."""

    order_id = fields.String(required=True)
    kind = fields.String(required=True)
    number = fields.String(required=True)
    total_cents = fields.Integer(required=True)


class ReadEventSchema(ParkedEventSchema):
    """One event whole: what the driver saw and signed, why it waits, and what applying it would do."""

    device_name = fields.String(required=True)
    happened_at = fields.AwareDateTime(required=True, allow_none=True)
    uncertainty_s = fields.Integer(required=True, allow_none=True)
    outcome_signed = fields.String(required=True)
    signer_name = fields.String(required=True)
    signer_role = fields.String(required=True)
    corrects = fields.String(required=True)
    unread = fields.String(required=True)
    orders = fields.List(fields.Nested(ReadOrderSchema), required=True)
    attachments_missing = fields.List(fields.String(), required=True)
    waits_for_event_id = fields.UUID(required=True, allow_none=True)
    followers = fields.List(fields.UUID(), required=True)
    would_issue = fields.List(fields.Nested(EventDocumentSchema), required=True)
    would_come_to = fields.List(
        fields.Nested(StepSchema),
        required=True,
        metadata={"description": "what each document that has an amount would be made of"},
    )
    would_refuse = fields.Nested(ParkedRefusalSchema, required=True, allow_none=True)


class EventDecisionSchema(Schema):
    """What a person decides. Setting aside and replacing need a reason."""

    choice = fields.String(required=True, validate=validate.OneOf(CHOICES))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class DecidedSchema(Schema):
    """What came of it: an event that still cannot be applied stays parked, and ``refusal`` says why today."""

    event_id = fields.UUID(required=True)
    outcome = fields.Enum(EventOutcome, by_value=True, required=True)
    kind = fields.String(required=True)
    reason = fields.String(required=True)
    refusal = fields.Nested(ParkedRefusalSchema, required=True, allow_none=True)
    documents = fields.List(fields.Nested(EventDocumentSchema), required=True)
    followers = fields.List(fields.UUID(), required=True)


class ParkedQuerySchema(PageQuerySchema):
    """Pages; of decided events when asked."""

    outcome = fields.String(load_default="parked", validate=validate.OneOf(["parked", "decided"]))


def present_event(event: DeviceEvent) -> dict[str, Any]:
    """Return the fields of an event's row."""
    names = ("id", "event_id", "device_id", "seq", "type", "run_id", "stop_id", "received_at", "outcome", "refusal")
    return {name: getattr(event, name) for name in names}


def present_read(read: ReadEvent, foreseen: Foreseen | None) -> dict[str, Any]:
    """Return a read event as the document has it."""
    finished, moment = read.finished, read.moment
    named = {sha for sha in (*read.photos, *_signing(read)) if sha}
    return present_event(read.event) | {
        "device_name": read.device_name,
        "happened_at": moment.at if moment else None,
        "uncertainty_s": moment.uncertainty_s if moment else None,
        "outcome_signed": read.outcome,
        "signer_name": finished.signer_name if finished else "",
        "signer_role": finished.signer_role if finished else "",
        "corrects": finished.corrects if finished else "",
        "unread": read.unread.en if read.unread else "",
        "orders": [_order(order) for order in read.orders],
        "attachments_missing": sorted(named - read.received),
        "waits_for_event_id": read.earlier.event_id if read.earlier else None,
        "followers": [one.event_id for one in read.later],
        "would_issue": foreseen.documents if foreseen else [],
        "would_come_to": foreseen.explained if foreseen else [],
        "would_refuse": _refusal(foreseen.refusal) if foreseen and foreseen.refusal else None,
    }


def present_decided(decided: Decided) -> dict[str, Any]:
    """Return what came of a decision."""
    return {
        "event_id": decided.event.event_id,
        "outcome": decided.event.outcome,
        "kind": decided.decision.kind.value if decided.decision else "",
        "reason": decided.decision.reason if decided.decision else "",
        "refusal": _refusal(decided.refusal) if decided.refusal else None,
        "documents": decided.event.documents,
        "followers": [one.event_id for one in decided.followers],
    }


def _signing(read: ReadEvent) -> tuple[str, ...]:
    return (read.finished.signature_sha256, read.finished.picture_sha256) if read.finished else ()


def _order(order: ReadOrder) -> dict[str, Any]:
    leaf = order.facts.leaf
    counted = ("line_id", "ordered", "delivered", "not_shipped", "lost", "returned", "extra", "reason")
    shown = ("order_id", "outcome", "shown", "shown_total_cents", "shown_credit_cents", "shown_supplement_cents")
    return {name: getattr(leaf, name) for name in shown} | {
        "number": order.number,
        "seller_name": order.seller_name,
        "shown_comes_from": order.shown,
        "stands_delivery_id": order.stands.id if order.stands else None,
        "lines": [
            {name: getattr(line.leaf, name) for name in counted}
            | {
                "description_fr": line.description.fr,
                "description_en": line.description.en,
                "stands": line.stands,
            }
            for line in order.lines
        ],
    }


def _refusal(problem: Problem) -> dict[str, str]:
    return {"slug": problem.slug, "fr": problem.detail.fr, "en": problem.detail.en}
