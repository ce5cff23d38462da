"""Orders in the browser's own requests: made, changed, answered, talked about, with files beside them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from html import unescape

import pytest
from PIL import Image

from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import CREDIT, Deal, make_world


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    del module_database
    return trade_in(application(), make_world([Deal(min_items=20), CREDIT]))


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text).replace("\u00a0", " ")


def sent(client: Client, path: str, form: Mapping[str, object], *, status: int = 303) -> str:
    answer = client.post(path, data=dict(form))
    assert answer.status_code == status, answer.text
    return answer.location or unescape(answer.text).replace("\u00a0", " ")


def whom(trade: Trade, **more: object) -> dict[str, object]:
    world = trade.world
    return {
        "seller_id": world.seller.id, "buyer_id": world.buyer.id, "site_id": world.buyer.site_id,
        "way": world.carrier_id, "taxed": "1", "with_deposits": "1", **more,
    }  # fmt: skip


def test_a_retailer_orders_in_the_form(trade: Trade) -> None:
    """R035, R047, R048, R050, R051: supplier, site, way, products with quantities and a note; submitted at once."""
    form = page(trade.buyer, f"/commandes/nouvelle?vendeur={trade.world.seller.id}")
    assert f"n-{trade.world.seller.case_id}" in form
    assert str(trade.world.buyer.site_id) in form
    assert "Distribution Mont-Royal" in form
    asked = whom(trade, note="Sonnez deux fois") | {f"n-{trade.world.seller.case_id}": "3"}
    order = answered(trade.buyer.get(API + sent(trade.buyer, "/commandes/nouvelle", asked).removeprefix("/commandes")))
    assert (order["state"], order["note"], order["lines"][0]["quantity"]) == ("pending", "Sonnez deux fois", 3)
    assert order["created_by"]["id"] == str(trade.world.buyer.id)
    shown = page(trade.seller, f"/commandes/{order['id']}")
    assert "Camille Roy, Dépanneur 1" in shown


def test_a_form_that_is_sent_again_orders_once(trade: Trade) -> None:
    """G2, R035: the answer was lost and the browser sends the form again; other goods under its key are refused."""
    case = f"n-{trade.world.seller.case_id}"
    form = page(trade.buyer, f"/commandes/nouvelle?vendeur={trade.world.seller.id}")
    asked = whom(trade, key=re.search(r'name="key" value="([^"]+)"', form)[1]) | {case: "3"}
    first, again = (sent(trade.buyer, "/commandes/nouvelle", asked) for _ in range(2))
    assert first == again
    refused = sent(trade.buyer, "/commandes/nouvelle", asked | {case: "4"}, status=409)
    assert answered(trade.buyer.get(API + first.removeprefix("/commandes")))["number"] in refused
    assert answered(trade.buyer.get(API + first.removeprefix("/commandes")))["lines"][0]["quantity"] == 3


def test_a_message_that_is_sent_again_is_said_once(trade: Trade) -> None:
    """G2, R046: the form on the order's page carries a key, and so does the program's request."""
    order = trade.order()
    shown = page(trade.buyer, f"/commandes/{order['id']}")
    key = re.search(r'/messages">.*?name="key" value="([^"]+)"', shown, flags=re.DOTALL)[1]
    for _ in range(2):
        sent(trade.buyer, f"/commandes/{order['id']}/messages", {"message": "Par la ruelle", "key": key})
    said = [trade.seller.post(f"{API}/{order['id']}/messages", json={"text": "Noté", "key": key}) for _ in range(2)]
    assert answered(said[0], 201) == answered(said[1], 201)
    found = [one["text"]["fr"] for one in answered(trade.buyer.get(f"{API}/{order['id']}/messages"))]
    assert (found.count("Par la ruelle"), found.count("Noté")) == (1, 1)


def test_a_retailer_with_several_suppliers_chooses_first(trade: Trade) -> None:
    """R027, R034: those with whom a relation is active, and no others."""
    choice = page(trade.buyer, "/commandes/nouvelle")
    assert all(name in choice for name in ("Brasserie 1", "Brasserie 2"))
    assert trade.buyer.get(f"/commandes/nouvelle?vendeur={trade.world.carrier_id}").status_code == 404
    supplier = page(trade.seller, "/commandes/nouvelle")
    assert "Dépanneur 1" in supplier
    assert "Brasserie 2" not in supplier
    assert "Brasserie 2" in page(trade.carrier, "/commandes/nouvelle")


def test_totals_are_the_servers_own_and_warn_of_the_minimum(trade: Trade) -> None:
    """R050, R067, C8: typed quantities come back as subtotal, taxes, deposits and total, with the minimum missed."""
    asked = whom(trade) | {f"n-{trade.world.seller.case_id}": "2"}
    totals = sent(trade.buyer, "/commandes/nouvelle/total", asked, status=200)
    for amount in ("85,00 $", "12,73 $", "4,80 $", "102,53 $"):
        assert amount in totals, totals
    assert "minimum" in totals
    wrong = sent(
        trade.buyer, "/commandes/nouvelle/total", asked | {f"n-{trade.world.seller.case_id}": "deux"}, status=200
    )
    assert "ne se lit pas" in wrong


def test_a_refused_form_keeps_what_was_typed(trade: Trade) -> None:
    """House rule: a refusal says why beside the form, and nothing that was typed is lost."""
    asked = whom(trade, note="À garder") | {f"n-{trade.world.seller.case_id}": "2", "way": ""}
    shown = sent(trade.buyer, "/commandes/nouvelle", asked, status=422)
    assert "À garder" in shown
    assert 'role="alert"' in shown
    assert re.search(rf'name="n-{trade.world.seller.case_id}"[^>]*value="2"', shown)


def test_a_draft_is_kept_and_submitted_later_and_an_order_is_repeated(trade: Trade) -> None:
    """R065, section 4: « garder en brouillon », « soumettre »; « commander de nouveau » begins with the same lines."""
    asked = whom(trade, then="draft") | {f"n-{trade.world.seller.keg_id}": "1"}
    path = sent(trade.seller, "/commandes/nouvelle", asked)
    assert answered(trade.seller.get(API + path.removeprefix("/commandes")))["state"] == "draft"
    sent(trade.seller, f"{path}/soumettre", {"revision": "1"})
    assert answered(trade.seller.get(API + path.removeprefix("/commandes")))["state"] == "pending"
    again = page(trade.seller, f"/commandes/nouvelle?comme={path.rsplit('/', 1)[1]}")
    assert re.search(rf'name="n-{trade.world.seller.keg_id}"[^>]*value="1"', again)


def test_a_supplier_edits_accepts_and_restores_in_the_form(trade: Trade) -> None:
    """R059, R062-R066: quantity, price, taxes, a charge, a rebate, an item; restored; then saved and accepted."""
    order = trade.order(by=trade.buyer)
    case, keg = (line["id"] for line in order["lines"])
    path = f"/commandes/{order['id']}"
    form = {
        "revision": "1", f"q-{case}": "2", f"p-{case}": "40,00", f"tt-{case}": "1", f"t-{case}": ["gst", "qst"],
        f"q-{keg}": "", f"n-{trade.world.seller.keg_id}": "1", "taxed": "1", "with_deposits": "1",
        "ek-0": "charge", "ew-0": "Livraison urgente", "eq-0": "1", "ep-0": "15",
        "ek-1": "rebate", "ew-1": "Fidélité", "ep-1": "5,50", "et-1": ["gst", "qst"],
        "ek-2": "item", "ew-2": "Verres", "eq-2": "6", "ep-2": "3.5", "et-2": ["gst", "qst"],
    }  # fmt: skip
    assert "299,50" in sent(trade.seller, f"{path}/modifier/total", form, status=200).replace(" ", "")
    sent(trade.seller, f"{path}/modifier", form)
    edited = answered(trade.seller.get(f"{API}/{order['id']}"))
    assert edited["net_cents"] == 8000 + 18900 + 1500 + 2100 - 550
    assert edited["state"] == "pending"
    assert "Fidélité" in page(trade.seller, f"{path}/modifier")
    sent(trade.seller, f"{path}/restaurer", {"revision": "2"})
    assert answered(trade.seller.get(f"{API}/{order['id']}"))["net_cents"] == order["net_cents"]
    stale = sent(trade.seller, f"{path}/modifier", form, status=409)
    assert "entre-temps" in stale
    sent(trade.seller, f"{path}/modifier", form | {"revision": "3", "then": "accept"} | {f"q-{case}": "1"})
    assert answered(trade.seller.get(f"{API}/{order['id']}"))["state"] == "accepted"
    assert trade.buyer.get(f"{path}/modifier").status_code == 403


def test_the_page_offers_each_party_what_it_may_do(trade: Trade) -> None:
    """R033, R045, R053, C13: the retailer asks and writes; the seller answers; history and messages in one list."""
    order = trade.order(by=trade.buyer)
    path = f"/commandes/{order['id']}"
    mine = page(trade.buyer, path)
    assert "Demander un changement" in mine
    assert "/modifier" not in mine
    sent(trade.buyer, f"{path}/demandes", {"sorte": "cancel", "mots": "Fermé pour travaux"})
    sent(trade.buyer, f"{path}/messages", {"message": "Merci d’avance"})
    theirs = page(trade.seller, path)
    assert "Annulation demandée" in theirs
    assert all(words in theirs for words in ("Fermé pour travaux", "Merci d’avance", "Commande soumise", "/modifier"))
    answer = "annuler" if order["state"] == "accepted" else "accepter"
    sent(trade.seller, f"{path}/{answer}", {"reason": "x", "revision": "1"})
    sent(trade.seller, f"{path}/annuler", {"reason": "Comme demandé"})
    assert "Annulation demandée : accordée." in page(trade.buyer, path)


def test_an_order_shows_what_its_client_ordered_before(trade: Trade) -> None:
    """R054: the client's other orders on each order, and the whole history behind its link, the seller's own alone."""
    earlier, later = trade.order(by=trade.buyer), trade.order(by=trade.seller)
    shown = page(trade.seller, f"/commandes/{later['id']}")
    beside = shown.partition("Autres commandes de ce client")[2]
    assert f"/commandes/{earlier['id']}" in beside
    whole = f"/commandes?client={trade.world.buyer.id}"
    assert whole in beside
    listed = page(trade.seller, whole)
    assert all(one["number"] in listed for one in (earlier, later))
    assert earlier["number"] not in page(trade.seller, f"/commandes?client={trade.world.carrier_id}")


def test_parties_bring_files_and_others_have_none(trade: Trade) -> None:
    """R056: PDF, pictures, CSV; by their bytes; for the order's parties alone; saved, never opened in place."""
    order = trade.order(by=trade.buyer)
    door = f"{API}/{order['id']}/files"
    picture = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(picture, "PNG")
    for name, body, kind in (
        ("bon d'achat.pdf", b"%PDF-1.7\n...", "application/pdf"),
        ("../../quai.png", picture.getvalue(), "image/jpeg"),
        ("liste.csv", "produit;quantité\nblonde;3\n".encode(), "text/csv"),
    ):
        made = answered(trade.buyer.post(door, data=body, headers={"X-Name": name.encode().decode("latin-1")}), 201)
        assert (made["media_type"], "/" in made["name"]) == (kind, False)
    for client in (trade.seller, trade.carrier):
        files = answered(client.get(door))
        assert len(files) == 3
        got = client.get(f"{API}/files/{files[0]['id']}")
        assert got.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in got.headers["Content-Security-Policy"]
    other = stranger_of(trade)
    assert other.get(f"{API}/files/{files[0]['id']}").status_code == 404
    assert other.get(door).json == []
    assert other.post(door, data=b"%PDF-1.7").status_code == 404
    assert trade.seller.delete(f"{API}/files/{files[0]['id']}").status_code == 404
    assert trade.buyer.delete(f"{API}/files/{files[0]['id']}").status_code == 204
    assert len(answered(trade.seller.get(door))) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"%PDF-" + bytes(10 * 1024**2),
        b"<html><script>alert(1)</script>",
        b"MZ\x90\x00",
        b"\x89PNG\r\n\x1a\nnot a picture",
    ],
)
def test_other_files_are_refused_in_words(trade: Trade, body: bytes) -> None:
    """R056: markup, programs, broken pictures and nothing at all are refused, whatever they are called."""
    order = trade.order(by=trade.buyer)
    refused = trade.buyer.post(f"{API}/{order['id']}/files", data=body, headers={"X-Name": "facture.pdf"})
    assert refused.status_code == 422
    assert refused.json["details"]["fr"]


def test_files_come_by_the_page_too(trade: Trade) -> None:
    """R056: from the order's page, several at once; shown to the other party; taken off by who brought it."""
    order = trade.order(by=trade.buyer)
    path = f"/commandes/{order['id']}"
    brought = [(io.BytesIO(b"%PDF-1.4 a"), "contrat.pdf"), (io.BytesIO(b"%PDF-1.4 b"), "plan.pdf")]
    sent(trade.buyer, f"{path}/fichiers", {"fichiers": brought})
    shown = page(trade.seller, path)
    assert "contrat.pdf" in shown
    assert "plan.pdf" in shown


def stranger_of(trade: Trade) -> Client:
    from server.identity.model import OrganisationKind

    return trade.member(trade.world.sellers[1].id, OrganisationKind.SUPPLIER)
