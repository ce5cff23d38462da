"""Deliveries by hand that others tell of as well: several commands at once, a carrier and its runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from server.core import clock
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.model import Delivery, HandRecord
from server.identity.model import Role
from server.notifications.following.jobs import tell_fact
from server.notifications.model import InboxMessage
from server.orders.service import hold_all, mark_planned, mark_shipped
from server.planning.model import MatrixSource, Run, Stop, StopOrder
from server.receivables.audit import book_faults
from server.stock.model import StockPlace
from shared.ids import new_id
from shared.states import OrderState, RunState, StopState
from tests.conftest import Database
from tests.factories.hand_desk import (
    ADJUSTED,
    APPROVED,
    BY_AGENT,
    CREDITED,
    MANUAL,
    OUTSIDE,
    Desk,
    deliveries,
    documents,
    moved,
    told,
)
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import Client, application, program_of
from tests.factories.world import make_world

AT_ONCE = 4


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    del module_database
    return Desk(trade_in(application(), make_world([ADJUSTED, CREDITED, APPROVED, OUTSIDE, BY_AGENT, MANUAL])))


def side_by_side(ask: Callable[[int], Any]) -> list[Any]:
    """Ask from several threads that start together, and return the answers."""
    start = Barrier(AT_ONCE)

    def one(number: int) -> Any:
        start.wait()
        return ask(number)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [asked.result() for asked in [threads.submit(one, number) for number in range(AT_ONCE)]]


@pytest.mark.parametrize("same_key", [True, False], ids=["one-command", "four-commands"])
def test_told_four_times_at_once_it_is_recorded_once(desk: Desk, *, same_key: bool) -> None:
    """R024, R042: of one key each is answered as the first, other words are refused; of four keys three are."""
    order = desk.order(desk.credited)
    owner = desk.of(desk.credited)
    asked = told(order)
    assert owner.member is not None
    bearer = program_of(desk.trade.app, owner.member).bearer
    programs = [Client(desk.trade.app.test_client(), bearer=bearer) for _ in range(AT_ONCE)]
    answers = side_by_side(
        lambda number: programs[number].post(
            f"{API}/{order['id']}/deliver", json=asked if same_key else asked | {"key": str(new_id())}
        )
    )
    assert sorted(one.status_code for one in answers) == ([200] * 4 if same_key else [200, 409, 409, 409])
    with transaction(desk.credited.id) as session:
        mine = Delivery.order_id == UUID(order["id"])
        assert session.scalar(select(func.count()).select_from(Delivery).where(mine)) == 1
        assert session.scalar(select(func.count()).where(HandRecord.order_id == UUID(order["id"]))) == 1
    assert [one["state"] for one in documents(owner, order)[1]] == ["issued"]
    if same_key:
        cheque = {"method": "cheque", "amount_cents": 900}
        for other in ({"lines": told(order, 2)["lines"]}, {"words": "Au quai"}, {"collections": [cheque]}):
            refused = owner.post(f"{API}/{order['id']}/deliver", json=asked | other).json
            assert (refused["slug"], refused["page"]) == (
                "key-used",
                f"/livraisons/{deliveries(owner, order)[0]['id']}",
            )


def test_a_carriers_order_without_a_run_is_recorded_by_its_office_with_a_reason(desk: Desk) -> None:
    """Section 3 (record delivered quantities), R011, C28: distributor and dispatcher; the agent's books are settled."""
    by, why = desk.of(desk.trade.world.carrier_id, Role.DISPATCHER), "Tablette en panne, livrée sur papier."
    order = desk.order(desk.by_agent, way="distributor")
    for role in (Role.DRIVER, Role.ACCOUNTANT, Role.ADMIN):
        assert desk.tell(order, desk.of(desk.trade.world.carrier_id, role), words=why).status_code == 403, role
    for stranger in (desk.of(desk.by_agent), desk.of(desk.by_agent, Role.DISPATCHER), desk.trade.buyer):
        assert desk.tell(order, stranger, words=why).status_code == 403
        assert stranger.get(f"/commandes/{order['id']}/livraison").status_code == 403
    assert desk.tell(order, desk.of(desk.adjusted), words=why).status_code == 404
    refused = desk.tell(order, by)
    assert (refused.status_code, refused.json["slug"]) == (422, "reason-needed")
    now = answered(desk.tell(order, by, words=why))
    assert (now["state"], now["billing_state"]) == ("partly_delivered", "settled")
    ((invoice,), _credits) = documents(desk.of(desk.trade.world.carrier_id), order)
    assert invoice["issuer_id"] == str(desk.trade.world.carrier_id)
    assert moved(order, desk.by_agent) == {StockPlace.CUSTOMER: 5, StockPlace.LOST: 1}
    (delivery,) = deliveries(desk.of(desk.by_agent), order)
    assert why in unescape(desk.of(desk.by_agent).get(f"/livraisons/{delivery['id']}").text)
    again = [
        {name: line[name] for name in ("order_line_id", "ordered", "delivered")}
        | {"reason": "missing", "lost": missing}
        for line, missing in zip(delivery["lines"], (2, 0), strict=True)
    ]
    again = [again[0] | {"delivered": 2}, again[1] | {"reason": ""}]
    fix = {"key": str(new_id()), "reason": "Recompté avec le client", "lines": again}
    door = f"/api/v1/deliveries/{delivery['id']}/corrections"
    assert desk.of(desk.by_agent).post(door, json=fix).status_code == 403
    assert [one["kind"] for one in answered(by.post(door, json=fix))["documents"]] == ["credit_note"]
    tell_fact(owner_id=str(desk.trade.world.carrier_id), subject_id=delivery["id"])
    with transaction(desk.by_agent.id) as session:
        told_seller = select(InboxMessage.kind).where(InboxMessage.subject_id == UUID(order["id"]))
        assert "delivery.variance" in session.scalars(told_seller).all()


