"""A yard: one run of one shop and two suppliers, documented, and tablets made by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.world import ADJUST, CREDIT, Deal, make_order, make_world


@pytest.fixture
def make_day(app: Flask) -> Callable[..., Yard]:
    """Return a maker of yards: every supplier of ``deals`` has an order at every shop."""

    def make(*deals: Deal, shops: int = 1) -> Yard:
        world = make_world(deals or (ADJUST, CREDIT), buyers=shops)
        for buyer in world.buyers:
            for seller in world.sellers:
                make_order(world, seller=seller, buyer=buyer)
        return make_yard(app, world)

    return make


@pytest.fixture
def yard(make_day: Callable[..., Yard]) -> Yard:
    """One shop, two suppliers: one adjusted, one credited."""
    return make_day()
