"""The whole matrix of section 3 on the HTTP interface: 31 actions × 8 roles × one's own and a foreign organisation.

Each line is tried at its door with a real subject: ● works, ○ works inside its limit and is refused beyond it, – is
403; the same role of a foreign organisation gets 403 or 404, and the subject stays as it was. So is every other
permission that a view names. Lines that no view names are ``WITHOUT_A_DOOR``: others hold them, or they come with what
is not built yet; they fail here as soon as a view names one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from server.app import create_app
from server.core.transaction import transaction
from server.core.web.access import Required, marks
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import (
    ACTIONS,
    COMES_WITH,
    HELD_BY,
    MATRIX,
    WITHOUT_A_DOOR,
    Column,
    Grant,
    Permission,
)
from server.notifications.service.endpoints import add_endpoint
from shared.ids import new_id
from shared.lifecycles import RunState
from tests.conftest import Database
from tests.factories import account_doors as accounts
from tests.factories.corrections import counted_again, delivery_of, recount
from tests.factories.matrix import Ground, House, jpeg, make_ground
from tests.factories.web import Client, Organisation, browser_of, make_member
from tests.factories.within import WITHIN
from tests.factories.world import Seller, stamp

PEOPLE: Final = tuple(column for column in Column if column is not Column.TABLET)
_LAST: Final = list(MATRIX).index(Permission.DEVICE_ADMINISTER)
SECTION_3: Final = tuple(action.permission for action in ACTIONS[: _LAST + 1])
"""The lines of section 3: « Order chat / accounting chat » and « Users …, devices » are two permissions each."""

WORKS: Final = frozenset({200, 201, 202, 204})
SHUT: Final = frozenset({403})
STRANGE: Final = frozenset({403, 404})


@dataclass(frozen=True)
class Trial:
    """How one line is tried. ``knock`` acts on what ``subject`` made; ``look`` tells how the subject stands.

    ``limited`` says, for the ○ cells, what the answer is inside the plain deal; ``house`` where the inner roles work.
    """

    knock: Callable[[Ground, Client, Any], TestResponse]
    subject: Callable[[Ground, Seller], Any]
    house: House = "seller"
    look: Callable[[Ground, Any], Any] | None = None
    limited: Mapping[Column, frozenset[int]] = field(default_factory=dict)
    answers: Mapping[Column, frozenset[int]] = field(default_factory=dict)
    """What a ● cell says to this very subject, where it is not just done."""
    billed: frozenset[int] = frozenset()
    """Where « agent billing » limits the distributor: what it hears for the plain seller; for the billed it works."""
    works: frozenset[int] = WORKS
    refused: frozenset[int] = SHUT
    foreign: Callable[[Ground, Client, Any], TestResponse] | None = None
    of: Callable[[Ground], Seller] = lambda ground: ground.plain


def _order(ground: Ground, order_id: str) -> Any:
    seen = ground.caller(Column.SUPPLIER, "seller").get(f"/api/v1/orders/{order_id}").json
    return {name: seen[name] for name in ("state", "lines", "total_cents", "billing_state") if name in seen}


def _content(ground: Ground, client: Client, order_id: str, **changes: Any) -> TestResponse:
    items = [{"format_id": str(ground.plain.case_id), "quantity": 5}]
    return client.open(f"/api/v1/orders/{order_id}/content", "PUT", json={"items": items} | changes)


def _create(ground: Ground, client: Client, _subject: Any) -> TestResponse:
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


def _post(path: str, body: Mapping[str, Any] | None = None) -> Callable[[Ground, Client, Any], TestResponse]:
    return lambda _ground, client, subject: client.post(path.format(subject), json=body)


def _get(path: str) -> Callable[[Ground, Client, Any], TestResponse]:
    return lambda _ground, client, subject: client.get(path.format(subject))


def _fresh(ground: Ground, seller: Seller) -> str:
    return ground.order(seller)


def _accepted(ground: Ground, seller: Seller) -> str:
    return ground.order(seller, accepted=True)


def _invoice(ground: Ground, seller: Seller) -> str:
    return ground.invoiced(seller)[1]


def _invoice_state(ground: Ground, invoice_id: str) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get(f"/api/v1/invoices/{invoice_id}").json


def _group(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    tous = next(one for one in client.get("/api/v1/groups").json if one["is_everyone"])
    own = {one["name"]: one["own"] for one in tous["settings"]}
    return client.open(f"/api/v1/groups/{tous['id']}", "PUT", json=own | {"net_days": 21})


def _sellers_group(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    seller = ground.caller(Column.SUPPLIER, "seller")
    tous = next(one for one in seller.get("/api/v1/groups").json if one["is_everyone"])
    return client.open(f"/api/v1/groups/{tous['id']}", "PUT", json={"net_days": 1})


def _settings(ground: Ground, _subject: Any) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/groups").json[0]


def _correct(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    standing = delivery_of(ground.yard, ground.delivery.order_id)
    line = standing.lines[0]
    again = recount(line, line.delivered - 1 if line.delivered else 1)
    lines = counted_again(standing, {line.order_line_id: again})
    body = {"key": str(new_id()), "reason": "Recompté avec le client", "lines": lines}
    return client.post(f"/api/v1/deliveries/{standing.id}/corrections", json=body)


def _contest(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    body = {"subject": "proof", "subject_id": str(ground.proof_id), "reason": "Une caisse de moins que signé."}
    opened = client.post("/api/v1/contests", json=body)
    if opened.status_code == 201:
        client.post(f"/api/v1/contests/{opened.json['id']}/withdrawal")
    return opened


def _upload(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/paper-proofs", data=jpeg(), headers={"Content-Type": "image/jpeg", "X-Name": "bon.jpg"})


def _match(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    paper = _upload(ground, ground.caller(Column.DISTRIBUTOR, "carrier"), None).json["id"]
    return client.post(f"/api/v1/paper-proofs/{paper}/match", json={"number": ground.number})


def _code(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/devices/codes", json={"driver_id": str(_driver_of(client))})


def _driver_of(client: Client) -> UUID:
    """Return a driver of the caller's own organisation; one of nobody's where there are no drivers."""
    assert client.member is not None
    kind = client.member.organisation_kind
    if kind not in {OrganisationKind.SUPPLIER, OrganisationKind.DISTRIBUTOR}:
        return new_id()
    return make_member(Organisation(kind, client.member.owner_id), Role.DRIVER).user_id


def _foreign_code(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/devices/codes", json={"driver_id": str(ground.world.driver_id)})


def _deliver_with(_ground: Ground, client: Client, order_id: str) -> TestResponse:
    return client.open(f"/api/v1/orders/{order_id}/deliver-with", "PUT", json={"deliver_with": "po"})


def _relieve(_ground: Ground, client: Client, order_id: str) -> TestResponse:
    return client.open(f"/api/v1/orders/{order_id}/relief", "PUT", json={"taxed": False, "with_deposits": True})


def _invite(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    body = {"email": f"{new_id()}@exemple.test", "roles": ["dispatcher"]}
    return client.post("/api/v1/members/invitations", json=body)


def _foreign_member(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    member = ground.caller(Column.SUPPLIER, "seller").member
    assert member is not None
    return client.delete(f"/api/v1/members/{member.id}")


def _settle_and_close(_ground: Ground, client: Client, run_id: str) -> TestResponse:
    """Read what is missing, settle, close; whoever is refused one is refused each."""
    path = f"/api/v1/runs/{run_id}"
    seen, settled, closed = client.get(f"{path}/tablets"), client.post(f"{path}/settle"), client.post(f"{path}/close")
    assert seen.status_code == settled.status_code == closed.status_code, (seen.json, settled.json, closed.json)
    assert settled.status_code != 200 or (settled.json["state"], closed.json["state"]) == ("settled", "closed")
    return closed


def _run_state(ground: Ground, run_id: str) -> Any:
    return ground.caller(Column.DISTRIBUTOR, "carrier").get(f"/api/v1/runs/{run_id}").json["state"]


def _stock(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    """Take in one unit at one's own warehouse: the seller's, or that of the carrier that keeps its goods."""
    assert client.member is not None
    keeper = str(ground.world.carrier_id) if client.member.organisation_kind is OrganisationKind.DISTRIBUTOR else None
    body = {
        "key": str(new_id()), "seller_id": str(ground.plain.id), "format_id": str(ground.plain.case_id),
        "keeper_id": keeper, "reason": "received", "quantity": 1,
    }  # fmt: skip
    return client.post("/api/v1/stock/adjustments", json=body)


def _levels(ground: Ground, _subject: Any) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/stock").json


def _place(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/places", json=_QUAY)


def _shops_place(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.open(f"/api/v1/places/{ground.world.buyer.site_id}", "PUT", json=_QUAY)


def _product(_ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.post("/api/v1/products", json=_NEW_BEER | {"name_fr": f"Ambrée {new_id().hex[-6:]}"})


def _sellers_product(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.open(f"/api/v1/products/{_first_product(ground)['id']}", "PUT", json=_NEW_BEER)


def _offers(ground: Ground, client: Client, _subject: Any) -> TestResponse:
    return client.get(f"/api/v1/offers?seller_id={ground.plain.id}")


def _first_product(ground: Ground) -> Any:
    return ground.caller(Column.SUPPLIER, "seller").get("/api/v1/products").json["products"][0]


def _endpoint(ground: Ground, seller: Seller) -> str:
    if "endpoint" not in ground.kept:
        with transaction(seller.id) as session:
            ground.kept["endpoint"] = add_endpoint(session, url="http://127.0.0.1:9/", stamp=stamp()).id
    return str(ground.kept["endpoint"])


_NEW_BEER: Final = {"name_fr": "Ambrée", "name_en": "Amber"}
_QUAY: Final = {"name": "Quai", "street": "1, rue du Port", "city": "Montréal", "postal_code": "H2Y 1A1"} | {
    "lat_e7": 455070000,
    "lon_e7": -735540000,
}
_LOST: Final = {"reason": "Tablette écrasée par un chariot, livraisons confirmées par téléphone."}
_REASON: Final = {"reason": "À la demande du client."}
_OPEN: Final = WORKS
TRIALS: Final[Mapping[Permission, Trial]] = {
    Permission.ORDER_CREATE: Trial(_create, lambda *_: None, limited={Column.DRIVER: SHUT}, house="carrier"),
    Permission.ORDER_EDIT: Trial(_content, _fresh, look=_order, limited={Column.DISPATCHER: SHUT}),
    Permission.ORDER_RELIEVE: Trial(_relieve, _fresh, look=_order, limited={Column.ACCOUNTANT: WORKS}, billed=SHUT),
    Permission.ORDER_EDIT_PUBLISHED: Trial(
        _content, lambda ground, seller: ground.invoiced(seller)[0], look=_order, refused=SHUT | {409}
    ),
    Permission.ORDER_ACCEPT: Trial(_post("/api/v1/orders/{}/accept", {}), _fresh, look=_order, billed=SHUT),
    Permission.ORDER_CANCEL: Trial(_post("/api/v1/orders/{}/cancel", _REASON), _fresh, look=_order, billed=SHUT),
    Permission.TERMS_SET: Trial(
        _group,
        lambda *_: None,
        look=_settings,
        foreign=_sellers_group,
        limited={Column.DISTRIBUTOR: _OPEN, Column.AGENT: _OPEN, Column.ACCOUNTANT: _OPEN},
    ),
    Permission.DELIVER_WITH_CHOOSE: Trial(
        _deliver_with, _accepted, house="carrier", look=_order, limited={Column.SUPPLIER: _OPEN}
    ),
    Permission.RUN_PLAN: Trial(
        _post("/api/v1/plans", {"runs_on": "2026-12-01", "seconds": 1}),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        foreign=_post("/api/v1/runs/{}/cancel"),
        limited={Column.SUPPLIER: _OPEN},
    ),
    Permission.RUN_DOCUMENTS: Trial(
        _post("/api/v1/runs/{}/documents"),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        limited={Column.SUPPLIER: STRANGE, Column.DRIVER: SHUT},
    ),
    # an order of the carrier's without a run; a driver's tablet has it signed, and nobody drives by this door
    Permission.DELIVERY_RECORD: Trial(
        _post("/api/v1/orders/{}/deliver", {"words": "Tablette en panne"}),
        _accepted,
        house="carrier",
        look=_order,
        answers={Column.DRIVER: SHUT},
    ),
    Permission.STOP_CORRECT: Trial(
        _correct,
        lambda *_: None,
        house="carrier",
        of=lambda ground: ground.above,
        limited={Column.DRIVER: SHUT, Column.ADMIN: _OPEN},
    ),
    Permission.RUN_CLOSE: Trial(
        _settle_and_close, lambda ground, _: ground.run(RunState.BACK), house="carrier", look=_run_state
    ),
    Permission.PROOF_READ: Trial(
        _get("/api/v1/proofs/{}"),
        lambda ground, _: ground.proof_id,
        house="carrier",
        of=lambda ground: ground.above,
        limited={
            Column.RETAILER: _OPEN,
            Column.SUPPLIER: _OPEN,
            Column.AGENT: _OPEN,
            Column.DRIVER: STRANGE,  # this one drove another run
        },
    ),
    Permission.PROOF_UPLOAD: Trial(
        _upload, lambda *_: None, house="carrier", foreign=_match, limited={Column.SUPPLIER: SHUT}
    ),
    Permission.DISPUTE: Trial(
        _contest,
        lambda *_: None,
        of=lambda ground: ground.above,
        answers={
            Column.DISTRIBUTOR: frozenset({409}),  # who answers for a proof corrects it instead
        },
    ),
    Permission.INVOICE_PUBLISH: Trial(_post("/api/v1/orders/{}/invoice"), _accepted, look=_order, billed=SHUT),
    Permission.INVOICE_VOID: Trial(
        _post("/api/v1/invoices/{}/void", _REASON),
        _invoice,
        look=_invoice_state,
        billed=SHUT,
    ),
    Permission.CREDIT_APPROVE: Trial(
        _post("/api/v1/credit-notes/{}/decision", {"approve": True, "reason": ""}),
        lambda ground, _: next(ground.credits),
        of=lambda ground: ground.above,
        limited={Column.DISTRIBUTOR: STRANGE, Column.AGENT: STRANGE},
    ),
    # accounts are their issuer's (R011), and a representative never issues (C28): an agent finds none of its own
    Permission.CREDIT_CREATE: Trial(accounts.credit, accounts.owed, look=accounts.stands, billed=SHUT),
    Permission.PAYMENT_RECORD: Trial(
        accounts.record,
        accounts.owed,
        look=accounts.stands,
        billed=frozenset({404, 409}),  # no account of its own there, or one that is not the invoice's (law 12)
        limited={Column.AGENT: STRANGE, Column.DRIVER: SHUT},  # a driver's money comes with a tablet's events
    ),
    Permission.PAYMENT_ONLINE: Trial(accounts.pay_online, accounts.owed, look=accounts.stands),
    Permission.BALANCE_READ: Trial(
        accounts.see_balance, accounts.owed, look=accounts.stands, billed=STRANGE, limited={Column.AGENT: STRANGE}
    ),
    Permission.ACCOUNTING_CHAT: Trial(
        accounts.chat, accounts.owed, look=accounts.stands, billed=STRANGE, limited={Column.AGENT: STRANGE}
    ),
    Permission.RECEIVABLES_RUN: Trial(accounts.run, accounts.owed, look=accounts.stands, billed=SHUT),
    Permission.ORDER_CHAT: Trial(_get("/api/v1/orders/{}/messages"), _fresh, limited={Column.DRIVER: STRANGE}),
    Permission.DEVICE_ADMINISTER: Trial(
        _code,
        lambda *_: None,
        house="carrier",
        foreign=_foreign_code,
        limited={Column.SUPPLIER: _OPEN, Column.DISTRIBUTOR: _OPEN, Column.DISPATCHER: _OPEN},
    ),
    Permission.MEMBER_ADMINISTER: Trial(
        _invite,
        lambda *_: None,
        foreign=_foreign_member,
        limited={Column.SUPPLIER: _OPEN, Column.DISTRIBUTOR: _OPEN},
    ),
    # what section 3 leaves to the reader, and every other permission that a view names
    Permission.ORDER_READ: Trial(_get("/api/v1/orders/{}"), _fresh, house="carrier", limited={Column.DRIVER: STRANGE}),
    Permission.RUN_READ: Trial(
        _get("/api/v1/runs/{}"),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        limited={Column.SUPPLIER: STRANGE, Column.DRIVER: STRANGE},
    ),
    Permission.RUN_WAIVE: Trial(
        _post("/api/v1/runs/{}/waive", _LOST),
        lambda ground, _: ground.run(RunState.UNDER_WAY),
        house="carrier",
        look=_run_state,
    ),
    Permission.INVOICE_READ: Trial(_get("/api/v1/invoices/{}"), _invoice),
    Permission.PARTY_READ: Trial(_get("/api/v1/places/{}"), lambda ground, _: ground.world.buyer.site_id),
    Permission.PARTY_EDIT: Trial(_place, lambda *_: None, foreign=_shops_place),
    Permission.STOCK_KEEP: Trial(_stock, lambda *_: None, house="carrier", look=_levels),
    # what one may order at its own prices: who buys nothing of the seller has no offer there
    Permission.CATALOG_READ: Trial(
        _offers,
        lambda *_: None,
        house="carrier",
        limited={Column.DISTRIBUTOR: SHUT, Column.AGENT: SHUT, Column.DISPATCHER: SHUT},
        answers={Column.SUPPLIER: SHUT, Column.ACCOUNTANT: SHUT, Column.ADMIN: SHUT},
    ),
    Permission.CATALOG_EDIT: Trial(_product, lambda *_: None, foreign=_sellers_product),
    Permission.PAYMENT_KEEP: Trial(accounts.bounce, accounts.owed, billed=STRANGE, limited={Column.AGENT: STRANGE}),
    Permission.PROOF_EXPORT: Trial(
        lambda _ground, client, _: client.get("/api/v1/proof-exports"),
        lambda *_: None,
        foreign=lambda _ground, client, _: client.post("/api/v1/proof-exports"),  # 404: not one proof is theirs
    ),
    Permission.WEBHOOK_ADMINISTER: Trial(
        lambda _ground, client, _: client.get("/api/v1/webhooks"), _endpoint, foreign=_get("/api/v1/webhooks/{}")
    ),
}
TABLETS: Final = frozenset({Permission.DEVICE_SYNC, Permission.DEVICE_SEND})
"""A tablet's doors: nobody of the eight enters there; ``tests/integration/sync`` knocks with tablets."""
EVERYBODYS: Final = {Permission.INBOX_READ: "/api/v1/inbox", Permission.ACCOUNT_USE: "/api/v1/session"}
"""Doors at which everyone finds what is theirs alone."""
CELLS: Final = [(permission, column) for permission in TRIALS for column in PEOPLE]


