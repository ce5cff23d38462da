"""The inbox over JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from server.core.problems import Forbidden, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.paging import page
from server.identity.permissions import Permission
from server.notifications import queries
from server.notifications.choosing import BY_PREFIX, EVENTS, out_of_reach
from server.notifications.model import InboxMessage
from server.notifications.schemas import ChoicesSchema, InboxMessageSchema, InboxQuerySchema
from server.notifications.service.choices import Choice, choices_of, choose
from server.notifications.service.reading import read_all, read_message

blp = Blueprint("inbox_api", __name__, url_prefix="/inbox", description="What an organisation should know")


@blp.route("", methods=["GET"])
@requires(Permission.INBOX_READ)
@blp.arguments(InboxQuerySchema, location="query")
@blp.response(200, InboxMessageSchema(many=True))
def list_messages(asked: dict[str, Any]) -> Sequence[InboxMessage]:
    """List the organisation's messages"""
    with transaction(actor().org_id) as session:
        return page(
            session,
            queries.all_messages(unread=asked["unread"], hidden=out_of_reach(actor().may)),
            InboxMessage.id,
            asked,
        )


@blp.route("/<uuid:message_id>/read", methods=["POST"])
@requires(Permission.INBOX_READ)
@blp.response(200, InboxMessageSchema)
def read(message_id: UUID) -> InboxMessage:
    """Take a message as read"""
    with transaction(actor().org_id) as session:
        return read_message(session, message_id=message_id, hidden=out_of_reach(actor().may), stamp=stamp())


@blp.route("/read", methods=["POST"])
@requires(Permission.INBOX_READ)
@blp.response(204)
def read_whole() -> None:
    """Take every message as read that one's role may hear of"""
    with transaction(actor().org_id) as session:
        read_all(session, hidden=out_of_reach(actor().may), stamp=stamp())


@blp.route("/choices", methods=["GET"])
@requires(Permission.INBOX_READ)
@blp.response(200, ChoicesSchema)
def choices() -> dict[str, Any]:
    """Read which events one hears of, in the application and by e-mail; and the organisation's own address"""
    with transaction(actor().org_id) as session:
        return _choices(session)


@blp.route("/choices", methods=["PUT"])
@requires(Permission.INBOX_READ)
@blp.arguments(ChoicesSchema)
@blp.response(200, ChoicesSchema)
def keep_choices(asked: dict[str, Any]) -> dict[str, Any]:
    """Keep one's own choices, and the organisation's if one keeps them; an event left out stays"""
    with transaction(actor().org_id) as session:
        choose(session, reader_id=actor().user_id, wanted=_wanted(asked["mine"]))
        if asked["organisation"]:
            _require_keeper()
            ours = [one | {"in_app": True} for one in asked["organisation"]]
            choose(session, reader_id=actor().org_id, wanted=_wanted(ours))
        return _choices(session)


def _choices(session: Session) -> dict[str, Any]:
    mine = choices_of(session, reader_id=actor().user_id)
    ours = choices_of(session, reader_id=actor().org_id)
    return {"mine": _heard(mine), "organisation": _heard(ours)}


def _heard(chosen: Mapping[str, Choice]) -> list[dict[str, Any]]:
    heard = [event.prefix for event in EVENTS if actor().may(event.permission)]
    return [{"event": one, "in_app": chosen[one].in_app, "by_email": chosen[one].by_email} for one in heard]


def _wanted(asked: Sequence[Mapping[str, Any]]) -> dict[str, Choice]:
    for one in asked:
        event = BY_PREFIX.get(one["event"])
        if event is not None and not actor().may(event.permission):
            raise Forbidden(
                Text("Votre rôle n’apprend rien de cet événement.", "Your role hears nothing of this event."),
                where=one["event"],
            )
    return {one["event"]: Choice(one["in_app"], one["by_email"]) for one in asked}


def _require_keeper() -> None:
    if not actor().may(Permission.WEBHOOK_ADMINISTER):
        raise Forbidden(
            Text(
                "Votre rôle règle vos propres avis, pas ceux de l’organisation.",
                "Your role sets your own messages, not the organisation’s.",
            ),
            where="organisation",
        )
