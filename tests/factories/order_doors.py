"""One trade for all tests of a module: everyone who may stand around an order, each with a browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from server.identity.model import OrganisationKind, Role
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.world import World

API = "/api/v1/orders"


@dataclass(frozen=True)
class Trade:
    """A world and its people; ``order`` goes through the doors, as everything does."""

    app: Flask
    world: World
    seller: Client
    buyer: Client
    carrier: Client
    dispatcher: Client

    def member(self, org_id: Any, kind: OrganisationKind, role: Role = Role.OWNER, name: str = "Maison") -> Client:
        """Return one more member's browser."""
        return browser_of(self.app, make_member(Organisation(kind, org_id, name), role))

    def draft(self, *, cases: int = 4, kegs: int = 1, **more: Any) -> dict[str, Any]:
        """Return what a new order is asked for with."""
        seller, buyer = self.world.seller, self.world.buyer
        wanted = ((seller.case_id, cases), (seller.keg_id, kegs))
        return {
            "seller_id": str(seller.id),
            "buyer_id": str(buyer.id),
            "site_id": str(buyer.site_id),
            "carrier_id": str(self.world.carrier_id),
            "items": [{"format_id": str(one), "quantity": quantity} for one, quantity in wanted if quantity],
            **more,
        }

    def order(self, *, by: Client | None = None, accepted: bool = False, **more: Any) -> dict[str, Any]:
        """Return an order that was made and submitted, accepted if asked for."""
        maker = by or self.seller
        made = answered(maker.post(API, json=self.draft(**more)), 201)
        order = answered(maker.post(f"{API}/{made['id']}/submit"))
        return answered(self.seller.post(f"{API}/{made['id']}/accept", json={})) if accepted else order


def trade_in(app: Flask, world: World) -> Trade:
    """Give the world's organisations people."""

    def person(kind: OrganisationKind, org_id: Any, name: str, role: Role = Role.OWNER) -> Client:
        return browser_of(app, make_member(Organisation(kind, org_id, name), role))

    return Trade(
        app=app,
        world=world,
        seller=person(OrganisationKind.SUPPLIER, world.seller.id, "Brasserie 1"),
        buyer=person(OrganisationKind.RETAILER, world.buyer.id, "Dépanneur 1"),
        carrier=person(OrganisationKind.DISTRIBUTOR, world.carrier_id, "Distribution Mont-Royal"),
        dispatcher=person(OrganisationKind.DISTRIBUTOR, world.carrier_id, "Distribution Mont-Royal", Role.DISPATCHER),
    )


def answered(answer: TestResponse, status: int = 200) -> Any:
    """Return an answer's JSON, which must have come with ``status``."""
    assert answer.status_code == status, answer.text
    return answer.json


def kept(order: dict[str, Any], *, quantities: dict[int, int] | None = None, **more: Any) -> dict[str, Any]:
    """Return the content that keeps an order's lines as they are, but for new quantities by place."""
    changed = quantities or {}
    items = [
        {"line_id": line["id"], "quantity": changed.get(at, line["quantity"]), "discount_cents": line["discount_cents"]}
        for at, line in enumerate(order["lines"])
    ]
    return {"items": items, "revision": order["revision"], **more}
