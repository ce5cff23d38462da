"""What an issuer decides about a proposed credit, from its page."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from server.billing.service import approve_proposed, publish_pending, refuse_proposed
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission

pages = Blueprint("billing_pages", __name__, template_folder="templates")


@pages.post("/credits/<uuid:credit_id>/approuver")
@requires(Permission.CREDIT_APPROVE)
def approve(credit_id: UUID) -> Response:
    """Approve a credit above the threshold: it is numbered and applied at once."""
    now = stamp()
    with transaction(actor().org_id) as session:
        approve_proposed(session, credit_id=credit_id, stamp=now)
        publish_pending(session, stamp=now)
    return redirect(f"/credits/{credit_id}", code=303)


@pages.post("/credits/<uuid:credit_id>/refuser")
@requires(Permission.CREDIT_APPROVE)
def refuse(credit_id: UUID) -> Response:
    """Refuse a credit above the threshold, with a reason that the order's parties read."""
    with transaction(actor().org_id) as session:
        refuse_proposed(session, credit_id=credit_id, reason=request.form.get("reason", ""), stamp=stamp())
    return redirect(f"/credits/{credit_id}", code=303)
