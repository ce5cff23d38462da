"""The example day has what it promises, before anything is built from it."""

from __future__ import annotations

from collections import Counter

from driver_app.store.commit_points import COMMIT_POINTS
from server.delivery.reasons import REASONS
from server.example.cast import CYCLE_WEEKS, DRIVERS, FIRST_CYCLE_DAY, RUN_DAY, SUPPLIER_OF, SUPPLIERS, TRUCKS
from server.example.catalogue import ITEMS
from server.example.incidents import CARRIER, EVENING_TRUCK, INCIDENTS
from server.example.orders import NEEDED, wanted_orders
from server.example.places import DEPOT, PLACES
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy


def test_the_day_is_as_large_as_promised():
    """The example day: 4 trucks, 60 stops or more for at least 12 suppliers, several suppliers' orders at many."""
    orders = wanted_orders()
    at = Counter(order.place.name for order in orders)
    assert len(TRUCKS) == len(DRIVERS) == 4
    assert len(at) == len(PLACES) >= 60
    assert len({order.supplier for order in orders}) == len(SUPPLIERS) >= 12
    assert sum(1 for count in at.values() if count > 1) > 30


def test_the_day_is_the_same_each_time():
    """The example day: run twice, the outcome is the same, and an order is found again by its place and supplier."""
    assert wanted_orders() == wanted_orders()
    keys = [(order.place.name, order.supplier) for order in wanted_orders()]
    assert len(set(keys)) == len(keys)


def test_every_kind_of_deal_is_made():
    """R001, R002, R013, R016, R017: billing types, emissions, papers and policies all occur."""
    deals = [supplier.deal for supplier in SUPPLIERS]
    assert {deal.billing_type for deal in deals} == set(BillingType)
    assert {deal.emission for deal in deals} == set(Emission)
    assert {deal.deliver_with for deal in deals} == set(DeliverWith)
    assert {deal.policy for deal in deals} == set(SettlementPolicy)
    assert {deal.auto_accept for deal in deals} == {True, False}
    assert any(supplier.registration is None for supplier in SUPPLIERS)


def test_the_day_is_one_of_the_two_week_cycle():
    """R074: the run day is a Thursday that the cycle reaches."""
    assert (RUN_DAY.weekday(), (RUN_DAY - FIRST_CYCLE_DAY).days % (7 * CYCLE_WEEKS)) == (3, 0)


def test_the_places_lie_in_montreal_and_apart():
    """The example day: real places, each its own."""
    positions = {(place.lat, place.lon) for place in (*PLACES, DEPOT)}
    assert len(positions) == len(PLACES) + 1
    assert all(45.47 < lat < 45.60 and -73.70 < lon < -73.52 for lat, lon in positions)


def test_every_kind_of_incident_happens():
    """The example day: each reason class, a refusal, a closed shop, an overage, empties, cash, and a tablet killed."""
    incidents = INCIDENTS.values()
    effect_of = {reason.code: reason.effect for reason in REASONS}
    effects = {effect_of[line.reason] for one in incidents for line in one.lines.values() if line.reason}
    assert effects == {"not_shipped", "lost", "returned"}
    assert {one.outcome for one in incidents} == {"full", "short", "refused", "closed"}
    assert any(line.extra for one in incidents for line in one.lines.values())
    assert any(one.cash_for for one in incidents)
    assert {code for one in incidents for code, _ in one.returns} == {"can_public", "bottle_large", "keg_50l"}
    assert {one.kill_at for one in incidents if one.kill_at} <= set(COMMIT_POINTS)
    assert sum(1 for one in incidents if one.kill_at) == 1
    assert EVENING_TRUCK in TRUCKS


def test_incidents_speak_of_what_was_ordered():
    """A line, an issuer or a class that a stop does not have would stop the driver."""
    for name, incident in INCIDENTS.items():
        ordered = NEEDED[name]
        assert all(item in ordered[supplier] for supplier, item in incident.lines)
        assert set(incident.cash_for) <= set(ordered)
        assert all(owner == CARRIER or owner in ordered for _, owner in incident.returns)
        for key, line in incident.lines.items():
            assert line.not_shipped + line.lost + line.returned <= ordered[key[0]][key[1]]


def test_each_supplier_sells_what_is_ordered_of_it():
    """Every ordered item exists."""
    assert set(ITEMS) == set(SUPPLIER_OF)
    assert all(line.item < len(ITEMS[order.supplier]) for order in wanted_orders() for line in order.lines)
