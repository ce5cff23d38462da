"""The members of one's organisation, their roles, and invitations."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import email as read_email
from server.core.csv_rows import BadCell
from server.core.problems import Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity import queries, wording
from server.identity.inviting import invite_colleague, own_roles
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Permission
from server.identity.service import change_roles, grantable_roles, remove_member, revoke_invitation

pages = Blueprint("members_pages", __name__, template_folder="../templates")


class NotAnAddress(Problem):
    """The e-mail address cannot be one."""

    slug = "not-an-address"
    title = Text("Adresse à corriger", "Address to correct")


class NoRole(Problem):
    """No role is ticked, or one that does not exist."""

    slug = "no-role"
    title = Text("Rôle à cocher", "Role to be ticked")


@pages.get("/membres")
@requires(Permission.MEMBER_ADMINISTER)
def members() -> str:
    """Show the members with their roles, and the invitations that wait."""
    with transaction(actor().org_id) as session:
        return render_template(
            "identity/members.html",
            members=queries.members(session),
            invitations=queries.open_invitations(session, at=clock.now()),
            grantable=grantable_roles(own_roles(), OrganisationKind(actor().org_kind)),
            wording=wording,
        )


@pages.post("/membres/invitations")
@requires(Permission.MEMBER_ADMINISTER)
def send_invitation() -> Response:
    """Invite somebody by e-mail."""
    address, roles = _address(), _roles()
    with transaction(actor().org_id) as session:
        invite_colleague(
            session, email=address, roles=roles, language="en" if request.form.get("language") == "en" else "fr"
        )
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/invitations/<uuid:invitation_id>/retirer")
@requires(Permission.MEMBER_ADMINISTER)
def take_back(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    with transaction(actor().org_id) as session:
        revoke_invitation(session, invitation_id=invitation_id, stamp=stamp())
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/<uuid:membership_id>/roles")
@requires(Permission.MEMBER_ADMINISTER)
def give_roles(membership_id: UUID) -> Response:
    """Give a member exactly the roles that are ticked."""
    with transaction(actor().org_id) as session:
        change_roles(session, membership_id=membership_id, roles=_roles(), giver=own_roles(), stamp=stamp())
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/<uuid:membership_id>/retirer")
@requires(Permission.MEMBER_ADMINISTER)
def remove(membership_id: UUID) -> Response:
    """Take a member's place away."""
    with transaction(actor().org_id) as session:
        remove_member(session, membership_id=membership_id, giver=own_roles(), stamp=stamp())
    return redirect(url_for(".members"), code=303)


def _roles() -> list[Role]:
    ticked = set(request.form.getlist("roles"))
    if not ticked or not ticked <= {role.value for role in Role}:
        raise NoRole(Text("Cocher au moins un rôle.", "Tick one role at least."), where="roles")
    return [role for role in Role if role.value in ticked]


def _address() -> str:
    try:
        return read_email(request.form.get("email", "").strip())
    except BadCell as bad:
        raise NotAnAddress(bad.text, where="email") from bad
