"""Members and invitations of one's own organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint

from server.core import clock
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity import queries
from server.identity.inviting import invite_colleague, own_roles
from server.identity.model import Invitation, Membership
from server.identity.permissions import Permission
from server.identity.schemas import InvitationSchema, LeaveQuery, MemberSchema, NewInvitationSchema, RolesSchema
from server.identity.service import change_roles, leave_organisation, remove_member, revoke_invitation

blp = Blueprint("members", __name__, url_prefix="/members", description="Members of one's organisation, invitations")


@blp.route("", methods=["GET"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.response(200, MemberSchema(many=True))
def list_members() -> Sequence[Membership]:
    """List the members by name"""
    with transaction(actor().org_id) as session:
        return queries.members(session)


@blp.route("/<uuid:membership_id>/roles", methods=["PUT"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.arguments(RolesSchema)
@blp.response(200, MemberSchema)
def give_roles(asked: dict[str, Any], membership_id: UUID) -> Membership:
    """Give a member exactly these roles, never more than one's own"""
    with transaction(actor().org_id) as session:
        return change_roles(
            session, membership_id=membership_id, roles=asked["roles"], giver=own_roles(), stamp=stamp()
        )


@blp.route("/<uuid:membership_id>", methods=["DELETE"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.response(204)
def remove(membership_id: UUID) -> None:
    """Take a member's place away, at once; the last administrator stays"""
    with transaction(actor().org_id) as session:
        remove_member(session, membership_id=membership_id, giver=own_roles(), stamp=stamp())


@blp.route("/me", methods=["DELETE"])
@requires(Permission.ACCOUNT_USE)
@blp.arguments(LeaveQuery, location="query")
@blp.response(204)
def leave(asked: dict[str, Any]) -> None:
    """Leave the organisation in which one works, at once, with `sure=true`; its last administrator stays"""
    del asked
    with transaction(actor().org_id) as session:
        leave_organisation(session, stamp=stamp())


@blp.route("/invitations", methods=["GET"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.response(200, InvitationSchema(many=True))
def list_invitations() -> Sequence[Invitation]:
    """List the invitations that nobody answered yet"""
    with transaction(actor().org_id) as session:
        return queries.open_invitations(session, at=clock.now())


@blp.route("/invitations", methods=["POST"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.arguments(NewInvitationSchema)
@blp.response(201, InvitationSchema)
def send_invitation(asked: dict[str, Any]) -> Invitation:
    """Invite somebody by e-mail; the link works once, for two weeks"""
    with transaction(actor().org_id) as session:
        return invite_colleague(session, **asked)


@blp.route("/invitations/<uuid:invitation_id>", methods=["DELETE"])
@requires(Permission.MEMBER_ADMINISTER)
@blp.response(204)
def take_back(invitation_id: UUID) -> None:
    """Take an invitation back, at once"""
    with transaction(actor().org_id) as session:
        revoke_invitation(session, invitation_id=invitation_id, stamp=stamp())
