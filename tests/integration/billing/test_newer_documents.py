"""A delivery whose invoice was voided, published or credited since its terms were frozen: a person is asked."""

from __future__ import annotations

import pytest

from tests.factories.billing import (
    Counted,
    credits_on,
    deliver,
    freeze,
    make_provisional,
    publish,
    settle,
    totals,
    void,
)
from tests.factories.world import (
    ADJUST,
    CREDIT,
    items_of,
    make_order,
    make_world,
)

SHORT = {1: Counted(3, lost=1, reason="breakage")}


def test_a_voided_invoice_opens_a_difference(database):
    """Sync, « What binds »: the terms said published, the invoice was voided since; nothing moves but a question."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    publish(world, order_id)
    terms_id = freeze(world, order_id)
    void(order_id, acting=world.seller.id)
    booked = totals(world.seller.id)
    settlement = settle(world, deliver(world, order_id, terms_id, SHORT))
    assert [one.kind for one in settlement.differences] == ["invoice_voided"]
    assert totals(world.seller.id) == booked


def test_a_newer_invoice_opens_a_difference(database):
    """A replacement was published since the terms were frozen: no credit goes to an invoice that nobody saw."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    publish(world, order_id)
    terms_id = freeze(world, order_id)
    void(order_id, acting=world.seller.id)
    publish(world, order_id)
    settlement = settle(world, deliver(world, order_id, terms_id, SHORT))
    assert [one.kind for one in settlement.differences] == ["newer_invoice"]


def test_an_invoice_published_since_is_fine_when_it_is_what_was_signed(database):
    """C1: published by hand after the bundle was made, and delivered in full: nothing differs."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    make_provisional(world, order_id)
    terms_id = freeze(world, order_id)
    publish(world, order_id)
    full = settle(world, deliver(world, order_id, terms_id))
    assert (full.kind, full.differences) == ("invoice", ())


def test_an_invoice_published_since_for_more_opens_a_difference(database):
    """The signer saw an invoice for three cases; the whole one was published by hand meanwhile: a person decides."""
    world = make_world([ADJUST])
    order_id = make_order(world)
    make_provisional(world, order_id)
    terms_id = freeze(world, order_id)
    publish(world, order_id)
    settlement = settle(world, deliver(world, order_id, terms_id, SHORT))
    assert [one.kind for one in settlement.differences] == ["newer_invoice"]


@pytest.mark.parametrize(
    ("quantities", "counted", "said"),
    [
        ({1: 3, 2: 1}, {1: Counted(2, lost=1)}, ["facturé 3, livré 2", "facturé 1, livré 2"]),
        ({1: 3, 2: 1}, {2: Counted(1, lost=1)}, []),
        ({1: 2, 2: 2}, {2: Counted(1, lost=1)}, ["facturé 2, livré 3", "facturé 2, livré 1"]),
    ],
    ids=["one too many, one too few", "as delivered", "the other way round"],
)
def test_an_invoice_published_since_is_compared_line_by_line(database, quantities, counted, said):
    """C1, law 19: three cases and one at the same price come to what two and two do; a person reads which differ."""
    world = make_world([ADJUST])
    order_id = make_order(world, items=[*items_of(world.seller, cases=3), *items_of(world.seller, cases=2)])
    terms_id = freeze(world, order_id)
    invoice_id = publish(world, order_id, quantities=quantities)
    settlement = settle(world, deliver(world, order_id, terms_id, counted))
    assert settlement.invoice.id == invoice_id
    assert credits_on(invoice_id, acting=world.seller.id) == []
    assert settlement.kind == ("none" if said else "invoice")
    assert [one.kind for one in settlement.differences] == ["newer_invoice"] * bool(said)
    told = settlement.differences[0].text.fr if said else ""
    assert all(f"Blonde d’été, caisse de 24 × 473 ml\u00a0: {words}" in told for words in said), told


def test_a_newer_credit_on_the_same_line_opens_a_difference(database):
    """A credit issued since the terms were frozen: the delivery's own would be another amount than the signed one."""
    world = make_world([CREDIT])
    order_id = make_order(world)
    publish(world, order_id)
    terms_id = freeze(world, order_id)
    settle(world, deliver(world, order_id, terms_id, SHORT))
    settlement = settle(world, deliver(world, order_id, terms_id, {1: Counted(2, returned=2)}))
    assert [one.kind for one in settlement.differences] == ["newer_credit"]
    assert "crédit" in settlement.differences[0].text.fr