@pytest.fixture(scope="module")
def ground(module_database: Database) -> Ground:
    return make_ground(create_app())


@pytest.mark.parametrize(("permission", "column"), CELLS, ids=[f"{one}-{column}" for one, column in CELLS])
def test_each_cell_answers_as_the_matrix_says(ground: Ground, permission: Permission, column: Column) -> None:
    """Section 3, in one's own organisation; what is refused changes nothing."""
    trial, grant = TRIALS[permission], MATRIX[permission].grant(column)
    seller = trial.of(ground)
    client = ground.caller(column, trial.house, of=seller)
    if grant is Grant.NONE:
        _knock_shut(ground, permission, client, seller, trial.refused)
        return
    if trial.billed and column is Column.DISTRIBUTOR:
        _knock_shut(ground, permission, client, seller, trial.billed)
        client, seller = ground.caller(column, trial.house, of=ground.billed), ground.billed
    answer = trial.knock(ground, client, trial.subject(ground, seller))
    expected = (trial.limited if grant is Grant.LIMITED else trial.answers).get(column, trial.works)
    assert answer.status_code in expected, (permission, column, grant, answer.status_code, answer.json)


@pytest.mark.parametrize("permission", TRIALS, ids=str)
def test_a_foreign_organisation_gets_nothing_and_changes_nothing(ground: Ground, permission: Permission) -> None:
    """Section 3, G10: the same eight roles of a stranger get 403 or 404, and the subject stays as it was."""
    trial = TRIALS[permission]
    subject = _kept_subject(ground, permission, trial.of(ground))
    before = trial.look(ground, subject) if trial.look else None
    for column in PEOPLE:
        client = ground.caller(column, trial.house, foreign=True)
        answer = (trial.foreign or trial.knock)(ground, client, subject)
        assert answer.status_code in STRANGE, (permission, column, answer.status_code, answer.json)
    assert (trial.look(ground, subject) if trial.look else None) == before


