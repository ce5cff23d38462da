"""What a limited cell of the matrix (○) allows, where the line's plain subject shows what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from werkzeug.test import TestResponse

from server.documents.jobs import render_run
from server.identity.permissions import Column, Permission
from tests.factories import account_doors as accounts
from tests.factories.matrix import COLLECTED, Ground, jpeg
from tests.factories.order_doors import answered
from tests.factories.self_distributed import OwnRun, own_run
from tests.factories.web import Client

_P: Final = Permission
type Within = Callable[[Ground], TestResponse]
_DAY_AFTER: Final = "2026-11-20"


def ours(ground: Ground) -> OwnRun:
    """Return the run of the plain seller that delivers this order itself, once a ground."""
    if "own run" not in ground.kept:
        ground.kept["own run"] = own_run(ground.app, ground.world, ground.plain)
    found: OwnRun = ground.kept["own run"]
    return found


def _driven(ground: Ground) -> str:
    return str(ground.delivery.order_id)


def _offer(ground: Ground) -> TestResponse:
    """A client reads what a seller offers to it, at its own prices."""
    found = ground.caller(Column.RETAILER, "seller").get(f"/api/v1/offers?seller_id={ground.plain.id}")
    assert found.json["total"] > 0
    return found


def _own_catalogue(ground: Ground) -> TestResponse:
    """A distributor reads what it sells itself, nobody else's products, and no offer where it buys nothing."""
    client = ground.caller(Column.DISTRIBUTOR, "seller")
    found = client.get("/api/v1/products")
    sellers = ground.caller(Column.SUPPLIER, "seller").get("/api/v1/products").json["products"]
    assert sellers
    assert {one["id"] for one in found.json["products"]}.isdisjoint(one["id"] for one in sellers)
    assert client.get(f"/api/v1/offers?seller_id={ground.plain.id}").status_code == 403
    return found


def _containers(ground: Ground) -> TestResponse:
    """An agent reads the container classes that its orders may name."""
    return ground.caller(Column.AGENT, "seller").get("/api/v1/container-classes")


def _draft(ground: Ground) -> TestResponse:
    """A driver on the road drafts what its truck carries, for a stop of its run."""
    seller, buyer = ground.above, ground.world.buyer
    wanted = {
        "seller_id": str(seller.id), "buyer_id": str(buyer.id), "site_id": str(buyer.site_id),
        "carrier_id": str(ground.world.carrier_id), "items": [{"format_id": str(seller.case_id), "quantity": 1}],
    }  # fmt: skip
    return ground.driver.post("/api/v1/orders", json=wanted)


def _plan_the_day(ground: Ground) -> TestResponse:
    """A dispatcher sets an order's day and run, and takes it off again; its lines stay what they were."""
    dispatcher = ground.caller(Column.DISPATCHER, "carrier")
    (run,) = answered(dispatcher.post(f"/api/v1/plans/{ground.plan_id}/adopt"), 201)
    order_id = run["stops"][0]["order_ids"][0]
    planned = answered(dispatcher.get(f"/api/v1/orders/{order_id}"))
    assert (planned["state"], planned["planned_on"]) == ("planned", _DAY_AFTER)
    off = dispatcher.delete(f"/api/v1/runs/{run['id']}/orders/{order_id}")
    now = answered(dispatcher.get(f"/api/v1/orders/{order_id}"))
    assert (now["state"], now["lines"]) == ("accepted", planned["lines"])
    return off


def _own_papers(ground: Ground) -> TestResponse:
    """A supplier makes and reads the papers of a run that it drives itself."""
    own = ours(ground)
    render_run(owner_id=str(ground.plain.id), subject_id=own.run_id)
    assert answered(own.supplier.get(f"/api/v1/documents?run_id={own.run_id}"))
    return own.supplier.post(f"/api/v1/runs/{own.run_id}/documents")


def _read_papers(ground: Ground) -> TestResponse:
    """A driver reads the papers of its own run, and makes none."""
    own = ours(ground)
    assert own.driver.post(f"/api/v1/runs/{own.run_id}/documents").status_code == 403
    render_run(owner_id=str(ground.plain.id), subject_id=own.run_id)
    papers = answered(own.driver.get(f"/api/v1/documents?run_id={own.run_id}"))
    sheet = next(one for one in papers if one["kind"] == "run_sheet")
    return own.driver.get(f"/api/v1/documents/{sheet['id']}/file")


