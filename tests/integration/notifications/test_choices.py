"""Who hears of what: in the application and by e-mail, switched by each reader and for each event."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.notifications.choosing import EVENTS, event_of
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage, InboxMessage
from server.notifications.outgoing.links import body_to_send, unsubscribe_link
from server.parties.model import Emission
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import Deal, World, make_order, make_world


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    return make_world([Deal(emission=Emission.MANUAL)])


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


@pytest.fixture(scope="module")
def buyer(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id)))


def published(app: Flask, world: World) -> str:
    """Let the seller publish an invoice by hand and the worker tell of it; return the invoice's id."""
    seller = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    order_id = make_order(world)
    assert seller.post(f"/api/v1/orders/{order_id}/invoice").status_code == 200
    invoice_id: str = seller.get(f"/api/v1/invoices?order_id={order_id}").json[0]["id"]
    tell_fact(owner_id=str(world.seller.id), subject_id=invoice_id)
    return invoice_id


def mails(org_id: UUID, invoice_id: str) -> dict[str, EmailMessage]:
    with transaction(org_id) as session:
        found = session.scalars(select(EmailMessage).where(EmailMessage.subject_id == UUID(invoice_id))).all()
        return {one.recipient: one for one in found}


def tick(*without: str, also: tuple[str, ...] = ()) -> dict[str, list[str]]:
    usual = [f"{way}:{event.prefix}" for event in EVENTS for way in ("app", "org")]
    return {"on": [one for one in usual if one not in without] + list(also)}


def test_a_buyer_is_invited_by_mail_and_in_the_application_to_its_invoice(
    app: Flask, buyer: Client, world: World
) -> None:
    """R073: at emission, with a link; by each way that the reader left on."""
    invoice_id = published(app, world)
    (mail,) = mails(world.buyer.id, invoice_id).values()
    assert mail.recipient == "achats@dep1.example"
    assert f"/factures/{invoice_id}" in mail.body
    assert "Factures" in buyer.get("/avis/preferences").text
    assert "Facture BR1-" in buyer.get("/avis").text


def test_a_member_takes_an_event_by_mail_and_hides_it_in_the_application(
    app: Flask, buyer: Client, world: World
) -> None:
    """Notifications: switchable per user and event; another member's stay as they are."""
    assert buyer.member is not None
    colleague = browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id)))
    before = buyer.get("/avis").text.count("Facture BR1-")
    assert buyer.post("/avis/preferences", data=tick("app:invoice.", also=("email:invoice.",))).status_code == 303
    found = mails(world.buyer.id, published(app, world))
    assert set(found) == {"achats@dep1.example", buyer.member.email}
    assert (before > 0, buyer.get("/avis").text.count("Facture BR1-")) == (True, 0)
    assert colleague.get("/avis").text.count("Facture BR1-") > before


def test_each_mail_carries_a_link_that_stops_such_mails(app: Flask, buyer: Client, world: World) -> None:
    """Notifications: the link asks once more, works without an account, and stops this event alone."""
    assert buyer.member is not None
    buyer.post("/avis/preferences", data=tick(also=("email:invoice.", "email:credit_note.")))
    mail = mails(world.buyer.id, published(app, world))[buyer.member.email]
    link = re.sub(r"^https?://[^/]+", "", unsubscribe_link(mail))
    assert link in body_to_send(mail)
    assert link not in mail.body
    stranger = app.test_client()
    page = stranger.get(link).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    sent = {"csrf_token": token[1], "jeton": link.partition("jeton=")[2]}
    path, headers = link.partition("?")[0], {"Origin": "http://localhost"}
    assert stranger.post(path, data=sent | {"jeton": "faux"}, headers=headers).status_code == 404
    assert "C’est arrêté" in stranger.post(path, data=sent, headers=headers).text
    assert set(mails(world.buyer.id, published(app, world))) == {"achats@dep1.example"}
    assert (
        'value="email:credit_note." aria-label="Notes de crédit – à mon courriel" checked'
        in buyer.get("/avis/preferences").text
    )


