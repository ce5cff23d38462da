"""An order's life through the doors, against the lifecycle's own table: whatever anybody tries, in any order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import update

from server.core import clock
from server.core.transaction import transaction
from server.orders.jobs import watch_pending
from server.orders.model import Order
from server.parties.model import DeliverWith, Emission
from shared.lifecycles import ORDER_LIFECYCLE
from shared.states import BillingState, OrderState
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, kept, trade_in
from tests.factories.web import application
from tests.factories.world import Deal, make_world

S = OrderState
OPEN = {S.DRAFT, S.PENDING, S.ACCEPTED, S.PLANNED}
STEPS = {
    "submit": (S.PENDING, {}),
    "accept": (S.ACCEPTED, {}),
    "reject": (S.REJECTED, {"reason": "Rupture"}),
    "cancel": (S.CANCELLED, {"reason": "Doublon"}),
    "ship": (S.SHIPPED, {}),
    "deliver": (S.DELIVERED, {}),
    "fail": (S.NOT_DELIVERED, {"failure": "absent"}),
    "replan": (S.ACCEPTED, {}),
}
"""Each door with the state that it leads to; the table says from where."""
LIVES = int(os.environ.get("DRILL_ORDER_LIVES", "8"))
ONLY_FROM = {"accept": {S.PENDING}, "replan": {S.NOT_DELIVERED}}


@dataclass
class Shared:
    """The trade that all examples share: each makes an order of its own."""

    trade: Trade | None = None


class OrderLife(RuleBasedStateMachine):
    """One order by courier, and everybody who may try something with it."""

    shared: ClassVar[Shared] = Shared()

    def __init__(self) -> None:
        super().__init__()
        assert self.shared.trade is not None
        self.trade = self.shared.trade
        asked = self.trade.draft(cases=2, kegs=0, distribution="shipped", carrier_id=None)
        self.seen = answered(self.trade.seller.post(API, json=asked), 201)
        self.state, self.entries = S.DRAFT, 0
        self.submitted: dict[str, Any] | None = None
        self.path = f"{API}/{self.seen['id']}"

    @rule(step=st.sampled_from(sorted(STEPS)), who=st.sampled_from(["seller", "buyer"]))
    def take(self, step: str, who: str) -> None:
        target, body = STEPS[step]
        answer = getattr(self.trade, who).post(f"{self.path}/{step}", json=body)
        allowed = target in ORDER_LIFECYCLE.moves[self.state] and self.state in ONLY_FROM.get(step, set(S))
        if who == "buyer":
            assert answer.status_code == 403, (step, answer.text)
        elif allowed:
            self.state = S(answered(answer)["state"])
            assert self.state is target
            if step == "submit":
                self.submitted = answer.json
        else:
            assert answer.status_code == 409, (step, self.state, answer.text)

    @rule(quantity=st.integers(1, 9), bare=st.booleans(), who=st.sampled_from(["seller", "buyer"]))
    def edit(self, quantity: int, bare: bool, who: str) -> None:  # a drawn choice
        content = kept(self.seen, quantities={0: quantity}, taxed=not bare)
        content["items"][0]["quantity"] = quantity
        answer = getattr(self.trade, who).open(f"{self.path}/content", "PUT", json=content)
        if who == "buyer":
            assert answer.status_code == 403
        elif self.state in OPEN:
            edited = answered(answer)
            assert (edited["net_cents"], edited["tax_cents"] == 0) == (4250 * quantity, bare)
            assert edited["revision"] == self.seen["revision"] + 1
        else:
            assert answer.status_code == 409

    @rule(paper=st.sampled_from([one.value for one in DeliverWith]), who=st.sampled_from(["seller", "buyer"]))
    def choose_paper(self, paper: str, who: str) -> None:
        answer = getattr(self.trade, who).open(f"{self.path}/deliver-with", "PUT", json={"deliver_with": paper})
        if who == "buyer":
            assert answer.status_code == 403
        elif self.state in OPEN:
            assert answered(answer)["deliver_with"] == paper
        else:
            assert answer.status_code == 409

    @rule()
    def restore(self) -> None:
        answer = self.trade.seller.post(f"{self.path}/restore")
        if self.state is S.PENDING and self.submitted is not None:
            restored = answered(answer)
            ignored = ("revision", "state", "state_label", "next_step")
            assert {k: v for k, v in restored.items() if k not in ignored} == {
                k: v for k, v in self.submitted.items() if k not in ignored
            }
        else:
            assert answer.status_code == 409

    @rule(days=st.sampled_from([1, 19, 30]))
    def wait(self, days: int) -> None:
        with transaction(self.trade.world.seller.id) as session:
            at = clock.now() - timedelta(days=days)
            mine = Order.id == UUID(self.seen["id"])
            session.execute(update(Order).where(mine, Order.state == S.PENDING).values(submitted_at=at))
        watch_pending(owner_id=str(self.trade.world.seller.id), subject_id=self.seen["id"])
        if self.state is S.PENDING and days == 30:  # the setting's 21 days are over
            self.state = S.EXPIRED
        if self.submitted is not None and self.state is S.PENDING:
            self.submitted["submitted_at"] = self.trade.seller.get(self.path).json["submitted_at"]

    @invariant()
    def it_stands_as_the_table_says(self) -> None:
        for client in (self.trade.seller, self.trade.buyer):
            now = answered(client.get(self.path))
            assert S(now["state"]) is self.state
            assert now["number"] == self.seen["number"]
            assert now["total_cents"] == now["net_cents"] + now["tax_cents"] + now["deposit_cents"]
            settled = self.state is S.DELIVERED  # emission on delivery: billing is the other axis (C4)
            assert (BillingState(now["billing_state"]) is BillingState.SETTLED) == settled
        entries = len(self.trade.buyer.get(f"{self.path}/timeline").json)
        assert entries >= self.entries
        self.seen, self.entries = now, entries


@pytest.fixture
def lives(module_database: Database) -> Iterator[type[OrderLife]]:
    del module_database
    deal = Deal(emission=Emission.ON_DELIVERED, deliver_with=DeliverWith.PO)
    OrderLife.shared.trade = trade_in(application(), make_world([deal]))
    yield OrderLife
    OrderLife.shared.trade = None


def test_an_order_lives_as_its_lifecycle_says(lives: type[OrderLife]) -> None:
    """C4, C5, R043, R045, R057, R058, R066: every door in every state; a refused step changes nothing; two axes."""
    run_state_machine_as_test(lives, settings=settings(max_examples=LIVES, stateful_step_count=12))
