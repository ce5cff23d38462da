"""Groups over JSON: « Tous » and the others, each setting with its source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.csv_cells import words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import inheritance, service
from server.parties.forms import read_field, required, terms_of
from server.parties.limits import require_within_role
from server.parties.presenting import present_group
from server.parties.schemas import GroupNameSchema, GroupSchema, NewGroupSchema, TermsSchema
from server.parties.service import GroupTerms
from server.parties.service.clients import MAX_GROUP_NAME

blp = Blueprint("groups", __name__, url_prefix="/groups", description="Groups of clients and what they set")


@blp.route("", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, GroupSchema(many=True))
def list_groups() -> list[dict[str, Any]]:
    """List the groups, « Tous » first"""
    with transaction(actor().org_id) as session:
        return [present_group(session, row.group) for row in inheritance.group_rows(session)]


@blp.route("", methods=["POST"])
@requires(Permission.TERMS_SET)
@blp.arguments(NewGroupSchema)
@blp.response(201, GroupSchema)
def create(asked: dict[str, Any]) -> dict[str, Any]:
    """Make a group; what it does not set is that of « Tous »"""
    terms = GroupTerms(**(asked["terms"] or {}))
    require_within_role(before={}, after=_set_of(terms))
    with transaction(actor().org_id) as session:
        return present_group(
            session, service.create_group(session, name=asked["name"].strip(), terms=terms, stamp=stamp())
        )


@blp.route("/<uuid:group_id>", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, GroupSchema)
def read(group_id: UUID) -> dict[str, Any]:
    """Read a group: each setting, its own or inherited"""
    with transaction(actor().org_id) as session:
        return present_group(session, inheritance.group(session, group_id=group_id))


@blp.route("/<uuid:group_id>", methods=["PUT"])
@requires(Permission.TERMS_SET)
@blp.arguments(TermsSchema)
@blp.response(200, GroupSchema)
def change(asked: dict[str, Any], group_id: UUID) -> dict[str, Any]:
    """Set exactly these fields of a group; the others are inherited"""
    with transaction(actor().org_id) as session:
        before = terms_of(inheritance.group(session, group_id=group_id))
        require_within_role(before=asdict(before), after=asked)
        changed = service.change_group(session, group_id=group_id, terms=GroupTerms(**asked), stamp=stamp())
        return present_group(session, changed)


@blp.route("/<uuid:group_id>/name", methods=["PUT"])
@requires(Permission.TERMS_SET)
@blp.arguments(GroupNameSchema)
@blp.response(200, GroupSchema)
def rename(asked: dict[str, Any], group_id: UUID) -> dict[str, Any]:
    """Give a group another name; « Tous » keeps its own"""
    name = required(read_field(asked, "name", words(MAX_GROUP_NAME)), "name")
    with transaction(actor().org_id) as session:
        inheritance.group(session, group_id=group_id)
        require_within_role(before={}, after={"name": name})
        return present_group(session, service.rename_group(session, group_id=group_id, name=name, stamp=stamp()))


@blp.route("/<uuid:group_id>", methods=["DELETE"])
@requires(Permission.TERMS_SET)
@blp.response(204)
def drop(group_id: UUID) -> None:
    """Remove a group; its clients are in « Tous » alone"""
    with transaction(actor().org_id) as session:
        inheritance.group(session, group_id=group_id)
        require_within_role(before={}, after={"group": group_id})
        service.drop_group(session, group_id=group_id, stamp=stamp())


def _set_of(terms: GroupTerms) -> dict[str, Any]:
    return {name: value for name, value in asdict(terms).items() if value is not None}
