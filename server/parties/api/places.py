"""Places over JSON: address, position, windows, access, equipment and permit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.csv_cells import words
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries, service
from server.parties.forms import read_field, required
from server.parties.model import Site
from server.parties.place_schemas import NewPlaceSchema, PlaceCardSchema, PlaceQuery, PlaceTermsSchema
from server.parties.service.client_rows import read_postal_code

blp = Blueprint("places", __name__, url_prefix="/places", description="Docks and depots: one’s own, and clients’")


@blp.route("", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.arguments(PlaceQuery, location="query")
@blp.response(200, PlaceCardSchema(many=True))
def list_places(asked: dict[str, Any]) -> Sequence[Site]:
    """List one's own places, or those that one reads of another organisation"""
    with transaction(actor().org_id) as session:
        org_id = queries.organisation(session, org_id=asked["organisation_id"] or actor().org_id).id
        return queries.sites_of(session, org_id=org_id)


@blp.route("", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(NewPlaceSchema)
@blp.response(201, PlaceCardSchema)
def add(asked: dict[str, Any]) -> Site:
    """Add a place of one's own, or of a client without an account"""
    org_id = asked.pop("organisation_id") or actor().org_id
    with transaction(actor().org_id) as session:
        return service.add_place(session, org_id=org_id, told=_told(asked), stamp=stamp())


@blp.route("/<uuid:site_id>", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, PlaceCardSchema)
def read(site_id: UUID) -> Site:
    """Read a place"""
    with transaction(actor().org_id) as session:
        return queries.site(session, site_id=site_id)


@blp.route("/<uuid:site_id>", methods=["PUT"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(PlaceTermsSchema)
@blp.response(200, PlaceCardSchema)
def change(asked: dict[str, Any], site_id: UUID) -> Site:
    """Change a place; runs that are sealed keep what they had"""
    with transaction(actor().org_id) as session:
        site = queries.site(session, site_id=site_id)
        return service.change_place(session, site=site, told=_told(asked), stamp=stamp())


def _told(asked: dict[str, Any]) -> dict[str, Any]:
    needed = {"name": words(120), "street": words(160), "city": words(80), "postal_code": read_postal_code}
    read = {name: required(read_field(asked, name, reader), name) for name, reader in needed.items()}
    return asked | read | {"equipment": sorted({one.value for one in asked["equipment"]})}
