"""The API's reference page as a newcomer opens it: readable, complete, and without a word to anyone else."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from server.app import create_app
from tests.browser.browsing import DESK, PHONE

READY_MS = 60_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The application alone: the page asks no database."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, once every group of operations is there; what it complained of or asked of others is kept on it."""
    width, height = request.param
    opened = browser.new_page(viewport={"width": width, "height": height}, locale="en-CA")
    told: list[str] = []
    opened.on("console", lambda message: told.append(message.text))
    opened.on("pageerror", lambda error: told.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else told.append(asked.url))
    opened.set_default_timeout(READY_MS)
    opened.goto(f"{address}/api/v1/docs")
    opened.wait_for_selector(".opblock-tag", timeout=READY_MS)
    yield opened
    opened.close()
    assert told == []


def test_the_reference_reads_as_a_page(page: Page) -> None:
    """API: words on signing in, values, lists, keys and refusals, then the groups; nothing wider than the window."""
    text = page.inner_text("main, #reference")
    for chapter in ("Signing in", "Values", "Lists", "Doing a thing once", "Refusals"):
        assert chapter in text
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_an_operation_says_who_may_ask_and_how_it_refuses(page: Page) -> None:
    """API: opened, an operation shows its permission, its holders, the unit of its fields and each slug."""
    page.locator("#operations-tag-orders").click()
    page.locator("#operations-orders-orders_accept .opblock-summary-control").click()
    page.wait_for_selector("#operations-orders-orders_accept .responses-table")
    text = page.inner_text("#operations-orders-orders_accept")
    for said in ("order.accept", "distributor (within limits)", "out-of-stock", "Not enough stock", "Retry-After"):
        assert said in text
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
