"""« Rappels »: what is about to be sent, what waits and why, and whether it goes by itself."""

from __future__ import annotations

from typing import Final

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.forms import form_flag
from server.identity.permissions import Permission
from server.parties import queries as parties
from server.receivables.api.asking import today
from server.receivables.api.dunning import switch
from server.receivables.pages.blueprint import pages
from server.receivables.service.reminders import LATE_DAYS, PAUSE_LABELS, foreseen_reminders, send_reminders
from server.receivables.service.scheduling import MORNING, reminder_plan

MOST_SHOWN: Final = 500


@pages.get("/comptes/rappels")
@requires(Permission.RECEIVABLES_RUN)
def reminders() -> str:
    """List overdue invoices with their reminders, and the switch."""
    with transaction(actor().org_id) as session:
        on = today(session)
        foreseen = foreseen_reminders(session, on=on)
        return render_template(
            "receivables/reminders.html",
            foreseen=foreseen[:MOST_SHOWN],
            more=max(0, len(foreseen) - MOST_SHOWN),
            due=sum(one.is_due for one in foreseen),
            plan=reminder_plan(session),
            on=on,
            pauses=PAUSE_LABELS,
            late_days=LATE_DAYS,
            morning=MORNING.hour,
            sent=request.args.get("envoyes", ""),
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@pages.post("/comptes/rappels")
@requires(Permission.RECEIVABLES_RUN)
def remind() -> Response:
    """Send the reminders that overdue invoices ask for today."""
    with transaction(actor().org_id) as session:
        sent = send_reminders(session, stamp=stamp())
    return redirect(f"/comptes/rappels?envoyes={len(sent)}", code=303)


@pages.post("/comptes/rappels/calendrier")
@requires(Permission.RECEIVABLES_RUN)
def plan_reminders() -> Response:
    """Have reminders go out each morning, or no longer."""
    switch(is_on=form_flag("is_on"))
    return redirect("/comptes/rappels", code=303)
