"""The page on which a dispatcher corrects a delivery that was received."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from server.billing.service import publish_pending
from server.core.problems import BadRequest, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.delivery import queries as delivered
from server.delivery.model import Delivery, DeliveryLine
from server.delivery.reasons import REASONS
from server.fulfilment.api.access import require_corrector
from server.fulfilment.service.correcting import correct_by_hand
from server.identity.permissions import Permission
from server.orders import queries as orders
from server.parties import queries as parties
from shared.delivered_line import DeliveredLine
from shared.ids import new_id

corrections = Blueprint("corrections_pages", __name__, template_folder="../templates")
LONGEST_NUMBER: Final = 7
_EFFECTS: Final = {one.code: one.effect for one in REASONS}


@corrections.get("/livraisons/<uuid:delivery_id>/corriger")
@requires(Permission.STOP_CORRECT, Permission.ORDER_ACCEPT)
def form(delivery_id: UUID) -> str:
    """Show what was received of an order, to be counted again, and its revisions so far."""
    with transaction(actor().org_id) as session:
        delivery = delivered.delivery(session, delivery_id)
        order = orders.order(session, order_id=delivery.order_id)
        require_corrector(order, delivery)
        latest = delivered.latest_delivery(session, order_id=order.id)
        return render_template(
            "fulfilment/correct.html",
            delivery=delivery,
            latest=latest,
            order=order,
            items={line.id: line for line in order.lines},
            revisions=delivered.revisions_of(session, delivery),
            reasons=REASONS,
            effects=_EFFECTS,
            key=new_id(),
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@corrections.post("/livraisons/<uuid:delivery_id>/corriger")
@requires(Permission.STOP_CORRECT, Permission.ORDER_ACCEPT)
def correct(delivery_id: UUID) -> Response:
    """Correct a received delivery, with a reason that its parties read."""
    now = stamp()
    with transaction(actor().org_id) as session:
        delivery = delivered.delivery(session, delivery_id)
        require_corrector(orders.order(session, order_id=delivery.order_id), delivery)
        corrected = correct_by_hand(
            session,
            delivery_id=delivery_id,
            lines=_lines(delivery),
            reason=request.form.get("reason", ""),
            key=_key(),
            stamp=now,
        )
        publish_pending(session, stamp=now)
        order_id = corrected.delivery.order_id
    return redirect(f"/commandes/{order_id}", code=303)


def _lines(delivery: Delivery) -> list[DeliveredLine]:
    return [_line(line) for line in delivery.lines]


def _line(line: DeliveryLine) -> DeliveredLine:
    """What is missing goes where its reason says; a line whose number stays keeps how its shortage was split."""
    accepted, extra = _number(f"recu-{line.order_line_id}"), _number(f"plus-{line.order_line_id}")
    reason = request.form.get(f"motif-{line.order_line_id}", "")
    short = line.ordered - accepted
    if accepted == line.delivered and reason == line.reason:
        parts = {"not_shipped": line.not_shipped, "lost": line.lost, "returned": line.returned}
    else:
        parts = {_effect(reason): short} if short else {}
    return DeliveredLine(
        line_id=str(line.order_line_id),
        ordered=line.ordered,
        delivered=accepted,
        extra=extra,
        reason=reason if short else "",
        **parts,
    )


def _effect(reason: str) -> str:
    if reason not in _EFFECTS:
        raise BadRequest(
            Text(
                "Choisir le motif de chaque ligne où il manque quelque chose.",
                "Choose the reason of each line on which something is missing.",
            ),
            where="motif",
        )
    return _EFFECTS[reason]


def _number(name: str) -> int:
    raw = request.form.get(name, "").strip()
    if not (raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_NUMBER):
        raise BadRequest(
            Text("Donner un nombre entier pour chaque ligne.", "Give a whole number for each line."), where=name
        )
    return int(raw)


def _key() -> UUID:
    try:
        return UUID(request.form.get("key", ""))
    except ValueError as error:
        raise BadRequest(
            Text("Recharger la page, puis recommencer.", "Load the page again, then start over."), where="key"
        ) from error
