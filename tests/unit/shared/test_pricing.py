"""Worked examples of invoices, credits, supplementary orders and returned containers."""

import msgspec
import pytest

from shared.pricing import (
    ContainerReturn,
    QuantityOutOfRange,
    TermsMismatch,
    credit_lines,
    price_containers,
    price_extra,
    price_order,
)
from shared.wire.terms import TaxRule
from tests.factories.terms import QUEBEC_TAXES, LineTermsDraft, cans, keg, make_invoice, make_terms, named_id

BLONDE, STOUT = LineTermsDraft("blonde").line_id, LineTermsDraft("stout").line_id


def test_a_hundred_dollars_cost_114_98_in_quebec():
    """T3: GST 5 % and QST 9.975 % on the price without GST (Revenu Québec's example since 2013)."""
    invoice = make_invoice(LineTermsDraft(quantity=10, unit_price="10.00"))
    assert (invoice.net_cents, invoice.taxes, invoice.total_cents) == (10000, {"gst": 500, "qst": 998}, 11498)


def test_a_refundable_deposit_bears_no_tax():
    """Law 21: a beverage at 1.00 with a deposit of 0.15 costs 1.20 with GST (Canada Revenue Agency's example)."""
    drink = LineTermsDraft(quantity=1, unit_price="1.00", tax_codes=("gst",), deposits=(cans(1, 15),))
    invoice = make_invoice(drink)
    assert (invoice.net_cents, invoice.deposits_cents, invoice.taxes) == (100, 15, {"gst": 5})
    assert invoice.total_cents == 120


def test_two_taxes_are_rounded_apart():
    """T3: 31.95 at 5 % and 8 % gives 1.60 and 2.56, each rounded once (from CRA interpretation 125136)."""
    rules = (
        TaxRule(code="federal", rate="0.05", name_fr="fédérale", name_en="federal"),
        TaxRule(code="provincial", rate="0.08", name_fr="provinciale", name_en="provincial"),
    )
    line = LineTermsDraft(quantity=1, unit_price="31.95", tax_codes=("federal", "provincial"))
    assert make_invoice(line, taxes=rules).taxes == {"federal": 160, "provincial": 256}


def test_tax_is_rounded_once_for_the_document():
    """T3, T4: two nets of 68.33 at 20 % bear 27.33 in all, 13.67 and 13.66 (a published rounding case)."""
    vat = TaxRule(code="vat", rate="0.20", name_fr="TVA", name_en="VAT")
    lines = [LineTermsDraft(name, 1, "68.33", tax_codes=("vat",)) for name in ("one", "two")]
    invoice = make_invoice(*lines, taxes=(vat,))
    assert invoice.taxes == {"vat": 2733}
    assert [line.taxes["vat"] for line in invoice.lines] == [1367, 1366]
    assert invoice.total_cents == 16399


def test_an_unregistered_seller_charges_no_tax():
    """T8: without tax rules the total is nets and deposits."""
    invoice = make_invoice(LineTermsDraft(tax_codes=(), deposits=(cans(),)), taxes=())
    assert (invoice.taxes, invoice.total_cents) == ({}, 12400)


def test_a_taxable_deposit_joins_the_base_of_its_line_s_codes():
    """Law 21, T2: 100.00 of beer and a taxable keg at 50.00 bear GST and QST on 150.00."""
    invoice = make_invoice(LineTermsDraft(quantity=1, unit_price="100.00", deposits=(keg(taxable=True),)))
    assert invoice.taxes == {"gst": 750, "qst": 1496}
    line = invoice.lines[0]
    assert (line.net_cents, line.deposit_cents) == (10000, 5000)
    assert {code: line.taxes[code] + line.deposit_tax[code] for code in invoice.taxes} == invoice.taxes


def test_unit_prices_keep_four_decimals():
    """T1: 3 × 0.3350 is 1.005, rounded once, half up."""
    assert make_invoice(LineTermsDraft(quantity=3, unit_price="0.3350")).net_cents == 101


def test_a_line_discount_follows_the_delivered_quantity():
    """R016: a discount of 10.00 on 10 cases is 7.00 on 7."""
    goods, prices = make_terms(LineTermsDraft(quantity=10, unit_price="10.00", discount_cents=1000))
    assert price_order(goods, prices).net_cents == 9000
    assert price_order(goods, prices, {BLONDE: 7}).net_cents == 6300


def test_a_document_discount_is_shared_over_its_lines():
    """T2: 10.00 over nets of 100.00 and 50.00; each line still prints its own net."""
    lines = LineTermsDraft("blonde"), LineTermsDraft("stout", 5, "10.00")
    invoice = make_invoice(*lines, document_discount_cents=1000)
    assert [line.net_cents for line in invoice.lines] == [9333, 4667]
    assert [line.listed_cents for line in invoice.lines] == [10000, 5000]
    assert (invoice.net_cents, invoice.document_discount_cents) == (14000, 1000)


def test_a_line_without_quantity_is_not_on_the_document():
    """R016: what was not delivered is not invoiced."""
    goods, prices = make_terms(LineTermsDraft("blonde"), LineTermsDraft("stout"))
    assert [line.line_id for line in price_order(goods, prices, {BLONDE: 0, STOUT: 4}).lines] == [STOUT]
    assert price_order(goods, prices, {}).total_cents == 0


