"""A trade whose deliveries are told by hand: a seller for each deal, and who tells what was accepted."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pypdf import PdfReader
from sqlalchemy import func, select

from server.core.transaction import transaction
from server.delivery.model import Delivery
from server.identity.model import OrganisationKind, Role
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy
from server.stock.model import StockMove, StockPlace
from shared.ids import new_id
from tests.factories.order_doors import API, Trade, answered
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import Deal, Seller

ADJUSTED = Deal(emission=Emission.ON_DELIVERED, deliver_with=DeliverWith.PO)
CREDITED = Deal(emission=Emission.ON_ACCEPT, settlement_policy=SettlementPolicy.CREDIT)
APPROVED = Deal(emission=Emission.ON_ACCEPT, settlement_policy=SettlementPolicy.CREDIT, credit_threshold_cents=0)
OUTSIDE = Deal(billing_type=BillingType.EXTERNAL)
BY_AGENT = Deal(billing_type=BillingType.AGENT, deliver_with=DeliverWith.PO)
MANUAL = Deal(emission=Emission.MANUAL)


@dataclass
class Desk:
    """One trade with a seller for each deal; ``people`` are one browser of each member that was asked for."""

    trade: Trade
    people: dict[tuple[UUID, Role], Client] = field(default_factory=dict)

    @property
    def adjusted(self) -> Seller:
        return self.trade.world.sellers[0]

    @property
    def credited(self) -> Seller:
        return self.trade.world.sellers[1]

    @property
    def approved(self) -> Seller:
        return self.trade.world.sellers[2]

    @property
    def outside(self) -> Seller:
        return self.trade.world.sellers[3]

    @property
    def by_agent(self) -> Seller:
        return self.trade.world.sellers[4]

    @property
    def manual(self) -> Seller:
        return self.trade.world.sellers[5]

    def of(self, org: Seller | UUID, role: Role = Role.OWNER) -> Client:
        """Return the browser of a member of a seller, or of the carrier."""
        org_id = org if isinstance(org, UUID) else org.id
        kind = OrganisationKind.DISTRIBUTOR if org_id == self.trade.world.carrier_id else OrganisationKind.SUPPLIER
        if (org_id, role) not in self.people:
            member = make_member(Organisation(kind, org_id, "Maison"), role)
            self.people[org_id, role] = browser_of(self.trade.app, member)
        return self.people[org_id, role]

    def order(self, seller: Seller, *, way: str = "shipped", left: bool = True, **more: Any) -> dict[str, Any]:
        """Return an accepted order of 4 cases and 2 kegs; one without a carrier has ``left`` its warehouse."""
        world, carried = self.trade.world, way == "distributor"
        wanted = {
            "seller_id": str(seller.id),
            "buyer_id": str(world.buyer.id),
            "site_id": str(world.buyer.site_id),
            "carrier_id": str(world.carrier_id) if carried else None,
            "distribution": way,
            "items": [
                {"format_id": str(seller.case_id), "quantity": 4},
                {"format_id": str(seller.keg_id), "quantity": 2},
            ],
            **more,
        }
        owner = self.of(seller)
        made = answered(owner.post(API, json=wanted), 201)
        answered(owner.post(f"{API}/{made['id']}/submit"))
        order = answered(owner.post(f"{API}/{made['id']}/accept", json={}))
        return answered(owner.post(f"{API}/{made['id']}/ship")) if left and not carried else order

    def tell(self, order: dict[str, Any], by: Client, cases: int = 3, kegs: int = 2, **more: Any) -> Any:
        """Tell what was accepted of an order, the missing cases broken and the missing kegs refused."""
        return by.post(f"{API}/{order['id']}/deliver", json=told(order, cases, kegs, **more))


def told(order: dict[str, Any], cases: int = 3, kegs: int = 2, **more: Any) -> dict[str, Any]:
    """Return every line of an order of 4 cases and 2 kegs as it is counted."""
    lines = [
        {
            "order_line_id": line["id"],
            "ordered": line["quantity"],
            "delivered": min(count, line["quantity"]),
            "extra": max(count - line["quantity"], 0),
            "reason": reason if count < line["quantity"] else "",
        }
        for line, count, reason in zip(order["lines"], (cases, kegs), ("breakage", "refused_item"), strict=True)
    ]
    return {"key": str(new_id()), "lines": lines, **more}


def correct(client: Client, order: dict[str, Any], cases: int, kegs: int = 2) -> None:
    """Correct the order's latest delivery to these quantities; what is above the ordered ones is extra."""
    latest = max(deliveries(client, order), key=lambda one: one["revision"])
    lines = [
        one | {"returned": one["ordered"] - one["delivered"], "reason": one["reason"] and "refused_item"}
        for one in told(order, cases, kegs)["lines"]
    ]
    asked = {"key": str(new_id()), "lines": lines, "reason": "Recompté au quai"}
    answered(client.post(f"/api/v1/deliveries/{latest['id']}/corrections", json=asked))


def documents(client: Client, order: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the invoices and the credit notes of an order, as somebody reads them."""
    invoices = answered(client.get("/api/v1/invoices", query_string={"order_id": order["id"]}))
    numbers = {one["id"] for one in invoices}
    credits_ = [one for one in answered(client.get("/api/v1/credit-notes")) if one["invoice_id"] in numbers]
    return invoices, credits_


def deliveries(client: Client, order: dict[str, Any]) -> list[Any]:
    return answered(client.get("/api/v1/deliveries", query_string={"order_id": order["id"]}))


def moved(order: dict[str, Any], seller: Seller) -> dict[StockPlace, int]:
    """Return how many units of an order ended where, by the delivery's own movements."""
    with transaction(seller.id) as session:
        mine = select(Delivery.id).where(Delivery.order_id == UUID(order["id"]))
        rows = session.execute(
            select(StockMove.target, func.sum(StockMove.quantity))
            .where(StockMove.cause_id.in_(mine))
            .group_by(StockMove.target)
        )
        return {row[0]: int(row[1]) for row in rows}


def paper(client: Client, order: dict[str, Any], kind: str) -> str:
    """Return the text of an order's newest paper of a kind."""
    found = answered(client.get("/api/v1/documents", query_string={"order_id": order["id"]}))
    newest = max((one for one in found if one["kind"] == kind), key=lambda one: one["revision"])
    pdf = client.get(f"/api/v1/documents/{newest['id']}/file").data
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
