"""What a purchase order and a delivery slip say before and after the visit."""

from __future__ import annotations

import msgspec

from shared.problems import Text
from tests.factories.papers import a_delivery_slip, a_purchase_order, text_of


def test_a_purchase_order_has_items_identity_date_and_final_amount():
    """R038, R039: a numbered order with all its items, its date and its final amount."""
    text = text_of(a_purchase_order())
    assert "BC-2041" in text
    assert "18 novembre 2026" in text
    assert "Montant final 1 440,99 $" in text
    assert all(line.description.fr.replace("\u00a0", " ") in text for line in a_purchase_order().lines)


def test_a_purchase_order_carries_its_current_status():
    """R040: the order's paper shows its status."""
    for status in (Text("Annulée", "Cancelled"), Text("Livrée", "Delivered")):
        assert status.fr in text_of(a_purchase_order(status=status))
        assert status.en in text_of(a_purchase_order(status=status), "en")


def test_the_order_note_is_printed():
    """R051: a message to the recipient stands on the order."""
    assert "Livrer par la ruelle" in text_of(a_purchase_order())


def test_an_order_without_prices_shows_no_amount():
    """R009, C29: an order delivered with a purchase order carries no price."""
    order = a_purchase_order()
    lines = tuple(msgspec.structs.replace(line, unit_price=None, net_cents=None) for line in order.lines)
    assert "$" not in text_of(msgspec.structs.replace(order, lines=lines, amounts=None))


def test_a_slip_before_the_visit_can_be_filled_in_by_hand():
    """R020: received quantities have a place, and so have name, role and signature."""
    text = text_of(a_delivery_slip())
    for fact in ("COMMANDÉ REÇU", "NOM EN LETTRES MOULÉES", "SIGNATURE", "Plateau – Rosemont"):
        assert fact in text
    assert "$" not in text


def test_a_slip_after_the_visit_shows_ordered_against_received():
    """R020, R021: what was received stands beside what was ordered, with the reason."""
    text = text_of(a_delivery_slip(received=True))
    assert "IPA Cœur de houblon, canette 473 ml 1 brisée : bris de marchandise caisse de 24 3 2" in text
    assert "NOM EN LETTRES" not in text
