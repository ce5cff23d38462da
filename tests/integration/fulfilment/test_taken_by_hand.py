"""Empties and money of a delivery by hand: credited, moved and received as those of a tablet's visit are."""

from __future__ import annotations

from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from server.core.transaction import transaction
from server.delivery.model import Collection, ContainerReturn, HandRecord
from server.identity.model import Role
from server.receivables.audit import book_faults
from server.stock.model import ContainerEntry
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.hand_desk import ADJUSTED, BY_AGENT, OUTSIDE, Desk, deliveries, told
from tests.factories.order_doors import API, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Seller, make_world

SLIP = "Tablette en panne, bon papier 812."


@pytest.fixture(scope="module")
def desk(module_database: Database) -> Desk:
    del module_database
    return Desk(trade_in(application(), make_world([ADJUSTED, OUTSIDE, BY_AGENT])))


def office(desk: Desk) -> Client:
    """Return the dispatcher of the carrier, who types slips in."""
    return desk.of(desk.trade.world.carrier_id, Role.DISPATCHER)


def carried(desk: Desk, seller: Seller) -> dict[str, Any]:
    return desk.order(seller, way="distributor")


def along(desk: Desk, seller: Seller, *, cans: int = 48, kegs: int = 2) -> list[dict[str, Any]]:
    counted = {desk.trade.world.can_class_id: cans, seller.keg_class_id: kegs}
    return [{"class_id": str(class_id), "units": units} for class_id, units in counted.items() if units]


CASH = {"method": "cash", "amount_cents": 10003}
CHEQUE = {"method": "cheque", "amount_cents": 5000, "reference": "114"}


def by_program(desk: Desk, order: dict[str, Any], seller: Seller, key: str) -> None:
    taken = {"containers": along(desk, seller), "collections": [CASH, CHEQUE]}
    answered(desk.tell(order, office(desk), words=SLIP, key=key, **taken))


def by_form(desk: Desk, order: dict[str, Any], seller: Seller, key: str) -> None:
    path = f"/commandes/{order['id']}/livraison"
    world = desk.trade.world
    typed = {f"vide-{world.can_class_id}": "48", f"vide-{seller.keg_class_id}": "2"}
    typed |= {"comptant": "100,03", "cheque": "50", "cheque-numero": "114", "key": key, "mots": SLIP}
    shown = office(desk).get(path)  # told before, there is nothing to record any more
    assert shown.status_code == 409 or all(f'name="{name}"' in shown.text for name in typed)
    lines = {f"recu-{line['id']}": str(line["quantity"]) for line in order["lines"]}
    assert office(desk).post(path, data=typed | lines | {"resultat": "compte"}).status_code == 303


def notes(client: Client, since: set[str]) -> list[Any]:
    return [one for one in answered(client.get("/api/v1/credit-notes")) if one["id"] not in since]


def payments(client: Client, since: set[str]) -> list[Any]:
    return [one for one in answered(client.get("/api/v1/payments")) if one["id"] not in since]


def held(desk: Desk, class_id: UUID, owner_id: UUID) -> int:
    """Return how many containers of a class the buyer holds."""
    with transaction(owner_id) as session:
        mine = ContainerEntry.class_id == class_id, ContainerEntry.holder_id == desk.trade.world.buyer.id
        return session.scalar(select(func.coalesce(func.sum(ContainerEntry.quantity), 0)).where(*mine)) or 0


@pytest.mark.parametrize("tell", [by_program, by_form], ids=["program", "form"])
def test_empties_are_credited_and_money_waits_as_at_a_stop(desk: Desk, tell: Any) -> None:
    """C29, C30, T7, laws 1, 7, 20: a note of each owner, containers back, cash rounded apart, pending until confirmed.

    Told again with its key nothing is added; each side reads what is its own, and the accounting confirms.
    """
    seller, carrier_id = desk.adjusted, desk.trade.world.carrier_id
    brewer, carrier, key = desk.of(seller), desk.of(carrier_id), str(new_id())
    old = {one["id"] for client in (brewer, carrier) for one in (*notes(client, set()), *payments(client, set()))}
    before = held(desk, desk.trade.world.can_class_id, carrier_id), held(desk, seller.keg_class_id, seller.id)
    order = carried(desk, seller)
    for _twice in range(2):
        tell(desk, order, seller, key)
    (mine,), (theirs,) = notes(brewer, old), notes(carrier, old | {one["id"] for one in notes(brewer, old)})
    assert [(one["kind"], one["state"], one["total_cents"]) for one in (mine, theirs)] == [
        ("container_deposit", "issued", 6000),
        ("container_deposit", "issued", 480),
    ]
    after = held(desk, desk.trade.world.can_class_id, carrier_id), held(desk, seller.keg_class_id, seller.id)
    received = {line["order_line_id"]: line["delivered"] for line in deliveries(brewer, order)[0]["lines"]}
    cases, kegs = (received[line["id"]] for line in order["lines"])
    assert (after[0] - before[0], after[1] - before[1]) == (cases * 24 - 48, kegs - 2)
    got = sorted(payments(brewer, old), key=lambda one: one["method"])
    assert [(one["method"], one["amount_cents"], one["state"], one["reference"]) for one in got] == [
        ("cash", 10003, "pending", ""),
        ("cheque", 5000, "pending", "114"),
    ]
    reads(desk, order, seller)
    accounting = desk.of(seller, Role.ACCOUNTANT)
    assert answered(accounting.post(f"/api/v1/payments/{got[0]['id']}/confirmation"))["state"] == "allocated"
    for owner_id in (seller.id, carrier_id):
        with transaction(owner_id) as session:
            assert list(book_faults(session, issuer_id=owner_id)) == []


