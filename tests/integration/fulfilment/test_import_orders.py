"""Orders from a spreadsheet: tried first, all or nothing, and the same file again makes nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from server.catalog.model import ProductFormat
from server.cli.main import tournee
from server.core.imports import FaultyRows, ImportReport
from server.core.transaction import transaction
from server.fulfilment.service.importing import import_orders, preview_orders
from server.fulfilment.service.order_rows import read_orders
from server.identity.model import OrganisationKind, Role
from server.orders.model import Order
from server.orders.pricing import explain_price
from server.parties.model import Client
from shared.states import OrderState
from tests.factories.web import Organisation, application, browser_of, make_member
from tests.factories.world import Deal, World, make_world, read_order, stamp

SHEET = """No commande;No client;Référence du format;Quantité;Prix;Jour prévu;Note
W-1;C1;CASE;4;;2026-11-19;Porte arrière
W-2;C2;KEG;1;180,5;;
W-1;C1;KEG;2;;;
"""


@pytest.fixture(scope="module")
def world(module_database: object) -> World:
    made = make_world([Deal(auto_accept=True, min_items=2)], buyers=2)
    with transaction(made.seller.id) as session:
        for number, buyer in enumerate(made.buyers, start=1):
            session.execute(update(Client).where(Client.buyer_id == buyer.id).values(external_id=f"C{number}"))
        for name, format_id in (("CASE", made.seller.case_id), ("KEG", made.seller.keg_id)):
            session.execute(update(ProductFormat).where(ProductFormat.id == format_id).values(reference=name))
    return made


def took(world: World, text: str, *, dry: bool = False) -> ImportReport:
    found = read_orders(text.encode())
    with transaction(world.seller.id) as session:
        return (preview_orders if dry else import_orders)(session, found=found, stamp=stamp())


def count(world: World) -> int:
    with transaction(world.seller.id) as session:
        return session.scalar(select(func.count()).select_from(Order)) or 0


def order_of(world: World, reference: str) -> Order:
    with transaction(world.seller.id) as session:
        order_id = session.scalars(select(Order.id).where(Order.external_id == reference)).one()
    return read_order(order_id, acting=world.seller.id)


def test_orders_are_tried_made_and_made_only_once(world: World) -> None:
    """Imports: a dry run prices and answers without writing; the same file again makes nothing (idempotent)."""
    tried = took(world, SHEET, dry=True)
    assert [(one.key, one.verdict.value) for one in tried.changes] == [("W-1", "new"), ("W-2", "new")]
    assert count(world) == 0
    done = took(world, SHEET)
    assert [one.note for one in done.changes] == [one.note for one in tried.changes]
    assert [one.verdict.value for one in took(world, SHEET).changes] == ["unchanged", "unchanged"]
    assert count(world) == 2
    first, second = order_of(world, "W-1"), order_of(world, "W-2")
    assert [(line.quantity, f"{line.unit_price}") for line in first.lines] == [(4, "42.5000"), (2, "189.0000")]
    assert (first.state, first.note, f"{first.planned_on}") == (OrderState.ACCEPTED, "Porte arrière", "2026-11-19")
    assert second.state is OrderState.PENDING  # under its group's minimum of items (C8)
    assert [step.kind.value for step in explain_price(second.lines[0])] == ["base", "typed"]


def test_every_fault_is_named_and_nothing_is_made(world: World) -> None:
    """Imports: errors by line and column, in both languages; one wrong order keeps all others out."""
    before = count(world)
    bad = """reference,client,format,quantity,carrier,note
X-1,C1,CASE,2,,
X-2,C9,CASE,2,,
X-3,C1,PAIL,2,,
X-4,C1,CASE,2,Camions Inconnus,
"""
    with pytest.raises(FaultyRows) as refused:
        took(world, bad)
    found = [(one.line, one.column.en if one.column else "") for one in refused.value.faults]
    assert found == [(3, "Client number"), (4, "Format reference"), (5, "Distributor")]
    with pytest.raises(FaultyRows, match="faulty-rows") as disagreeing:
        took(world, "reference,client,format,quantity\nY,C1,CASE,1\nY,C2,CASE,1\n")
    assert disagreeing.value.faults[0].line == 3
    assert count(world) == before


def test_the_command_and_the_page_take_the_same_file(world: World, tmp_path: Path) -> None:
    """Imports: `tournee import orders FILE --dry-run`, and the same on a page with a preview."""
    file, before = tmp_path / "orders.csv", count(world)
    file.write_text("No commande;No client;Référence du format;Quantité\nZ-1;C1;CASE;3\n", encoding="utf-8")
    named = ["import", "orders", str(file), "--seller", "BR1"]
    tried = CliRunner().invoke(tournee, [*named, "--dry-run"])
    assert (tried.exit_code, "Essai" in tried.output, count(world)) == (0, True, before), tried.output
    assert CliRunner().invoke(tournee, named).exit_code == 0
    assert count(world) == before + 1
    member = make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id), Role.OWNER)
    browser = browser_of(application(), member)
    assert "Référence du format" in browser.get("/commandes/importer").text
    again = {"file": (io.BytesIO(file.read_bytes().replace(b"Z-1", b"Z-2")), "orders.csv"), "do": "import"}
    page = browser.post("/commandes/importer", data=again, content_type="multipart/form-data").text
    assert "Importé" in page
    assert count(world) == before + 2
