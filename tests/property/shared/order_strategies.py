"""Orders as anybody might sell them: fine prices, discounts, taxes, deposits and quantities."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from tests.factories.terms import QUEBEC_TAXES, LineTermsDraft, cans, keg, make_terms

MAX_LINES = 6


@st.composite
def line_drafts(draw, name, *, decimals):
    quantity = draw(st.integers(0, 60))
    unit_price = draw(st.decimals(0, 400, places=draw(st.sampled_from(decimals))))
    price_cents = int(unit_price * 100 * quantity)
    return LineTermsDraft(
        name=name,
        quantity=quantity,
        unit_price=str(unit_price),
        discount_cents=draw(st.integers(0, price_cents) | st.just(0)),
        tax_codes=draw(st.sampled_from([(), ("gst",), ("qst",), ("gst", "qst")])),
        deposits=draw(
            st.sampled_from([(), (cans(),), (keg(),), (keg(taxable=True),), (cans(12, 25), keg(taxable=True))])
        ),
    )


@st.composite
def orders(draw, *, decimals=(0, 1, 2, 3, 4), **changes):
    """Goods and prices; the document's discount is at most the sum of the nets."""
    count = draw(st.integers(1, MAX_LINES))
    lines = [draw(line_drafts(f"line {at}", decimals=decimals)) for at in range(count)]
    room = sum(int(Decimal(line.unit_price) * 100 * line.quantity) - line.discount_cents for line in lines)
    discount = draw(st.just(0) | st.integers(0, max(0, room)))
    taxes = draw(st.just(QUEBEC_TAXES))
    return make_terms(*lines, document_discount_cents=discount, taxes=taxes, **changes)


@st.composite
def parts_of(draw, goods):
    """For each line a quantity from nothing to all of it."""
    return {line.line_id: draw(st.integers(0, line.quantity)) for line in goods.lines}


@st.composite
def deliveries(draw, **changes):
    """An order and what was delivered of it."""
    goods, prices = draw(orders(**changes))
    return goods, prices, draw(parts_of(goods))


@st.composite
def credit_splits(draw):
    """An order, what was invoiced of it, and credits that together take all of it back, in any order."""
    goods, prices, invoiced = draw(deliveries())
    notes = []
    left = dict(invoiced)
    while any(left.values()):
        part = {line_id: draw(st.integers(0, quantity)) for line_id, quantity in left.items()}
        if not any(part.values()) or len(notes) == 5:
            part = dict(left)
        notes.append(part)
        left = {line_id: left[line_id] - part[line_id] for line_id in left}
    return goods, prices, invoiced, notes
