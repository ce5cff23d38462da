"""What cannot be billed is set aside alone: nothing stands in the way of the tablet, whatever the books refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select

from server.billing.model import CreditNote
from server.billing.service import publication
from server.core.transaction import transaction
from server.receivables.audit import book_faults
from shared.delivery import DeliveredLine
from shared.problems import Problem, Text
from tests.conftest import Database
from tests.factories.corrections import assert_books_agree, correction_of, delivery_of, first_event, office
from tests.factories.hand_tablet import HandTablet, Yard, short
from tests.factories.world import ADJUST, AGENT, CREDIT


@contextmanager
def refused_by(database: Database, table: str, column: str, value: object) -> Iterator[None]:
    """Let the database refuse every new row with a value in a column inside the block."""
    with psycopg.connect(database.superuser_url.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute(f"ALTER TABLE {table} ADD CONSTRAINT broken CHECK ({column} <> '{value}') NOT VALID")
        try:
            yield
        finally:
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT broken")


def three_stops(yard: Yard) -> HandTablet:
    """Visit three shops, each order one unit short, and come back; nothing is sent."""
    tablet = yard.tablet
    tablet.depart()
    for position in range(3):
        stop = tablet.stop(position)
        counted: dict[str, DeliveredLine] = {}
        for order in stop.orders:
            line = order.goods.lines[0]
            counted |= short(line.line_id, line.quantity)
        tablet.arrive(stop)
        tablet.visit(stop, counted=counted)
    tablet.come_back()
    return tablet


def test_a_bill_that_the_books_refuse_sets_its_visit_aside_alone(
    make_day: Callable[..., Yard], database: Database
) -> None:
    """G6, laws 1 and 17: the other stops are billed, no number is spent, and a person applies it once it can be."""
    yard = make_day(ADJUST, CREDIT, AGENT, shops=3)
    tablet = three_stops(yard)
    stop = tablet.stop(1)
    buyer_id = UUID(stop.orders[0].goods.buyer_id)
    client = office(yard)
    with refused_by(database, "posting", "customer_id", buyer_id):
        answer = tablet.push()
        told = {result["seq"]: result["status"] for result in answer["results"]}
        assert [told[seq] for seq in sorted(told)] == [*["applied"] * 4, "parked", *["applied"] * 3]
        assert answer["last_seq"] == len(tablet.events)
        visit = answer["results"][4]
        assert (visit["refusal"]["slug"], visit["documents"]) == ("apply-failed", [])
        still = _apply(client, visit["event_id"])
        assert (still.status_code, still.json["outcome"]) == (200, "parked")
        assert buyer_id not in _credited(yard)
    assert _apply(client, visit["event_id"]).json["outcome"] == "decided"
    assert buyer_id in _credited(yard)
    for order in stop.orders:
        assert_books_agree(yard, order.order_id)
    for issuer_id in (yard.world.carrier_id, *(seller.id for seller in yard.world.sellers)):
        with transaction(issuer_id) as session:
            assert list(book_faults(session, issuer_id=issuer_id)) == []


def test_a_refusal_of_the_books_is_told_in_its_own_words(
    make_day: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6: never a 4xx for content; who decides reads what the books said."""
    yard = make_day(ADJUST, shops=3)
    tablet = three_stops(yard)
    refused = UUID(tablet.stop(2).orders[0].goods.buyer_id)
    post = publication.ledger.post_invoice

    def refusing(session, *, billed, **named) -> None:
        """Refuse one customer's invoice."""
        if billed.customer_id == refused:
            raise Problem(Text("Le compte est fermé.", "The account is closed."), where=str(refused))
        post(session, billed=billed, **named)

    monkeypatch.setattr(publication.ledger, "post_invoice", refusing)
    results = tablet.push()["results"]
    assert [one["status"] for one in results] == [*["applied"] * 6, "parked", "applied"]
    assert results[6]["refusal"]["fr"] == "Le compte est fermé."
    assert [one["status"] for one in tablet.push()["results"]] == [*["known"] * 6, "parked", "known"]


def test_a_visit_is_billed_whose_correction_was_undone_half_way(
    make_day: Callable[..., Yard], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """G6: the correction had changed the bill that its visit waits to publish; undone, it waits alone."""
    yard = make_day(ADJUST, ADJUST)
    tablet, stop = yard.tablet, yard.tablet.stop()
    first, other = stop.orders
    line = first.goods.lines[0]
    tablet.visit(stop, without=[other.order_id])
    correction_of(tablet, first_event(tablet), counted=short(line.line_id, line.quantity))
    with refused_by(database, "delivery", "order_id", other.order_id):
        results = tablet.push()["results"]
    assert [one["status"] for one in results] == ["applied", "parked"]
    assert [one["kind"] for one in results[0]["documents"]] == ["invoice"]
    assert "sync.numbered_one_by_one" not in caplog.text
    assert delivery_of(yard, first.order_id).revision == 1
    assert_books_agree(yard, first.order_id)
    assert _apply(office(yard), results[1]["event_id"]).json["outcome"] == "decided"
    assert delivery_of(yard, first.order_id).revision == 2
    for order in stop.orders:
        assert_books_agree(yard, order.order_id)


def _apply(client, event_id: str):
    return client.post(f"/api/v1/sync/parked/{event_id}/decision", json={"choice": "apply", "reason": ""})


def _credited(yard: Yard) -> set[UUID]:
    """Return the shops that were credited, by any supplier."""
    found: set[UUID] = set()
    for seller in yard.world.sellers:
        with transaction(seller.id) as session:
            found |= set(session.scalars(select(CreditNote.buyer_id).where(CreditNote.sequence.is_not(None))))
    return found
