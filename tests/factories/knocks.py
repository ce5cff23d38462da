"""How the doors of the permission matrix are knocked at: what is asked there, of what, and how it stands then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from werkzeug.test import TestResponse

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import Column
from server.notifications.service.endpoints import add_endpoint
from shared.ids import new_id
from tests.factories.corrections import counted_again, delivery_of, recount
from tests.factories.matrix import Ground, jpeg
from tests.factories.web import Client, Organisation, make_member
from tests.factories.world import Seller, stamp

NEW_BEER: Final = {"name_fr": "Ambrée", "name_en": "Amber"}
QUAY: Final = {"name": "Quai", "street": "1, rue du Port", "city": "Montréal", "postal_code": "H2Y 1A1"} | {
    "lat_e7": 455070000,
    "lon_e7": -735540000,
}
LOST: Final = {"reason": "Tablette écrasée par un chariot, livraisons confirmées par téléphone."}
REASON: Final = {"reason": "À la demande du client."}


def order(ground: Ground, order_id: str) -> Any:
    seen = ground.caller(Column.SUPPLIER, "seller").get(f"/api/v1/orders/{order_id}").json
    return {name: seen[name] for name in ("state", "lines", "total_cents", "billing_state") if name in seen}


def content(ground: Ground, client: Client, order_id: str, **changes: Any) -> TestResponse:
    items = [{"format_id": str(ground.plain.case_id), "quantity": 5}]
    return client.open(f"/api/v1/orders/{order_id}/content", "PUT", json={"items": items} | changes)


def create(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    body = {
        "seller_id": str(ground.plain.id),
        "buyer_id": str(ground.world.buyer.id),
        "site_id": str(ground.world.buyer.site_id),
        "carrier_id": str(ground.world.carrier_id),
        "items": [{"format_id": str(ground.plain.case_id), "quantity": 1}],
    }
    if client.member is not None and client.member.owner_id == ground.agent_id:
        body["agent_id"] = str(ground.agent_id)  # it names itself, and nobody else names it
    return client.post("/api/v1/orders", json=body)


def post(path: str, body: Mapping[str, Any] | None = None) -> Callable[[Ground, Client, Any], TestResponse]:
    return lambda _ground, client, subject: client.post(path.format(subject), json=body)


def get(path: str) -> Callable[[Ground, Client, Any], TestResponse]:
    return lambda _ground, client, subject: client.get(path.format(subject))


def fresh(ground: Ground, seller: Seller) -> str:
    return ground.order(seller)


def accepted(ground: Ground, seller: Seller) -> str:
    return ground.order(seller, accepted=True)


def invoice(ground: Ground, seller: Seller) -> str:
    return ground.invoiced(seller)[1]


def invoice_state(ground: Ground, invoice_id: str) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get(f"/api/v1/invoices/{invoice_id}").json


def group(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    tous = next(one for one in client.get("/api/v1/groups").json if one["is_everyone"])
    own = {one["name"]: one["own"] for one in tous["settings"]}
    return client.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own | {"net_days": 21})


def sellers_group(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    seller = ground.caller(Column.SUPPLIER, "seller")
    tous = next(one for one in seller.get("/api/v1/groups").json if one["is_everyone"])
    return client.open(f"/api/v1/groups/{tous['id']}", "PUT", json={"net_days": 1})


def settings(ground: Ground, _subject: Any) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/groups").json[0]


def correct(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    standing = delivery_of(ground.yard, ground.delivery.order_id)
    line = standing.lines[0]
    again = recount(line, line.delivered - 1 if line.delivered else 1)
    lines = counted_again(standing, {line.order_line_id: again})
    body = {"key": str(new_id()), "reason": "Recompté avec le client", "lines": lines}
    return client.post(f"/api/v1/deliveries/{standing.id}/corrections", json=body)


def contest(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    body = {"subject": "proof", "subject_id": str(ground.proof_id), "reason": "Une caisse de moins que signé."}
    opened = client.post("/api/v1/contests", json=body)
    if opened.status_code == 201:
        client.post(f"/api/v1/contests/{opened.json['id']}/withdrawal")
    return opened


def upload(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/paper-proofs", data=jpeg(), headers={"Content-Type": "image/jpeg", "X-Name": "bon.jpg"})


def match(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    paper = upload(ground, ground.caller(Column.DISTRIBUTOR, "carrier"), None).json["id"]
    return client.post(f"/api/v1/paper-proofs/{paper}/match", json={"number": ground.number})


def code(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/devices/codes", json={"driver_id": str(driver_of(client))})


def driver_of(client: Client) -> UUID:
    """Return a driver of the caller's own organisation; one of nobody's where there are no drivers."""
    assert client.member is not None
    kind = client.member.organisation_kind
    if kind not in {OrganisationKind.SUPPLIER, OrganisationKind.DISTRIBUTOR}:
        return new_id()
    return make_member(Organisation(kind, client.member.owner_id), Role.DRIVER).user_id


def foreign_code(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/devices/codes", json={"driver_id": str(ground.world.driver_id)})


def deliver_with(_ground: Ground, client: Client, order_id: str) -> TestResponse:
    return client.open(f"/api/v1/orders/{order_id}/deliver-with", "PUT", json={"deliver_with": "po"})


def relieve(_ground: Ground, client: Client, order_id: str) -> TestResponse:
    return client.open(f"/api/v1/orders/{order_id}/relief", "PUT", json={"taxed": False, "with_deposits": True})


def invite(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    body = {"email": f"{new_id()}@exemple.test", "roles": ["dispatcher"]}
    return client.post("/api/v1/members/invitations", json=body)


def foreign_member(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    member = ground.caller(Column.SUPPLIER, "seller").member
    assert member is not None
    return client.delete(f"/api/v1/members/{member.id}")


def settle_and_close(_ground: Ground, client: Client, run_id: str) -> TestResponse:
    """Read what is missing, settle, close; whoever is refused one is refused each."""
    path = f"/api/v1/runs/{run_id}"
    seen, settled, closed = client.get(f"{path}/tablets"), client.post(f"{path}/settle"), client.post(f"{path}/close")
    assert seen.status_code == settled.status_code == closed.status_code, (seen.json, settled.json, closed.json)
    assert settled.status_code != 200 or (settled.json["state"], closed.json["state"]) == ("settled", "closed")
    return closed


def run_state(ground: Ground, run_id: str) -> Any:
    return ground.caller(Column.DISTRIBUTOR, "carrier").get(f"/api/v1/runs/{run_id}").json["state"]


def stock(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    """Take in one unit at one's own warehouse: the seller's, or that of the carrier that keeps its goods."""
    assert client.member is not None
    keeper = str(ground.world.carrier_id) if client.member.organisation_kind is OrganisationKind.DISTRIBUTOR else None
    body = {
        "key": str(new_id()), "seller_id": str(ground.plain.id), "format_id": str(ground.plain.case_id),
        "keeper_id": keeper, "reason": "received", "quantity": 1,
    }  # fmt: skip
    return client.post("/api/v1/stock/adjustments", json=body)


def levels(ground: Ground, _subject: Any) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/stock").json


def place(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/places", json=QUAY)


def shops_place(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.open(f"/api/v1/places/{ground.world.buyer.site_id}", "PUT", json=QUAY)


def product(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/products", json=NEW_BEER | {"name_fr": f"Ambrée {new_id().hex[-6:]}"})


def sellers_product(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.open(f"/api/v1/products/{first_product(ground)['id']}", "PUT", json=NEW_BEER)


def first_product(ground: Ground) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/products").json["products"][0]


def endpoint(ground: Ground, seller: Seller) -> str:
    if "endpoint" not in ground.kept:
        with transaction(seller.id) as session:
            ground.kept["endpoint"] = add_endpoint(session, url="http://127.0.0.1:9/", stamp=stamp()).id
    return str(ground.kept["endpoint"])
