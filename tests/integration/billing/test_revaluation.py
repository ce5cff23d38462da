"""What issuers owe on containers, brought to the price of the day: by example, by any order of events, on the page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.billing import queries
from server.billing import service as billing
from server.billing.jobs import revalue, watch_deposit
from server.billing.model import CreditNote
from server.billing.revaluing.service import revalue_deposits
from server.catalog import service as catalog
from server.catalog.queries import price_on
from server.core import clock
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.model import Role
from server.ledger.model import Account, Posting
from server.orders import queries as orders
from server.orders.model import Order
from server.receivables.audit import book_faults
from server.stock.queries import container_balance
from server.stock.service import move_containers
from shared.ids import new_id
from shared.problems import Text
from tests.factories.accounts import Books, answered, make_books
from tests.factories.billing import publish
from tests.factories.unfolding import unfolded
from tests.factories.world import ADJUST, World, make_order, make_world

IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
REASON = Text("Retour", "Return")
FIRST_DAY = date(2026, 11, 18)
pytestmark = pytest.mark.timeout(3_600 if IS_NIGHT else 180)


def at(day: date) -> datetime:
    """Noon in Montréal."""
    return datetime.combine(day, time(17), UTC)


def owed(issuer_id: UUID, class_id: UUID) -> int:
    """The liability of a class in one issuer's books, whenever it was posted."""
    with transaction(acting=issuer_id) as session:
        cents = select(-func.coalesce(func.sum(Posting.amount_cents), 0)).where(
            Posting.account == Account.CONTAINER_DEPOSITS, Posting.detail == str(class_id)
        )
        return int(session.scalar(cents) or 0)


def price(owner_id: UUID, class_id: UUID, cents: int, *, day: date) -> None:
    with transaction(acting=owner_id) as session:
        catalog.price_container(
            session, class_id=class_id, unit_cents=cents, valid_from=day, stamp=Stamp(None, at(FIRST_DAY))
        )


def revalued(issuer_id: UUID, day: date) -> list[tuple[int, int, int, int]]:
    """Units, price, cents before and cents posted of each class that was revalued."""
    with transaction(acting=issuer_id) as session:
        made = revalue_deposits(session, stamp=Stamp(None, at(day)))
        return [(one.units, one.unit_cents, one.standing_cents, one.amount_cents) for one in made]


def bring_back(world: World, issuer_id: UUID, counted: Mapping[UUID, int], *, day: date) -> CreditNote | None:
    now = Stamp(None, at(day))
    with transaction(acting=issuer_id) as session:
        note = billing.credit_empties(
            session,
            issuer_id=issuer_id,
            buyer_id=world.buyer.id,
            counted=counted,
            reason=REASON,
            key=new_id(),
            stamp=now,
        )
        billing.publish_pending(session, stamp=now)
        return note


def faults(*issuer_ids: UUID) -> list[str]:
    found = []
    for issuer_id in issuer_ids:
        with transaction(acting=issuer_id) as session:
            found += [f"{one.kind} {one.where}" for one in book_faults(session, issuer_id=issuer_id)]
    return found


def test_a_price_change_revalues_what_is_still_out(database) -> None:
    """Law 20: 3 kegs at 30 $, one back, then 40 $: 20 $ more are owed, once; what comes back closes it."""
    world = make_world([ADJUST])
    keg, issuer = world.seller.keg_class_id, world.seller.id
    publish(world, make_order(world, cases=0, kegs=3), at=at(FIRST_DAY))
    bring_back(world, issuer, {keg: 1}, day=FIRST_DAY)
    change = FIRST_DAY + timedelta(days=10)
    price(issuer, keg, 4000, day=change)
    assert revalued(issuer, change - timedelta(days=1)) == []
    assert revalued(issuer, change) == [(2, 4000, 6000, 2000)]
    assert revalued(issuer, change) == revalued(issuer, change + timedelta(days=1)) == []
    assert owed(issuer, keg) == 8000
    bring_back(world, issuer, {keg: 2}, day=change + timedelta(days=1))
    assert owed(issuer, keg) == 0
    assert revalued(issuer, change + timedelta(days=2)) == []
    assert faults(issuer) == []


