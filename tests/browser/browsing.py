"""Chromium, headless, as somebody signed in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from server.core.web.caller import LANGUAGE_COOKIE

CHROMIUM = os.environ.get("TOURNEE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing but this machine is found
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
DESK = (1360, 860)
PHONE = (360, 740)


@contextmanager
def chromium(language: str = "fr") -> Iterator[Browser]:
    """Run a browser that speaks to this machine alone, and writes its own widgets in ``language``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, env=dict(os.environ) | {"LANGUAGE": language}
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESK,
    language: str = "fr",
    dark: bool = False,
    **options: Any,
) -> Iterator[Page]:
    """Open a window of its own on ``url``."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": size[0], "height": size[1]},
        locale="fr-CA" if language == "fr" else "en-CA",
        color_scheme="dark" if dark else "light",
        **options,
    )
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])
    try:
        yield context.new_page()
    finally:
        context.close()


def sign_in(page: Page, email: str, password: str) -> None:
    """Come in through the form."""
    page.goto("/connexion")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("form[action='/connexion'] button").click()
    page.wait_for_url(lambda address: "/connexion" not in address)


def speak(page: Page, language: str) -> None:
    """Turn the pages to a language, by their own button."""
    if page.locator("html").get_attribute("lang") != language:
        page.locator("form[action='/langue'] button").first.dispatch_event("click")
        page.wait_for_selector(f"html[lang={language}]")


def settle(page: Page) -> None:
    """Wait until fragments and the map have come; a page that fetches nothing is there once it is loaded."""
    page.wait_for_load_state("load")
    if page.locator("[hx-trigger*=load], [hx-trigger*=every], [data-map]").count():
        page.wait_for_load_state("networkidle")
    if page.locator("[data-map] canvas").count():
        page.wait_for_selector("[data-drawn=yes]", timeout=15_000)