def test_a_driver_drafts_what_its_truck_carries_for_a_stop_of_its_run(ground: Ground) -> None:
    """Section 3 (create order: the driver, off-truck draft), C29: on the road, for a stop's customer.

    Nothing is submitted; the seller's side or a dispatcher does.
    """
    program = ground.driver
    assert program.member is not None
    page, stop_id = browser_of(ground.app, program.member), ground.yard.tablet.stop().stop_id
    seller = ground.above
    wanted = {
        "seller_id": str(seller.id), "buyer_id": str(ground.world.buyer.id),
        "site_id": str(ground.world.buyer.site_id), "carrier_id": str(ground.world.carrier_id),
        "items": [{"format_id": str(seller.case_id), "quantity": 2}],
    }  # fmt: skip
    made = program.post("/api/v1/orders", json=wanted)
    assert (made.status_code, made.json["state"]) == (201, "draft"), made.json
    assert (made.json["deliver_with"], made.json["lines"][0]["unit_price"]) == ("invoice", "42.5000")
    path = f"/api/v1/orders/{made.json['id']}"
    assert program.get(path).status_code == 200
    assert program.post(f"{path}/submit").status_code == 403
    assert program.post("/api/v1/orders/quote", json=wanted).status_code == 403
    strange = wanted | {
        "seller_id": str(ground.plain.id),
        "items": [{"format_id": str(ground.plain.case_id), "quantity": 1}],
    }
    priced = wanted | {"items": [{"format_id": str(seller.case_id), "quantity": 2, "unit_price": "0.01"}]}
    ways = {"carrier_id": None, "distribution": "shipped"}, {"document_discount_cents": 100}, {"deliver_with": "po"}
    for beyond in (strange, priced, *(wanted | way for way in ways)):
        assert program.post("/api/v1/orders", json=beyond).json["slug"] in {"not-off-truck", "forbidden"}
    form = f"/tournees/arrets/{stop_id}/brouillon"
    assert "42,50" not in page.get(form).text
    assert page.post(form, data={f"n-{seller.case_id}": "3"}).status_code == 303
    assert page.post(form, data={}, headers={"Accept": "application/problem+json"}).json["slug"] == "nothing-asked"
    assert page.post("/commandes/nouvelle", data=wanted | {"way": str(ground.world.carrier_id)}).status_code in {
        400,
        403,
    }
    assert page.get("/commandes/nouvelle").status_code == 303
    other = make_member(Organisation(OrganisationKind.DISTRIBUTOR, ground.world.carrier_id), Role.DRIVER)
    assert browser_of(ground.app, other).get(form).status_code == 404
    assert ground.caller(Column.DISPATCHER, "carrier").post(f"{path}/submit").status_code == 200


