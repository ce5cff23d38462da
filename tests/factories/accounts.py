"""A customer's account for tests of its doors: a supplier that invoices a shop, and who may enter there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import Flask

from server.app import create_app
from server.billing import service as billing
from server.billing.queries import invoice as read_invoice
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.orders import queries as orders
from server.parties import service as parties
from server.parties.model import Emission
from shared.ids import new_id
from tests.factories.web import Client, Organisation, browser_of, make_member, program_of
from tests.factories.world import CREDIT, RUN_DAY, Deal, World, make_order, make_world, stamp


@dataclass
class Books:
    """One world with its application; ``issuer`` and ``shop`` are programs of the first seller's and buyer's owners."""

    app: Flask
    world: World
    _known: dict[tuple[UUID, Role, bool], Client] = field(default_factory=dict)

    @property
    def issuer(self) -> Client:
        return self.at_issuer(Role.OWNER)

    @property
    def shop(self) -> Client:
        return self._client(self.world.buyer.id, OrganisationKind.RETAILER, Role.OWNER)

    @property
    def shop_page(self) -> Client:
        return self._client(self.world.buyer.id, OrganisationKind.RETAILER, Role.OWNER, browser=True)

    @property
    def issuer_page(self) -> Client:
        return self._client(self.world.seller.id, OrganisationKind.SUPPLIER, Role.OWNER, browser=True)

    def at_issuer(self, role: Role) -> Client:
        return self._client(self.world.seller.id, OrganisationKind.SUPPLIER, role)

    def at_carrier(self, role: Role = Role.OWNER) -> Client:
        return self._client(self.world.carrier_id, OrganisationKind.DISTRIBUTOR, role)

    def invoice(self, *, cases: int = 1, kegs: int = 0, at: datetime | None = None, planned_on: date = RUN_DAY) -> Any:
        """Publish an invoice of the first seller to the first buyer, due 30 days after its planned day."""
        order_id = make_order(self.world, cases=cases, kegs=kegs, planned_on=planned_on)
        now = stamp(at or datetime.now(UTC))
        with transaction(acting=self.world.carrier_id) as session:
            order = orders.order(session, order_id=order_id)
            made = billing.publish_for_order(session, order=order, stamp=now)
            billing.publish_pending(session, stamp=now)
            invoice_id = made.id
        with transaction(acting=self.world.seller.id) as session:
            found = read_invoice(session, invoice_id=invoice_id)
            session.expunge_all()
            return found

    def pay(self, cents: int, **more: Any) -> dict[str, Any]:
        """Record a cheque through the API and return it."""
        body = {
            "key": str(new_id()),
            "buyer_id": str(self.world.buyer.id),
            "method": "cheque",
            "amount_cents": cents,
            "received_on": today().isoformat(),
        } | more
        return answered(self.issuer.post("/api/v1/payments", json=body), 201)

    def credit(self, cents: int, **more: Any) -> dict[str, Any]:
        """Write an untaxed free credit through the API and return it."""
        line = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": cents, "taxed": False}
        return self.write(lines=[line], **more)

    def write(self, **more: Any) -> dict[str, Any]:
        body = {"key": str(new_id()), "buyer_id": str(self.world.buyer.id), "reason_fr": "Réconciliation"} | more
        return answered(self.issuer.post("/api/v1/credit-notes", json=body), 201)

    def account(self, **asked: Any) -> dict[str, Any]:
        [found] = answered(self.issuer.get(f"/api/v1/accounts/{self.world.buyer.id}", query_string=asked))
        return found

    def balance(self) -> int:
        return self.account()["balance_cents"]

    def open_of(self, invoice: Any) -> int:
        """What an invoice's page says is open, from the account's own transactions."""
        from server.ledger.queries import open_cents

        with transaction(acting=self.world.seller.id) as session:
            return open_cents(session, issuer_id=self.world.seller.id, document_ids=[invoice.id])[invoice.id]

    def share_balance(self, shared: bool) -> None:
        with transaction(acting=self.world.seller.id) as session:
            parties.change_group(
                session,
                terms=parties.GroupTerms(balance_visible=shared, emission=Emission.MANUAL, auto_accept=True),
                stamp=stamp(),
            )

    def _client(self, org_id: UUID, kind: OrganisationKind, role: Role, *, browser: bool = False) -> Client:
        if (org_id, role, browser) not in self._known:
            member = make_member(Organisation(kind, org_id), role)
            make: Callable[[Flask, Any], Client] = browser_of if browser else program_of
            self._known[org_id, role, browser] = make(self.app, member)
        return self._known[org_id, role, browser]


def make_books(deals: tuple[Deal, ...] = (CREDIT,), *, buyers: int = 1) -> Books:
    """Build a world and its application; needs a database."""
    return Books(create_app(), make_world(list(deals), buyers=buyers))


def today() -> date:
    """Return the business day of the issuer now; UTC's would be a day ahead in the evening."""
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo("America/Toronto")).date()


def answered(response: Any, status: int = 200) -> Any:
    """Return the JSON of an answer, which must have that status."""
    assert response.status_code == status, (response.status_code, response.get_json(silent=True))
    return response.get_json(silent=True)
