"""Relations and agreements over JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity.permissions import Permission
from server.parties import queries, service
from server.parties.api.codes import count_codes
from server.parties.model import Agreement
from server.parties.schemas import (
    AgreementSchema,
    AgreementTermsSchema,
    BondMoveSchema,
    BondSchema,
    PartnerCodeSchema,
    ProposalSchema,
)
from server.parties.service.moving import Bond

blp = Blueprint("bonds", __name__, url_prefix="/partners", description="Relations and agreements")
SAYINGS: Mapping[str, Callable[..., Bond]] = {
    "propose": service.propose_bond,
    "accept": service.accept_bond,
    "end": service.end_bond,
}


@blp.route("", methods=["GET"])
@requires(Permission.PARTY_READ)
@blp.response(200, BondSchema(many=True))
def list_bonds() -> list[dict[str, Any]]:
    """List one's relations and agreements"""
    with transaction(actor().org_id) as session:
        return [_shown(row) for row in queries.bonds(session)]


@blp.route("", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(ProposalSchema)
@blp.response(201, BondSchema)
def propose(asked: dict[str, Any]) -> dict[str, Any]:
    """Propose a relation or agreement to whoever gave one its code; the other side answers"""
    count_codes()
    with transaction(actor().org_id) as session:
        bond = service.propose_to(session, code=asked["code"], stamp=stamp())
        session.flush()
        return next(_shown(row) for row in queries.bonds(session) if row.bond.id == bond.id)


@blp.route("/code", methods=["GET"])
@requires(Permission.PARTY_EDIT)
@blp.response(200, PartnerCodeSchema)
def read_code() -> dict[str, Any]:
    """Read the code by which others propose to one's organisation"""
    with transaction(actor().org_id) as session:
        return {"code": service.own_code(session)}


@blp.route("/code", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.response(201, PartnerCodeSchema)
def renew_code() -> dict[str, Any]:
    """Make a new code; the former one leads nowhere any more"""
    with transaction(actor().org_id) as session:
        return {"code": service.renew_code(session, stamp=stamp())}


@blp.route("/<uuid:bond_id>/state", methods=["POST"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(BondMoveSchema)
@blp.response(200, BondSchema)
def move(asked: dict[str, Any], bond_id: UUID) -> dict[str, Any]:
    """Propose, accept or end a relation or agreement, from one's side"""
    with transaction(actor().org_id) as session:
        read = {"agent_fee_bp": asked.get("agent_fee_bp")} if asked["say"] == "accept" else {}
        SAYINGS[asked["say"]](session, bond_id=bond_id, stamp=stamp(), **read)
        session.flush()
        return next(_shown(row) for row in queries.bonds(session) if row.bond.id == bond_id)


@blp.route("/<uuid:bond_id>/terms", methods=["PUT"])
@requires(Permission.PARTY_EDIT)
@blp.arguments(AgreementTermsSchema)
@blp.response(200, AgreementSchema)
def set_terms(asked: dict[str, Any], bond_id: UUID) -> Agreement:
    """Change the terms of an agreement with a carrier, as its seller"""
    with transaction(actor().org_id) as session:
        return service.revise_agreement(session, agreement_id=bond_id, changes=asked, stamp=stamp())


def _shown(row: queries.BondRow) -> dict[str, Any]:
    return {
        "id": row.bond.id,
        "kind": "agreement" if row.is_agreement else "relation",
        "other_id": row.other.id,
        "other_name": row.other.name,
        "is_mine": row.bond.owner_id == actor().org_id,
        "state": row.bond.state.value,
        "said_by_id": row.bond.said_by_id,
        **_as_agent(row.bond),
    }


def _as_agent(bond: Bond) -> dict[str, Any]:
    if isinstance(bond, Agreement) and bond.billing_agent_id is not None:
        return {"bills_as_agent": True, "agent_fee_bp": bond.agent_fee_bp}
    return {"bills_as_agent": False, "agent_fee_bp": None}