def test_suppliers_agents_and_distributors_edit_and_nobody_does_after_publication(ground: Ground) -> None:
    """R043, R045, R062: each who may edit changes lines before; after, each of them reads a 409, the others a 403."""
    editors = (Column.SUPPLIER, Column.AGENT, Column.DISTRIBUTOR, Column.ADMIN)
    order_id = ground.order()
    for units, column in enumerate(editors, start=6):
        items = [{"format_id": str(ground.plain.case_id), "quantity": units}]
        edited = _content(ground, ground.caller(column, "seller"), order_id, items=items)
        assert (edited.status_code, edited.json["lines"][0]["quantity"]) == (200, units), (column, edited.json)
    published, _invoice_id = ground.invoiced()
    before = _order(ground, published)
    for column in PEOPLE:
        refused = _content(ground, ground.caller(column, "seller"), published)
        assert refused.status_code == (409 if column in editors else 403), (column, refused.json)
    assert _order(ground, published) == before


def test_an_agent_credits_for_a_seller_that_issues_itself_alone(ground: Ground) -> None:
    """R089, C28: a representative writes items' credits in its seller's name, and none where the distributor bills."""
    agent, held = ground.caller(Column.AGENT, "seller"), accounts.owed(ground, ground.billed)
    assert accounts.credit(ground, agent, held).status_code == 403
    free = {"key": str(new_id()), "buyer_id": str(held.buyer_id), "reason_fr": "Geste"}
    line = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": 100}
    assert agent.post("/api/v1/credit-notes", json=free | {"lines": [line]}).status_code == 404


