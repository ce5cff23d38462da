"""Laws of deliveries: what was ordered is accounted for, and both policies bring in the same."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import DeliveredLine, outcome, overages, preview_settlement, price_accepted, shortages
from shared.pricing import price_order
from tests.property.shared.order_strategies import deliveries


@st.composite
def delivered_lines(draw):
    delivered, not_shipped, lost, returned, extra = (draw(st.integers(0, 50)) for _ in range(5))
    ordered = delivered + not_shipped + lost + returned
    return DeliveredLine(draw(st.uuids()).hex, ordered, delivered, not_shipped, lost, returned, extra)


def settled_both_ways(goods, prices, quantities):
    """The adjusted invoice, and the whole invoice less its credit, of one and the same delivery."""
    lines = [
        DeliveredLine(
            line.line_id, line.quantity, quantities[line.line_id], lost=line.quantity - quantities[line.line_id]
        )
        for line in goods.lines
    ]
    adjusted = preview_settlement(goods, msgspec.structs.replace(prices, invoice_standing="provisional"), lines)
    credited = preview_settlement(goods, msgspec.structs.replace(prices, invoice_standing="published"), lines)
    return adjusted.invoice, credited.invoice, credited.credit


def kept_by_line(document, attribute):
    return {line.line_id: getattr(line, attribute) for line in document.lines} if document else {}


def revenue_by_line(goods, prices, quantities, attribute="net_cents"):
    """For each line, what it brings in under adjust and under credit."""
    adjusted, whole, credit = (
        kept_by_line(document, attribute) for document in settled_both_ways(goods, prices, quantities)
    )
    return [
        (adjusted.get(line.line_id, 0), whole.get(line.line_id, 0) - credit.get(line.line_id, 0))
        for line in goods.lines
    ]


@given(st.lists(delivered_lines(), max_size=8))
def test_delivered_and_short_make_up_the_order(lines):
    """R019: nothing ordered is unaccounted for, and extras stand on top."""
    short = sum(shortage.quantity for shortage in shortages(lines))
    assert sum(line.delivered for line in lines) + short == sum(line.ordered for line in lines)
    assert sum(overage.quantity for overage in overages(lines)) == sum(line.extra for line in lines)
    assert (outcome(lines) == "complete") == (short == 0)


@given(deliveries(decimals=(0, 1, 2)))
def test_both_policies_bring_in_the_same_revenue(delivery):
    """Law 19: with unit prices in whole cents, each line nets the same under adjust and under credit, to the cent."""
    for adjusted, credited in revenue_by_line(*delivery):
        assert adjusted == credited


@given(deliveries())
def test_an_invoice_made_anew_is_what_was_signed(delivery):
    """Law 19, T5: under each policy it comes to what was shown, to the cent, and no amount of a line is negative."""
    goods, prices, quantities = delivery
    adjusted, whole, credit = settled_both_ways(goods, prices, quantities)
    shown_cents = {
        "provisional": adjusted.total_cents if adjusted else 0,
        "published": whole.total_cents - (credit.total_cents if credit else 0),
    }
    for standing, cents in shown_cents.items():
        anew = price_accepted(goods, msgspec.structs.replace(prices, invoice_standing=standing), quantities)
        assert anew.total_cents == cents
        assert {line.line_id: line.quantity for line in anew.lines} == {k: v for k, v in quantities.items() if v}
        assert all(min(line.net_cents, line.deposit_cents, *line.taxes.values(), 0) == 0 for line in anew.lines)


@given(deliveries())
def test_prices_finer_than_a_cent_differ_by_one_cent_a_line_at_most(delivery):
    """Law 19 with T1 and T5 both kept: adjust rounds the delivered quantity, credit a share of the whole line."""
    for adjusted, credited in revenue_by_line(*delivery):
        assert abs(adjusted - credited) <= 1


@given(deliveries())
def test_both_policies_hold_the_same_deposits(delivery):
    """Law 19: deposits are whole cents a unit, so they agree exactly."""
    for adjusted, credited in revenue_by_line(*delivery, attribute="deposit_cents"):
        assert adjusted == credited


@given(deliveries(decimals=(0, 1, 2)))
def test_taxes_of_both_policies_differ_by_rounding_alone(delivery):
    """T3 taxes an adjusted invoice afresh, T5 shares the published tax: cents apart, two a line and code at most."""
    goods, prices, quantities = delivery
    adjusted, whole, credit = settled_both_ways(goods, prices, quantities)
    for code in whole.taxes:
        kept = whole.taxes[code] - (credit.taxes.get(code, 0) if credit else 0)
        fresh = adjusted.taxes.get(code, 0) if adjusted else 0
        parts = sum(len(line.taxes) + len(line.deposit_tax) for line in whole.lines)
        assert abs(kept - fresh) <= 2 * parts


@given(deliveries())
def test_nothing_is_shown_above_the_invoice(delivery):
    """C12: the signer never sees a credit above the invoice, and a full delivery shows none."""
    goods, prices, quantities = delivery
    _, whole, credit = settled_both_ways(goods, prices, quantities)
    assert whole == price_order(goods, prices)
    ordered = {line.line_id: line.quantity for line in goods.lines}
    assert (credit is None or not credit.lines) == (ordered == quantities)
    assert credit is None or credit.total_cents <= whole.total_cents
