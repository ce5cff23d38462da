"""Members, their roles, and the one-time links that bring them in."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.identity.model import Invitation, Membership, OrganisationKind, Role, UserAccount
from server.identity.service.invitations import LIFE, token_of
from server.notifications.jobs import tell_invitation
from server.notifications.model import EmailMessage
from server.notifications.outgoing.links import body_to_send
from server.parties import service as parties
from server.parties.cli import organisation
from tests.conftest import Database
from tests.factories.matrix import make_organisation
from tests.factories.web import (
    PASSWORD,
    Client,
    Organisation,
    application,
    browser_of,
    make_member,
    now_stamp,
    program_of,
)

KIND = OrganisationKind.SUPPLIER


@pytest.fixture(scope="module")
def app(module_database: Database) -> Flask:
    return application()


@pytest.fixture
def home() -> Organisation:
    return Organisation(KIND, make_organisation(KIND, "Brasserie du Canal"))


@pytest.fixture
def owner(app: Flask, home: Organisation) -> Client:
    return program_of(app, make_member(home))


def invite(client: Client, email: str, role: Role = Role.DISPATCHER) -> str:
    made = client.post("/api/v1/members/invitations", json={"email": email, "roles": [role.value]})
    assert made.status_code == 201, made.json
    invitation_id: str = made.json["id"]
    return invitation_id


def link_in_mail(home: Organisation, invitation_id: str) -> str:
    """Return the path of the link as the e-mail is sent, which is nowhere in the database."""
    tell_invitation(owner_id=str(home.id), subject_id=invitation_id)
    with transaction(home.id) as session:
        mail = session.scalars(select(EmailMessage).where(EmailMessage.key == f"invitation:{invitation_id}")).one()
        kept = session.scalars(select(Invitation).where(Invitation.id == mail.subject_id)).one()
        sent = body_to_send(mail)
        found = re.search(r"/invitations/(\S+)", sent)
        assert found
        assert found[1] not in mail.body
        assert found[1] != kept.token_hash
    return found[0]


def join(app: Flask, path: str, **form: str) -> int:
    browser = app.test_client()
    page = browser.get(path).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    sent = {"csrf_token": token[1] if token else "", "name": "Inès Bouchard", "password": PASSWORD} | form
    return browser.post(path, data=sent, headers={"Origin": "http://localhost"}).status_code


def test_an_invitation_by_mail_brings_in_once_and_with_its_role(app: Flask, owner: Client, home: Organisation) -> None:
    """Invitations: one-time, the token hashed; the new member holds what was ticked."""
    path = link_in_mail(home, invite(owner, "Ines@Exemple.test"))
    assert "Brasserie du Canal" in app.test_client().get(path).text
    assert join(app, path, password="court") == 422
    assert join(app, path) == 303
    assert join(app, path) == 410
    members = {one["email"]: one["roles"] for one in owner.get("/api/v1/members").json}
    assert members["ines@exemple.test"] == ["dispatcher"]
    assert owner.get("/api/v1/members/invitations").json == []
    signed_in = app.test_client().post("/api/v1/session", json={"email": "ines@exemple.test", "password": PASSWORD})
    assert signed_in.status_code == 201


def test_links_that_are_old_revoked_replaced_or_made_up_are_over(
    app: Flask, owner: Client, home: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invitations: expiring and revocable; the answer does not say which."""
    first = link_in_mail(home, invite(owner, "a@exemple.test"))
    again = invite(owner, "a@exemple.test")
    assert (join(app, first), app.test_client().get("/invitations/inventé").status_code) == (410, 410)
    assert owner.delete(f"/api/v1/members/invitations/{again}").status_code == 204
    assert join(app, f"/invitations/{token_of(UUID(again))}") == 410
    old = link_in_mail(home, invite(owner, "b@exemple.test"))
    later = clock.now() + LIFE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert app.test_client().get(old).status_code == 410


def test_a_known_account_signs_in_before_it_joins(app: Flask, owner: Client, home: Organisation) -> None:
    """Invitations: whoever holds the link alone cannot join in another's name."""
    elsewhere = make_member(Organisation(KIND, make_organisation(KIND, "Ailleurs")))
    path = link_in_mail(home, invite(owner, elsewhere.email, Role.ACCOUNTANT))
    assert join(app, path) == 303
    assert len(owner.get("/api/v1/members").json) == 1
    assert browser_of(app, elsewhere).post(path).status_code == 303
    assert len(owner.get("/api/v1/members").json) == 2


def test_nobody_gives_more_than_they_hold_and_one_administrator_stays(
    app: Flask, owner: Client, home: Organisation
) -> None:
    """Section 3, users and roles: an administrator makes no owner; the last who keeps members cannot leave."""
    admin_member = make_member(home, Role.ADMIN)
    admin = program_of(app, admin_member)
    refused = admin.post("/api/v1/members/invitations", json={"email": "x@exemple.test", "roles": ["owner"]})
    assert (refused.status_code, refused.json["slug"]) == (403, "role-not-grantable")
    assert owner.member is not None
    assert admin.delete(f"/api/v1/members/{owner.member.id}").status_code == 403
    driver = make_member(home, Role.DRIVER)
    assert admin.open(f"/api/v1/members/{driver.id}/roles", "PUT", json={"roles": ["owner"]}).status_code == 403
    assert admin.open(f"/api/v1/members/{driver.id}/roles", "PUT", json={"roles": ["accountant"]}).status_code == 200
    sure = {"sure": "yes"}
    assert browser_of(app, owner.member).post("/compte/quitter").status_code == 400
    assert browser_of(app, owner.member).post("/compte/quitter", data=sure).status_code == 303
    last = browser_of(app, admin_member)
    assert last.post("/compte/quitter", data=sure).status_code == 409
    alone = browser_of(app, make_member(Organisation(OrganisationKind.RETAILER)))
    assert alone.post("/compte/quitter", data=sure).status_code == 409
    demoted = admin.open(f"/api/v1/members/{admin_member.id}/roles", "PUT", json={"roles": ["driver"]})
    assert (demoted.status_code, demoted.json["slug"]) == (409, "last-administrator")
    assert last.get("/membres").status_code == 200


