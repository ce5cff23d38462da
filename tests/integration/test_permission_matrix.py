"""The whole matrix of section 3 on the HTTP interface: 31 actions × 8 roles × one's own and a foreign organisation.

Each line is tried at its door with a real subject: ● works, ○ works inside its limit and is refused beyond it, – is
403; the same role of a foreign organisation gets 403 or 404, and the subject stays as it was. So is every other
permission that a view names. Lines that no view names are ``WITHOUT_A_DOOR``: others hold them, or they come with what
is not built yet; they fail here as soon as a view names one.
"""

from __future__ import annotations

from typing import Any

import pytest

from server.core.web.access import Required, marks
from server.identity.model import OrganisationKind, Role
from server.identity.permissions import COMES_WITH, HELD_BY, MATRIX, WITHOUT_A_DOOR, Column, Grant, Permission
from shared.ids import new_id
from tests.conftest import Database
from tests.factories import account_doors as accounts
from tests.factories import knocks
from tests.factories.corrections import counted_again, delivery_of
from tests.factories.matrix import Ground, make_ground
from tests.factories.trials import CELLS, EVERYBODYS, PEOPLE, SECTION_3, STRANGE, TABLETS, TRIALS, WORKS
from tests.factories.web import Client, Organisation, application, browser_of, make_member
from tests.factories.within import WITHIN
from tests.factories.world import Seller


@pytest.fixture(scope="module")
def ground(module_database: Database) -> Ground:
    return make_ground(application())


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
        edited = knocks.content(ground, ground.caller(column, "seller"), order_id, items=items)
        assert (edited.status_code, edited.json["lines"][0]["quantity"]) == (200, units), (column, edited.json)
    published, _invoice_id = ground.invoiced()
    before = knocks.order(ground, published)
    for column in PEOPLE:
        refused = knocks.content(ground, ground.caller(column, "seller"), published)
        assert refused.status_code == (409 if column in editors else 403), (column, refused.json)
    assert knocks.order(ground, published) == before


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
    limited = {(one, column) for one, column in CELLS if MATRIX[one].grant(column) is Grant.LIMITED}
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