@pytest.mark.parametrize(("permission", "column"), WITHIN, ids=[f"{one}-{column}" for one, column in WITHIN])
def test_a_limited_cell_allows_what_is_inside_its_limit(ground: Ground, permission: Permission, column: Column) -> None:
    """Section 3, ○: where the plain subject is refused, what is one's own, or inside the limit, is done."""
    answer = WITHIN[permission, column](ground)
    assert answer.status_code in WORKS, (permission, column, answer.status_code, answer.json)


def test_every_limited_cell_shows_both_sides() -> None:
    """Section 3, ○: what a plain subject refuses has its allowed counterpart; the others are refused at strangers'."""
    limited = {
        (one, column)
        for one, column in CELLS
        if MATRIX[one].grant(column) is Grant.LIMITED and one is not Permission.CATALOG_READ  # buyers alone have offers
    }
    refused = {
        (one, column) for one, column in limited if not TRIALS[one].limited.get(column, TRIALS[one].works) & WORKS
    }
    assert refused == set(WITHIN)


@pytest.mark.parametrize("column", PEOPLE, ids=str)
def test_everyone_finds_their_own_and_nobody_enters_a_tablets_doors(ground: Ground, column: Column) -> None:
    """Section 3, platform: one's inbox and session are everybody's; a person hands in no events and gets no runs.

    « Record delivered quantities » is a tablet's part: the office corrects, with a reason.
    """
    client = ground.caller(column, "carrier")
    for path in EVERYBODYS.values():
        assert client.get(path).status_code == 200, path
    message = ground.yard.tablet.message()
    assert client.post("/api/v1/sync/push", json=message).status_code == 403
    assert client.get("/api/v1/sync/pull?cursor=0").status_code == 403


