"""Laws of corrections: whatever the sequence, the documents bill what was delivered, and replays bill nothing."""

from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.correction import correct_settlement
from shared.priced import PricedDocument, PricedLine
from shared.pricing import credit_of, price_order
from shared.standing_invoice import StandingInvoice, credit_standing
from tests.property.shared.order_strategies import orders, parts_of

MAX_CORRECTIONS = 6


@dataclass
class Books:
    """The published documents of one order: the invoice, and what corrections added; credits reduce what is left."""

    goods: object
    prices: object
    stack: list[StandingInvoice] = field(default_factory=list)

    def publish(self, priced):
        """Add an invoice of which nothing is credited yet."""
        left = {line.line_id: line for line in priced.lines}
        self.stack.append(StandingInvoice(f"{len(self.stack)}", priced, left))

    def steps_to(self, delivered, *, signed=None):
        first, *later = self.stack
        return correct_settlement(
            self.goods, self.prices, invoice=first, supplementary=later, delivered=delivered, signed=signed
        )

    def correct(self, delivered, *, signed=None):
        """Take the steps that a correction asks for; no credit may take more than is left (laws 8 and 9)."""
        steps = self.steps_to(delivered, signed=signed)
        for key, credited in steps.credits:
            self.credit(int(key), credited)
        for priced in (steps.again, steps.beyond):
            if priced is not None:
                assert priced.lines
                self.publish(priced)
        return steps

    def sign(self, now, counted):
        """Let a customer sign anew for what is counted, ``now`` with it; return the steps that were taken."""
        moved = {line_id: units for line_id, units in counted.items() if units != now[line_id]}
        now |= moved
        return self.correct(moved, signed=price_order(self.goods, self.prices, now))

    def credit(self, at, credited):
        """Let a credit note take of one document; it gives something back."""
        assert credited.total_cents >= 0
        one = self.stack[at]
        left = dict(one.left)
        for line in credited.lines:
            left[line.line_id] = minus(left[line.line_id], line)
        self.stack[at] = StandingInvoice(one.key, one.priced, left)

    def billed(self, line_id):
        """Everything that all documents still bill of a line, as one tuple of amounts."""
        parts = [one.left[line_id] for one in self.stack if line_id in one.left]
        return amounts_of(parts)

    def left_of(self, key):
        """What the credits of one document left of it."""
        return PricedDocument.of(tuple(self.stack[int(key)].left.values()))

    def stands(self):
        """Everything that all documents still bill, as one tuple of amounts."""
        return amounts_of([line for one in self.stack for line in one.left.values()])


def minus(line, part):
    """Return what is left of a line; it is never below zero, and zero when no unit is left."""
    left = PricedLine(
        line_id=line.line_id,
        quantity=line.quantity - part.quantity,
        net_cents=line.net_cents - part.net_cents,
        taxes={code: cents - part.taxes.get(code, 0) for code, cents in line.taxes.items()},
        deposit_cents=line.deposit_cents - part.deposit_cents,
        deposit_tax={code: cents - part.deposit_tax.get(code, 0) for code, cents in line.deposit_tax.items()},
        document_discount_cents=line.document_discount_cents - part.document_discount_cents,
    )
    cents = (left.net_cents, left.deposit_cents, *left.taxes.values(), *left.deposit_tax.values())
    assert left.quantity >= 0 <= min(cents)
    assert left.quantity or not any(cents)
    return left


def amounts_of(parts):
    """Return units, net, deposits and taxes by code, without zeros."""
    taxes = {}
    for part in parts:
        for code, cents in (*part.taxes.items(), *part.deposit_tax.items()):
            taxes[code] = taxes.get(code, 0) + cents
    return (
        sum(part.quantity for part in parts),
        sum(part.net_cents for part in parts),
        sum(part.deposit_cents for part in parts),
        {code: cents for code, cents in taxes.items() if cents},
    )


