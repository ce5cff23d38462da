"""The inbox over JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires
from server.core.web.paging import page
from server.identity.permissions import Permission
from server.notifications import queries
from server.notifications.model import InboxMessage
from server.notifications.schemas import InboxMessageSchema, InboxQuerySchema

blp = Blueprint("inbox_api", __name__, url_prefix="/inbox", description="What an organisation should know")


@blp.route("", methods=["GET"])
@requires(Permission.INBOX_READ)
@blp.arguments(InboxQuerySchema, location="query")
@blp.response(200, InboxMessageSchema(many=True))
def list_messages(asked: dict[str, Any]) -> Sequence[InboxMessage]:
    """List the organisation's messages"""
    with transaction(actor().org_id) as session:
        return page(session, queries.all_messages(unread=asked["unread"]), InboxMessage.id, asked)
