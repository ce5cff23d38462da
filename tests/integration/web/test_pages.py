"""Who sees what on the pages: permissions open doors, and the database closes everything that is somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from server.billing import service as billing
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.documents.model import Document, DocumentKind
from server.documents.service import Rendered, keep
from server.documents.service.keeping import put
from server.identity.model import OrganisationKind, Role
from server.notifications.model import InboxMessage
from server.orders import queries as orders
from server.planning.model import Run
from shared.ids import new_id
from tests.factories.web import Client, Organisation, browser_of, make_account, make_member
from tests.factories.world import (
    ADJUST,
    CREDIT,
    EXTERNAL,
    NOW,
    RUN_DAY,
    World,
    make_order,
    make_runs,
    make_vehicle,
    make_world,
    stamp,
)

type As = Callable[..., Client]


@pytest.fixture
def world(database) -> World:
    """Three suppliers and two retailers of one carrier."""
    return make_world([ADJUST, CREDIT, EXTERNAL], buyers=2)


@pytest.fixture
def as_(app: Flask) -> As:
    """Return a maker of browsers of an organisation's member."""

    def make(org_id: UUID, kind: OrganisationKind, role: Role = Role.OWNER) -> Client:
        return browser_of(app, make_member(Organisation(kind, org_id), role))

    return make


def carrier(as_: As, world: World, role: Role = Role.DISPATCHER) -> Client:
    return as_(world.carrier_id, OrganisationKind.DISTRIBUTOR, role)


def supplier(as_: As, world: World, number: int = 0) -> Client:
    return as_(world.sellers[number].id, OrganisationKind.SUPPLIER)


def invoice_of(world: World, order_id: UUID) -> UUID:
    with transaction(world.carrier_id) as session:
        order = orders.order(session, order_id=order_id)
        invoice = billing.publish_for_order(session, order=order, stamp=stamp())
        billing.publish_pending(session, stamp=stamp())
        return invoice.id


def paper_of(world: World, order_id: UUID, *, readers: tuple[UUID, ...], kind: DocumentKind) -> UUID:
    rendered = Rendered(
        kind=kind,
        owner_id=world.carrier_id,
        readers=readers,
        subject_id=order_id,
        name="papier é.pdf",
        language="fr",
        payload=b"%PDF-1.7 papier",
        order_id=order_id,
    )
    put(rendered)
    with transaction(world.carrier_id) as session:
        return keep(session, rendered, stamp=stamp()).id


def number_of(order_id: UUID, world: World) -> str:
    with transaction(world.carrier_id) as session:
        return orders.order(session, order_id=order_id).number


def test_a_supplier_sees_its_own_orders_and_no_other(world: World, as_: As) -> None:
    """Security: another supplier's order is absent from the list and answers 404, in detail too."""
    own, other = make_order(world), make_order(world, seller=world.sellers[1])
    client = supplier(as_, world)
    listed = client.get("/commandes").text
    assert number_of(own, world) in listed
    assert number_of(other, world) not in listed
    assert client.get(f"/commandes/{own}").status_code == 200
    assert client.get(f"/commandes/{other}").status_code == 404


def test_a_retailer_sees_the_orders_that_it_is_to_receive(world: World, as_: As) -> None:
    """R008, R028: same pages, by permission and party; external billing is marked for the buyer, too."""
    own = make_order(world, seller=world.sellers[2])
    other = make_order(world, buyer=world.buyers[1])
    client = as_(world.buyer.id, OrganisationKind.RETAILER)
    listed = client.get("/commandes").text
    assert number_of(own, world) in listed
    assert number_of(other, world) not in listed
    assert "Facturation externe" in listed
    assert "Facturation externe" in client.get(f"/commandes/{own}").text


def test_the_buckets_hold_each_order_once(world: World, as_: As) -> None:
    """R028, R029: the four buckets add up to the list, and a filter narrows it."""
    make_order(world)
    make_order(world, planned_on=None, accepted=False)
    client = carrier(as_, world)
    rows = [client.get(f"/commandes?livraison={one}").text for one in ("upcoming", "under_way", "late", "done")]
    numbers = [number for text in rows for number in _numbers(text)]
    assert sorted(numbers) == sorted(_numbers(client.get("/commandes").text))
    assert len(numbers) == 2
    assert _numbers(client.get("/commandes?q=introuvable").text) == []


