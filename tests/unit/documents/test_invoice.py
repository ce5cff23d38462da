"""What an invoice and a credit note say."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from server.documents.rendering.commerce import NoNumber
from server.documents.rendering.compose import UnbalancedPaper
from server.documents.rendering.parts import Amounts, GoodsLine, TaxAmount
from shared.problems import Text
from tests.factories.papers import (
    a_credit_note,
    a_provisional_invoice,
    an_invoice,
    pages_of,
    pdf_of,
    text_of,
)


def test_a_published_invoice_says_what_quebec_asks():
    """R006 and Québec's rules: number, both registrations, buyer, terms, description, each tax, the footer."""
    text = text_of(an_invoice())
    for fact in (
        "F-2026-00318",
        "N° TPS : 123456789 RT0001",
        "N° TVQ : 1234567890 TQ0001",
        "Épicerie Chez Bœuf & Cie",
        "Net 30 jours",
        "24 décembre 2026",
        "IPA Cœur de houblon, canette 473 ml",
        "TPS (5 %) 50,23 $",
        "TVQ (9,975 %) 100,20 $",
        "Total à payer 1 440,99 $",
        "Chèque à l’ordre de Brasserie du Faubourg inc.",
    ):
        assert fact in text
    assert "PROVISOIRE" not in text


def test_an_english_invoice_says_the_same():
    """Interface languages: the English document is complete."""
    text = text_of(an_invoice(), "en")
    for fact in ("Invoice", "December 24, 2026", "GST (5%) $50.23", "QST (9.975%) $100.20", "Total due $1,440.99"):
        assert fact in text
    assert "Échéance" not in text


def test_a_provisional_invoice_has_a_reference_and_no_number():
    """C1: a provisional invoice is a reference, printed « sous réserve des quantités livrées »."""
    text = text_of(a_provisional_invoice())
    assert "FACTURE PROVISOIRE" in text
    assert "sous réserve des quantités livrées" in text
    assert "P-2041-1" in text
    assert "F-2026" not in text
    assert "Total provisoire" in text


@pytest.mark.parametrize(("number", "reference"), [("", ""), ("F-1", "P-1-1")])
def test_an_invoice_has_exactly_one_of_number_and_reference(number, reference):
    """C1: numbers come at publication and never before."""
    with pytest.raises(NoNumber):
        pdf_of(an_invoice(number=number, reference=reference))


def test_container_deposits_stand_apart_from_the_price():
    """Deposits are a liability: their class, quantity and unit are printed outside the nets and the taxes."""
    text = text_of(an_invoice())
    assert "Sous-total 1 004,56 $" in text
    assert "Consignes — canettes 360 × 0,10 $ 36,00 $" in text
    assert "Consignes — fûts 5 × 50,00 $ 250,00 $" in text


@pytest.mark.parametrize("wrong", ["net_cents", "total_cents", "discount_cents"])
def test_amounts_that_do_not_add_up_are_refused(wrong):
    """Law 3 of billing: total = nets + taxes + deposits; a false document is never printed."""
    paper = an_invoice()
    amounts = msgspec.structs.replace(paper.amounts, **{wrong: getattr(paper.amounts, wrong) + 1})
    with pytest.raises(UnbalancedPaper) as refusal:
        pdf_of(msgspec.structs.replace(paper, amounts=amounts))
    assert refusal.value.where.startswith("amounts.")


def test_a_document_discount_and_untaxed_lines_are_told():
    """R059: extra lines have their own taxation; the base of a tax on part of the lines is printed."""
    lines = (
        GoodsLine(
            description=Text("Bière", "Beer"),
            unit=Text("caisse", "case"),
            quantity=1,
            unit_price=Decimal(100),
            net_cents=10_000,
            tax_codes=("gst",),
        ),
        GoodsLine(
            description=Text("Livraison", "Delivery"),
            unit=Text("forfait", "flat"),
            quantity=1,
            unit_price=Decimal(20),
            net_cents=2_000,
        ),
    )
    tax = TaxAmount(code="gst", name=Text("TPS", "GST"), rate=Decimal("0.05"), base_cents=9_000, amount_cents=450)
    amounts = Amounts(net_cents=11_000, discount_cents=1_000, taxes=(tax,), total_cents=11_450)
    text = text_of(msgspec.structs.replace(an_invoice(), lines=lines, amounts=amounts))
    assert "Rabais -10,00 $" in text
    assert "sans taxe" in text
    assert "TPS (5 %) sur 90,00 $ 4,50 $" in text


def test_an_unregistered_seller_prints_no_tax():
    """Registrations are the seller's own: without them there is no tax line and no registration number."""
    paper = an_invoice()
    line = msgspec.structs.replace(paper.lines[0], tax_codes=())
    plain = msgspec.structs.replace(
        paper,
        issuer=msgspec.structs.replace(paper.issuer, registrations=()),
        lines=(line,),
        amounts=Amounts(net_cents=line.net_cents or 0, total_cents=line.net_cents or 0),
    )
    text = text_of(plain)
    assert "TPS" not in text
    assert "TVQ" not in text


def test_an_agents_invoice_names_the_producer():
    """R011, C28: the issuer's numbers stand on the invoice, and for whom it bills."""
    text = text_of(an_invoice(seller=an_invoice().issuer, issuer=an_invoice().buyer))
    assert "POUR LE COMPTE DE Brasserie du Faubourg inc." in text


def test_a_credit_note_says_that_it_is_one():
    """R024: what it is, the invoice it belongs to with its date, the reason, the taxes adjusted."""
    text = text_of(a_credit_note())
    for fact in (
        "Note de crédit",
        "N-2026-00041",
        "FACTURE CRÉDITÉE F-2026-00318",
        "23 novembre 2026",
        "Motif Bris de marchandise constaté",
        "TPS (5 %) 12,11 $",
        "TVQ (9,975 %) 24,17 $",
        "Total du crédit 290,55 $",
        "N° TPS : 123456789 RT0001",
    ):
        assert fact in text


def test_a_credit_of_empties_names_no_invoice():
    """C30: containers of mixed origin are credited without an invoice of their own."""
    assert "FACTURE CRÉDITÉE" not in text_of(a_credit_note(invoice_number="", invoice_dated_on=None))


def test_names_are_printed_and_never_run():
    """Texts reach the templates beside their source: markup in a name is only a name."""
    paper = an_invoice()
    name = '*gras* #panic("non") $x$ @ref <lbl> \\ // `code`'
    text = text_of(msgspec.structs.replace(paper, buyer=msgspec.structs.replace(paper.buyer, name=name)))
    assert name in text


def test_the_note_and_the_footer_keep_their_lines():
    """R006, R051: the footer and the note are printed as they were typed."""
    page = pages_of(pdf_of(an_invoice(note="Une ligne\nUne autre", footer="Premier\nSecond")))[0]
    assert "Une ligne\nUne autre" in page
    assert "Premier\nSecond" in page
