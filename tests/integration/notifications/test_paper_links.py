"""A client without an account gets its papers by e-mail: signed, expiring, revocable links, each use noted."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from server.core import clock
from server.core.transaction import transaction
from server.documents import jobs as documents
from server.documents.model import PaperLink
from server.documents.service.linking import LIFE, link_token
from server.identity.model import OrganisationKind
from server.notifications.following.jobs import tell_fact
from server.notifications.model import EmailMessage
from server.notifications.outgoing.links import body_to_send
from server.parties import service as parties
from server.parties.model import Emission
from tests.conftest import Database
from tests.factories.web import Client, Organisation, application, browser_of, make_member, program_of
from tests.factories.world import Buyer, Deal, World, make_order, make_world, stamp

PLACE = {
    "name": "Bar Léo", "street": "12, rue X", "city": "Montréal", "postal_code": "H2X 1Y6", "lat_e7": 455100000,
    "lon_e7": -735700000, "equipment": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    return make_world([Deal(emission=Emission.MANUAL)])


@pytest.fixture(scope="module")
def app(world: World) -> Flask:
    return application()


@pytest.fixture(scope="module")
def seller(app: Flask, world: World) -> Client:
    return browser_of(app, make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))


@pytest.fixture(scope="module")
def leo(world: World) -> Buyer:
    with transaction(world.seller.id) as session:
        client = parties.add_client(session, name="Bar Léo", email="leo@bar.test", stamp=stamp())
        site = parties.add_place(session, org_id=client.buyer_id, told=PLACE, stamp=stamp())
        return Buyer(client.buyer_id, site.id)


@pytest.fixture(scope="module")
def path(app: Flask, seller: Client, world: World, leo: Buyer) -> str:
    """The link to an invoice, as the e-mail is sent."""
    assert seller.member is not None
    order_id = make_order(world, buyer=leo)
    program = program_of(app, seller.member)
    assert program.post(f"/api/v1/orders/{order_id}/invoice").status_code == 200
    invoice_id = program.get(f"/api/v1/invoices?order_id={order_id}").json[0]["id"]
    documents.render_invoice(owner_id=str(world.seller.id), subject_id=invoice_id)
    tell_fact(owner_id=str(world.seller.id), subject_id=invoice_id)
    with transaction(leo.id) as session:
        mail = session.scalars(select(EmailMessage).where(EmailMessage.subject_id == UUID(invoice_id))).one()
    found = re.search(r"/papiers/\S+", body_to_send(mail))
    assert found
    assert (mail.recipient, found[0] in mail.body) == ("leo@bar.test", False)
    return found[0]


def test_the_link_opens_the_paper_without_an_account_and_each_use_is_noted(
    app: Flask, seller: Client, path: str
) -> None:
    """C26, R073: invoice by e-mail link; the seller that keeps the card sees how often it was opened."""
    stranger = app.test_client()
    page = stranger.get(path)
    assert page.status_code == 200
    papers = re.findall(rf"{re.escape(path)}/[0-9a-f-]+", page.text)
    assert papers
    paper = stranger.get(papers[0])
    assert (paper.status_code, paper.data[:5]) == (200, b"%PDF-")
    seen = seller.get("/papiers").text
    assert "leo@bar.test" in seen
    assert re.search(r'data-label="Ouvertures">2<', seen)


def test_the_same_news_told_again_after_a_restore_leads_to_the_same_page(
    app: Flask, world: World, leo: Buyer, path: str
) -> None:
    """G5, C26: both e-mails have one Message-ID, and a reader may show the first alone: its link opens again."""
    with transaction(leo.id) as session:
        first = session.scalars(select(EmailMessage)).one()
        for lost in ("paper_link", "email_message", "inbox_message"):
            session.execute(text(f"DELETE FROM {lost} WHERE owner_id = :id"), {"id": leo.id})
    assert app.test_client().get(path).status_code == 410
    tell_fact(owner_id=str(world.seller.id), subject_id=str(first.subject_id))
    with transaction(leo.id) as session:
        again = session.scalars(select(EmailMessage)).one()
    assert (again.id == first.id, again.message_id == first.message_id) == (False, True)
    assert path in body_to_send(again)
    assert app.test_client().get(path).status_code == 200


def test_a_link_opens_its_own_papers_alone_and_a_made_up_one_nothing(
    app: Flask, world: World, leo: Buyer, path: str
) -> None:
    """C26: the token is 256 bits under the server's secret; another client's paper is not behind it."""
    stranger = app.test_client()
    assert stranger.get("/papiers/inventé").status_code == 410
    assert stranger.get(f"{path}x").status_code == 410
    assert stranger.get(f"{path}/{leo.id}").status_code == 404
    with transaction(world.buyer.id) as session:
        assert session.scalars(select(PaperLink)).all() == []


def test_a_link_expires_and_is_revoked_by_who_keeps_the_card(
    app: Flask, seller: Client, world: World, leo: Buyer, path: str
) -> None:
    """C26: expiring and revocable, at once; nobody else can revoke it."""
    with transaction(leo.id) as session:
        link = session.scalars(select(PaperLink)).one()
    assert path.endswith(link_token(link.id))
    other = browser_of(app, make_member(Organisation(OrganisationKind.RETAILER, world.buyer.id)))
    assert other.post(f"/papiers/{link.id}/revoquer").status_code == 404
    with pytest.MonkeyPatch.context() as patched:
        later = clock.now() + LIFE + timedelta(seconds=1)
        patched.setattr(clock, "now", lambda: later)
        assert app.test_client().get(path).status_code == 410
    assert app.test_client().get(path).status_code == 200
    assert seller.member is not None
    program = program_of(app, seller.member)
    (seen,) = program.get("/api/v1/paper-links").json
    assert (seen["id"], seen["client_id"], seen["email"], seen["revoked_at"]) == (
        str(link.id), str(leo.id), "leo@bar.test", None,
    )  # fmt: skip
    assert program.delete(f"/api/v1/paper-links/{link.id}").status_code == 204
    assert seller.post(f"/papiers/{link.id}/revoquer").status_code == 303
    assert app.test_client().get(path).status_code == 410