def test_an_invoice_is_for_its_parties(world: World, as_: As) -> None:
    """R085: issuer and buyer read the same invoice with the same words; another supplier gets 404."""
    invoice_id = invoice_of(world, make_order(world))
    for client in (supplier(as_, world), as_(world.buyer.id, OrganisationKind.RETAILER)):
        page = client.get(f"/factures/{invoice_id}")
        assert page.status_code == 200
        assert "À payer" in page.text
    assert supplier(as_, world, 1).get(f"/factures/{invoice_id}").status_code == 404


def test_a_run_is_for_its_carrier(world: World, as_: As) -> None:
    """Security: no supplier opens a run, though its order rides on it."""
    make_order(world)
    make_vehicle(world)
    (run_id,) = make_runs(world)
    assert carrier(as_, world).get(f"/tournees/{run_id}").status_code == 200
    assert supplier(as_, world).get(f"/tournees/{run_id}").status_code == 404
    assert supplier(as_, world).post(f"/tournees/{run_id}/annuler").status_code == 404


def test_a_driver_sees_its_own_run_without_amounts(world: World, app: Flask, as_: As) -> None:
    """Section 3, C29: ○ is one's own; another driver's run is not there, and no page of a driver shows a price."""
    order_id = make_order(world)
    make_vehicle(world)
    (run_id,) = make_runs(world)
    organisation = Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)
    driver, other = (make_member(organisation, Role.DRIVER, make_account()) for _ in range(2))
    with transaction(world.carrier_id) as session:
        session.scalars(select(Run).where(Run.id == run_id)).one().driver_id = driver.user_id
    mine, theirs = browser_of(app, driver), browser_of(app, other)
    assert mine.get(f"/tournees/{run_id}").status_code == 200
    assert theirs.get(f"/tournees/{run_id}").status_code == 404
    assert "\u00a0$" not in mine.get(f"/commandes/{order_id}").text
    assert theirs.get(f"/commandes/{order_id}").status_code == 404
    assert _numbers(theirs.get("/commandes").text) == []


def test_a_paper_is_sent_to_its_readers_alone(world: World, as_: As) -> None:
    """Platform, files: PDF inline or as a file, nosniff, own policy; strangers to the paper get 404."""
    order_id = make_order(world)
    paper_id = paper_of(world, order_id, readers=(world.seller.id,), kind=DocumentKind.DELIVERY_SLIP)
    sent = supplier(as_, world).get(f"/documents/{paper_id}")
    assert (sent.status_code, sent.data) == (200, b"%PDF-1.7 papier")
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert sent.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    kept = supplier(as_, world).get(f"/documents/{paper_id}?telecharger=1")
    assert kept.headers["Content-Disposition"].startswith("attachment")
    assert supplier(as_, world, 1).get(f"/documents/{paper_id}").status_code == 404


def test_a_paper_with_amounts_is_not_for_drivers(world: World, app: Flask, as_: As) -> None:
    """C29: the kind of a paper names its permission; a driver of the run does not open an invoice."""
    order_id = make_order(world)
    make_vehicle(world)
    (run_id,) = make_runs(world)
    organisation = Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)
    driver = make_member(organisation, Role.DRIVER, make_account())
    with transaction(world.carrier_id) as session:
        session.scalars(select(Run).where(Run.id == run_id)).one().driver_id = driver.user_id
    slip = paper_of(world, order_id, readers=(), kind=DocumentKind.DELIVERY_SLIP)
    invoice = paper_of(world, order_id, readers=(), kind=DocumentKind.INVOICE)
    assert browser_of(app, driver).get(f"/documents/{slip}").status_code == 200
    assert browser_of(app, driver).get(f"/documents/{invoice}").status_code == 404
    assert carrier(as_, world).get(f"/documents/{invoice}").status_code == 200


def test_a_message_is_opened_by_its_organisation(world: World, as_: As) -> None:
    """R026: opening takes it as read and leads to its subject; somebody else's is not there."""
    message = InboxMessage(
        id=new_id(), owner_id=world.seller.id, key="k", kind="proof.sealed", subject_id=new_id(), title_fr="Preuve",
        title_en="Proof", text_fr="Prête.", text_en="Ready.", link="/preuves", arrived_at=NOW, read_at=None,
    )  # fmt: skip
    with transaction(world.seller.id) as session:
        session.add(message)
    assert supplier(as_, world, 1).post(f"/avis/{message.id}/ouvrir").status_code == 404
    client = supplier(as_, world)
    assert "nouveau" in client.get("/avis").text
    opened = client.post(f"/avis/{message.id}/ouvrir")
    assert (opened.status_code, opened.location) == (303, "/preuves")
    assert "nouveau" not in client.get("/avis").text


