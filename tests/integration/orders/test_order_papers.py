"""Papers of orders and invoices: there without anybody’s action, marked by how an order is billed, and gathered."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from pypdf import PdfReader

from server.worker import run_until_empty
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import ADJUST, make_world


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """One seller, one shop; two orders, the first invoiced by hand and the second billed outside."""
    del module_database
    return trade_in(application(), make_world([ADJUST]))


@pytest.fixture(scope="module")
def pair(trade: Trade) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order with an invoice and one that is billed outside, after the worker's jobs."""
    invoiced, external = trade.order(accepted=True), trade.order(accepted=True, billing_type="external")
    answered(trade.seller.post(f"{API}/{invoiced['id']}/invoice"))
    run_until_empty()
    return invoiced, external


def papers(client: Client, order: dict[str, Any]) -> dict[str, str]:
    """Return the text of an order's newest paper of each kind, as somebody reads them."""
    found = answered(client.get("/api/v1/documents", query_string={"order_id": order["id"]}))
    newest = {one["kind"]: one["id"] for one in sorted(found, key=lambda one: one["revision"])}
    return {kind: words(client.get(f"/api/v1/documents/{paper_id}/file").data) for kind, paper_id in newest.items()}


def words(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_both_papers_are_there_without_anyones_action(trade: Trade, pair: Any) -> None:
    """R055: the purchase order with the order, the invoice with its number once published; nobody asked for a PDF."""
    invoiced, _external = pair
    [invoice] = answered(trade.buyer.get("/api/v1/invoices", query_string={"order_id": invoiced["id"]}))
    for reader in (trade.seller, trade.buyer):
        found = papers(reader, invoiced)
        assert set(found) == {"purchase_order", "invoice"}
        assert invoice["number"] in found["invoice"]
        assert invoiced["number"] in found["purchase_order"]
        assert "Facturation externe" not in found["purchase_order"]


def test_the_paper_of_an_order_billed_outside_says_so(trade: Trade, pair: Any) -> None:
    """R008, R007: beside its status on the purchase order, for seller and buyer; there is no invoice."""
    _invoiced, external = pair
    for reader in (trade.seller, trade.buyer):
        found = papers(reader, external)
        assert set(found) == {"purchase_order"}
        assert "Facturation externe" in found["purchase_order"]


def test_an_archive_holds_the_invoice_else_the_purchase_order(trade: Trade, pair: Any) -> None:
    """R060, R008: each order once, by its invoice, else by its purchase order; the manifest has the badge."""
    made = answered(trade.seller.post(f"{API}/archives"), 201)
    run_until_empty()
    archive = zipfile.ZipFile(io.BytesIO(trade.seller.get(f"{API}/archives/{made['id']}/file").data))
    files = json.loads(archive.read("manifest.json"))["files"]
    kinds = {file["order_id"]: file["kind"] for file in files}
    invoiced, external = pair
    assert kinds == {invoiced["id"]: "invoice", external["id"]: "purchase_order"}
    outside = {"fr": "Facturation externe", "en": "External billing"}
    assert {file["order_id"]: file["billed"] for file in files} == {invoiced["id"]: None, external["id"]: outside}
    held = {file["order_id"]: words(archive.read(file["name"])) for file in files}
    assert "Total à payer" in held[invoiced["id"]]
    assert external["number"] in held[external["id"]]
