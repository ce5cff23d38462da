"""Links to papers of clients without an account, over JSON (C26)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from marshmallow import fields

from server.core.transaction import transaction
from server.core.web import Schema, actor, requires, stamp
from server.documents.service import linking
from server.identity.permissions import Permission

paper_links = Blueprint(
    "paper_links", __name__, url_prefix="/paper-links", description="Links sent to clients without an account"
)


class PaperLinkSchema(Schema):
    """A link that was sent, and how often it was used. Its token stands in the e-mail alone."""

    id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)
    email = fields.String(required=True)
    title_fr = fields.String(required=True)
    title_en = fields.String(required=True)
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    uses = fields.Integer(required=True)
    used_at = fields.AwareDateTime(required=True, allow_none=True)


@paper_links.route("", methods=["GET"])
@requires(Permission.PARTY_EDIT)
@paper_links.response(200, PaperLinkSchema(many=True))
def list_links() -> list[dict[str, Any]]:
    """List the newest links, and how often each was used"""
    names = ("id", "email", "title_fr", "title_en", "made_at", "expires_at", "revoked_at")
    with transaction(actor().org_id) as session:
        return [
            {name: getattr(row.link, name) for name in names}
            | {"client_id": row.link.owner_id, "uses": row.uses, "used_at": row.used_at}
            for row in linking.links(session)
        ]


@paper_links.route("/<uuid:link_id>", methods=["DELETE"])
@requires(Permission.PARTY_EDIT)
@paper_links.response(204)
def revoke(link_id: UUID) -> None:
    """Revoke a link: it opens nothing any more"""
    with transaction(actor().org_id) as session:
        linking.revoke_link(session, link_id=link_id, stamp=stamp())