def ride(desk: Desk, order: dict[str, Any]) -> UUID:
    """Put an order on a run of the carrier's that is on the road, and return the run."""
    carrier_id, world, now = desk.trade.world.carrier_id, desk.trade.world, clock.now()
    with transaction(carrier_id) as session:
        run = Run(
            id=new_id(), owner_id=carrier_id, name="MTL-07", runs_on=now.date(), vehicle_id=new_id(),
            state=RunState.UNDER_WAY, starts_at=now, departed_at=now, matrix_source=MatrixSource.ESTIMATE,
        )  # fmt: skip
        stop = Stop(
            id=new_id(), owner_id=carrier_id, run_id=run.id, position=1, site_id=world.buyer.site_id,
            buyer_id=world.buyer.id, state=StopState.PLANNED, planned_at=now, service_s=300,
        )  # fmt: skip
        session.add(run)
        session.flush()
        session.add(stop)
        session.flush()
        session.add(StopOrder(owner_id=carrier_id, stop_id=stop.id, order_id=UUID(order["id"]), position=1))
        (held,) = hold_all(session, order_ids=[UUID(order["id"])])
        mark_planned(session, order=held, planned_on=now.date(), stamp=Stamp(None, now))
        return run.id


def test_an_order_on_a_run_waits_for_its_tablet(desk: Desk) -> None:
    """C7, section 4: planned or on the road it is refused, in French and English, on the page too.

    Once its run is closed without the tablet, the office records it.
    """
    order = desk.order(desk.by_agent, way="distributor")
    by, run_id, page = desk.of(desk.trade.world.carrier_id), ride(desk, order), f"/commandes/{order['id']}/livraison"
    for state in (OrderState.PLANNED, OrderState.SHIPPED):
        with transaction(desk.trade.world.carrier_id) as session:
            (held,) = hold_all(session, order_ids=[UUID(order["id"])])
            if held.state is not state:
                mark_shipped(session, order=held, stamp=Stamp(None, clock.now()))
        refused = desk.tell(order, by, words="Déjà livrée.")
        assert (refused.status_code, refused.json["slug"]) == (409, "rides-on-run")
        detail = refused.json["details"]
        assert ("MTL-07" in detail["fr"], "its tablet will say" in detail["en"]) == (True, True)
        assert by.get(page).status_code == 409
        assert page not in by.get(f"/commandes/{order['id']}").text
    assert deliveries(by, order) == []
    with transaction(desk.trade.world.carrier_id) as session:
        session.get_one(Run, run_id).state = RunState.CLOSED
    assert page in by.get(f"/commandes/{order['id']}").text
    now = answered(desk.tell(order, by, cases=4, words="Tablette perdue; le client confirme."))
    assert (now["state"], now["billing_state"]) == ("delivered", "settled")


def test_the_books_hold(desk: Desk) -> None:
    """Laws 5, 17, 20: whatever was recorded by hand above, ``ledger check`` finds no fault."""
    for org_id in (desk.trade.world.carrier_id, *(one.id for one in desk.trade.world.sellers)):
        with transaction(org_id) as session:
            assert list(book_faults(session, issuer_id=org_id)) == []