def test_a_supplier_answers_its_orders_on_the_page(world: World, as_: As) -> None:
    """R064: accept or reject with a reason; nobody answers another's order."""
    first, second = (make_order(world, accepted=False) for _ in range(2))
    client = supplier(as_, world)
    looked_at = {"revision": "1"}
    assert supplier(as_, world, 1).post(f"/commandes/{first}/accepter", data=looked_at).status_code == 404
    assert client.post(f"/commandes/{first}/accepter", data=looked_at).status_code == 303
    assert client.post(f"/commandes/{second}/rejeter", data={"reason": ""}).status_code == 422
    assert client.post(f"/commandes/{second}/rejeter", data={"reason": "Rupture"}).status_code == 303
    assert "Acceptée" in client.get(f"/commandes/{first}").text
    assert "Rupture" in client.get(f"/commandes/{second}").text


def test_the_board_puts_most_money_first(world: World, as_: As) -> None:
    """Pages: one queue of what waits for a person, sorted by the money at stake."""
    small = make_order(world, cases=1, kegs=0)
    large = make_order(world, cases=20, kegs=3)
    text = carrier(as_, world).get(f"/tableau/a-voir?jour={RUN_DAY}").text
    assert text.index(number_of(large, world)) < text.index(number_of(small, world))


@pytest.mark.parametrize(
    "path",
    ["/tableau?jour=hier", "/tournees?jour=2026-13-40", "/planification?jour=x", "/tableau/a-voir?jour=%00"],
)
def test_a_day_that_cannot_be_read_is_said(world: World, as_: As, path: str) -> None:
    """Bad input: 400 with what to do, in the reader's language."""
    answer = carrier(as_, world).get(path, headers={"Accept-Language": "fr"})
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["page=-1", "page=99999999999", "page=x", "q=%00%25_\\", "client=x", "livraison=x"])
def test_odd_queries_show_a_list_all_the_same(world: World, as_: As, query: str) -> None:
    """Limits on every input: filters that say nothing narrow nothing, pages are bounded."""
    client = carrier(as_, world)
    for path in ("/commandes", "/factures", "/credits", "/preuves", "/avis"):
        assert client.get(f"{path}?{query}").status_code == 200, path


def test_every_list_says_what_to_do_when_it_is_empty(database, as_: As) -> None:
    """Pages: no page without an empty state."""
    world = make_world([ADJUST])
    client = carrier(as_, world)
    for path in ("/tableau", "/commandes", "/planification", "/tournees", "/preuves", "/factures", "/credits", "/avis"):
        assert 'class="empty"' in client.get(path).text, path
    assert 'class="empty"' in supplier(as_, world).get("/accueil").text


def test_the_first_page_is_the_roles_own(world: World, as_: As, stranger: Client) -> None:
    """Pages: strangers are greeted, dispatchers begin at the board, drivers at their runs, suppliers at home."""
    assert "/connexion" in stranger.get("/").text
    assert carrier(as_, world).get("/").location == "/tableau"
    assert carrier(as_, world, Role.DRIVER).get("/").location == "/tournees"
    assert supplier(as_, world).get("/").location == "/accueil"
    assert as_(world.buyer.id, OrganisationKind.RETAILER).get("/").location == "/accueil"


def test_a_paper_that_the_store_lost_is_said(world: World, as_: As) -> None:
    """Nothing is swallowed: a missing object answers 404 with what to do, not with other bytes."""
    paper_id = paper_of(world, make_order(world), readers=(), kind=DocumentKind.DELIVERY_SLIP)
    with transaction(world.carrier_id) as session:
        sha256 = session.scalars(select(Document.sha256).where(Document.id == paper_id)).one()
    store = blob_store()
    store._path(world.carrier_id, sha256).unlink()
    answer = carrier(as_, world).get(f"/documents/{paper_id}")
    assert answer.status_code == 404
    assert "sauvegarde" in answer.text


def _numbers(text: str) -> list[str]:
    rows = text.partition("<tbody>")[2].partition("</tbody>")[0].split("<tr>")[1:]
    return [row.partition("<strong>")[2].partition("</strong>")[0] for row in rows]
