"""What an issuer decides about a proposed credit, and what it owes on containers, on pages."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.billing.revaluing import reading
from server.billing.revaluing.service import revalue_deposits
from server.billing.service import approve_proposed, publish_pending, refuse_proposed
from server.catalog.queries import container_classes
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries as parties

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


@pages.get("/comptes/consignes")
@requires(Permission.BALANCE_READ)
def deposits() -> str:
    """Show what one owes on containers beside what they come to today, and every revaluation with its arithmetic."""
    with transaction(actor().org_id) as session:
        standings = reading.deposit_standings(session, stamp=stamp())
        made = reading.revaluations(session)
        classes = container_classes(session, class_ids={one.class_id for one in made})
        owners = {one.container.owner_id for one in standings if one.container}
        return render_template(
            "billing/deposits.html",
            standings=standings,
            made=made,
            classes=classes,
            names=parties.names(session, org_ids=owners),
            done=request.args.get("faites", ""),
        )


@pages.post("/comptes/consignes/reevaluer")
@requires(Permission.RECEIVABLES_RUN)
def revalue() -> Response:
    """Bring one's deposits to today's prices."""
    with transaction(actor().org_id) as session:
        made = revalue_deposits(session, stamp=stamp())
    return redirect(f"/comptes/consignes?faites={len(made)}", code=303)