def test_a_delivery_is_recorded_by_its_driver_and_corrected_at_the_office_with_a_reason(ground: Ground) -> None:
    """Section 3, « Record delivered quantities »: the office with a reason, the driver its own run."""
    standing = delivery_of(ground.yard, ground.delivery.order_id)
    body = {"key": str(new_id()), "reason": " ", "lines": counted_again(standing, {})}
    for column in (Column.DISTRIBUTOR, Column.DISPATCHER):
        refused = ground.caller(column, "carrier").post(f"/api/v1/deliveries/{standing.id}/corrections", json=body)
        assert refused.status_code == 422, refused.json
    run = ground.caller(Column.DISPATCHER, "carrier").get(f"/api/v1/runs/{ground.yard.run_id}").json
    assert ground.driver.member is not None
    assert run["driver_id"] == str(ground.driver.member.user_id)


def test_stock_has_the_cells_of_its_line_at_the_office_and_a_truck_s_driver_has_none_there() -> None:
    """Section 3, « Stock, transfers »: what `stock.keep` is tried for is its line; a driver has its truck alone."""
    line = {column: MATRIX[Permission.STOCK_MOVE].grant(column) for column in PEOPLE}
    doors = {column: MATRIX[Permission.STOCK_KEEP].grant(column) for column in PEOPLE}
    assert {column for column in PEOPLE if line[column] is not doors[column]} == {Column.DRIVER}
    assert (line[Column.DRIVER], doors[Column.DRIVER]) == (Grant.LIMITED, Grant.NONE)


