"""What a dispatcher decides about a delivery."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.delivery import queries
from server.delivery.service import decide_discrepancy
from server.identity.permissions import Permission

pages = Blueprint("delivery", __name__)


@pages.post("/ecarts/<uuid:discrepancy_id>/decider")
@requires(Permission.RUN_CLOSE)
def decide(discrepancy_id: UUID) -> Response:
    """Say that a discrepancy was looked at and dealt with."""
    with transaction(actor().org_id) as session:
        found = queries.discrepancy(session, discrepancy_id)
        decide_discrepancy(session, found, decision="Vu et réglé au tableau du jour", stamp=stamp())
    return redirect("/tableau", code=303)
