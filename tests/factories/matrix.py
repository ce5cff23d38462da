"""One trade with somebody in every column of the matrix, here and at strangers', and fresh subjects to act on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Column
from server.orders import service as orders
from server.orders.model import DistributionMethod
from server.parties import service as parties
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy
from server.planning.model import MatrixSource, Run
from shared.delivery import DeliveredLine
from shared.ids import new_id
from shared.lifecycles import RunState
from shared.visit import VisitCollection
from tests.factories.given import deliver, seal
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.web import Client, Organisation, make_member, program_of
from tests.factories.world import (
    AGENT,
    NOW,
    RUN_DAY,
    Deal,
    Seller,
    World,
    items_of,
    make_plan,
    make_world,
    read_order,
    stamp,
)

BY_HAND = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)
ABOVE = Deal(settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=0)
BY_ANOTHER = Deal(billing_type=BillingType.AGENT, settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=0)
PROPOSED = 8
COLLECTED = 5000

type House = Literal["seller", "carrier"]
_INNER = {
    Column.DRIVER: Role.DRIVER,
    Column.DISPATCHER: Role.DISPATCHER,
    Column.ACCOUNTANT: Role.ACCOUNTANT,
    Column.ADMIN: Role.ADMIN,
}


@dataclass
class Ground:
    """Who is there. ``plain`` bills by hand, ``billed`` through its carrier, ``above`` credits with approval alone.

    ``lent`` credits with approval through its carrier, ``represented`` through an agent that issues. The run of
    ``yard`` is on the road; ``plan_id`` is solved and not adopted.
    """

    app: Flask
    world: World
    agent_id: UUID
    yard: Yard
    delivery: Delivery
    proof_id: UUID
    number: str
    plan_id: UUID
    issuing_agent_id: UUID
    credits: Iterator[str] = field(default_factory=lambda: iter(()))
    kept: dict[str, Any] = field(default_factory=dict)
    callers: dict[tuple[Column, str], Client] = field(default_factory=dict)

    @property
    def plain(self) -> Seller:
        return self.world.sellers[0]

    @property
    def billed(self) -> Seller:
        return self.world.sellers[1]

    @property
    def above(self) -> Seller:
        return self.world.sellers[2]

    @property
    def lent(self) -> Seller:
        return self.world.sellers[3]

    @property
    def represented(self) -> Seller:
        return self.world.sellers[4]

    @property
    def driver(self) -> Client:
        """A program of the driver whose run is on the road; every other driver of the house drives nothing."""
        member = self.yard.tablet.client.member
        assert member is not None
        return program_of(self.app, member)

    @property
    def issuing_agent(self) -> Client:
        """A program of the agent that issues for ``represented`` (C28); the agent of the orders is another one."""
        return program_of(self.app, make_member(Organisation(OrganisationKind.AGENT, self.issuing_agent_id)))

    def run(self, state: RunState) -> str:
        """Return a fresh run of the carrier's in a state of the road, which no tablet had."""
        with transaction(self.world.carrier_id) as session:
            like = session.get_one(Run, self.yard.run_id)
            made = Run(
                owner_id=like.owner_id, name=f"T-{new_id().hex[-8:]}", runs_on=like.runs_on, vehicle_id=like.vehicle_id,
                state=state, starts_at=NOW, departed_at=NOW, matrix_source=MatrixSource.ESTIMATE,
            )  # fmt: skip
            session.add(made)
            session.flush()
            return str(made.id)

    def caller(self, column: Column, house: House, *, of: Seller | None = None, foreign: bool = False) -> Client:
        """Return somebody of a column: at the trade's own organisation of that kind, or at a stranger's."""
        seller = of or self.plain
        key = (column, "foreign" if foreign else f"{house}:{seller.id}")
        if key not in self.callers:
            organisation = self._stranger(column, house) if foreign else self._home(column, house, seller)
            self.callers[key] = program_of(self.app, make_member(organisation, _INNER.get(column, Role.OWNER)))
        return self.callers[key]

    def _home(self, column: Column, house: House, seller: Seller) -> Organisation:
        org_ids = {
            Column.RETAILER: (OrganisationKind.RETAILER, self.world.buyer.id),
            Column.SUPPLIER: (OrganisationKind.SUPPLIER, seller.id),
            Column.DISTRIBUTOR: (OrganisationKind.DISTRIBUTOR, self.world.carrier_id),
            Column.AGENT: (OrganisationKind.AGENT, self.agent_id),
        }
        inner = Column.SUPPLIER if house == "seller" else Column.DISTRIBUTOR
        kind, org_id = org_ids.get(column, org_ids[inner])
        return Organisation(kind, org_id)

    def _stranger(self, column: Column, house: House) -> Organisation:
        inner = OrganisationKind.SUPPLIER if house == "seller" else OrganisationKind.DISTRIBUTOR
        kind = inner if column in _INNER else OrganisationKind(column.value)
        return Organisation(kind, make_organisation(kind, f"Étrangère {column}"))

    def order(self, seller: Seller | None = None, *, accepted: bool = False) -> str:
        """Return a fresh order of the seller to the shop, through the carrier, with the agent."""
        return str(_order(self.world, self.agent_id, seller or self.plain, accepted=accepted))

    def invoiced(self, seller: Seller | None = None) -> tuple[str, str]:
        """Return a fresh order and its published invoice."""
        chosen = seller or self.plain
        order_id = self.order(chosen, accepted=True)
        if chosen is self.represented:
            issuer = self.issuing_agent
        else:
            issuer = self.caller(Column.SUPPLIER if chosen is self.plain else Column.DISTRIBUTOR, "seller", of=chosen)
        made = issuer.post(f"/api/v1/orders/{order_id}/invoice")
        assert made.status_code == 200, made.json
        found = issuer.get(f"/api/v1/invoices?order_id={order_id}").json
        return order_id, found[0]["id"]


