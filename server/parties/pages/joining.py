"""The way in by an invitation: once, for the address that it was sent to."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.core import clock
from server.core.csv_cells import words
from server.core.database import IDENTITY_ORG
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.core.web import caller, language, public
from server.identity import queries as identity
from server.identity import wording as identity_wording
from server.identity.model import UserAccount
from server.identity.passwords import hash_password
from server.identity.service import accept_invitation, add_user, count_try, find_invitation
from server.identity.service.limits import JOIN_ADDRESS
from server.parties.forms import read_field, required
from server.parties.pages.blueprint import pages
from server.parties.service.cards import hand_over


@pages.get("/invitations/<token>")
@public("the one-time token of the link stands for the invited; tries are counted")
def invitation(token: str) -> str:
    """Show who invites, where and as what; ask for a name and a password, or to sign in."""
    _count()
    with transaction(IDENTITY_ORG) as session:
        found = find_invitation(session, token, at=clock.now())
        account = identity.account_by_email(session, found.email)
    return render_template(
        "parties/invitation.html",
        found=found,
        has_account=account is not None,
        is_here=_is_here(account),
        token=token,
        roles=identity_wording.ROLES,
    )


@pages.post("/invitations/<token>")
@public("the one-time token of the link stands for the invited; tries are counted")
def join(token: str) -> Response:
    """Take the invitation: a known account must be signed in, a new one gets its password here."""
    _count()
    with transaction(IDENTITY_ORG) as session:
        found = find_invitation(session, token, at=clock.now())
        account = identity.account_by_email(session, found.email)
    if account is not None and not _is_here(account):
        return redirect(url_for("identity.sign_in", next=request.path), code=303)
    name = account.display_name if account else required(read_field(request.form, "name", words(80)), "name")
    hashed = "" if account else hash_password(request.form.get("password", ""))
    with transaction(IDENTITY_ORG) as session:
        person = add_user(
            session,
            email=found.email,
            display_name=name,
            password_hash=hashed,
            language=language(),
            stamp=Stamp(by=None, at=clock.now()),
        )
        now = Stamp(by=person.id, at=clock.now())
        accept_invitation(session, token, account=person, stamp=now)
        if found.org_id != found.owner_id:
            hand_over(session, org_id=found.org_id, stamp=now)
    return redirect(url_for("identity.account") if account else url_for("identity.sign_in"), code=303)


def _is_here(account: UserAccount | None) -> bool:
    who = caller()
    return who is not None and account is not None and who.user_id == account.id


def _count() -> None:
    with transaction(IDENTITY_ORG) as session:
        count_try(session, JOIN_ADDRESS, request.remote_addr or "", at=clock.now())
