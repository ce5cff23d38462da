"""What a dispatcher decides about a delivery."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.delivery import queries
from server.delivery.service import decide_discrepancy, reason_of
from server.identity.permissions import Permission

pages = Blueprint("delivery", __name__)


@pages.post("/ecarts/<uuid:discrepancy_id>/decider")
@requires(Permission.RUN_CLOSE)
def decide(discrepancy_id: UUID) -> Response:
    """Close a discrepancy with the reason that was given."""
    with transaction(actor().org_id) as session:
        found = queries.discrepancy(session, discrepancy_id)
        decide_discrepancy(session, found, decision=reason_of(request.form.get("reason", "")), stamp=stamp())
    return redirect(f"/ecarts/{discrepancy_id}", code=303)
