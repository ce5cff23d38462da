"""Clients over JSON: lists, settings with their sources, and files of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.csv_cells import words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.core.web.import_doors import CSV_BODY, ImportQuery, ImportReportSchema, present_report, sent_bytes
from server.identity.model import Invitation
from server.identity.permissions import Permission
from server.identity.schemas import InvitationSchema
from server.parties import inheritance, queries, service
from server.parties.api.organisation import card_of
from server.parties.company_schemas import CardSchema
from server.parties.forms import read_field, required, terms_of
from server.parties.inviting import invite_client
from server.parties.limits import require_within_role
from server.parties.model import Organisation
from server.parties.presenting import present_client, present_row
from server.parties.schemas import (
    MAX_NAME,
    ClientInvitationSchema,
    ClientQuery,
    ClientRowSchema,
    ClientSchema,
    ClientTermsSchema,
    NewClientSchema,
)
from server.parties.service import GroupTerms
from server.parties.service.client_rows import read_clients

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


@blp.route("", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(NewClientSchema)
@blp.response(201, ClientSchema)
def create(asked: dict[str, Any]) -> dict[str, Any]:
    """Add a client without an account; its seller keeps its card and places until it has one"""
    name = required(read_field(asked, "name", words(MAX_NAME)), "name")
    with transaction(actor().org_id) as session:
        made = service.add_client(session, **asked | {"name": name}, stamp=stamp())
        return present_client(session, queries.client_row(session, buyer_id=made.buyer_id))


@blp.route("/import", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.doc(requestBody=CSV_BODY)
@blp.arguments(ImportQuery, location="query")
@blp.response(200, ImportReportSchema)
def take_file(asked: dict[str, Any]) -> dict[str, Any]:
    """Import clients from a CSV file, all of it or nothing; the same file again changes nothing"""
    sheet = read_clients(sent_bytes())
    with transaction(actor().org_id) as session:
        if asked["dry_run"]:
            return present_report(service.preview_clients(session, sheet=sheet), dry_run=True)
        return present_report(service.import_clients(session, sheet=sheet, stamp=stamp()), dry_run=False)


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
        require_within_role(before=before, after=asdict(terms) | own)
        if "external_id" in asked:
            service.name_client(session, buyer_id=buyer_id, external_id=asked["external_id"] or None, stamp=stamp())
        service.keep_client(session, buyer_id=buyer_id, terms=terms, stamp=stamp(), **own)
        return present_client(session, queries.client_row(session, buyer_id=buyer_id))


@blp.route("/<uuid:buyer_id>/card", methods=["PUT"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(CardSchema)
@blp.response(200, CardSchema)
def change_card(asked: dict[str, Any], buyer_id: UUID) -> Organisation:
    """Change the card of a client without an account; one that has an account keeps its own"""
    with transaction(actor().org_id) as session:
        queries.client_row(session, buyer_id=buyer_id)
        return service.revise_card(session, org_id=buyer_id, changes=card_of(asked), stamp=stamp())


@blp.route("/<uuid:buyer_id>/invitation", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(ClientInvitationSchema)
@blp.response(201, InvitationSchema)
def invite(asked: dict[str, Any], buyer_id: UUID) -> Invitation:
    """Invite a client without an account to open one; it then keeps its own card and places"""
    with transaction(actor().org_id) as session:
        return invite_client(session, buyer_id=buyer_id, email=asked["email"])
