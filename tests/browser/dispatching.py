"""What a dispatcher does on the pages before a run leaves, in either language."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Page

from tests.browser.world import BrowserDay


def plan(page: Page, day: BrowserDay, on: date) -> None:
    """Plan a day, adopt the plan, give its only run to the driver and prepare it; the run's page is then open."""
    page.goto(f"/planification?jour={on}")
    page.locator("select[name=seconds]").select_option("2")
    page.locator("form[action='/planification'] button").click()
    page.locator("#plan progress").wait_for()
    day.office.jobs()
    page.locator("form[action$='/adopter'] button").click()
    page.wait_for_url("**/tournees**")
    page.locator("tbody a").first.click()
    page.locator("select[name=driver_id]").select_option(label="Maude Tremblay")
    page.locator("form[action$='/livreur'] button").click()
    page.locator("form[action$='/preparer'] button").click()


def document(page: Page, day: BrowserDay) -> bytes:
    """Have the papers of the open run made, load it and declare it ready; return its packet."""
    page.locator("form[action$='/documents'] button").click()
    page.locator("#run-papers progress").wait_for()
    day.office.jobs()
    packet = page.locator("#run-papers details[open] a[target]").first
    packet.wait_for()
    answer = page.request.get(packet.get_attribute("href") or "")
    assert answer.headers["x-content-type-options"] == "nosniff"
    page.locator("form[action$='/charger'] button").click()
    page.locator("form[action$='/prete'] button").click()
    page.locator("form[action$='/prete']").wait_for(state="detached")
    day.office.jobs()
    return answer.body()