@st.composite
def corrected_orders(draw, *, invoiced_whole, decimals=(0, 1, 2, 3, 4)):
    """An order, what its invoice billed, and a sequence of corrections, each of all lines or of some."""
    goods, prices = draw(orders(decimals=decimals))
    whole = {line.line_id: line.quantity for line in goods.lines}
    invoiced = whole if invoiced_whole else draw(parts_of(goods))
    corrections = []
    for _ in range(draw(st.integers(1, MAX_CORRECTIONS))):
        counted = draw(parts_of(goods))
        named = draw(st.sets(st.sampled_from(sorted(counted)), min_size=1))
        corrections.append({line_id: counted[line_id] for line_id in sorted(named)})
    return goods, prices, invoiced, corrections


def published(goods, prices, invoiced):
    """Return the books with the order's invoice, and what counts of each line by then."""
    books = Books(goods, prices)
    books.publish(price_order(goods, prices, invoiced))
    return books, dict(invoiced)


def played(goods, prices, invoiced, corrections):
    books, now = published(goods, prices, invoiced)
    for delivered in corrections:
        books.correct(delivered)
        now |= delivered
        assert {line.line_id: books.billed(line.line_id)[0] for line in goods.lines} == now
        assert books.steps_to(now).is_nothing
    return books, now


@given(corrected_orders(invoiced_whole=True))
def test_any_sequence_of_corrections_ends_where_its_last_one_alone_would(case):
    """Law 19, T5, R023: delivered = invoiced − credited + supplementary, in units and to the cent, on every line."""
    goods, prices, invoiced, corrections = case
    books, now = played(goods, prices, invoiced, corrections)
    whole = price_order(goods, prices)
    short = {line.line_id: line.quantity - now[line.line_id] for line in whole.lines}
    credit = {line.line_id: line for line in credit_of(whole, already={}, crediting=short).lines}
    for line in whole.lines:
        kept = minus(line, credit[line.line_id]) if line.line_id in credit else line
        assert books.billed(line.line_id) == amounts_of([kept])


@given(corrected_orders(invoiced_whole=False, decimals=(0, 1, 2)))
def test_what_was_never_invoiced_is_billed_at_the_orders_own_terms(case):
    """Law 19, R016, R023: units and deposits exact; nets too, but for T5's cent where only a part stands."""
    goods, prices, invoiced, corrections = case
    books, now = played(goods, prices, invoiced, corrections)
    wanted = price_order(goods, prices, now)
    for line in goods.lines:
        priced = wanted.line(line.line_id)
        units, net_cents, deposit_cents, _taxes = books.billed(line.line_id)
        expected = (priced.quantity, priced.net_cents, priced.deposit_cents) if priced else (0, 0, 0)
        partly = sum(0 < one.left_of(line.line_id) < one.billed_of(line.line_id) for one in books.stack)
        partly += 0 < units < invoiced[line.line_id]  # what stands of the invoice is T5's share of it
        assert (units, deposit_cents) == (expected[0], expected[2])
        assert abs(net_cents - expected[1]) <= partly


@given(corrected_orders(invoiced_whole=False))
def test_an_order_that_nobody_received_after_all_leaves_nothing_billed(case):
    """Law 10, C27: whatever was billed, credited and billed again, the last correction to nothing leaves zero."""
    goods, prices, invoiced, corrections = case
    nothing = {line.line_id: 0 for line in goods.lines}
    books, _now = played(goods, prices, invoiced, [*corrections, nothing])
    for line in goods.lines:
        assert books.billed(line.line_id) == (0, 0, 0, {})


@given(corrected_orders(invoiced_whole=False), st.data())
def test_a_line_that_was_struck_out_leaves_nothing_billed(case, data):
    """Law 19, R023: its order has it no more, whichever documents bill it; the other lines keep what they have."""
    goods, prices, invoiced, corrections = case
    books, now = played(goods, prices, invoiced, corrections)
    struck = data.draw(st.sets(st.sampled_from(sorted(now)), min_size=1))
    kept = {line_id: books.billed(line_id) for line_id in now if line_id not in struck}
    books.goods = without(goods, struck)
    books.prices = without(prices, struck)
    steps = books.correct(dict.fromkeys(struck, 0))
    assert (steps.again, steps.beyond) == (None, None)
    assert {line_id: books.billed(line_id) for line_id in now} == kept | dict.fromkeys(struck, (0, 0, 0, {}))
    assert books.steps_to(now | dict.fromkeys(struck, 0)).is_nothing