def test_what_the_seller_charges_and_the_carrier_gives_back_is_one_liability(database) -> None:
    """Law 20, C30: the carrier's books show a claim, the seller's what it owes; together they are what is out."""
    world = make_world([ADJUST])
    can, change = world.can_class_id, FIRST_DAY + timedelta(days=3)
    publish(world, make_order(world, cases=2, kegs=0), at=at(FIRST_DAY))
    bring_back(world, world.carrier_id, {can: 20}, day=FIRST_DAY)
    price(world.carrier_id, can, 25, day=change)
    assert revalued(world.seller.id, change) == [(48, 25, 480, 720)]
    assert revalued(world.carrier_id, change) == [(-20, 25, -200, -300)]
    assert owed(world.seller.id, can) + owed(world.carrier_id, can) == 28 * 25
    assert faults(world.seller.id, world.carrier_id) == []


def test_whoever_still_stamps_yesterday_gets_the_day_s_date(database) -> None:
    """Law 20: after a revaluation nothing is dated before it, so that it can be made again from what was issued."""
    world = make_world([ADJUST])
    keg, change = world.seller.keg_class_id, FIRST_DAY + timedelta(days=1)
    publish(world, make_order(world, cases=0, kegs=1), at=at(FIRST_DAY))
    price(world.seller.id, keg, 5000, day=change)
    assert revalued(world.seller.id, change) == [(1, 5000, 3000, 2000)]
    late = publish(world, make_order(world, cases=0, kegs=1), at=at(FIRST_DAY))
    bring_back(world, world.seller.id, {keg: 1}, day=FIRST_DAY)
    with transaction(acting=world.seller.id) as session:
        assert queries.invoice(session, invoice_id=late).issued_on == change
    assert faults(world.seller.id) == []


def test_publishers_of_yesterday_and_a_revaluation_at_once_agree(database) -> None:
    """Law 20: four publish under yesterday's stamp while two revalue; what was counted stays counted, to the cent."""
    world = make_world([ADJUST])
    keg, change = world.seller.keg_class_id, FIRST_DAY + timedelta(days=1)
    publish(world, make_order(world, cases=0, kegs=1), at=at(FIRST_DAY))
    price(world.seller.id, keg, 5000, day=change)
    waiting = [make_order(world, cases=0, kegs=1) for _ in range(8)]
    with ThreadPoolExecutor(6) as threads:
        told = [threads.submit(publish, world, one, at=at(FIRST_DAY)) for one in waiting]
        made = [threads.submit(revalued, world.seller.id, change) for _ in range(2)]
        assert all(one.result() for one in told)
        assert sorted(len(one.result()) for one in made) == [0, 1]
    assert faults(world.seller.id) == []
    revalued(world.seller.id, change + timedelta(days=1))
    assert owed(world.seller.id, keg) == 9 * 5000


