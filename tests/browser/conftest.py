"""One office with a whole day for all tests of the pages, and a browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from server.core.embedded.address import PostgresAddress
from tests.browser.browsing import CHROMIUM, chromium
from tests.browser.standing import copied, settings_for
from tests.browser.world import BrowserDay, full_day
from tests.factories.apart import apart


@pytest.fixture(scope="package")
def day(postgres: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserDay]:
    """An office whose first run was driven and proven; tests only look at it, or add."""
    folder = tmp_path_factory.mktemp("browser-day")
    with (
        copied(postgres, "template_tournee") as database,
        settings_for(postgres, database, folder),
        ExitStack() as stack,
    ):
        yield apart(stack.enter_context, full_day(folder))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, once for all tests."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: `make system` installs it, or name one in TOURNEE_CHROMIUM")
    with chromium() as running:
        yield running