def test_goods_of_a_driver_s_truck_move_with_what_its_tablet_says(ground: Ground) -> None:
    """Section 3, « Stock, transfers » (driver ○ truck): departure and delivery of its run moved the goods."""
    moves = ground.caller(Column.SUPPLIER, "seller", of=ground.above).get("/api/v1/stock/moves?limit=200").json
    ways = {(one["source"], one["target"]) for one in moves}
    assert {("warehouse", "truck"), ("truck", "customer"), ("truck", "lost")} <= ways


def test_every_line_of_section_3_is_tried_or_named_as_missing() -> None:
    """Section 3: 31 actions × 8 roles; the lines are those of the requirements, none is left out."""
    assert set(TRIALS) & set(SECTION_3) | set(WITHOUT_A_DOOR) == set(SECTION_3)
    assert not set(TRIALS) & set(WITHOUT_A_DOOR)
    assert len(SECTION_3) == 31 + 2  # two lines of the table hold two permissions each
    assert len(PEOPLE) == 8


def test_every_permission_that_a_view_names_is_tried(ground: Ground) -> None:
    """Section 3: a view that names a permission gets its ``Trial``, whether section 3 has a line for it or not."""
    named = {one for mark in marks(ground.app).values() if isinstance(mark, Required) for one in mark.permissions}
    assert named | {Permission.ORDER_EDIT_PUBLISHED} == set(TRIALS) | TABLETS | set(EVERYBODYS)
    assert set(Permission) == named | {Permission.ORDER_EDIT_PUBLISHED} | set(WITHOUT_A_DOOR)


