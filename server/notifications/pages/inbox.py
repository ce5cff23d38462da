"""The inbox."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.notifications import queries
from server.notifications.choosing import out_of_reach
from server.notifications.service.choices import hidden_events
from server.notifications.service.reading import read_all, read_message
from server.parties import queries as parties

pages = Blueprint("notifications", __name__, template_folder="../templates")
LAST_PAGE = 200


@pages.get("/avis")
@requires(Permission.INBOX_READ)
def inbox() -> str:
    """Show what the organisation should know, newest first."""
    raw = request.args.get("page", "1")
    page = min(int(raw), LAST_PAGE) if raw in {str(one) for one in range(1, LAST_PAGE + 1)} else 1
    with transaction(actor().org_id) as session:
        hidden = _hidden(session)
        messages, more = queries.inbox(session, page=page, hidden=hidden)
        return render_template(
            "notifications/inbox.html",
            messages=messages,
            page=page,
            more=more,
            unread=queries.unread_count(session, hidden=hidden),
            zone=parties.zone_of(session, org_id=actor().org_id),
        )


@pages.post("/avis/<uuid:message_id>/ouvrir")
@requires(Permission.INBOX_READ)
def open_message(message_id: UUID) -> Response:
    """Take the message as read and lead to what it is about."""
    with transaction(actor().org_id) as session:
        message = read_message(session, message_id=message_id, hidden=_hidden(session), stamp=stamp())
        link = message.link if message.link.startswith("/") else url_for("notifications.inbox")
    return redirect(link, code=303)


@pages.post("/avis/lus")
@requires(Permission.INBOX_READ)
def mark_all_read() -> Response:
    """Take every message that the list shows as read."""
    with transaction(actor().org_id) as session:
        read_all(session, hidden=_hidden(session), stamp=stamp())
    return redirect(url_for("notifications.inbox"), code=303)


def _hidden(session: Session) -> frozenset[str]:
    """Return the events that the reader switched off, or whose role hears nothing of them."""
    return hidden_events(session, reader_id=actor().user_id) | out_of_reach(actor().may)