def test_an_organisation_switches_its_own_address_off_and_a_role_hears_only_its_own(
    app: Flask, buyer: Client, world: World
) -> None:
    """Notifications: the organisation's address is switched by who keeps it; a driver hears of no invoice."""
    buyer.post("/avis/preferences", data=tick("org:invoice."))
    assert mails(world.buyer.id, published(app, world)) == {}
    driver = browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.DRIVER))
    page = driver.get("/avis/preferences").text
    assert ("app:invoice." in page, "org:order." in page, "app:order." in page) == (False, False, True)


def test_programs_read_take_as_read_and_switch(app: Flask, buyer: Client, world: World) -> None:
    """Notifications through the API: one message, all of them, and the switches of the page."""
    assert buyer.member is not None
    published(app, world)
    program = program_of(app, buyer.member)
    unread = program.get("/api/v1/inbox?unread=true").json
    read = program.post(f"/api/v1/inbox/{unread[0]['id']}/read")
    assert (read.status_code, read.json["read_at"] is not None) == (200, True)
    assert program.post("/api/v1/inbox/read").status_code == 204
    assert program.get("/api/v1/inbox?unread=true").json == []
    choices = "/api/v1/inbox/choices"
    wanted = {"mine": [{"event": "invoice.", "in_app": False, "by_email": True}]}
    ours = {"organisation": [{"event": "order.", "by_email": False}]}
    kept = program.open(choices, "PUT", json=wanted | ours)
    assert kept.status_code == 200, kept.json
    said = {who: {one.pop("event"): one for one in kept.json[who]} for who in kept.json}
    assert said["mine"]["invoice."] == {"in_app": False, "by_email": True}
    assert said["organisation"]["order."]["by_email"] is False
    assert program.open(choices, "PUT", json={"mine": [{"event": "no", "by_email": True}]}).status_code == 404
    driver = program_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.DRIVER))
    deaf = driver.open(choices, "PUT", json=wanted)
    assert (deaf.status_code, deaf.json["where"]) == (403, "invoice.")
    assert driver.open(choices, "PUT", json=ours).status_code == 403


def test_a_message_that_a_list_leaves_out_is_not_opened_by_its_name(app: Flask, world: World) -> None:
    """Notifications: a role that hears of no money opens none of its messages, nor reads them for the others."""
    org = Organisation(OrganisationKind.SUPPLIER, world.seller.id)
    owner, driver = make_member(org), make_member(org, Role.DRIVER)
    office, page, program = program_of(app, owner), browser_of(app, driver), program_of(app, driver)
    invoice_id = published(app, world)
    wish = {"key": str(new_id()), "amount_cents": 100, "reason": "Trop petit"}
    written = office.post(f"/api/v1/invoices/{invoice_id}/write-offs", json=wish).json["id"]
    tell_fact(owner_id=str(org.id), subject_id=written)
    with transaction(org.id) as session:
        told = session.scalars(select(InboxMessage).where(InboxMessage.kind == "invoice.written_off")).one()
    assert page.post(f"/avis/{told.id}/ouvrir").status_code == 404
    assert program.post(f"/api/v1/inbox/{told.id}/read").status_code == 404
    assert page.post("/avis/lus").status_code == 303
    assert program.post("/api/v1/inbox/read").status_code == 204
    assert str(told.id) in {one["id"] for one in office.get("/api/v1/inbox?unread=true").json}
    off = browser_of(app, owner)
    off.post("/avis/preferences", data=tick("app:invoice.written_off"))
    assert off.post(f"/avis/{told.id}/ouvrir").status_code == 404
    off.post("/avis/preferences", data=tick())
    opened = off.post(f"/avis/{told.id}/ouvrir")
    assert (opened.status_code, opened.location) == (303, f"/factures/{invoice_id}")
    assert office.post(f"/api/v1/inbox/{told.id}/read").json["read_at"]


def test_every_kind_of_news_has_its_event() -> None:
    """Notifications: what is told can be switched; the longest prefix wins."""
    told = {"order.accepted": "order.", "order.message": "order.message", "delivery.variance": "delivery.variance",
            "delivery.corrected": "delivery.", "contest.open": "contest.", "webhook.suspended": "webhook."}  # fmt: skip
    assert {kind: found.prefix for kind in told if (found := event_of(kind))} == told