def reads(desk: Desk, order: dict[str, Any], seller: Seller) -> None:
    """What came along is on the delivery, on its page and on the order, for each side its own."""
    carrier_id, buyer = desk.trade.world.carrier_id, desk.trade.buyer
    for reader, sees_cans, sees_money in (
        (desk.of(seller), False, True),
        (desk.of(carrier_id), True, True),
        (buyer, True, True),
    ):
        (delivery,) = deliveries(reader, order)
        record = delivery["by_hand"]
        counted = {(one["container_owner_id"], one["units"], one["unit_cents"]) for one in record["containers"]}
        assert (str(seller.id), 2, 3000) in counted
        assert ((str(carrier_id), 48, 10) in counted) is sees_cans
        money = {(one["method"], one["amount_cents"], one["rounding_cents"]) for one in record["collections"]}
        assert (money == {("cash", 10003, 2), ("cheque", 5000, 0)}) is sees_money
        for path in (f"/livraisons/{delivery['id']}", f"/commandes/{order['id']}"):
            page = unescape(reader.get(path).text).replace("\u00a0", " ")
            assert ("2 × " in page, "48 × " in page, "100,03 $" in page) == (True, sees_cans, True), path
    why = unescape(
        desk.of(carrier_id)
        .get(f"/stock/contenants/{carrier_id}/{desk.trade.world.can_class_id}/{desk.trade.world.buyer.id}")
        .text
    )
    assert f"/commandes/{order['id']}" in why


def test_at_a_closed_door_an_agents_customer_still_gives_empties_back(desk: Desk) -> None:
    """C28, C30: nothing is accepted, and the carrier that bills as the agent credits the supplier's kegs."""
    seller, carrier = desk.trade.world.sellers[2], desk.of(desk.trade.world.carrier_id)
    old = {one["id"] for one in notes(carrier, set())}
    order = carried(desk, seller)
    taken = {
        "failure": "closed",
        "words": "Fûts laissés à la porte.",
        "containers": along(desk, seller, cans=0, kegs=3),
    }
    now = answered(office(desk).post(f"{API}/{order['id']}/fail", json=taken))
    assert now["state"] == "not_delivered"
    (note,) = notes(carrier, old)
    assert (note["issuer_id"], note["total_cents"]) == (str(desk.trade.world.carrier_id), 9000)
    why = answered(carrier.get(f"/api/v1/credit-notes/{note['id']}/explanation"))
    assert order["number"] in str(why["sources"])


def test_what_cannot_have_come_along_is_refused_and_nothing_is_recorded(desk: Desk) -> None:
    """C29, C30, R007: foreign containers, one told twice, far too much money, money of what is billed outside."""
    seller, stranger = desk.adjusted, desk.trade.world.sellers[1]
    order, outside = carried(desk, seller), carried(desk, stranger)
    keg = along(desk, seller, cans=0)
    wrong: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
        (order, {"containers": along(desk, stranger)}, 409, "unknown-container"),
        (order, {"containers": keg * 2}, 422, "bad-order"),
        (order, {"containers": [keg[0] | {"units": 0}]}, 422, "invalid-fields"),
        (order, {"collections": [CASH, CASH]}, 422, "bad-order"),
        (order, {"collections": [CASH | {"amount_cents": 10_000_000}]}, 422, "more-than-owed"),
        (outside, {"collections": [CASH]}, 409, "billed-outside"),
    ]
    for asked, more, status, slug in wrong:
        refused = desk.tell(asked, office(desk), words=SLIP, **more)
        assert (refused.status_code, refused.json["slug"]) == (status, slug), more
        assert {"fr", "en"} <= refused.json["details"].keys() or status == 422
    typed = told(order)
    form = {"resultat": "compte", "mots": SLIP, "cheque-numero": "114", "key": typed["key"]}
    form |= {f"recu-{line['id']}": str(line["quantity"]) for line in order["lines"]}
    page = unescape(office(desk).post(f"/commandes/{order['id']}/livraison", data=form).text)
    assert "Donner le montant du chèque" in page
    assert 'value="114"' in page
    assert 'name="comptant"' not in office(desk).get(f"/commandes/{outside['id']}/livraison").text
    with transaction(desk.trade.world.carrier_id) as session:
        told_of = HandRecord.order_id.in_([UUID(order["id"]), UUID(outside["id"])])
        assert session.scalar(select(func.count()).where(told_of)) == 0
    assert desk.tell(outside, office(desk), words=SLIP, containers=along(desk, stranger)).status_code == 200


def test_the_database_holds_that_one_source_says_it(desk: Desk) -> None:
    """C29, C30: what changed hands rests on a visit or on a record at hand, never on both or none."""
    with transaction(desk.trade.world.carrier_id) as session:
        for table in (ContainerReturn, Collection):
            rows = session.scalars(select(table).where(table.hand_record_id.is_not(None))).all()
            assert rows
            assert {row.visit_id for row in rows} == {None}
