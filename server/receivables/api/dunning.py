"""Reminders over JSON: what is about to be sent and why not, sent now, or each morning by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.receivables.api.asking import today
from server.receivables.jobs import remind_later
from server.receivables.model import Reminder, ReminderPlan
from server.receivables.schemas import ForeseenSchema, ReminderPlanSchema, ReminderSchema, ReminderSwitchSchema
from server.receivables.service.reminders import Foreseen, foreseen_reminders, send_reminders
from server.receivables.service.scheduling import switch_reminders

dunning = Blueprint("dunning_api", __name__, url_prefix="/accounts/reminders", description="Reminders")


def switch(*, is_on: bool) -> ReminderPlan:
    """Switch the caller's reminders by the calendar on or off; on, the next morning sends the first ones."""
    me = actor().org_id
    with transaction(me) as session:
        plan = switch_reminders(session, is_on=is_on, stamp=stamp())
        if is_on:
            remind_later(session, me, now=clock.now())
        return plan


@dunning.route("", methods=["GET"])
@requires(Permission.RECEIVABLES_RUN)
@dunning.response(200, ForeseenSchema(many=True))
def foresee() -> Sequence[Foreseen]:
    """List overdue invoices with the reminders sent, due and to come, and why one waits"""
    with transaction(actor().org_id) as session:
        return foreseen_reminders(session, on=today(session))


@dunning.route("", methods=["POST"])
@requires(Permission.RECEIVABLES_RUN)
@dunning.response(201, ReminderSchema(many=True))
def remind() -> Sequence[Reminder]:
    """Send the reminders that overdue invoices ask for today"""
    with transaction(actor().org_id) as session:
        return send_reminders(session, stamp=stamp())


@dunning.route("/plan", methods=["PUT"])
@requires(Permission.RECEIVABLES_RUN)
@dunning.arguments(ReminderSwitchSchema)
@dunning.response(200, ReminderPlanSchema)
def plan(asked: dict[str, Any]) -> ReminderPlan:
    """Send reminders each morning by themselves, or no longer"""
    return switch(is_on=asked["is_on"])
