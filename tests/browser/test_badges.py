"""Orders billed outside or by the agent say so wherever their number stands as an order, to both sides (R008)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from server.app import create_app
from server.core.transaction import transaction
from server.delivery.papers import service as papers
from server.delivery.sharing.model import ProofEntry
from server.identity.model import OrganisationKind, Role
from server.orders.model import Order
from server.parties.model import BillingType
from server.planning.model import Run
from tests.browser.samples import shown_pages
from tests.browser.world import LATER, BrowserDay, driver_of
from tests.factories.elements import Reader
from tests.factories.web import Client, Organisation, browser_of, make_account, make_member, now_stamp
from tests.factories.world import make_order

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
BADGES = {
    BillingType.EXTERNAL: {"fr": "Facturation externe", "en": "External billing"},
    BillingType.AGENT: {"fr": "Agent facturant", "en": "Billing agent"},
}
BESIDE = {"td", "li", "dd", "p", "header"}
"""What a number and its badge stand in together; the title of a page has its badges in the heading."""


def named(html: str, number: str) -> Iterator[str]:
    """Yield the words beside each place of a page where an order's number stands as that order."""
    for one in Reader(html).elements:
        is_link = one.tag == "a" and "/commandes/" in one.attributes.get("href", "") and number in one.text
        is_title = one.tag in {"h1", "h2"} and number in one.text
        if "crumb" in one.classes or not (is_link or is_title or (one.tag == "strong" and one.text == number)):
            continue
        beside = next(
            above
            for above in one.around()
            if above.tag in BESIDE or (above.tag == "div" and not {"heading", "actions"}.isdisjoint(above.classes))
        )
        if "actions" not in beside.classes:
            yield beside.text


@pytest.mark.usefixtures("day")
def test_the_reader_finds_a_number_without_its_badge() -> None:
    """R008: the search below is none that finds nothing."""
    page = '<table><tr><td><a href="/commandes/1"><strong>C-7</strong></a></td><td>Facturation externe</td></table>'
    assert set(named(page, "C-7")) == {"C-7"}
    page = '<div class="heading"><h1>Commande C-7</h1><p><span>Facturation externe</span></p></div>'
    assert list(named(page, "C-7")) == ["Commande C-7Facturation externe"]


@pytest.fixture(scope="module")
def app(day: BrowserDay) -> Flask:
    """The application over the day, with a picture of a paper matched to an order that is billed outside."""
    application, world = create_app(), day.world
    for number in (2, 3):
        make_order(world, seller=world.sellers[number], buyer=world.buyers[number], planned_on=LATER)
    external = of_type(day, BillingType.EXTERNAL)[0]
    with transaction(world.carrier_id) as session:
        waiting = papers.papers(session, matched=False)[0]
        papers.match_by_hand(session, paper_id=waiting.id, number=external.number, stamp=now_stamp())
    return application


def of_type(day: BrowserDay, billing_type: BillingType) -> list[Order]:
    with transaction(day.world.carrier_id) as session:
        found = session.scalars(select(Order).where(Order.billing_type == billing_type).order_by(Order.id)).all()
        session.expunge_all()
        return list(found)


def everyone(app: Flask, day: BrowserDay, order: Order, language: str) -> dict[str, Client]:
    """Return a browser of each party of an order, and of the driver, in a language."""
    kinds = {
        "dispatcher": (day.world.carrier_id, OrganisationKind.DISTRIBUTOR, Role.ADMIN),
        "supplier": (order.owner_id, OrganisationKind.SUPPLIER, Role.OWNER),
        "retailer": (order.buyer_id, OrganisationKind.RETAILER, Role.OWNER),
    }
    found = {
        who: browser_of(app, make_member(Organisation(kind, org_id), role, make_account(language=language)))
        for who, (org_id, kind, role) in kinds.items()
    }
    return found | ({"driver": browser_of(app, driver_of(day))} if language == "fr" else {})


def own_pages(order: Order, org_id: UUID) -> Iterator[str]:
    """Yield the pages that name this order, as an organisation has them."""
    yield from ("/accueil", "/commandes", "/preuves", f"/planification?jour={LATER}", f"/clients/{order.buyer_id}")
    yield f"/commandes/{order.id}"
    yield f"/commandes/{order.id}/modifier"
    with transaction(org_id) as session:
        entries = session.scalars(
            select(ProofEntry).where(ProofEntry.owner_id == org_id, ProofEntry.order_id == order.id)
        )
        for entry in entries:
            yield f"/preuves/papier/{entry.proof_id}" if entry.kind.value == "paper" else f"/preuves/{entry.proof_id}"
        yield from (f"/tournees/{one}" for one in session.scalars(select(Run.id).where(Run.owner_id == org_id)))


SHOWN = {
    "dispatcher": {"accueil", "commandes", "planification", "preuves", "tournees", "clients"},
    "supplier": {"accueil", "commandes", "clients", "preuves"},
    "retailer": {"accueil", "commandes", "preuves"},
}
"""Where an order billed outside is seen by each, at least."""


@pytest.mark.parametrize("language", ["fr", "en"])
def test_wherever_an_order_is_named_its_badge_stands_beside_it(app: Flask, day: BrowserDay, language: str) -> None:
    """R008, R001, R032: on every page's sample, for seller, buyer, carrier and driver; no column put away hides it.

    By day everyone's samples are the dispatcher's, in French; English is read on the pages of the orders alone.
    """
    walked = [one for one in shown_pages(app, day) if IS_NIGHT or (language, one.who) == ("fr", "dispatcher")]
    found = {billing_type: of_type(day, billing_type) for billing_type in BADGES}
    badge_of = {one.number: BADGES[kind][language] for kind, every in found.items() for one in every}
    bare: list[str] = []
    seen: set[tuple[BillingType, str, str]] = set()
    for kind, every in found.items():
        for who, client in everyone(app, day, every[0], language).items():
            assert client.member is not None
            client.post("/commandes/colonnes", data={"colonne": []})  # every column put away
            wanted = {path for one in every for path in own_pages(one, client.member.owner_id)}
            wanted |= {one.path for one in walked if one.who == who and kind is BillingType.EXTERNAL}
            for path in sorted(wanted):
                html = client.get(path, follow_redirects=True).text
                for number in (one for one in badge_of if one in html):
                    for words in named(html, number):
                        seen.add((kind, who, path.strip("/").split("?")[0].split("/")[0]))
                        bare += [f"{who} {path}: {words}"] if badge_of[number] not in words else []
    assert bare == []
    for who, wanted in SHOWN.items():
        assert wanted <= {where for kind, one, where in seen if (kind, one) == (BillingType.EXTERNAL, who)}
        assert (BillingType.AGENT, who, "commandes") in seen
