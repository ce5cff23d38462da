"""The members of one's organisation, their roles, and invitations."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import email as read_email
from server.core.csv_rows import BadCell
from server.core.problems import BadRequest, Problem, Text
from server.core.transaction import transaction
from server.core.web import actor, requires, stamp
from server.identity import queries, wording
from server.identity.inviting import invite_colleague
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Permission
from server.identity.service import change_role, grantable_roles, remove_member, revoke_invitation

pages = Blueprint("members_pages", __name__, template_folder="../templates")


class NotAnAddress(Problem):
    """The e-mail address cannot be one."""

    slug = "not-an-address"
    title = Text("Adresse à corriger", "Address to correct")


@pages.get("/membres")
@requires(Permission.MEMBER_ADMINISTER)
def members() -> str:
    """Show the members with their roles, and the invitations that wait."""
    with transaction(actor().org_id) as session:
        return render_template(
            "identity/members.html",
            members=queries.members(session),
            invitations=queries.open_invitations(session, at=clock.now()),
            grantable=grantable_roles(Role(actor().role), OrganisationKind(actor().org_kind)),
            wording=wording,
        )


@pages.post("/membres/invitations")
@requires(Permission.MEMBER_ADMINISTER)
def send_invitation() -> Response:
    """Invite somebody by e-mail."""
    address, role = _address(), _role()
    with transaction(actor().org_id) as session:
        invite_colleague(
            session, email=address, role=role, language="en" if request.form.get("language") == "en" else "fr"
        )
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/invitations/<uuid:invitation_id>/retirer")
@requires(Permission.MEMBER_ADMINISTER)
def take_back(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    with transaction(actor().org_id) as session:
        revoke_invitation(session, invitation_id=invitation_id, stamp=stamp())
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/<uuid:membership_id>/role")
@requires(Permission.MEMBER_ADMINISTER)
def give_role(membership_id: UUID) -> Response:
    """Give a member another role."""
    with transaction(actor().org_id) as session:
        change_role(session, membership_id=membership_id, role=_role(), giver=Role(actor().role), stamp=stamp())
    return redirect(url_for(".members"), code=303)


@pages.post("/membres/<uuid:membership_id>/retirer")
@requires(Permission.MEMBER_ADMINISTER)
def remove(membership_id: UUID) -> Response:
    """Take a member's place away."""
    with transaction(actor().org_id) as session:
        remove_member(session, membership_id=membership_id, giver=Role(actor().role), stamp=stamp())
    return redirect(url_for(".members"), code=303)


def _role() -> Role:
    raw = request.form.get("role", "")
    if raw not in {role.value for role in Role}:
        raise BadRequest(Text("Cocher un rôle.", "Tick a role."), where="role")
    return Role(raw)


def _address() -> str:
    try:
        return read_email(request.form.get("email", "").strip())
    except BadCell as bad:
        raise NotAnAddress(bad.text, where="email") from bad
