"""Webhooks over JSON: addresses, secrets, and the calls with what became of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.notifications import queries
from server.notifications.model import WebhookCall, WebhookEndpoint
from server.notifications.queries import CallFilter
from server.notifications.schemas import (
    CallPageSchema,
    CallQuerySchema,
    CallSchema,
    EndpointSchema,
    EndpointSecretsSchema,
    NewEndpointSchema,
    RetriedSchema,
)
from server.notifications.service import calling
from server.notifications.service import endpoints as service

blp = Blueprint("webhooks_api", __name__, url_prefix="/webhooks", description="Calls to one’s own systems")


@blp.route("", methods=["GET"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(200, EndpointSchema(many=True))
def list_endpoints() -> list[WebhookEndpoint]:
    """List one's webhooks"""
    with transaction(actor().org_id) as session:
        return list(queries.endpoints(session))


@blp.route("", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.arguments(NewEndpointSchema)
@blp.response(201, EndpointSecretsSchema)
def add(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a webhook; the answer holds the secret that signs its calls"""
    url = service.check_address(asked["url"])
    with transaction(actor().org_id) as session:
        return _with_secrets(service.add_endpoint(session, url=url, stamp=stamp()))


@blp.route("/<uuid:endpoint_id>", methods=["GET"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(200, EndpointSecretsSchema)
def read(endpoint_id: UUID) -> dict[str, Any]:
    """Read a webhook with its secrets"""
    with transaction(actor().org_id) as session:
        return _with_secrets(queries.endpoint(session, endpoint_id))


@blp.route("/<uuid:endpoint_id>", methods=["DELETE"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(200, EndpointSchema)
def remove(endpoint_id: UUID) -> WebhookEndpoint:
    """Remove a webhook; nothing is called any more"""
    with transaction(actor().org_id) as session:
        return service.remove_endpoint(session, endpoint_id=endpoint_id, stamp=stamp())


@blp.route("/<uuid:endpoint_id>/secret", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(200, EndpointSecretsSchema)
def rotate(endpoint_id: UUID) -> dict[str, Any]:
    """Replace the secret; the former one signs too for a while"""
    with transaction(actor().org_id) as session:
        return _with_secrets(service.rotate_secret(session, endpoint_id=endpoint_id, stamp=stamp()))


@blp.route("/<uuid:endpoint_id>/enable", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(200, EndpointSchema)
def enable(endpoint_id: UUID) -> WebhookEndpoint:
    """Take a suspended webhook up again"""
    with transaction(actor().org_id) as session:
        return service.enable_endpoint(session, endpoint_id=endpoint_id, stamp=stamp())


@blp.route("/<uuid:endpoint_id>/ping", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(202, CallSchema)
def ping(endpoint_id: UUID) -> WebhookCall:
    """Send a test call; the list of calls says what became of it"""
    with transaction(actor().org_id) as session:
        return service.ping(session, endpoint_id=endpoint_id, stamp=stamp())


@blp.route("/calls", methods=["GET"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.arguments(CallQuerySchema, location="query")
@blp.response(200, CallPageSchema)
def list_calls(asked: dict[str, Any]) -> dict[str, Any]:
    """List calls, newest first, with tries, reasons and next tries"""
    with transaction(actor().org_id) as session:
        found, before = queries.calls(
            session, narrowed=_filter(asked), before=asked.get("before"), limit=asked["limit"]
        )
        return {"calls": found, "before": before}


@blp.route("/calls/retry", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.arguments(CallQuerySchema, location="query")
@blp.response(202, RetriedSchema)
def retry_all(asked: dict[str, Any]) -> dict[str, int]:
    """Try again every failed call that the filter shows, the oldest 500 first"""
    with transaction(actor().org_id) as session:
        return {"retried": calling.retry_filtered(session, narrowed=_filter(asked), stamp=stamp())}


@blp.route("/calls/<uuid:call_id>/retry", methods=["POST"])
@requires(Permission.WEBHOOK_ADMINISTER)
@blp.response(202, CallSchema)
def retry(call_id: UUID) -> WebhookCall:
    """Try one call again now"""
    with transaction(actor().org_id) as session:
        return calling.retry(session, call_id=call_id, stamp=stamp())


def _filter(asked: dict[str, Any]) -> CallFilter:
    return CallFilter(endpoint_id=asked.get("webhook_id"), state=asked.get("state"), event=asked.get("event", ""))


def _with_secrets(one: WebhookEndpoint) -> dict[str, Any]:
    now = clock.now()
    present, *former = service.secrets_of(one, at=now)
    shown = {name: getattr(one, name) for name in ("id", "url", "rotated_at", "suspended_at", "disabled_at")}
    return shown | {
        "secret": present,
        "former_secret": former[0] if former else None,
        "former_good_until": service.former_good_until(one, at=now),
    }
