"""One story through the pages: from accepted orders to the supplier reading its proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from server.core.embedded.address import PostgresAddress
from server.delivery.proofs import verify_proof
from tests.browser.browsing import apart, sign_in, visit
from tests.browser.standing import copied, settings_for
from tests.browser.world import BrowserDay, office_of
from tests.factories.world import RUN_DAY, make_order


@pytest.fixture
def fresh(postgres: PostgresAddress, tmp_path: Path) -> Iterator[BrowserDay]:
    """An office with orders and nothing planned."""
    with (
        copied(postgres, "template_tournee") as database,
        settings_for(postgres, database, tmp_path),
        office_of(tmp_path, buyers=2) as day,
    ):
        for buyer in day.world.buyers:
            make_order(day.world, buyer=buyer)
        yield day


def test_a_dispatcher_plans_a_driver_delivers_and_the_supplier_reads_its_proof(
    fresh: BrowserDay, browser: Browser
) -> None:
    """R014, R015, R018, R026: plan, adopt, prepare, document, load on the pages; the proof reaches the supplier."""
    with visit(browser, fresh.url) as page:
        sign_in(page, fresh.dispatcher.email, fresh.dispatcher.password)
        _plan(page, fresh)
        _document(page, fresh)
    fresh.office.drive({"enrol": fresh.office.code(), "pull": True, "runs": [{"run_id": "*"}], "push": True})
    apart(fresh.office.jobs)
    with visit(browser, fresh.url, accept_downloads=True) as page:
        sign_in(page, fresh.supplier.email, fresh.supplier.password)
        _read_proof(page)


def _plan(page: Page, day: BrowserDay) -> None:
    page.goto(f"/planification?jour={RUN_DAY}")
    page.get_by_label("Temps de calcul").select_option("2")
    page.locator("form[action='/planification'] button").click()
    page.locator("#plan progress").wait_for()
    apart(day.office.jobs)
    page.get_by_role("button", name="Adopter le plan").click()
    page.wait_for_url("**/tournees**")
    page.locator("tbody a").first.click()
    page.get_by_label("Livreur").select_option(label="Maude Tremblay")
    page.get_by_role("button", name="Confier").click()
    page.get_by_role("button", name="Préparer la tournée").click()


def _document(page: Page, day: BrowserDay) -> None:
    page.get_by_role("button", name="Préparer les documents").click()
    page.locator("#run-papers progress").wait_for()
    apart(day.office.jobs)
    packet = page.get_by_role("link", name="Ouvrir Camion 1.pdf")
    packet.wait_for()
    answer = page.request.get(packet.get_attribute("href") or "")
    assert answer.body().startswith(b"%PDF-")
    assert answer.headers["x-content-type-options"] == "nosniff"
    page.get_by_role("button", name="Commencer le chargement").click()
    page.get_by_role("button", name="Prête à partir").click()
    page.get_by_role("button", name="Prête à partir").wait_for(state="detached")
    apart(day.office.jobs)


def _read_proof(page: Page) -> None:
    page.goto("/avis")
    proof = page.get_by_role("row").filter(has_text="Preuve de livraison").first
    proof.get_by_role("button", name="Ouvrir").click()
    page.wait_for_url("**/preuves/**")
    assert page.locator("svg.ink path").count() == 1
    assert page.get_by_text("Camille Roy").is_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Fichier .proof").click()
    verified = verify_proof(Path(downloading.value.path()).read_bytes())
    assert verified
