"""What a seller sets for a group of clients, and what became of a price or an invoice, read back from the PDFs."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.parties import service as parties
from server.parties.model import DeliverWith, Emission, Organisation
from server.worker import run_until_empty
from shared.ids import new_id
from tests.conftest import Database
from tests.factories.order_doors import API, Trade, answered, trade_in
from tests.factories.web import Client, application
from tests.factories.world import Deal, make_world, stamp

BY_HAND = Deal(emission=Emission.MANUAL, deliver_with=DeliverWith.PO)
GROUP = parties.GroupTerms(
    emission=Emission.MANUAL, discount_bp=1250, note_fr="Payer avant le 5 du mois.", note_en="Pay before the 5th."
)


@pytest.fixture(scope="module")
def trade(module_database: Database) -> Trade:
    """A seller whose « Tous » gives 12.5 % and has a note printed."""
    del module_database
    found = trade_in(application(), make_world([BY_HAND]))
    with transaction(found.world.seller.id) as session:
        parties.change_group(session, terms=GROUP, stamp=stamp())
    return found


def text_of(client: Client, order: dict[str, Any], kind: str) -> str:
    """Return the text of the newest paper of a kind, after the worker's jobs."""
    run_until_empty()
    found = answered(client.get("/api/v1/documents", query_string={"order_id": order["id"]}))
    newest = max((one for one in found if one["kind"] == kind), key=lambda one: (one["made_at"], one["revision"]))
    pdf = client.get(f"/api/v1/documents/{newest['id']}/file").data
    words = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    return words.replace("\u202f", " ").replace("\u00a0", " ")


def published(trade: Trade, order: dict[str, Any]) -> dict[str, Any]:
    return answered(trade.seller.post(f"{API}/{order['id']}/invoice"))


def test_a_group_s_discount_and_note_stand_on_order_and_invoice(trade: Trade) -> None:
    """R049, R051, R071: base price, the group's discount and the price after it on each line; both notes below."""
    order = trade.order(cases=2, kegs=0, accepted=True, note="Sonner à l’arrière")
    published(trade, order)
    for kind in ("purchase_order", "invoice"):
        text = text_of(trade.buyer, order, kind)
        assert "12,5 %" in text, (kind, text)
        assert "42,50 →" in text, (kind, text)
        assert "37,1875" in text, (kind, text)
        assert "Payer avant le 5 du mois." in text, kind
        assert "Sonner à l’arrière" in text, kind


def test_a_later_note_never_changes_an_issued_invoice(trade: Trade) -> None:
    """R051, law 35: the note is frozen with the invoice; the group's new one stands on the next."""
    order = trade.order(cases=1, kegs=0, accepted=True)
    published(trade, order)
    before = text_of(trade.buyer, order, "invoice")
    changed = parties.GroupTerms(emission=Emission.MANUAL, note_fr="Fermé en janvier.", note_en="Closed in January.")
    with transaction(trade.world.seller.id) as session:
        parties.change_group(session, terms=changed, stamp=stamp())
    following = trade.order(cases=1, kegs=0, accepted=True)
    published(trade, following)
    assert "Payer avant le 5" in before
    assert text_of(trade.buyer, order, "invoice") == before
    assert "Fermé en janvier." in text_of(trade.buyer, following, "invoice")
    with transaction(trade.world.seller.id) as session:
        parties.change_group(session, terms=GROUP, stamp=stamp())


def test_an_invoice_names_the_one_that_it_replaces(trade: Trade) -> None:
    """C6: republished after a void, the new number's paper says which invoice it stands for."""
    order = trade.order(cases=1, kegs=0, accepted=True)
    first = published(trade, order)
    answered(trade.seller.post(f"/api/v1/invoices/{first['id']}/void", json={"reason": "Mauvais client"}))
    second = answered(trade.seller.post(f"/api/v1/invoices/{first['id']}/republish"))
    text = text_of(trade.buyer, order, "invoice")
    assert second["number"] != first["number"]
    assert f"remplace la facture {first['number'].lower()}" in text.lower()
    assert second["number"] in text


def test_an_english_buyer_reads_the_english_note(trade: Trade) -> None:
    """R006, R051: note and footer are in the paper's language."""
    with transaction(trade.world.seller.id) as session:
        parties.change_group(session, terms=GROUP, stamp=stamp())
    speak(trade, "en")
    order = trade.order(cases=1, kegs=0, accepted=True)
    published(trade, order)
    text = text_of(trade.buyer, order, "invoice")
    assert "Pay before the 5th." in text
    assert "Pay by Interac e-Transfer" in text
    speak(trade, "fr")


def speak(trade: Trade, language: str) -> None:
    with transaction(trade.world.buyer.id) as session:
        session.get_one(Organisation, trade.world.buyer.id).language = language


def test_an_agent_credits_from_the_page_of_an_invoice_that_it_represents(trade: Trade) -> None:
    """R089, C28, section 3: the agent's button, its form, the seller's number; a stranger's page has none of them."""
    agent_id = new_id()
    with transaction(agent_id) as session:
        parties.create_organisation(
            session, org_id=agent_id, kind=OrganisationKind.AGENT, name="Agence du Malt", legal_name="Agence du Malt",
            code="ADM", stamp=stamp(),
        )  # fmt: skip
    with transaction(trade.world.seller.id) as session:
        parties.relate(session, buyer_id=agent_id, stamp=stamp())
    agent = trade.member(agent_id, OrganisationKind.AGENT, Role.OWNER, "Agence du Malt")
    order = trade.order(cases=3, kegs=0, accepted=True, agent_id=str(agent_id))
    invoice = published(trade, order)
    path = f"/factures/{invoice['id']}/credit"
    assert f'href="{path}"' in agent.get(f"/factures/{invoice['id']}").get_data(as_text=True)
    assert f'href="{path}"' not in trade.buyer.get(f"/factures/{invoice['id']}").get_data(as_text=True)
    assert trade.buyer.get(path).status_code == 403
    form = agent.get(path).get_data(as_text=True)
    line_id = form.partition('name="line-')[2].partition('"')[0]
    said = {"key": str(new_id()), f"line-{line_id}": "1", "reason": "Caisse éventée"}
    written = agent.post(path, data=said)
    assert written.status_code == 303, written.get_data(as_text=True)[-600:]
    assert agent.post(path, data=said).headers["Location"] == written.headers["Location"]
    note = agent.get(written.headers["Location"]).get_data(as_text=True)
    assert "BR1-NC-" in note
    assert "Caisse éventée" in note
