"""A dispatcher decides on the pages: a parked visit, then a correction, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from server.app import create_app
from server.core.embedded.address import PostgresAddress
from server.core.transaction import transaction
from server.delivery.queries import latest_delivery
from server.identity.model import Membership
from server.planning import service as planning
from server.planning.model import Run, Stop
from server.sync.model import DeviceEvent, EventOutcome
from tests.browser.axe import complaints_of, faults_of
from tests.browser.browsing import PHONE, settle, sign_in, visit
from tests.browser.standing import copied, settings_for
from tests.browser.world import BrowserDay, office_of
from tests.factories.apart import apart
from tests.factories.corrections import give_run, strangers_tablet
from tests.factories.hand_tablet import make_yard
from tests.factories.web import PASSWORD
from tests.factories.world import RUN_DAY, make_order, stamp


@pytest.fixture
def parked_day(postgres: PostgresAddress, tmp_path: Path) -> Iterator[tuple[BrowserDay, UUID]]:
    """An office with a parked stop, whose cause was repaired."""
    with (
        copied(postgres, "template_tournee") as database,
        settings_for(postgres, database, tmp_path),
        office_of(tmp_path, buyers=1) as day,
    ):
        order_id = make_order(day.world)
        apart(_hand_in, day)
        yield day, order_id


def _hand_in(day: BrowserDay) -> None:
    """Let a driver hand in a stop of a run that was given to somebody else, then give it to him, for a later hour."""
    yard = make_yard(create_app(), day.world, has_truck=True)
    tablet, driver_id = strangers_tablet(yard)
    tablet.arrive(tablet.stop())
    tablet.visit(tablet.stop())
    tablet.upload_signature()
    assert [one["status"] for one in tablet.push()["results"]] == ["parked", "parked"]
    with transaction(day.world.carrier_id) as session:
        session.get_one(Stop, UUID(tablet.stop().stop_id)).planned_at += timedelta(minutes=30)
    give_run(yard, driver_id)


def test_a_dispatcher_applies_a_parked_visit_and_corrects_it(
    parked_day: tuple[BrowserDay, UUID], browser: Browser
) -> None:
    """G6, section 3: from the day's queue to the decision, and a correction with its reason; pages without faults."""
    day, order_id = parked_day
    with visit(browser, day.url, size=PHONE) as page:
        said = complaints_of(page)
        sign_in(page, day.dispatcher.email, day.dispatcher.password)
        decided = list(iter(lambda: _decide_first(page), ""))
        assert set(decided) == {"mis-de-cote", "ecarts"}
        assert _waiting(day) == 0
        _correct(page, order_id)
        assert [one for one in said if "inline style" not in one] == []
    with transaction(day.world.carrier_id) as session:
        delivery = latest_delivery(session, order_id=order_id)
        assert delivery is not None
        assert (delivery.revision, delivery.lines[0].returned) == (2, 1)


def test_a_driver_drafts_what_is_on_its_truck(parked_day: tuple[BrowserDay, UUID], browser: Browser) -> None:
    """R027, section 3: on the way, a driver finds what is on its truck for a stop and keeps a draft of it."""
    day, _order_id = parked_day
    with transaction(day.world.carrier_id) as session:
        [run_id] = session.scalars(select(Run.id)).all()
        planning.load_run(session, run_id=run_id, stamp=stamp())
        planning.ready_run(session, run_id=run_id, stamp=stamp())
        stop, run = session.execute(select(Stop, Run).join(Run, Run.id == Stop.run_id)).one()
        driver = session.scalars(select(Membership).where(Membership.user_id == run.driver_id)).one()
    with visit(browser, day.url, size=PHONE) as page:
        sign_in(page, driver.email, PASSWORD)
        page.goto(f"/tournees/arrets/{stop.id}/brouillon")
        settle(page)
        assert faults_of(page) == []
        assert page.locator("input[name^=n-]").count(), page.locator("main").inner_text()
        page.locator("input[name^=n-]").first.fill("1")
        page.locator("form[action$='/brouillon'] button").click()
        page.wait_for_url("**/commandes**")


def _waiting(day: BrowserDay) -> int:
    with transaction(day.world.carrier_id) as session:
        return len(session.scalars(select(DeviceEvent).where(DeviceEvent.outcome == EventOutcome.PARKED)).all())


def _decide_first(page: Page) -> str:
    """Decide the first matter of the queue; return which kind of page it has, nothing when the queue is empty."""
    page.goto(f"/tableau?jour={RUN_DAY}")
    settle(page)
    if page.get_by_text("Rien à voir").count():
        return ""
    decide = page.get_by_role("link", name="Décider")
    assert decide.count(), page.locator("main").inner_text()
    decide.first.click()
    page.wait_for_url(lambda address: "/mis-de-cote/" in address or "/ecarts/" in address)
    settle(page)
    assert faults_of(page) == []
    if "/ecarts/" in page.url:
        page.get_by_label("Motif de la décision").fill("Vu avec le livreur")
        page.get_by_role("button", name="Clore l’écart").click()
        page.get_by_text("Vu avec le livreur").wait_for()
        return "ecarts"
    page.get_by_role("button", name="Appliquer de nouveau").click()
    page.locator(".badge", has_text="Appliqué").first.wait_for()
    return "mis-de-cote"


def _correct(page: Page, order_id: UUID) -> None:
    page.goto(f"/commandes/{order_id}")
    page.get_by_role("link", name="Corriger la livraison").click()
    page.wait_for_url("**/corriger")
    assert faults_of(page) == []
    accepted = page.locator("input[name^=recu-]").first
    accepted.fill(str(int(accepted.input_value()) - 1))
    page.locator("select[name^=motif-]").first.select_option("refused_item")
    page.get_by_label("Pourquoi corriger").fill("La cliente a rendu une caisse")
    page.get_by_role("button", name="Corriger la livraison").click()
    page.wait_for_url(f"**/commandes/{order_id}")
    assert page.get_by_text("La cliente a rendu une caisse").first.is_visible()
