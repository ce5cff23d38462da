"""The list of orders: buckets, filters, pages, columns and views, and the archive of what it shows."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from server.core import clock
from server.core.transaction import transaction
from server.documents.archives import jobs as gathering
from server.documents.archives import service as archives
from server.identity.model import OrganisationKind, Role
from server.orders.listing import Bucket
from server.orders.model import Order
from server.worker import run_until_empty
from shared.states import BillingState, OrderState
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import CREDIT, Deal, make_order, make_world

ORDERS = 12
OVER = {OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED}
ARRIVED = {OrderState.DELIVERED, OrderState.PARTLY_DELIVERED}


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    del module_database
    world = make_world([Deal(), CREDIT], buyers=2)
    trade = trade_in(application(), world)
    for number in range(ORDERS):
        make_order(world, buyer=world.buyers[number % 2], cases=1, kegs=0, accepted=False)
    return trade


def total(client: Client, **asked: str) -> int:
    return answered(client.get(API, query_string={"limit": "1", **asked}))["total"]


def expected(
    state: OrderState, billing: BillingState, planned: int | None, arrived: int | None
) -> tuple[Bucket, Bucket]:
    """The rule of R028 in plain words; days are counted from today."""
    if state in OVER | ARRIVED:
        delivery = Bucket.DONE
    elif state is OrderState.NOT_DELIVERED or (planned is not None and planned < 0):
        delivery = Bucket.LATE
    else:
        delivery = Bucket.UNDER_WAY if state in {OrderState.PLANNED, OrderState.SHIPPED} else Bucket.UPCOMING
    if state in OVER or billing in {BillingState.SETTLED, BillingState.INVOICED_OUTSIDE}:
        return delivery, Bucket.DONE
    if state in ARRIVED and arrived is not None and arrived < 0:
        return delivery, Bucket.LATE
    is_open = state in ARRIVED or billing is BillingState.UNDER_WAY
    return delivery, Bucket.UNDER_WAY if is_open else Bucket.UPCOMING


stands = st.tuples(
    st.sampled_from(OrderState), st.sampled_from(BillingState), st.sampled_from([None, -9, -1, 0, 1, 30]),
    st.sampled_from([None, -40, -1, 0]),
)  # fmt: skip


@settings(max_examples=12)
@given(st.lists(stands, min_size=ORDERS, max_size=ORDERS))
def test_each_order_falls_in_exactly_one_bucket_of_each_axis(trade: Trade, drawn: list[tuple]) -> None:
    """R028, R029: whatever states and days; the quick filters part the list, as the rule in plain words says."""
    found = answered(trade.seller.get(API, query_string={"limit": "200"}))["orders"]
    stand(trade, [UUID(one["id"]) for one in found], drawn)
    wanted = [expected(*one) for one in drawn]
    whole = total(trade.seller)
    for axis, at in (("delivery_bucket", 0), ("billing_bucket", 1)):
        counted = {one: total(trade.seller, **{axis: one.value}) for one in Bucket}
        assert sum(counted.values()) == whole
        assert counted == {one: sum(pair[at] is one for pair in wanted) for one in Bucket}
    shown = [int(one) for one in re.findall(r'class="much">([0-9]+)<', page(trade.seller))]
    assert shown == [whole, *(sum(pair[at] is one for pair in wanted) for at in (0, 1) for one in Bucket)]


def stand(trade: Trade, order_ids: list[UUID], drawn: list[tuple]) -> None:
    now = clock.now()
    with transaction(trade.world.seller.id) as session:
        for order_id, (state, billing, planned, arrived) in zip(order_ids, drawn, strict=True):
            columns = {
                "state": state,
                "billing_state": billing,
                "planned_on": None if planned is None else local_day(now) + timedelta(days=planned),
                "delivered_at": None if arrived is None else now + timedelta(days=arrived),
            }
            session.execute(update(Order).where(Order.id == order_id).values(columns))


def local_day(now: datetime) -> date:
    from zoneinfo import ZoneInfo

    return now.astimezone(ZoneInfo("America/Toronto")).date()


def page(client: Client, path: str = "/commandes") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text).replace("\u00a0", " ")


def rows(text: str) -> list[str]:
    return re.findall(r'href="/commandes/([0-9a-f-]{36})"><strong>', text)


def test_filters_narrow_the_page_and_reset_brings_it_back(trade: Trade) -> None:
    """R029, R030: quick filters on both axes, search, one client; « Réinitialiser » leads back to all."""
    everything = rows(page(trade.seller))
    parted = [rows(page(trade.seller, f"/commandes?livraison={one.value}")) for one in Bucket]
    assert sorted(one for part in parted for one in part) == sorted(everything)
    parted = [rows(page(trade.seller, f"/commandes?facturation={one.value}")) for one in Bucket]
    assert sorted(one for part in parted for one in part) == sorted(everything)
    buyer = trade.world.buyers[1].id
    mine = page(trade.seller, f"/commandes?client={buyer}")
    assert len(rows(mine)) == ORDERS // 2
    assert 'href="/commandes">Réinitialiser' in mine
    number = answered(trade.seller.get(API, query_string={"limit": "1"}))["orders"][0]["number"]
    for words in (number.lower(), number[-4:]):  # letters of any case, and what has none
        assert total(trade.seller, number=words) >= 1
        assert number in page(trade.seller, f"/commandes?q={words}")
    assert len(rows(page(trade.seller, "/commandes?q=dépanneur 2"))) == ORDERS // 2
    assert rows(page(trade.seller, "/commandes?q=100%25")) == []
    assert f'href="/clients/{buyer}"' in mine
    assert "Progression de la commande" in mine


def test_pages_follow_each_other_without_gaps_or_doubles(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    """R028: keyset pages; a new order between two pages neither repeats nor hides another."""
    from server.dashboard.queries import orders as queries

    monkeypatch.setattr(queries, "PAGE_ROWS", 5)
    listed = answered(trade.seller.get(API, query_string={"limit": "200"}))["orders"]
    tomorrow = (OrderState.PENDING, BillingState.UNINVOICED, 1, None)  # whatever the days were drawn to be before
    stand(trade, [UUID(one["id"]) for one in listed], [tomorrow] * len(listed))
    seen: list[str] = []
    path = "/commandes"
    for turn in range(10):
        text = page(trade.seller, path)
        seen += rows(text)
        if turn == 0:
            made = str(make_order(trade.world, cases=1, kegs=0, accepted=False, planned_on=date(2027, 11, 1)))
        if "apres=" not in text.split("Pages de la liste")[-1]:
            break
        path = "/commandes?apres=" + text.split("Pages de la liste")[-1].split("apres=")[1].split('"')[0]
    assert len(seen) == len(set(seen)) == ORDERS
    assert made not in seen
    assert rows(page(trade.seller, "/commandes?apres=nonsense"))


def test_columns_are_put_away_and_remembered_for_each_person(trade: Trade) -> None:
    """R032: toggled, kept for that person alone, brought back."""
    colleague = trade.member(trade.world.seller.id, OrganisationKind.SUPPLIER, Role.ADMIN, "Brasserie 1")
    assert 'scope="col">Facturation' in page(trade.seller)
    assert trade.seller.post("/commandes/colonnes", data={"colonne": ["delivery", "total"]}).status_code == 303
    assert 'scope="col">Facturation' not in page(trade.seller)
    assert 'scope="col">Livraison' in page(trade.seller)
    assert 'scope="col">Facturation' in page(colleague)
    trade.seller.post("/commandes/colonnes", data={"colonne": ["delivery", "progress", "billing", "total"]})
    assert 'scope="col">Facturation' in page(trade.seller)


def test_views_are_kept_under_a_name_shared_and_dropped(trade: Trade) -> None:
    """R029: the narrowed list comes back by its name; others see it when it is shared; only its owner drops it."""
    colleague = trade.member(trade.world.seller.id, OrganisationKind.SUPPLIER, Role.ADMIN, "Brasserie 1")
    kept = {"nom": "En retard chez nous", "livraison": "late", "q": "Dépanneur", "surprise": "x"}
    assert trade.seller.post("/commandes/vues", data=kept).status_code == 303
    assert "/commandes?livraison=late&q=D%C3%A9panneur" in page(trade.seller)
    assert "En retard chez nous" not in page(colleague)
    trade.seller.post("/commandes/vues", data=kept | {"partagee": "1"})
    assert "En retard chez nous" in page(colleague)
    view_id = page(trade.seller).split("/commandes/vues/")[1].split("/retirer")[0]
    assert colleague.post(f"/commandes/vues/{view_id}/retirer").status_code == 404
    assert trade.seller.post("/commandes/vues", data={"nom": " "}).status_code == 422
    assert trade.seller.post(f"/commandes/vues/{view_id}/retirer").status_code == 303
    assert "En retard chez nous" not in page(trade.seller)


def test_an_archive_tells_how_far_it_is_while_it_is_gathered(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    """R061: « l’opération peut prendre du temps »: whoever asks meanwhile reads how many orders were looked at."""
    run_until_empty()
    made = answered(trade.seller.post(f"{API}/archives"), 201)
    door, seen, look_up = f"{API}/archives/{made['id']}", [], archives.papers_of

    def asked_meanwhile(*args: Any, **wanted: Any) -> Any:
        now = answered(trade.seller.get(door))
        seen.append((now["state"], now["done"], now["total"]))
        return look_up(*args, **wanted)

    monkeypatch.setattr(gathering, "_AT_ONCE", ORDERS // 3)
    monkeypatch.setattr(archives, "papers_of", asked_meanwhile)
    run_until_empty()
    total = answered(trade.seller.get(door))["done"]
    assert total >= ORDERS
    assert seen[1:3] == [("gathering", 0, total), ("gathering", ORDERS // 3, total)]


def test_the_latest_paper_of_each_filtered_order_comes_in_one_archive(trade: Trade) -> None:
    """R060, R061: a job with progress over the filtered set; manifest, checksums; nobody else's."""
    run_until_empty()
    buyer = str(trade.world.buyers[1].id)
    made = answered(trade.seller.post(f"{API}/archives", query_string={"buyer_id": buyer}), 201)
    assert (made["state"], made["total"]) == ("waiting", ORDERS // 2)
    assert trade.seller.get(f"{API}/archives/{made['id']}/file").status_code == 409
    run_until_empty()
    ready = answered(trade.seller.get(f"{API}/archives/{made['id']}"))
    assert (ready["state"], ready["done"], ready["missing"]) == ("ready", ORDERS // 2, 0)
    archive = zipfile.ZipFile(io.BytesIO(trade.seller.get(f"{API}/archives/{made['id']}/file").data))
    manifest = json.loads(archive.read("manifest.json"))
    assert len(manifest["files"]) == len(archive.namelist()) - 2 == ORDERS // 2
    for file in manifest["files"]:
        assert hashlib.sha256(archive.read(file["name"])).hexdigest() == file["sha256"]
        assert file["kind"] == "purchase_order"
        assert file["billed"] is None
    assert trade.carrier.get(f"{API}/archives/{made['id']}").status_code == 404
    assert trade.seller.post(f"{API}/archives", query_string={"number": "personne"}).status_code == 404
    asked = trade.seller.post(f"/commandes/archives?client={buyer}")
    assert asked.status_code == 303
    run_until_empty()
    assert "documents.zip" in page(trade.seller, "/commandes/archives")
