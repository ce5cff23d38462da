"""What an issuer decides about a proposed credit, and what it owes on containers, on pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.billing.explaining.deposits import DepositsAsked, explain_deposits
from server.billing.explaining.paging import Page
from server.billing.revaluing import reading
from server.billing.revaluing.service import revalue_deposits
from server.billing.service import approve_proposed, publish_pending, refuse_proposed
from server.catalog.queries import container_classes
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.asked import asked_day, asked_page
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
            eves={one.id: one.as_of - timedelta(days=1) for one in made},
            classes=classes,
            names=parties.names(session, org_ids=owners),
            done=request.args.get("faites", ""),
        )


@pages.get("/comptes/consignes/<uuid:class_id>")
@requires(Permission.BALANCE_READ)
def why_deposits(class_id: UUID) -> str:
    """Unfold what one owes on a container class, now or at the end of a day."""
    asked = DepositsAsked(class_id=class_id, on=asked_day("jour"), page=Page(number=asked_page()))
    with transaction(actor().org_id) as session:
        explained = explain_deposits(session, asked=asked, stamp=stamp())
        container = container_classes(session, class_ids=[class_id]).get(class_id)
        return render_template("billing/why_deposits.html", explained=explained, container=container, on=asked.on)


@pages.post("/comptes/consignes/reevaluer")
@requires(Permission.RECEIVABLES_RUN)
def revalue() -> Response:
    """Bring one's deposits to today's prices."""
    with transaction(actor().org_id) as session:
        made = revalue_deposits(session, stamp=stamp())
    return redirect(f"/comptes/consignes?faites={len(made)}", code=303)
