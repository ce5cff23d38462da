"""What the tests of money online share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.receivables.model import Provider
from server.receivables.providers import use_gateway
from tests.conftest import Database
from tests.factories.accounts import Books
from tests.factories.online import make_online_books
from tests.factories.strict_gateway import StrictGateway


@pytest.fixture(scope="module")
def books(module_database: Database) -> Books:
    """One issuer that offers online payment, and one shop; each test adds its own documents."""
    del module_database
    return make_online_books()


@pytest.fixture
def gateway() -> Iterator[StrictGateway]:
    """The strict fake stands in for Stripe."""
    strict = StrictGateway()
    with use_gateway(Provider.STRIPE, strict.maker):
        yield strict
