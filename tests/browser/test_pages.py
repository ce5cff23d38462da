"""Every page, as everyone who has it: whole, accessible, in both languages, on desk and phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import faults_of
from tests.browser.browsing import PHONE, settle, sign_in, visit
from tests.browser.shots import walk
from tests.browser.world import BrowserDay, Person
from tests.factories.world import RUN_DAY

PEOPLE = ("dispatcher", "supplier", "retailer")


def person(day: BrowserDay, who: str) -> Person:
    found: Person = getattr(day, who)
    return found


@pytest.mark.parametrize("who", PEOPLE)
def test_pages_on_a_phone_fit_in_english_and_in_the_dark(day: BrowserDay, browser: Browser, who: str) -> None:
    """Usable on a phone: 360 px wide, nothing to scroll sideways; English holds; WCAG 2.2 AA in the dark theme."""
    wrong = []
    with visit(browser, day.url, size=PHONE, dark=True) as page:
        sign_in(page, person(day, who).email, person(day, who).password)
        page.locator(".topbar summary").click()
        page.locator(".topbar form[action='/langue'] button").click()
        page.wait_for_selector("html[lang=en]")
        for name in walk(page, who, str(RUN_DAY)):
            settle(page)
            width = page.evaluate("document.documentElement.scrollWidth")
            wrong += [f"{name}: {width} px"] if width > PHONE[0] else []
            wrong += [f"{name}: {fault}" for fault in faults_of(page)]
            assert page.locator("html").get_attribute("lang") == "en", name
            assert page.locator("h1").count() == 1, name
    assert wrong == []


def test_the_keyboard_alone_signs_in_and_skips_to_the_content(day: BrowserDay, browser: Browser) -> None:
    """WCAG 2.1.1, 2.4.1, 2.4.7: sign in, skip the menu, see where one is."""
    with visit(browser, day.url) as page:
        page.goto("/connexion")
        page.keyboard.type(day.dispatcher.email)
        page.keyboard.press("Tab")
        page.keyboard.type(day.dispatcher.password)
        page.keyboard.press("Enter")
        page.wait_for_url("**/tableau")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_a_slash_leads_to_the_search(day: BrowserDay, browser: Browser) -> None:
    """R029: filters narrow the list, reset restores it."""
    with visit(browser, day.url) as page:
        sign_in(page, day.dispatcher.email, day.dispatcher.password)
        page.goto("/commandes")
        every = page.locator("tbody tr").count()
        page.keyboard.press("/")
        page.keyboard.type("Dépanneur 2")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=**")
        assert 0 < page.locator("tbody tr").count() < every
        page.get_by_role("link", name="Réinitialiser").click()
        page.wait_for_url("**/commandes")
        assert page.locator("tbody tr").count() == every


def test_the_map_of_a_run_names_its_source_and_says_what_is_estimated(day: BrowserDay, browser: Browser) -> None:
    """Planning: © OpenStreetMap contributors on every map; without roads, figures are labelled « estimé »."""
    with visit(browser, day.url) as page:
        sign_in(page, day.dispatcher.email, day.dispatcher.password)
        page.goto(f"/tournees?jour={RUN_DAY}")
        page.locator("tbody a").first.click()
        page.wait_for_selector("[data-drawn=yes]")
        assert page.get_by_text("© OpenStreetMap contributors").is_visible()
        assert page.get_by_text("estimé", exact=True).first.is_visible()
        pins = page.locator(".map .pin")
        assert pins.count() == page.locator(".seat").count() + 1
        pins.nth(1).focus()
        page.keyboard.press("Enter")
        assert page.locator(".maplibregl-popup").is_visible()


def test_a_wrong_password_is_said_where_it_was_typed(day: BrowserDay, browser: Browser) -> None:
    """Bad input: what, where and what to do, without losing what was typed."""
    with visit(browser, day.url) as page:
        page.goto("/connexion")
        page.locator("[name=email]").fill(day.supplier.email)
        page.locator("[name=password]").fill("pas celui-ci")
        page.get_by_role("button", name="Se connecter").click()
        assert page.get_by_role("alert").is_visible()
        assert page.locator("[name=email]").input_value() == day.supplier.email
