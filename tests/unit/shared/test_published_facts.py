"""Amounts that others published, recomputed: not a cent may be off.

The numbers of the credit cases are those of Lago's credit-note scenarios (its rounding specification and pull request
2643); those of the invoices come from the examples of the European e-invoicing standard EN 16931.
"""

from decimal import Decimal

import pytest

from shared.money import half_up, half_up_ratio, share_by_largest_remainder, times
from shared.pricing import credit_lines, price_order
from shared.wire.terms import TaxRule
from tests.factories.terms import LineTermsDraft, make_terms


def order_of(nets, rate):
    """An order with one unit for each net, all taxed at one rate."""
    vat = TaxRule(code="vat", rate=rate, name_fr="TVA", name_en="VAT")
    lines = [
        LineTermsDraft(str(at), 1, f"{net // 100}.{net % 100:02}", tax_codes=("vat",)) for at, net in enumerate(nets)
    ]
    return make_terms(*lines, taxes=(vat,))


def test_four_credits_of_one_line_each_take_exactly_the_tax():
    """T5: taxing each note afresh would give back 55.84 of a tax of 55.83 (Lago, pull request 2643)."""
    goods, prices = order_of([6833, 6833, 5750, 8500], "0.20")
    invoice = price_order(goods, prices)
    notes = [credit_lines(goods, prices, invoice, already={}, crediting={line.line_id: 1}) for line in invoice.lines]
    assert invoice.taxes == {"vat": 5583}
    assert sum(half_up_ratio(credit.net_cents * 20, 100) for credit in notes) == 5584
    assert sum(credit.tax_cents for credit in notes) == 5583


def test_two_equal_lines_are_credited_apart():
    """T4, T5: 82.00 and 81.99 of an invoice of 163.99."""
    goods, prices = order_of([6833, 6833], "0.20")
    invoice = price_order(goods, prices)
    totals = [
        credit_lines(goods, prices, invoice, already={}, crediting={line.line_id: 1}).total_cents
        for line in invoice.lines
    ]
    assert (invoice.taxes, invoice.total_cents, totals) == ({"vat": 2733}, 16399, [8200, 8199])


def test_four_equal_lines_share_a_tax_of_54_66():
    """T3: four nets of 68.33 at 20 % make 327.98."""
    invoice = price_order(*order_of([6833] * 4, "0.20"))
    assert (invoice.taxes, invoice.total_cents) == ({"vat": 5466}, 32798)


@pytest.mark.parametrize(
    ("net", "tax", "credited_net", "credited_tax"),
    [(20000, 5000, 19333, 4833), (16000, 4000, 15467, 3867), (2999, 700, 2571, 600), (76900, 15380, 72686, 14537)],
)
def test_a_credit_s_tax_is_its_share_of_the_invoice_s(net, tax, credited_net, credited_tax):
    """T5: cum(a, q) = half-up(a·q/Q), with a the invoice's tax, q and Q the credited and the whole net."""
    assert half_up_ratio(tax * credited_net, net) == credited_tax


def test_the_rest_of_two_partial_credits_is_exactly_the_rest():
    """T5: 872.23 then 50.57 of an invoice of 922.80."""
    first = 72686 + half_up_ratio(15380 * 72686, 76900)
    rest = 4214 + half_up_ratio(15380 * 76900, 76900) - half_up_ratio(15380 * 72686, 76900)
    assert (first, rest, first + rest) == (87223, 5057, 92280)


@pytest.mark.parametrize(
    ("base", "rate", "tax"),
    [
        ("-62574354", "0.25", -15643589),  # BIS3_Invoice_negativ: 25 % of -625,743.54
        ("124600", "0.22", 27412),  # FT G2G_TD01: 22 % of 1,246.00
        ("10000", "0.09975", 998),  # Revenu Québec: QST on 100.00
    ],
)
def test_published_taxes(base, rate, tax):
    """T3: the tax of a document's base, half up."""
    assert half_up(times(Decimal(base), Decimal(rate))) == tax


def test_shares_of_a_published_tax():
    """T4: 55.83 over 68.33, 68.33, 57.50 and 85.00."""
    assert share_by_largest_remainder(5583, (6833, 6833, 5750, 8500)) == (1367, 1366, 1150, 1700)