@pytest.mark.parametrize("quantities", [{BLONDE: 11}, {BLONDE: -1}, {named_id("another"): 1}])
def test_quantities_beyond_the_order_are_refused(quantities):
    """R023: an invoice never grows beyond its order."""
    goods, prices = make_terms()
    with pytest.raises(QuantityOutOfRange) as refused:
        price_order(goods, prices, quantities)
    assert refused.value.where in quantities
    assert refused.value.detail.fr != refused.value.detail.en


def test_a_credit_takes_its_share_of_the_invoice():
    """R017, T5: 3 of 10 cases at 10.00 with 24 cans each: 30.00 + 1.50 + 2.99 + 7.20."""
    goods, prices = make_terms(LineTermsDraft(deposits=(cans(),)))
    credit = credit_lines(goods, prices, price_order(goods, prices), already={}, crediting={BLONDE: 3})
    assert (credit.net_cents, credit.taxes, credit.deposits_cents) == (3000, {"gst": 150, "qst": 299}, 720)
    assert credit.total_cents == 4169


@pytest.mark.parametrize(("already", "crediting"), [(0, 11), (4, 7), (11, 0), (0, -1)])
def test_more_than_was_invoiced_is_never_credited(already, crediting):
    """Law 8: credited quantity per line is at most the invoiced one."""
    goods, prices = make_terms()
    with pytest.raises(QuantityOutOfRange):
        credit_lines(
            goods, prices, price_order(goods, prices), already={BLONDE: already}, crediting={BLONDE: crediting}
        )


def test_a_line_that_was_not_invoiced_cannot_be_credited():
    """Law 8: an adjusted invoice without the stout has no stout to credit; zero of it is nothing."""
    goods, prices = make_terms(LineTermsDraft("blonde"), LineTermsDraft("stout"))
    invoiced = price_order(goods, prices, {BLONDE: 10})
    assert credit_lines(goods, prices, invoiced, already={}, crediting={STOUT: 0}).lines == ()
    with pytest.raises(QuantityOutOfRange):
        credit_lines(goods, prices, invoiced, already={}, crediting={STOUT: 1})


def test_an_invoice_of_another_order_is_refused():
    """C3: a credit stands on the lines of its own order's invoice."""
    goods, prices = make_terms(LineTermsDraft("blonde"))
    with pytest.raises(TermsMismatch):
        credit_lines(goods, prices, make_invoice(LineTermsDraft("stout")), already={}, crediting={})


def test_an_overage_costs_what_the_order_costs():
    """R023: same unit price, line discount per unit, taxes and deposits; the document's discount does not stretch."""
    line = LineTermsDraft(discount_cents=1000, deposits=(cans(),))
    goods, prices = make_terms(line, document_discount_cents=500)
    extra = price_extra(goods, prices, {BLONDE: 12})
    assert (extra.net_cents, extra.deposits_cents, extra.document_discount_cents) == (10800, 2880, 0)
    assert extra.taxes == {"gst": 540, "qst": 1077}
    assert price_extra(goods, prices, {BLONDE: 0}).lines == ()


def test_returned_containers_are_priced_at_their_day_s_price():
    """C30, law 21: cans untaxed, a taxable keg with the taxes it was charged with."""
    returns = [ContainerReturn("can", 48, 10), ContainerReturn("keg_50", 2, 5000, taxable=True)]
    credit = price_containers(returns, taxes=QUEBEC_TAXES)
    assert (credit.deposits_cents, credit.taxes, credit.total_cents) == (10480, {"gst": 500, "qst": 998}, 11978)
    assert [line.taxes for line in credit.lines] == [{}, {"gst": 500, "qst": 998}]
    assert price_containers(returns).total_cents == 10480
    assert price_containers([]).total_cents == 0


def test_a_negative_return_is_refused():
    """C30: containers given out are not returned."""
    with pytest.raises(QuantityOutOfRange):
        price_containers([ContainerReturn("can", -1, 10)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_id": named_id("another order")},
        {"lines": ()},
        {"taxes": ()},
        {"taxes": QUEBEC_TAXES + QUEBEC_TAXES},
        {"document_discount_cents": 10001},
    ],
)
def test_prices_that_do_not_fit_the_goods_are_refused(wrong):
    """Terms that contradict themselves are a problem that names the order, never an amount."""
    goods, prices = make_terms()
    with pytest.raises(TermsMismatch, match="C-0001"):
        price_order(goods, msgspec.structs.replace(prices, **wrong))


def test_a_discount_above_its_line_s_price_is_refused():
    """Law 9: no line nets below zero."""
    with pytest.raises(TermsMismatch):
        make_invoice(LineTermsDraft(quantity=1, unit_price="10.00", discount_cents=1001))


def test_a_repeated_line_is_refused():
    """A line id stands once in an order."""
    with pytest.raises(TermsMismatch):
        make_invoice(LineTermsDraft("blonde"), LineTermsDraft("blonde"))