def test_a_line_without_a_door_is_held_by_others_or_comes_with_its_feature(ground: Ground) -> None:
    """Section 3: each line that no view names says by which doors it is held; two wait for what is not built."""
    named = {one for mark in marks(ground.app).values() if isinstance(mark, Required) for one in mark.permissions}
    assert {one for doors in HELD_BY.values() for one in doors} <= named
    assert set(HELD_BY) | set(COMES_WITH) == set(WITHOUT_A_DOOR)
    assert set(COMES_WITH) == {Permission.INVOICE_PARTIAL, Permission.STATISTICS_READ}
    assert not set(HELD_BY) & set(COMES_WITH)


def _knock_shut(
    ground: Ground, permission: Permission, client: Client, seller: Seller, refused: frozenset[int]
) -> None:
    trial = TRIALS[permission]
    subject = _kept_subject(ground, permission, seller)
    before = trial.look(ground, subject) if trial.look else None
    answer = (trial.foreign or trial.knock)(ground, client, subject)
    assert answer.status_code in refused, (permission, answer.status_code, answer.json)
    assert (trial.look(ground, subject) if trial.look else None) == before


def _kept_subject(ground: Ground, permission: Permission, seller: Seller) -> Any:
    """Return the one subject that nobody of a line may change."""
    if permission not in ground.kept:
        ground.kept[permission] = TRIALS[permission].subject(ground, seller)
    return ground.kept[permission]
