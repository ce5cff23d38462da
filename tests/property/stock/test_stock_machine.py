"""Stock under any sequence of orders, edits, adjustments and transfers, against a model of three numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from server.catalog import service as catalog
from server.catalog.model import Product, SalesUnit
from server.core.problems import Problem
from server.core.transaction import transaction
from server.fulfilment.stock_levels import stock_levels
from server.orders import queries as orders_read
from server.orders import service as orders
from server.stock import service as stock
from server.stock.model import StockReason, TransferState
from shared.states import OrderState
from tests.factories.world import World, make_world, stamp

AMOUNTS = st.integers(1, 30)
_worlds: list[World] = []


class StockMachine(RuleBasedStateMachine):
    """One counted format: what is kept here and there, what is on the way, what accepted orders reserve."""

    @initialize()
    def begin(self) -> None:
        self.world = _worlds[0]
        self.own = self.there = self.lost = 0
        self.transfers: dict[UUID, tuple[int, TransferState]] = {}
        self.orders: dict[UUID, tuple[int, OrderState]] = {}
        with transaction(self.world.seller.id) as session:
            product_id = session.query(Product.id).limit(1).scalar()
            self.format_id = catalog.create_format(
                session, product_id=product_id, name_fr="caisse", name_en="case", sales_unit=SalesUnit.CASE,
                unit_price=Decimal(10), weight_g=1000, unlimited=False, stamp=stamp(),
            ).id  # fmt: skip

    @rule(amount=AMOUNTS)
    def receive(self, amount: int) -> None:
        self._adjust(StockReason.RECEIVED, amount)
        self.own += amount

    @rule(amount=AMOUNTS)
    def count(self, amount: int) -> None:
        self._adjust(StockReason.COUNTED, amount)
        self.own = amount

    @rule(amount=AMOUNTS)
    def order(self, amount: int) -> None:
        buyer = self.world.buyer
        named = orders.OrderParties(
            seller_id=self.world.seller.id, buyer_id=buyer.id, site_id=buyer.site_id, carrier_id=self.world.carrier_id
        )
        with transaction(self.world.seller.id) as session:
            made = orders.create_order(session, parties_of=named, items=[self._item(amount)], stamp=stamp())
            orders.submit(session, order=made, stamp=stamp())
        self.orders[made.id] = (amount, OrderState.PENDING)

    @rule(pick=st.integers(0, 99))
    def accept(self, pick: int) -> None:
        order_id = self._pick(pick, OrderState.PENDING)
        if order_id is not None:
            fits = self.orders[order_id][0] <= self._available()
            assert self._decide(orders.accept, order_id) is fits
            if fits:
                self.orders[order_id] = (self.orders[order_id][0], OrderState.ACCEPTED)

    @rule(pick=st.integers(0, 99), amount=AMOUNTS)
    def edit(self, pick: int, amount: int) -> None:
        order_id = self._pick(pick, OrderState.PENDING, OrderState.ACCEPTED)
        if order_id is None:
            return
        before, state = self.orders[order_id]
        fits = state is OrderState.PENDING or amount <= self._available() + before
        assert self._decide(orders.revise, order_id, items=[self._item(amount)]) is fits
        if fits:
            self.orders[order_id] = (amount, state)

    @rule(pick=st.integers(0, 99))
    def cancel(self, pick: int) -> None:
        order_id = self._pick(pick, OrderState.ACCEPTED)
        if order_id is not None:
            assert self._decide(orders.cancel, order_id, reason="Fin")
            del self.orders[order_id]

    @rule(pick=st.integers(0, 99))
    def expire(self, pick: int) -> None:
        order_id = self._pick(pick, OrderState.PENDING)
        if order_id is not None:
            assert self._decide(orders.expire, order_id)
            del self.orders[order_id]

    @rule(amount=AMOUNTS)
    def send(self, amount: int) -> None:
        said = stock.Sent(
            source_keeper_id=None, target_keeper_id=self.world.carrier_id, quantities={self.format_id: amount}
        )
        fits = amount <= self.own
        try:
            with transaction(self.world.seller.id) as session:
                made = stock.send_transfer(session, seller_id=self.world.seller.id, sent=said, stamp=stamp())
        except Problem:
            assert not fits
            return
        assert fits
        self.own -= amount
        self.transfers[made.id] = (amount, TransferState.SENT)

    @rule(pick=st.integers(0, 99), missing=st.integers(0, 3))
    def accept_or_cancel(self, pick: int, missing: int) -> None:
        waiting = sorted(one for one, (_, state) in self.transfers.items() if state is TransferState.SENT)
        if not waiting:
            return
        transfer_id = waiting[pick % len(waiting)]
        amount, _state = self.transfers.pop(transfer_id)
        if pick % 2:
            arrived = max(0, amount - missing)
            with transaction(self.world.carrier_id) as session:
                stock.accept_transfer(
                    session, transfer_id=transfer_id, arrived={self.format_id: arrived}, stamp=stamp()
                )
            self.there += arrived
        else:
            with transaction(self.world.seller.id) as session:
                stock.cancel_transfer(session, transfer_id=transfer_id, stamp=stamp())
            self.own += amount

    @invariant()
    def levels_are_the_model(self) -> None:
        """Reservations + available = in hand, by place, whatever happened before."""
        if not hasattr(self, "format_id"):
            return
        with transaction(self.world.seller.id) as session:
            (level,) = stock_levels(session, format_ids=[self.format_id])
        reserved = sum(amount for amount, state in self.orders.values() if state is OrderState.ACCEPTED)
        assert (level.kept.get(None, 0), level.kept.get(self.world.carrier_id, 0)) == (self.own, self.there)
        assert (level.in_transit, level.on_trucks) == (sum(amount for amount, _ in self.transfers.values()), 0)
        assert (level.reserved, level.in_hand) == (reserved, self.own + self.there)
        assert level.reserved + level.available == level.in_hand

    def _adjust(self, reason: StockReason, amount: int) -> None:
        said = stock.Adjustment(format_id=self.format_id, keeper_id=None, reason=reason, quantity=amount)
        with transaction(self.world.seller.id) as session:
            stock.adjust(session, seller_id=self.world.seller.id, said=said, stamp=stamp())

    def _available(self) -> int:
        taken = sum(amount for amount, state in self.orders.values() if state is OrderState.ACCEPTED)
        return self.own + self.there - taken

    def _item(self, amount: int) -> orders.OrderItem:
        return orders.OrderItem(format_id=self.format_id, quantity=amount)

    def _pick(self, pick: int, *states: OrderState) -> UUID | None:
        fitting = sorted(order_id for order_id, (_, state) in self.orders.items() if state in states)
        return fitting[pick % len(fitting)] if fitting else None

    def _decide(self, verb: Any, order_id: UUID, **options: Any) -> bool:
        """Do it, and say whether the stock covered it."""
        try:
            with transaction(self.world.seller.id) as session:
                verb(session, order=orders_read.order(session, order_id=order_id), stamp=stamp(), **options)
        except orders.OutOfStock:
            return False
        return True


def test_reservations_and_what_is_available_are_what_is_in_hand(module_database: object) -> None:
    """C9, R057, law 20: under orders and edits, cancelled and expired ones, counts, transfers sent and taken back."""
    _worlds[:] = [make_world()]
    quick = settings(
        max_examples=6, stateful_step_count=20, deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    run_state_machine_as_test(StockMachine, settings=quick)
