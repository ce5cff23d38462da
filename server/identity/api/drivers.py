"""Who drives for the carrier: whom a program gives runs and tablets."""

from __future__ import annotations

from collections.abc import Sequence

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires
from server.identity import queries
from server.identity.model import Membership
from server.identity.permissions import Permission
from server.identity.schemas import ListedDriverSchema

blp = Blueprint("drivers", __name__, url_prefix="/drivers", description="The carrier's drivers")


@blp.route("", methods=["GET"])
@requires(Permission.RUN_PLAN)
@blp.response(200, ListedDriverSchema(many=True))
def list_drivers() -> Sequence[Membership]:
    """List the drivers by name; `id` is what a run, a tablet's code and a tablet call `driver_id`"""
    with transaction(actor().org_id) as session:
        return queries.drivers(session)