def make_organisation(kind: OrganisationKind, name: str) -> UUID:
    """Return a new organisation with its card."""
    org_id = new_id()
    with transaction(org_id) as session:
        parties.create_organisation(
            session, org_id=org_id, kind=kind, name=name, legal_name=name, code=f"X{org_id.hex[-6:]}", stamp=stamp(NOW)
        )
    return org_id


def _order(
    world: World, agent_id: UUID, seller: Seller, *, planned_on: date | None = None, accepted: bool = False
) -> UUID:
    with transaction(acting=seller.id) as session:
        order = orders.create_order(
            session,
            parties_of=orders.OrderParties(
                seller_id=seller.id,
                buyer_id=world.buyer.id,
                site_id=world.buyer.site_id,
                carrier_id=world.carrier_id,
                agent_id=agent_id,
            ),
            items=items_of(seller, cases=4),
            distribution=DistributionMethod.DISTRIBUTOR,
            planned_on=planned_on,
            stamp=stamp(),
        )
        orders.submit(session, order=order, stamp=stamp())
        if accepted:
            orders.accept(session, order=order, stamp=stamp())
        return order.id


def make_ground(app: Flask) -> Ground:
    """Build the trade: a run on the road whose first visit is delivered short, paid in part, and sealed.

    It leaves proposed credits of each kind of issuer. Another day is planned, and waits for a dispatcher.
    """
    world = make_world([BY_HAND, AGENT, ABOVE, BY_ANOTHER, BY_ANOTHER], buyers=1)
    agent_id, issuing_id = _make_agent(world), _make_issuing_agent(world)
    for seller in (*[world.sellers[2]] * PROPOSED, *world.sellers[3:]):
        _order(world, agent_id, seller, planned_on=RUN_DAY, accepted=True)
    yard = make_yard(app, world)
    for _ in range(2):
        _order(world, agent_id, world.sellers[0], planned_on=RUN_DAY + timedelta(days=1), accepted=True)
    plan_id = make_plan(world, runs_on=RUN_DAY + timedelta(days=1), iterations=1)
    visit_id = _deliver_short(yard, paid_to=world.sellers[2])
    proofs = seal(yard, visit_id)
    with transaction(world.carrier_id) as session:
        found = select(Delivery).options(selectinload(Delivery.lines)).where(Delivery.visit_id == visit_id)
        above = found.where(Delivery.seller_id == world.sellers[2].id)
        delivery = session.scalars(above.order_by(Delivery.id)).first()
        assert delivery is not None
        session.expunge_all()
    proof = next(one for one in proofs if one.order_id == delivery.order_id)
    number = read_order(delivery.order_id, acting=world.carrier_id).number
    ground = Ground(app, yard.world, agent_id, yard, delivery, proof.id, number, plan_id, issuing_id)
    ground.credits = _proposed(ground)
    return ground


def _make_agent(world: World) -> UUID:
    agent_id = make_organisation(OrganisationKind.AGENT, "Agence Laurier")
    for seller in world.sellers:
        with transaction(seller.id) as session:
            parties.agree(session, carrier_id=agent_id, starts_on=RUN_DAY.replace(month=1), stamp=stamp())
    return agent_id


def _make_issuing_agent(world: World) -> UUID:
    """Return the agent that the last seller's agreement with the carrier names as who bills for it (C28)."""
    agent_id, since = make_organisation(OrganisationKind.AGENT, "Agence Masson"), RUN_DAY.replace(month=1)
    with transaction(agent_id) as session:
        for code, number in (("gst", "123459999 RT0001"), ("qst", "1012349999 TQ0001")):
            parties.register_tax(session, tax_code=code, number=number, valid_from=since, stamp=stamp())
    with transaction(world.sellers[4].id) as session:
        parties.agree(
            session, carrier_id=world.carrier_id, starts_on=since, deliver_with=DeliverWith.INVOICE,
            settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=0, billing_agent_id=agent_id,
            agent_fee_bp=500, stamp=stamp(),
        )  # fmt: skip
    return agent_id


def _deliver_short(yard: Yard, *, paid_to: Seller) -> UUID:
    """Depart, deliver a case too few of every order and take cash for one seller; return the visit."""
    counted = {
        line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity - 1, lost=1, reason="missing")
        for order in yard.tablet.stop().orders
        for line in order.goods.lines
    }
    yard.tablet.depart()
    yard.tablet.push()
    yard.tablet.upload_signature()
    cash = VisitCollection(issuer_id=str(paid_to.id), method="cash", amount_cents=COLLECTED)
    return deliver(yard, counted=counted, collections=[cash])


def _proposed(ground: Ground) -> Iterator[str]:
    """Yield each proposed credit once, as long as it waits: a corrected delivery refuses its own."""
    seller = ground.caller(Column.SUPPLIER, "seller", of=ground.above)
    given: set[str] = set()
    while True:
        found = [one["id"] for one in seller.get("/api/v1/credit-notes").json if one["state"] == "proposed"]
        credit_id = next(one for one in found if one not in given)
        given.add(credit_id)
        yield credit_id


def jpeg() -> bytes:
    """Return a small picture."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(stream, "JPEG")
    return stream.getvalue()
