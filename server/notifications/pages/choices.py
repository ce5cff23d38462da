"""What one hears of, in the application and by e-mail; and the way out of an e-mail."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.core.web import actor, public, requires
from server.identity.permissions import Permission
from server.notifications.choosing import BY_PREFIX, EVENTS
from server.notifications.service.choices import Choice, choices_of, choose, unsubscribe

pages = Blueprint("choices", __name__, template_folder="../templates")


@pages.get("/avis/preferences")
@requires(Permission.INBOX_READ)
def choices() -> str:
    """Show each event with its switches: one's own, and the organisation's address for who keeps it."""
    me = actor()
    with transaction(me.org_id) as session:
        return render_template(
            "notifications/choices.html",
            events=[event for event in EVENTS if me.may(event.permission)],
            mine=choices_of(session, reader_id=me.user_id),
            ours=choices_of(session, reader_id=me.org_id),
            keeps=me.may(Permission.WEBHOOK_ADMINISTER),
        )


@pages.post("/avis/preferences")
@requires(Permission.INBOX_READ)
def keep_choices() -> Response:
    """Keep what is ticked."""
    me = actor()
    prefixes = [event.prefix for event in EVENTS if me.may(event.permission)]
    ticked = set(request.form.getlist("on"))
    mine = {one: Choice(f"app:{one}" in ticked, f"email:{one}" in ticked) for one in prefixes}
    ours = {one: Choice(in_app=True, by_email=f"org:{one}" in ticked) for one in prefixes}
    with transaction(me.org_id) as session:
        choose(session, reader_id=me.user_id, wanted=mine)
        if me.may(Permission.WEBHOOK_ADMINISTER):
            choose(session, reader_id=me.org_id, wanted=ours)
    return redirect(url_for(".choices"), code=303)


@pages.get("/avis/desabonner/<uuid:owner_id>/<uuid:reader_id>/<event>")
@public("an e-mail’s own link; nothing changes before the button, and the token is checked then")
def ask_unsubscribe(owner_id: UUID, reader_id: UUID, event: str) -> str:
    """Ask once more, so that a scanner of mail which follows links switches nothing off."""
    del owner_id, reader_id
    known = BY_PREFIX.get(event)
    return render_template(
        "notifications/unsubscribe.html", event=known, token=request.args.get("jeton", ""), done=False
    )


@pages.post("/avis/desabonner/<uuid:owner_id>/<uuid:reader_id>/<event>")
@public("an e-mail’s own link; its token stands for the reader")
def leave(owner_id: UUID, reader_id: UUID, event: str) -> str:
    """Switch these e-mails off."""
    with transaction(IDENTITY_ORG) as session:
        unsubscribe(
            session, owner_id=owner_id, reader_id=reader_id, event=event, token=request.form.get("jeton", "")[:100]
        )
    return render_template("notifications/unsubscribe.html", event=BY_PREFIX[event], token="", done=True)
