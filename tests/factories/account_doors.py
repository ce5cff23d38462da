"""A customer's account for the matrix: a fresh invoice, how each column knocks at its account, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.test import TestResponse

from server.identity.permissions import Column
from server.receivables.model import Provider
from server.receivables.providers import use_gateway
from shared.ids import new_id
from tests.factories.matrix import Ground
from tests.factories.strict_gateway import StrictGateway
from tests.factories.web import Client
from tests.factories.world import Seller

_SHUT = frozenset({403, 404})


@dataclass(frozen=True)
class Owed:
    """What the shop owes for one fresh invoice, and who issued it: the seller, or the distributor that bills for it."""

    invoice_id: str
    line_id: str
    issuer_id: UUID
    buyer_id: UUID


def owed(ground: Ground, seller: Seller) -> Owed:
    """Return a fresh published invoice of the seller's to the shop."""
    invoice_id = ground.invoiced(seller)[1]
    found = ground.caller(Column.SUPPLIER, "seller", of=seller).get(f"/api/v1/invoices/{invoice_id}").json
    return Owed(invoice_id, found["lines"][0]["id"], UUID(found["issuer_id"]), ground.world.buyer.id)


def stands(ground: Ground, held: Owed) -> Any:
    """Return how the account stands at its issuer: the invoice, the balance, credits, payments and what was said."""
    issuer = ground.caller(Column.SUPPLIER, "seller")
    account = f"/api/v1/accounts/{held.buyer_id}"
    paths = (
        f"/api/v1/invoices/{held.invoice_id}", account, f"{account}/transactions?limit=200", f"{account}/messages",
        "/api/v1/payments", "/api/v1/credit-notes",
    )  # fmt: skip
    seen = [issuer.get(path) for path in paths]
    assert [one.status_code for one in seen] == [200] * len(paths)
    return [one.json for one in seen]


def credit(_ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Credit one unit of the invoice's first line; whoever may, the note is the issuer's (C28)."""
    body = {
        "key": str(new_id()),
        "buyer_id": str(held.buyer_id),
        "reason_fr": "Une caisse endommagée",
        "invoice_id": held.invoice_id,
        "items": [{"line_id": held.line_id, "quantity": 1}],
    }
    made = client.post("/api/v1/credit-notes", json=body)
    assert made.status_code != 201 or made.json["issuer_id"] == str(held.issuer_id)
    return made


def record(_ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Record one dollar in cash for the invoice."""
    body = {
        "key": str(new_id()),
        "buyer_id": str(held.buyer_id),
        "method": "cash",
        "amount_cents": 100,
        "received_on": datetime.now(ZoneInfo("America/Toronto")).date().isoformat(),
        "allocations": [{"invoice_id": held.invoice_id, "amount_cents": 100}],
    }
    return client.post("/api/v1/payments", json=body)


def bounce(ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Say that a payment of the invoice, which its issuer recorded, did not hold."""
    billing = held.issuer_id == ground.world.carrier_id
    issuer = ground.caller(Column.DISTRIBUTOR if billing else Column.SUPPLIER, "seller")
    paid = record(ground, ground.issuing_agent if held.issuer_id == ground.issuing_agent_id else issuer, held)
    assert paid.status_code == 201, paid.json
    return client.post(f"/api/v1/payments/{paid.json['id']}/failure")


def pay_online(ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Open a payment of the invoice; the buyer's own is refused while its issuer does not offer it (R080)."""
    gateway = StrictGateway()
    with use_gateway(Provider.STRIPE, gateway.maker):
        if _owner(client) == held.buyer_id:
            _offer(ground, enabled=False)
            assert _open(client, held).status_code == 409
            assert gateway.calls == []
        _offer(ground, enabled=True)
        return _open(client, held)


def see_balance(ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Read the account, each at their own door; the buyer's is shut while its issuer does not share it (R079)."""
    account, payable = f"/api/v1/accounts/{held.buyer_id}", f"/api/v1/payables/{held.issuer_id}/statement"
    if _owner(client) == held.buyer_id:
        _share(ground, shared=False)
        assert client.get(payable).status_code == 404
        _share(ground, shared=True)
    return _enter(ground, client, held, client.get, issuers=account, others=payable)


def chat(ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Read what was said on the account, then write on it, each at their own door."""
    account, payable = f"/api/v1/accounts/{held.buyer_id}/messages", f"/api/v1/payables/{held.issuer_id}/messages"
    body = {"text": "Le relevé de mai, s’il vous plaît."}

    def knock(path: str) -> TestResponse:
        read, said = client.get(path), client.post(path, json=body)
        assert (read.status_code in _SHUT) == (said.status_code in _SHUT), (path, read.json, said.json)
        return said

    return _enter(ground, client, held, knock, issuers=account, others=payable)


def run(_ground: Ground, client: Client, held: Owed) -> TestResponse:
    """Send the reminders that are due to one's own customers, none here; then give up one cent of the invoice."""
    sent = client.post("/api/v1/accounts/reminders")
    if sent.status_code != 201:
        return sent
    assert sent.json == []
    body = {"key": str(new_id()), "amount_cents": 1, "reason": "Reste trop petit"}
    return client.post(f"/api/v1/invoices/{held.invoice_id}/write-offs", json=body)


def _enter(
    ground: Ground, client: Client, held: Owed, knock: Callable[[str], TestResponse], *, issuers: str, others: str
) -> TestResponse:
    """Knock where the caller belongs; whoever belongs nowhere is tried at both doors, and the first open one tells.

    The distributor that does not bill for the seller has an account of its own with the same shop, so that the
    issuers' door shows it its own.
    """
    me = _owner(client)
    if me == held.issuer_id:
        return knock(issuers)
    answer = knock(others)
    if answer.status_code not in _SHUT or me in {held.buyer_id, ground.world.carrier_id}:
        return answer
    return knock(issuers)


def _owner(client: Client) -> UUID:
    assert client.member is not None
    return client.member.owner_id


def _open(client: Client, held: Owed) -> TestResponse:
    return client.post("/api/v1/online-payments", json={"key": str(new_id()), "invoice_id": held.invoice_id})


def _offer(ground: Ground, *, enabled: bool) -> None:
    body = {"is_enabled": enabled, "secret_key": "sk_test_matrix", "webhook_secret": "whsec_matrix"}
    seller = ground.caller(Column.SUPPLIER, "seller")
    assert seller.open("/api/v1/payment-provider", "PUT", json=body).status_code == 200


def _share(ground: Ground, *, shared: bool) -> None:
    seller = ground.caller(Column.SUPPLIER, "seller")
    tous = next(one for one in seller.get("/api/v1/groups").json if one["is_everyone"])
    own = {one["name"]: one["own"] for one in tous["settings"]} | {"balance_visible": shared}
    assert seller.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own).status_code == 200