def test_the_jobs_of_a_price_change_reach_everyone_who_owes(database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 20: the owner's new price has its partners revalue that night, and again while old orders may arrive."""
    world = make_world([ADJUST])
    can, change = world.can_class_id, FIRST_DAY + timedelta(days=2)
    publish(world, make_order(world, cases=1, kegs=0), at=at(FIRST_DAY))
    price(world.carrier_id, can, 15, day=change)
    monkeypatch.setattr(clock, "now", lambda: at(change))
    watch_deposit(owner_id=str(world.carrier_id), subject_id=str(can))
    asked = waiting_jobs("billing.revalue")
    assert {str(world.carrier_id), str(world.seller.id)} <= asked.keys()
    revalue(owner_id=str(world.seller.id), subject_id=str(world.seller.id))
    assert owed(world.seller.id, can) == 24 * 15
    assert waiting_jobs("billing.revalue")[str(world.seller.id)] == 2


def waiting_jobs(task: str) -> dict[str, int]:
    """How many jobs of a task wait for each organisation."""
    from sqlalchemy import text

    rows = text(
        "SELECT args->>'owner_id', count(*) FROM procrastinate_jobs"
        " WHERE task_name = :task AND status = 'todo' GROUP BY 1"
    )
    with transaction(UUID(int=0)) as session:
        return {row[0]: row[1] for row in session.execute(rows, {"task": task})}


class Deposits(RuleBasedStateMachine):
    """Kegs of a seller and cans of a carrier: ordered, invoiced, handed over, credited, brought back, priced anew."""

    def __init__(self) -> None:
        super().__init__()
        self.day = FIRST_DAY
        self.ordered: list[UUID] = []
        self.invoiced: list[UUID] = []

    @initialize()
    def found(self) -> None:
        self.world: World = make_world([ADJUST])
        self.owners = {self.world.can_class_id: self.world.carrier_id,
                       self.world.seller.keg_class_id: self.world.seller.id}  # fmt: skip

    @property
    def stamp(self) -> Stamp:
        return Stamp(None, at(self.day))

    @rule(cases=st.integers(0, 4), kegs=st.integers(1, 5))
    def order(self, cases: int, kegs: int) -> None:
        """The deposits of an order are those of its day, whenever it is invoiced."""
        self.ordered.append(make_order(self.world, cases=cases, kegs=kegs, at=at(self.day)))

    @precondition(lambda self: self.ordered)
    @rule(pick=st.integers(0, 10**6))
    def invoice(self, pick: int) -> None:
        order_id = self.ordered.pop(pick % len(self.ordered))
        self.invoiced.append(publish(self.world, order_id, at=at(self.day)))
        with transaction(acting=self.world.carrier_id) as session:
            self._hand_over(session, orders.order(session, order_id=order_id))

    def _hand_over(self, session: Session, order: Order) -> None:
        """The order's containers go from their owners to the customer, as a delivery moves them."""
        for line in order.lines:
            if line.container_class_id is None:
                continue
            is_keg = line.container_class_id == self.world.seller.keg_class_id
            owner_id = self.world.seller.id if is_keg else self.world.carrier_id
            move_containers(
                session, class_owner_id=owner_id, class_id=line.container_class_id, from_holder_id=owner_id,
                to_holder_id=order.buyer_id, quantity=line.quantity * line.containers_a_unit, movement_id=line.id,
                stamp=self.stamp,
            )  # fmt: skip

    @precondition(lambda self: self.invoiced)
    @rule(pick=st.integers(0, 10**6), units=st.integers(1, 5))
    def credit(self, pick: int, units: int) -> None:
        """Goods that come back with their containers."""
        with transaction(acting=self.world.seller.id) as session:
            invoice = queries.invoice(session, invoice_id=self.invoiced[pick % len(self.invoiced)])
            line = invoice.lines[pick % len(invoice.lines)]
            left = line.quantity - queries.credited_quantities(session, invoice_id=invoice.id).get(line.id, 0)
            if not left:
                return
            count = min(units, left)
            billing.credit_items(
                session, invoice=invoice, quantities={line.id: count}, reason=REASON, key=new_id(), stamp=self.stamp
            )
            billing.publish_pending(session, stamp=self.stamp)
            class_id = UUID(line.deposits[0]["class_id"])
            move_containers(
                session, class_owner_id=self.owners[class_id], class_id=class_id, from_holder_id=self.world.buyer.id,
                to_holder_id=self.owners[class_id], quantity=count * line.deposits[0]["containers"],
                movement_id=new_id(), stamp=self.stamp,
            )  # fmt: skip

    @rule(cans=st.integers(0, 60), kegs=st.integers(0, 4))
    def return_empties(self, cans: int, kegs: int) -> None:
        """Each owner credits its own, more than it ever sent out if need be."""
        bring_back(self.world, self.world.carrier_id, {self.world.can_class_id: cans + 1}, day=self.day)
        bring_back(self.world, self.world.seller.id, {self.world.seller.keg_class_id: kegs + 1}, day=self.day)

    @rule(of_cans=st.booleans(), cents=st.integers(1, 6000), days=st.integers(1, 4))
    def change_price(self, of_cans: bool, cents: int, days: int) -> None:
        class_id = self.world.can_class_id if of_cans else self.world.seller.keg_class_id
        day = self.day + timedelta(days=days)
        while (class_id, day) in self.priced:
            day += timedelta(days=1)
        self.priced.add((class_id, day))
        price(self.owners[class_id], class_id, cents, day=day)

    @property
    def priced(self) -> set[tuple[UUID, date]]:
        return self.__dict__.setdefault("_priced", set())

    @rule(days=st.integers(1, 5))
    def night(self, days: int) -> None:
        """Days pass, perhaps several without a worker; then everyone revalues, twice, and the law holds."""
        self.day += timedelta(days=days)
        issuers = (self.world.seller.id, self.world.carrier_id)
        for issuer_id in issuers:
            revalued(issuer_id, self.day)
            assert revalued(issuer_id, self.day) == []
        for class_id, owner_id in self.owners.items():
            with transaction(acting=owner_id) as session:
                out = -container_balance(session, class_id=class_id, holder_id=owner_id)
                unit_cents = price_on(session, class_id=class_id, day=self.day)
            assert sum(owed(one, class_id) for one in issuers) == out * unit_cents
        assert faults(*issuers) == []

    def teardown(self) -> None:
        """Whatever was done, every revaluation can be made again, and the books sum up."""
        if hasattr(self, "world"):
            self.night(1)


def test_liabilities_are_containers_at_the_day_s_price(database) -> None:
    """Law 20: orders at old prices, credits, empties of both owners, prices to come, idle days: in any order."""
    steps = hypothesis.settings(
        deadline=None,
        max_examples=100 if IS_NIGHT else 3,
        stateful_step_count=40 if IS_NIGHT else 12,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(Deposits, settings=steps)


def test_the_page_and_the_door_say_what_is_owed(database) -> None:
    """Law 20, section 3: the issuer sees units, price, value and books of each class; its people alone may revalue."""
    books: Books = make_books()
    books.invoice(kegs=2)
    [cans, kegs] = answered(books.issuer.get("/api/v1/container-deposits"))
    assert (kegs["code"], kegs["units"], kegs["liability_cents"], kegs["due_cents"]) == ("keg_50l", 2, 6000, 6000)
    assert (cans["units"], cans["liability_cents"]) == (24, 240)
    assert answered(books.issuer.post("/api/v1/container-deposits/revaluations"), 201) == []
    why = f"/api/v1/container-deposits/{kegs['class_id']}/explanation"
    stands, worth = answered(books.issuer.get(why))["totals"]
    assert (stands["amount_cents"], worth["amount_cents"], worth["says"]["fr"]) == (6000, 6000, "2 × 30,00\u00a0$")
    assert [one["amount_cents"] for one in stands["parts"][0]["parts"]] == [6000]
    [then] = answered(books.issuer.get(why, query_string={"on": "2020-01-01"}))["totals"]
    assert (then["amount_cents"], then["parts"]) == (0, [])
    assert books.shop.get(why).status_code == books.at_carrier().get(why).status_code == 404
    assert books.at_issuer(Role.DRIVER).get(why).status_code == 403
    assert answered(books.issuer.get(why, query_string={"page": 0}), 422)["where"] == "page"
    assert unfolded(books.issuer_page, "/comptes/consignes") == [240, 240, 6000, 6000]
    page = books.issuer_page.get("/comptes/consignes").get_data(as_text=True)
    assert "Fût de 50 L" in page
    assert "60,00" in page
    assert books.issuer_page.post("/comptes/consignes/reevaluer").status_code == 303
    assert books.shop.post("/api/v1/container-deposits/revaluations").status_code == 403
    assert books.at_issuer(Role.DRIVER).get("/api/v1/container-deposits").status_code == 403
    assert answered(books.shop.get("/api/v1/container-deposits")) == []
    assert answered(books.at_carrier().get("/api/v1/container-deposits")) == []
