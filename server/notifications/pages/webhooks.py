"""The page of the webhooks: addresses, secrets, calls that failed and what to do about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.notifications import queries
from server.notifications.model import SendingState
from server.notifications.queries import CallFilter
from server.notifications.service import calling
from server.notifications.service import endpoints as service
from server.parties import queries as parties

pages = Blueprint("webhooks", __name__, template_folder="../templates")


@pages.get("/webhooks")
@requires(Permission.WEBHOOK_ADMINISTER)
def webhooks() -> str:
    """Show the webhooks and their calls, narrowed by what the address says."""
    narrowed = _filter()
    with transaction(actor().org_id) as session:
        found, before = queries.calls(session, narrowed=narrowed, before=_id("avant"))
        known = queries.endpoints(session)
        return render_template(
            "notifications/webhooks.html",
            endpoints=known,
            names={one.id: one.url for one in known},
            paused={one.id for one in known if one.suspended_at},
            failed=queries.failed_calls(session),
            found=found,
            following=url_for(".webhooks", **(_kept() | {"avant": before})) if before else "",
            narrowed=narrowed,
            kept=_kept(),
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@pages.get("/webhooks/<uuid:endpoint_id>")
@requires(Permission.WEBHOOK_ADMINISTER)
def webhook(endpoint_id: UUID) -> str:
    """Show one webhook with its secrets and last calls."""
    now = clock.now()
    with transaction(actor().org_id) as session:
        one = queries.endpoint(session, endpoint_id)
        found, _more = queries.calls(session, narrowed=CallFilter(endpoint_id=endpoint_id), before=None, limit=10)
        return render_template(
            "notifications/webhook.html",
            one=one,
            secrets=service.secrets_of(one, at=now),
            former_until=service.former_good_until(one, at=now),
            found=found,
            paused={one.id} if one.suspended_at or one.disabled_at else set(),
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@pages.post("/webhooks")
@requires(Permission.WEBHOOK_ADMINISTER)
def add() -> Response:
    """Add a webhook."""
    url = service.check_address(request.form.get("url", ""))
    with transaction(actor().org_id) as session:
        made = service.add_endpoint(session, url=url, stamp=stamp())
    return _to(made.id)


@pages.post("/webhooks/<uuid:endpoint_id>/secret")
@requires(Permission.WEBHOOK_ADMINISTER)
def rotate(endpoint_id: UUID) -> Response:
    """Replace the secret."""
    with transaction(actor().org_id) as session:
        service.rotate_secret(session, endpoint_id=endpoint_id, stamp=stamp())
    return _to(endpoint_id)


@pages.post("/webhooks/<uuid:endpoint_id>/reactiver")
@requires(Permission.WEBHOOK_ADMINISTER)
def enable(endpoint_id: UUID) -> Response:
    """Take a suspended webhook up again."""
    with transaction(actor().org_id) as session:
        service.enable_endpoint(session, endpoint_id=endpoint_id, stamp=stamp())
    return _to(endpoint_id)


@pages.post("/webhooks/<uuid:endpoint_id>/essai")
@requires(Permission.WEBHOOK_ADMINISTER)
def ping(endpoint_id: UUID) -> Response:
    """Send a test call."""
    with transaction(actor().org_id) as session:
        service.ping(session, endpoint_id=endpoint_id, stamp=stamp())
    return _to(endpoint_id)


@pages.post("/webhooks/<uuid:endpoint_id>/retirer")
@requires(Permission.WEBHOOK_ADMINISTER)
def remove(endpoint_id: UUID) -> Response:
    """Remove a webhook."""
    with transaction(actor().org_id) as session:
        service.remove_endpoint(session, endpoint_id=endpoint_id, stamp=stamp())
    return redirect(url_for(".webhooks"), code=303)


@pages.post("/webhooks/appels/<uuid:call_id>/reessayer")
@requires(Permission.WEBHOOK_ADMINISTER)
def retry(call_id: UUID) -> Response:
    """Try one call again."""
    with transaction(actor().org_id) as session:
        calling.retry(session, call_id=call_id, stamp=stamp())
    return redirect(url_for(".webhooks", **_kept()), code=303)


@pages.post("/webhooks/appels/reessayer")
@requires(Permission.WEBHOOK_ADMINISTER)
def retry_all() -> Response:
    """Try again every failed call that the list shows."""
    with transaction(actor().org_id) as session:
        calling.retry_filtered(session, narrowed=_filter(), stamp=stamp())
    return redirect(url_for(".webhooks", **_kept()), code=303)


def _to(endpoint_id: UUID) -> Response:
    return redirect(url_for(".webhook", endpoint_id=endpoint_id), code=303)


def _filter() -> CallFilter:
    state = request.args.get("etat", "")
    return CallFilter(
        endpoint_id=_id("webhook"),
        state=SendingState(state) if state in {one.value for one in SendingState} else None,
        event=request.args.get("sujet", "").replace("\x00", "")[:60],
    )


def _kept() -> dict[str, Any]:
    return {name: request.args[name] for name in ("etat", "webhook", "sujet") if request.args.get(name)}


def _id(name: str) -> UUID | None:
    raw = request.args.get(name, "")
    try:
        return UUID(raw) if raw else None
    except ValueError:
        return None