def test_roles_are_ticked_and_count_together(app: Flask, owner: Client, home: Organisation) -> None:
    """Section 3, roles ticked by page: several at once, by page and by program, at once; none is refused in words."""
    path = link_in_mail(home, invite(owner, "deux@exemple.test", Role.DRIVER))
    assert join(app, path) == 303
    row = next(one for one in owner.get("/api/v1/members").json if one["email"] == "deux@exemple.test")
    token = app.test_client().post("/api/v1/session", json={"email": row["email"], "password": PASSWORD}).json["token"]
    program = Client(app.test_client(), bearer=token)
    assert program.get("/api/v1/clients").status_code == 403
    assert owner.member is not None
    page = browser_of(app, owner.member)
    ticked = page.post(f"/membres/{row['id']}/roles", data={"roles": ["accountant", "driver"]})
    assert ticked.status_code == 303
    assert program.get("/api/v1/session").json["roles"] == ["driver", "accountant"]
    assert program.get("/api/v1/clients").status_code == 200
    assert page.get("/membres").text.count('value="accountant" checked') == 1
    none = page.post(f"/membres/{row['id']}/roles", data={}, headers={"Accept": "application/problem+json"})
    assert (none.status_code, none.json["where"]) == (422, "roles")
    assert owner.open(f"/api/v1/members/{row['id']}/roles", "PUT", json={"roles": []}).status_code == 422
    assert program.delete("/api/v1/members/me").status_code == 422
    assert program.delete("/api/v1/members/me?sure=true").status_code == 204
    assert program.get("/api/v1/session").status_code == 401


def test_an_accountants_limit_holds_beside_another_role(app: Flask, home: Organisation) -> None:
    """Section 3: what limits one role is lifted only by another role that may do it itself."""
    both = program_of(app, make_member(home, Role.ACCOUNTANT, also=(Role.DISPATCHER,)))
    assert both.post("/api/v1/groups", json={"name": "Cafés", "terms": {"auto_accept": True}}).status_code == 403
    chief = program_of(app, make_member(home, Role.ACCOUNTANT, also=(Role.ADMIN,)))
    assert chief.post("/api/v1/groups", json={"name": "Cafés", "terms": {"auto_accept": True}}).status_code == 201


def test_a_member_who_goes_is_out_at_once_and_may_come_back(app: Flask, owner: Client, home: Organisation) -> None:
    """Platform: a removed member's sessions here are over; an invitation brings them back in another role."""
    member = make_member(home, Role.DISPATCHER)
    program = program_of(app, member)
    assert program.get("/api/v1/session").status_code == 200
    assert owner.delete(f"/api/v1/members/{member.id}").status_code == 204
    assert program.get("/api/v1/session").status_code == 401
    stranger = program_of(app, make_member(Organisation(KIND, make_organisation(KIND, "Autre"))))
    assert stranger.delete(f"/api/v1/members/{member.id}").status_code == 404
    path = link_in_mail(home, invite(owner, member.email, Role.ACCOUNTANT))
    with transaction(home.id) as session:
        gone = session.get_one(Membership, member.id)
    elsewhere = make_member(Organisation(KIND, make_organisation(KIND, "Tiers")), account=_account(gone))
    assert browser_of(app, elsewhere).post(path).status_code == 303
    assert {tuple(one["roles"]) for one in owner.get("/api/v1/members").json} == {("owner",), ("accountant",)}


def test_a_client_without_an_account_is_invited_and_then_keeps_its_own_card(
    app: Flask, owner: Client, home: Organisation
) -> None:
    """C26: the seller keeps the card until the retailer opens an account by the link."""
    with transaction(home.id) as session:
        buyer_id = parties.add_client(session, name="Bar Léo", stamp=now_stamp()).buyer_id
    assert owner.member is not None
    page = browser_of(app, owner.member)
    assert page.post(f"/clients/{buyer_id}/inviter", data={"email": "leo@bar.test"}).status_code == 303
    (waiting,) = owner.get("/api/v1/members/invitations").json
    assert join(app, link_in_mail(home, waiting["id"])) == 303
    row = owner.get(f"/api/v1/clients/{buyer_id}").json
    assert row["has_account"] is True
    again = page.post(f"/clients/{buyer_id}/inviter", data={"email": "autre@bar.test"})
    assert again.status_code == 403


def _account(member: Membership) -> UserAccount:
    with transaction(IDENTITY_ORG) as session:
        return session.get_one(UserAccount, member.user_id)


@pytest.mark.parametrize("kind", list(OrganisationKind), ids=str)
def test_an_organisation_of_each_kind_is_created_and_its_owner_invited(app: Flask, kind: OrganisationKind) -> None:
    """Organisations of each kind: made by a command, entered by the one-time link that it prints."""
    email = f"{kind}@exemple.test"
    done = CliRunner().invoke(
        organisation, ["create", "--kind", kind.value, "--name", f"Maison {kind}", "--email", email]
    )
    assert done.exit_code == 0, done.output
    assert join(app, "/invitations/" + done.output.strip().rpartition("/")[2]) == 303
    opened = app.test_client().post("/api/v1/session", json={"email": email, "password": PASSWORD})
    assert opened.status_code == 201