def _correct_before_sync(ground: Ground) -> TestResponse:
    """A driver corrects its own stop until the office has it: the tablet's correction counts."""
    tablet = ours(ground).tablet
    tablet.upload_signature()
    tablet.depart()
    first = tablet.visit(tablet.stop())
    event_id = json.loads(first.body)["event_id"]
    tablet.visit(tablet.stop(), payload={"corrects": event_id})
    answer = tablet.send(tablet.message())
    assert [one["status"] for one in answer.json["results"]] == ["applied"] * 3, answer.json
    return answer


def _upload_own(ground: Ground) -> TestResponse:
    headers = {"Content-Type": "image/jpeg", "X-Name": "bon.jpg"}
    return ours(ground).supplier.post("/api/v1/paper-proofs", data=jpeg(), headers=headers)


def _approve(client: Client) -> TestResponse:
    assert client.member is not None
    mine = [
        one for one in answered(client.get("/api/v1/credit-notes")) if one["issuer_id"] == str(client.member.owner_id)
    ]
    credit = next(one for one in mine if one["state"] == "proposed")
    return client.post(f"/api/v1/credit-notes/{credit['id']}/decision", json={"approve": True, "reason": ""})


def _collected(ground: Ground) -> TestResponse:
    """What a driver took at the door stands at the issuer, pending until somebody there confirms it."""
    issuer = ground.caller(Column.SUPPLIER, "seller", of=ground.above)
    (taken,) = [one for one in answered(issuer.get("/api/v1/payments")) if one["amount_cents"] == COLLECTED]
    assert taken["state"] == "pending"
    assert ground.driver.post(f"/api/v1/payments/{taken['id']}/confirmation").status_code == 403
    return issuer.get(f"/api/v1/payments/{taken['id']}")


def _agents(knock: Callable[[Ground, Client, Any], TestResponse]) -> Within:
    """An agent that issues for its seller (C28) finds the account there."""

    def within(ground: Ground) -> TestResponse:
        held = accounts.owed(ground, ground.represented)
        assert held.issuer_id == ground.issuing_agent_id
        return knock(ground, ground.issuing_agent, held)

    return within


def _driver(method: str, path: str, **options: Any) -> Within:
    return lambda ground: ground.driver.open(path.format(_driven(ground)), method, **options)


WITHIN: Final[Mapping[tuple[Permission, Column], Within]] = {
    (_P.CATALOG_READ, Column.RETAILER): _offer,
    (_P.CATALOG_READ, Column.DISTRIBUTOR): _own_catalogue,
    (_P.CATALOG_READ, Column.AGENT): _containers,
    (_P.ORDER_CREATE, Column.DRIVER): _draft,
    (_P.ORDER_EDIT, Column.DISPATCHER): _plan_the_day,
    (_P.RUN_DOCUMENTS, Column.SUPPLIER): _own_papers,
    (_P.RUN_DOCUMENTS, Column.DRIVER): _read_papers,
    (_P.STOP_CORRECT, Column.DRIVER): _correct_before_sync,
    (_P.PROOF_READ, Column.DRIVER): lambda ground: ground.driver.get(f"/api/v1/proofs/{ground.proof_id}"),
    (_P.PROOF_UPLOAD, Column.SUPPLIER): _upload_own,
    (_P.CREDIT_APPROVE, Column.DISTRIBUTOR): lambda ground: _approve(ground.caller(Column.DISTRIBUTOR, "carrier")),
    (_P.CREDIT_APPROVE, Column.AGENT): lambda ground: _approve(ground.issuing_agent),
    (_P.PAYMENT_RECORD, Column.DRIVER): _collected,
    (_P.PAYMENT_RECORD, Column.AGENT): _agents(accounts.record),
    (_P.PAYMENT_KEEP, Column.AGENT): _agents(accounts.bounce),
    (_P.BALANCE_READ, Column.AGENT): _agents(accounts.see_balance),
    (_P.ACCOUNTING_CHAT, Column.AGENT): _agents(accounts.chat),
    (_P.ORDER_CHAT, Column.DRIVER): _driver("POST", "/api/v1/orders/{}/messages", json={"text": "Porte arrière."}),
    (_P.ORDER_READ, Column.DRIVER): _driver("GET", "/api/v1/orders/{}"),
    (_P.RUN_READ, Column.DRIVER): lambda ground: ground.driver.get(f"/api/v1/runs/{ground.yard.run_id}"),
    (_P.RUN_READ, Column.SUPPLIER): lambda ground: ours(ground).supplier.get(f"/api/v1/runs/{ours(ground).run_id}"),
}
"""By line and column, something that answers as done; each function says what is allowed."""
