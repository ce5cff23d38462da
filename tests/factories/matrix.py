"""One trade with somebody in every column of the matrix, here and at strangers', and fresh subjects to act on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
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
from server.parties.model import DeliverWith, Emission, SettlementPolicy
from shared.delivery import DeliveredLine
from shared.ids import new_id
from tests.factories.given import deliver, seal
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.web import Client, Organisation, make_member, program_of
from tests.factories.world import AGENT, NOW, RUN_DAY, Deal, Seller, World, items_of, make_world, read_order, stamp

BY_HAND = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)
ABOVE = Deal(settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=0)
PROPOSED = 8

type House = Literal["seller", "carrier"]
_INNER = {
    Column.DRIVER: Role.DRIVER,
    Column.DISPATCHER: Role.DISPATCHER,
    Column.ACCOUNTANT: Role.ACCOUNTANT,
    Column.ADMIN: Role.ADMIN,
}


@dataclass
class Ground:
    """Who is there. ``plain`` bills by hand, ``billed`` through its carrier, ``above`` credits with approval alone."""

    app: Flask
    world: World
    agent_id: UUID
    yard: Yard
    delivery: Delivery
    proof_id: UUID
    number: str
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
    """Build the trade: a documented run whose first visit is delivered short, sealed, and leaves proposed credits."""
    world = make_world([BY_HAND, AGENT, ABOVE], buyers=1)
    agent_id = make_organisation(OrganisationKind.AGENT, "Agence Laurier")
    for seller in world.sellers:
        with transaction(seller.id) as session:
            parties.agree(session, carrier_id=agent_id, starts_on=RUN_DAY.replace(month=1), stamp=stamp())
    for _ in range(PROPOSED):
        _order(world, agent_id, world.sellers[2], planned_on=RUN_DAY, accepted=True)
    yard = make_yard(app, world)
    counted = {
        line.line_id: DeliveredLine(line.line_id, line.quantity, line.quantity - 1, lost=1, reason="missing")
        for order in yard.tablet.stop().orders
        for line in order.goods.lines
    }
    yard.tablet.upload_signature()
    visit_id = deliver(yard, counted=counted)
    proofs = seal(yard, visit_id)
    with transaction(world.carrier_id) as session:
        found = select(Delivery).options(selectinload(Delivery.lines)).where(Delivery.visit_id == visit_id)
        delivery = session.scalars(found.order_by(Delivery.id)).first()
        assert delivery is not None
        session.expunge_all()
    proof = next(one for one in proofs if one.order_id == delivery.order_id)
    number = read_order(delivery.order_id, acting=world.carrier_id).number
    ground = Ground(app, yard.world, agent_id, yard, delivery, proof.id, number)
    ground.credits = _proposed(ground)
    return ground


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
