"""Every page of the URL map, as those who may open it: none is without a look, none has a serious fault."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from server.app import create_app
from tests.browser import test_decisions
from tests.browser.axe import IN_ANOTHER_LOOK, complaints_of, faults_of
from tests.browser.browsing import DESK, PHONE, settle, sign_in, speak, visit
from tests.browser.samples import ANYONE, NO_PAGES, SAMPLES, SHOWN_ELSEWHERE, Shown, page_rules, shown_pages
from tests.browser.world import BrowserDay

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
LANGUAGES = ["fr", "en"] if IS_NIGHT else ["fr"]


@pytest.fixture(scope="module")
def app(day: BrowserDay) -> Flask:
    """The application, for its URL map alone."""
    del day  # its settings are the application’s
    return create_app()


def test_every_page_has_a_sample(app: Flask) -> None:
    """Accessibility: a page with an id in its address and without a sample fails the build."""
    rules = {one.endpoint: one for one in page_rules(app)}
    apart = NO_PAGES.keys() | SHOWN_ELSEWHERE.keys()
    wanting = {name for name, rule in rules.items() if rule.arguments and name not in apart}
    assert wanting == set(SAMPLES)
    assert apart <= set(rules)
    assert all(hasattr(test_decisions, name) for name in SHOWN_ELSEWHERE.values())


def test_what_is_no_page_is_none(app: Flask, day: BrowserDay, browser: Browser) -> None:
    """Accessibility: what is left out of the walk gives programs and pages something, not people a page."""
    plain = [one.rule for one in page_rules(app) if one.endpoint in NO_PAGES and not one.arguments]
    assert plain
    with visit(browser, day.url) as page:
        sign_in(page, day.dispatcher.email, day.dispatcher.password)
        answers = {path: page.request.get(path) for path in plain}
        assert [path for path, answer in answers.items() if answer.ok and "<main" in answer.text()] == []


def chosen(app: Flask, day: BrowserDay, who: str) -> Iterator[Shown]:
    """Yield somebody's pages: by night all that they may open, each push those that nobody before them opened."""
    seen: set[str] = set()
    for shown in sorted(shown_pages(app, day), key=lambda one: (ORDER.index(one.who), one.path)):
        if shown.who == who and (IS_NIGHT or shown.endpoint not in seen):
            yield shown
        seen.add(shown.endpoint)


ORDER = (ANYONE, "supplier", "dispatcher", "retailer", "driver")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", ORDER if IS_NIGHT else ORDER[:-1])  # what drivers see, others saw before them
def test_no_page_has_a_serious_fault(app: Flask, day: BrowserDay, browser: Browser, who: str, language: str) -> None:
    """WCAG 2.2 AA as axe sees it; on a phone it fits; by night, in the dark and in English too.

    The browser complains about nothing, so that the content policy blocks nothing of ours.
    """
    wrong = []
    pages = list(chosen(app, day, who))
    assert pages
    with visit(browser, day.url, language=language, reduced_motion="reduce") as page:
        said = complaints_of(page)
        if who != ANYONE:
            person = getattr(day, who)
            sign_in(page, person.email, person.password)
            speak(page, language)
        for shown in pages:
            said.clear()
            wrong += [f"{shown.who} {shown.path}: {fault}" for fault in _faults(page, shown, said)]
    assert wrong == [], "\n".join(wrong)


def _faults(page: Page, shown: Shown, said: list[str]) -> Iterator[str]:
    answer = page.goto(shown.path)
    settle(page)
    if answer is None or answer.status != 200:
        yield f"{answer.status if answer else 'no answer'}: {page.locator('main').inner_text()[:80]}"
        return
    yield from said
    if page.locator("h1").count() != 1:
        yield f"{page.locator('h1').count()} headings"
    yield from faults_of(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > PHONE[0]:
        yield f"{width} px wide"
    if IS_NIGHT:
        page.emulate_media(color_scheme="dark")
        yield from (f"phone, dark: {fault}" for fault in faults_of(page, IN_ANOTHER_LOOK))
        page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
