"""Clients over JSON: lists, settings with their sources, and files of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import inheritance, queries, service
from server.parties.forms import terms_of
from server.parties.limits import require_within_role
from server.parties.presenting import present_client, present_row
from server.parties.schemas import ClientQuery, ClientRowSchema, ClientSchema, ClientTermsSchema
from server.parties.service import GroupTerms

blp = Blueprint("clients", __name__, url_prefix="/clients", description="A seller's clients and their settings")


@blp.route("", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.arguments(ClientQuery, location="query")
@blp.response(200, ClientRowSchema(many=True))
def list_clients(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """List clients by name"""
    with transaction(actor().org_id) as session:
        rows = queries.client_rows(
            session, words=asked["words"], group_id=asked["group_id"], offset=asked["offset"], limit=asked["limit"]
        )
        return [present_row(row) for row in rows[0]]


@blp.route("/<uuid:buyer_id>", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, ClientSchema)
def read(buyer_id: UUID) -> dict[str, Any]:
    """Read a client: each setting, its own or inherited"""
    with transaction(actor().org_id) as session:
        return present_client(session, queries.client_row(session, buyer_id=buyer_id))


@blp.route("/<uuid:buyer_id>", methods=["PUT"])
@requires(Permission.TERMS_SET)
@blp.arguments(ClientTermsSchema)
@blp.response(200, ClientSchema)
def change(asked: dict[str, Any], buyer_id: UUID) -> dict[str, Any]:
    """Set the group, the credit limit and exactly these fields of a client; the others are inherited"""
    terms = GroupTerms(**(asked["terms"] or {}))
    own = {"group_id": asked["group_id"], "credit_limit_cents": asked["credit_limit_cents"]}
    with transaction(actor().org_id) as session:
        known = inheritance.client(session, buyer_id=buyer_id)
        before = asdict(terms_of(known)) | {name: getattr(known, name) for name in own}
        require_within_role(actor().role, before=before, after=asdict(terms) | own)
        service.keep_client(session, buyer_id=buyer_id, terms=terms, stamp=stamp(), **own)
        return present_client(session, queries.client_row(session, buyer_id=buyer_id))
