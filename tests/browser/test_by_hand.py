"""Orders without a tablet in a real browser: the brewery's counter by keyboard, and the agent that accepts."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Browser, Page

from server.core.transaction import transaction
from server.fulfilment.service.by_hand import ship_by_hand
from server.identity.model import OrganisationKind, Role
from server.orders import queries as orders_read
from server.orders import service as orders
from server.orders.model import DistributionMethod
from tests.browser.axe import complaints_of, faults_of
from tests.browser.browsing import PHONE, settle, sign_in, speak, visit
from tests.browser.world import BrowserDay, person_of
from tests.factories.apart import apart
from tests.factories.web import PASSWORD, now_stamp
from tests.factories.world import World, items_of, make_order


def at_the_counter(world: World) -> UUID:
    """Return an order of three cases that waits to be picked up."""
    with transaction(world.seller.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=world.seller.id, buyer_id=world.buyer.id, site_id=world.buyer.site_id
            ),
            items=items_of(world.seller, cases=3),
            distribution=DistributionMethod.PICKUP,
            stamp=now_stamp(),
        )
        orders.submit(session, order=order, stamp=now_stamp())
        orders.accept(session, order=order, stamp=now_stamp())
        ship_by_hand(session, order=order, stamp=now_stamp())
        return order.id


def test_a_counter_records_a_short_delivery_by_keyboard(day: BrowserDay, browser: Browser) -> None:
    """R019, R021, section 4: one case less with its reason, without a mouse; then its page, in English, on a phone."""
    order_id = apart(at_the_counter, day.world)
    with visit(browser, day.url) as page:
        said = complaints_of(page)
        sign_in(page, day.supplier.email, day.supplier.password)
        page.goto(f"/commandes/{order_id}")
        page.get_by_role("link", name="En partie, ou revenue").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/livraison")
        page.locator("[name^=recu-]").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("Bris")
        page.locator("[name^=recu-]").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/commandes/{order_id}")
        assert "Livrée en partie" in page.locator(".badges").first.inner_text()
        speak(page, "en")
        page.get_by_role("link", name="Recorded by hand", exact=True).click()
        settle(page)
        assert "No signature was taken" in page.locator("main").inner_text()
        assert "Breakage" in page.locator("main").inner_text()
        _fits_a_phone(page)
        assert said == []  # axe, next, complains about styles of its own
        assert faults_of(page) == []


def test_a_distributor_that_bills_as_the_agent_accepts_with_a_day(day: BrowserDay, browser: Browser) -> None:
    """Section 3 (accept: the distributor if agreed), R012, R064: its button, the day that it agrees to, one click."""
    world = day.world
    boss = person_of(world.carrier_id, OrganisationKind.DISTRIBUTOR, Role.OWNER, "Gaston Roy")
    order_id = apart(lambda: make_order(world, seller=world.sellers[3], planned_on=None, accepted=False))
    with visit(browser, day.url) as page:
        sign_in(page, boss.email, PASSWORD)
        page.goto(f"/commandes/{order_id}")
        on = page.locator("#agreed-now").get_attribute("min") or ""
        page.locator("#agreed-now").fill(on)
        page.get_by_role("button", name="Accepter la commande").click()
        settle(page)
        assert "Acceptée" in page.locator(".badges").first.inner_text()
        assert "Jour de livraison convenu" in page.locator(".timeline").inner_text()
    with transaction(world.carrier_id) as session:
        order = orders_read.order(session, order_id=order_id)
        assert (order.issuer_id, str(order.wanted_on)) == (world.carrier_id, on)


def _fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