@given(corrected_orders(invoiced_whole=False))
def test_what_stays_billed_is_what_was_signed_to_the_cent(case):
    """Law 19, R023: under *adjust* whoever signs anew signs for the shortened order priced afresh, and is billed that.

    A cent stays off only where nothing that the correction issues can bear it.
    """
    goods, prices, invoiced, corrections = case
    books, now = published(goods, prices, invoiced)
    for counted in corrections:
        steps = books.sign(now, counted)
        signed = price_order(goods, prices, now)
        units, _net_cents, deposit_cents, taxes = books.stands()
        assert (units, deposit_cents) == (sum(now.values()), signed.deposits_cents)
        for line_id in now:
            wanted = signed.line(line_id).net_cents if signed.line(line_id) else 0
            off = wanted - books.billed(line_id)[1]
            assert not off or not can_bear_net(books, steps, line_id, off)
        for code in {*taxes, *signed.taxes}:
            off = signed.taxes.get(code, 0) - taxes.get(code, 0)
            assert not off or not can_bear_tax(books, steps, code, off)
    everything = books.sign(now, dict.fromkeys(now, 0))
    assert books.stands() == (0, 0, 0, {})
    assert (everything.again, everything.beyond) == (None, None)


@given(corrected_orders(invoiced_whole=False), st.data())
def test_people_credit_what_corrections_left_to_the_cent(case, data):
    """Laws 8 to 10: credits by hand between corrections, and a void after them, take what is left and no more."""
    goods, prices, invoiced, corrections = case
    books, now = published(goods, prices, invoiced)
    for counted in corrections:
        books.sign(now, counted)
        at = data.draw(st.integers(0, len(books.stack) - 1))
        standing = books.stack[at]
        given_back = {line_id: data.draw(st.integers(0, line.quantity)) for line_id, line in standing.left.items()}
        books.credit(at, credit_standing(standing, given_back))
        now = {line_id: units - given_back.get(line_id, 0) for line_id, units in now.items()}
    for at, standing in enumerate(books.stack):
        books.credit(at, credit_standing(standing, {key: line.quantity for key, line in standing.left.items()}))
    assert books.stands() == (0, 0, 0, {})


def billed_lines(steps):
    return [line for document in (steps.again, steps.beyond) if document for line in document.lines]


def movable(books, steps):
    """Yield what may bear a cent, and what it has left: billed lines, and credited ones that keep units."""
    for line in billed_lines(steps):
        if line.net_cents:
            yield line, None
    for key, part in steps.credits:
        for line in part.lines:
            left = books.stack[int(key)].left[line.line_id]
            if left.quantity and line.net_cents:
                yield line, left


def can_bear_net(books, steps, line_id, off):
    """More is billed or credited less of what is; less is billed less, or credited of what is left."""
    mine = [(line, left) for line, left in movable(books, steps) if line.line_id == line_id]
    if off > 0:
        return any(left is None or line.net_cents for line, left in mine)
    return any(line.net_cents if left is None else left.net_cents for line, left in mine)


def can_bear_tax(books, steps, code, off):
    """The same of a tax that the line bears."""
    mine = [(line, left) for line, left in movable(books, steps) if code in line.taxes]
    if off > 0:
        return any(left is None or line.taxes[code] for line, left in mine)
    return any(line.taxes[code] if left is None else left.taxes[code] for line, left in mine)


def without(half, struck):
    """Return one half of the terms as they are once these lines were struck out."""
    return msgspec.structs.replace(half, lines=tuple(line for line in half.lines if line.line_id not in struck))
