"""A documented day at one shop whose agent invoices are joined, and how the doors show what came of it (C15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask
from sqlalchemy import func, select

from server.billing.model import Invoice
from server.core.transaction import transaction
from server.documents import jobs as documents
from server.identity.model import OrganisationKind, Role
from server.ledger.model import Account, Posting
from server.notifications.following.jobs import tell_fact
from server.parties.model import BillingType, SettlementPolicy
from server.receivables.audit import book_faults
from server.sync.service.bundles import build_bundle
from shared.delivery import DeliveredLine
from shared.states import InvoiceState
from shared.wire.bundle import BundleRun
from tests.factories.corrections import correct, delivery_of, recount
from tests.factories.hand_tablet import Yard, make_yard, short
from tests.factories.leaks import all_of
from tests.factories.web import Client, Organisation, make_member, program_of
from tests.factories.world import Deal, Seller, World, make_order, make_world, stamp

JOINED = Deal(billing_type=BillingType.AGENT, one_invoice_a_stop=True)
JOINED_CREDIT = replace(JOINED, settlement_policy=SettlementPolicy.CREDIT)
ALONE = replace(JOINED, one_invoice_a_stop=False)


@dataclass
class Shop:
    """A documented day at one shop: an order of each supplier of the world, all at one stop."""

    app: Flask
    yard: Yard
    orders: list[UUID]
    _clients: dict[UUID, Client] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.yard.world

    def program(self, org_id: UUID, kind: OrganisationKind = OrganisationKind.SUPPLIER) -> Client:
        if org_id not in self._clients:
            self._clients[org_id] = program_of(self.app, make_member(Organisation(kind, org_id), Role.OWNER))
        return self._clients[org_id]

    @property
    def issuer(self) -> Client:
        return self.program(self.world.carrier_id, OrganisationKind.DISTRIBUTOR)

    @property
    def buyer(self) -> Client:
        return self.program(self.world.buyer.id, OrganisationKind.RETAILER)

    def sections(self) -> list[dict[str, Any]]:
        """Every invoice that the issuer reads, in the order of its orders."""
        found = [one for one in asked(self.issuer, "/api/v1/invoices?limit=100") if one["state"] != "dropped"]
        return sorted(found, key=lambda one: (one["number"], one["reference"]))

    def deliver(self, missing: Mapping[int, int] | None = None) -> None:
        """Hand over everything but some of the first line of the named orders."""
        stop = self.yard.tablet.stop()
        by_order = {order.order_id: order for order in stop.orders}
        counted = {}
        for at, count in (missing or {}).items():
            line = by_order[str(self.orders[at])].goods.lines[0]
            counted |= short(line.line_id, line.quantity, count)
        self.visit(counted)

    def visit(self, counted: Mapping[str, DeliveredLine]) -> None:
        """Have the stop signed for as counted, and push it."""
        self.yard.tablet.upload_signature()
        self.yard.tablet.visit(self.yard.tablet.stop(), counted=counted)
        assert self.yard.tablet.push(len(self.yard.tablet.events))["results"][-1]["status"] == "applied"

    def load_anew(self) -> None:
        """Give the tablet the run as it is planned now."""
        with transaction(self.world.carrier_id) as session:
            bundle = build_bundle(session, self.yard.run_id, stamp=stamp())
        self.yard.tablet.run = msgspec.json.decode(bundle.body, type=BundleRun)


def asked(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json


def make_shop(app: Flask, *deals: Deal, cases: tuple[int, ...] = (4, 7, 3)) -> Shop:
    """Plan and document a day of one order of each supplier, all for one shop."""
    world = make_world(deals)
    orders = [
        make_order(world, seller=seller, cases=count, kegs=1)
        for seller, count in zip(world.sellers, cases, strict=False)
    ]
    return Shop(app, make_yard(app, world), orders)


def earned(shop: Shop, seller: Seller) -> dict[Account, int]:
    """What the agent's books owe a producer, and what the agent keeps of it."""
    with transaction(acting=shop.world.carrier_id) as session:
        rows = session.execute(
            select(Posting.account, func.sum(Posting.amount_cents))
            .where(Posting.owner_id == shop.world.carrier_id, Posting.detail == str(seller.id))
            .group_by(Posting.account)
        )
        return {account: -int(cents) for account, cents in rows if cents}


def recounted(shop: Shop, at: int, delivered: int) -> list[dict[str, Any]]:
    """Have the office correct how much of an order's first line was delivered; return what was issued for it."""
    delivery = delivery_of(shop.yard, shop.orders[at])
    line = delivery.lines[0]
    answer = correct(shop.issuer, delivery, {line.order_line_id: recount(line, delivered)})
    assert answer.status_code == 200, answer.text
    return list(answer.json["documents"])


def faults(shop: Shop) -> list[Any]:
    with transaction(acting=shop.world.carrier_id) as session:
        return list(book_faults(session, issuer_id=shop.world.carrier_id))


def settled_by_jobs(shop: Shop) -> None:
    """Do what the worker does after publications: papers, then news."""
    with transaction(shop.world.carrier_id) as session:
        ids = session.scalars(select(Invoice.id).where(Invoice.state == InvoiceState.PUBLISHED)).all()
    for invoice_id in ids:
        documents.render_invoice(owner_id=str(shop.world.carrier_id), subject_id=str(invoice_id))
        tell_fact(owner_id=str(shop.world.carrier_id), subject_id=str(invoice_id))


def papers(client: Client, kind: str = "invoice") -> dict[str, str]:
    """Every PDF of a kind that a client may open, by name: all that it says."""
    found = [one for one in asked(client, "/api/v1/documents?limit=200") if one["kind"] == kind]
    return {one["name"]: "\n".join(all_of(client.get(f"/api/v1/documents/{one['id']}/file").data)) for one in found}
