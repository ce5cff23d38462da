"""Laws of priced documents, whatever is ordered."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from shared.money import cash_rounding, half_up_ratio, share_by_largest_remainder, share_exactly
from shared.priced import sum_by_code
from shared.pricing import credit_lines, price_extra, price_order
from tests.property.shared.order_strategies import credit_splits, deliveries, orders


def rounded(amount):
    """Half up away from zero, over fractions: another way than the product's."""
    whole = (2 * abs(amount) + 1) // 2
    return int(whole if amount >= 0 else -whole)


def taxed_parts(goods, prices, document, code):
    """What each line brings to the base of one code: its net and its taxable deposits."""
    terms = {line.line_id: line for line in prices.lines}
    for line in document.lines:
        price = terms[line.line_id]
        if code in price.tax_codes:
            deposits = [deposit for deposit in price.deposits if deposit.taxable]
            deposit_cents = line.quantity * sum(deposit.containers * deposit.unit_cents for deposit in deposits)
            yield line, line.net_cents, deposit_cents


@given(deliveries())
def test_a_total_is_its_nets_taxes_and_deposits(delivery):
    """Law 3: total = nets + taxes + deposits, on the document and over its lines."""
    goods, prices, quantities = delivery
    for document in (price_order(goods, prices), price_order(goods, prices, quantities)):
        assert document.total_cents == document.net_cents + document.tax_cents + document.deposits_cents
        assert document.total_cents == sum(line.total_cents for line in document.lines)


@given(deliveries())
def test_a_tax_is_rounded_once_and_its_shares_sum_to_it(delivery):
    """Law 4, T2, T3: half-up of the whole base, shared without a cent lost."""
    goods, prices, quantities = delivery
    document = price_order(goods, prices, quantities)
    for rule in prices.taxes:
        base = sum(net + deposit for _, net, deposit in taxed_parts(goods, prices, document, rule.code))
        assert document.taxes.get(rule.code, 0) == rounded(base * Fraction(rule.rate))
    shares = sum_by_code(part for line in document.lines for part in (line.taxes, line.deposit_tax))
    assert shares == document.taxes


@given(orders())
def test_a_tax_share_is_near_its_exact_value(order):
    """Law 5: within 1.5 cents; untaxed lines bear nothing."""
    goods, prices = order
    document = price_order(goods, prices)
    for rule in prices.taxes:
        for line, net, deposit in taxed_parts(goods, prices, document, rule.code):
            assert abs(line.taxes[rule.code] - net * Fraction(rule.rate)) <= Fraction(3, 2)
            assert abs(line.deposit_tax.get(rule.code, 0) - deposit * Fraction(rule.rate)) <= Fraction(3, 2)
    codes = {line.line_id: set(line.tax_codes) for line in prices.lines}
    for line in document.lines:
        assert set(line.taxes) | set(line.deposit_tax) <= codes[line.line_id]


@given(orders())
def test_a_whole_line_nets_its_price_less_its_discount(order):
    """T1, T2: half-up(quantity × unit price − discount), then the document's discount, shared to the cent."""
    goods, prices = order
    document = price_order(goods, prices)
    quantities = {line.line_id: line.quantity for line in goods.lines}
    for price in prices.lines:
        line = document.line(price.line_id)
        if line is not None:
            exact = Fraction(price.unit_price) * 100 * quantities[price.line_id] - price.discount_cents
            assert line.listed_cents == rounded(exact)
    assert document.document_discount_cents == prices.document_discount_cents


@given(deliveries())
def test_no_line_nets_below_nothing(delivery):
    """Law 9: a part of a discounted line never turns negative."""
    goods, prices, quantities = delivery
    for line in price_order(goods, prices, quantities).lines:
        assert min(line.net_cents, line.deposit_cents, *line.taxes.values(), *line.deposit_tax.values(), 0) == 0


@given(credit_splits())
def test_credits_end_exactly_at_the_invoice_whatever_the_split(split):
    """Laws 8, 9, 10, T5: no part is negative, none passes its line, and all together they are the invoice."""
    goods, prices, invoiced, notes = split
    invoice = price_order(goods, prices, invoiced)
    already, net, deposits, taxes = dict.fromkeys(invoiced, 0), 0, 0, dict.fromkeys(invoice.taxes, 0)
    for crediting in notes:
        credit = credit_lines(goods, prices, invoice, already=already, crediting=crediting)
        assert min([0, *(line.net_cents for line in credit.lines), *credit.taxes.values()]) == 0
        assert credit.total_cents == credit.net_cents + credit.tax_cents + credit.deposits_cents
        already = {line_id: already[line_id] + crediting[line_id] for line_id in already}
        net, deposits = net + credit.net_cents, deposits + credit.deposits_cents
        taxes = sum_by_code([taxes, credit.taxes])
        assert net <= invoice.net_cents
        assert all(taxes[code] <= invoice.taxes[code] for code in taxes)
    assert (net, deposits, taxes) == (invoice.net_cents, invoice.deposits_cents, invoice.taxes)


@given(deliveries())
def test_crediting_everything_gives_the_invoice_back(delivery):
    """Law 10: one credit of all that was invoiced is the invoice, line by line."""
    goods, prices, quantities = delivery
    invoice = price_order(goods, prices, quantities)
    assert credit_lines(goods, prices, invoice, already={}, crediting=quantities) == invoice


@given(deliveries(), st.data())
def test_two_credits_are_as_one(delivery, data):
    """T5: a credit of a + b is a credit of a, then of b."""
    goods, prices, quantities = delivery
    invoice = price_order(goods, prices, quantities)
    first = {line_id: data.draw(st.integers(0, quantity)) for line_id, quantity in quantities.items()}
    rest = {line_id: quantities[line_id] - first[line_id] for line_id in quantities}
    one = credit_lines(goods, prices, invoice, already={}, crediting=first)
    two = credit_lines(goods, prices, invoice, already=first, crediting=rest)
    assert one.total_cents + two.total_cents == invoice.total_cents


@given(orders(), st.data())
def test_deposits_are_taxed_only_if_their_class_is(order, data):
    """Law 21: without a taxable class, no deposit bears tax, on invoices and supplements alike."""
    goods, prices = order
    taxable = {line.line_id for line in prices.lines if any(deposit.taxable for deposit in line.deposits)}
    extras = {line.line_id: data.draw(st.integers(0, 9)) for line in goods.lines}
    for document in (price_order(goods, prices), price_extra(goods, prices, extras)):
        for line in document.lines:
            assert line.line_id in taxable or not line.deposit_tax


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_shares_sum_and_stay_near_their_proportion(total, weights):
    """T2, T4: exact sum, each share within one cent, nothing for a weight of nothing."""
    weights = [*weights, 1]
    shares = share_by_largest_remainder(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1
        assert weight or not share


@given(st.integers(-(10**12), 10**12))
def test_cash_ends_on_five_cents(cents):
    """T7: the nearest multiple of five, two cents away at most."""
    assert (cents + cash_rounding(cents)) % 5 == 0
    assert abs(cash_rounding(cents)) <= 2


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**6))
def test_a_ratio_rounds_half_up(numerator, denominator):
    """T5: as fractions do, away from zero."""
    assert half_up_ratio(numerator, denominator) == rounded(Fraction(numerator, denominator))
    assert Decimal(half_up_ratio(numerator, 1)) == numerator


@given(
    st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=8),
    st.decimals("0", "0.3", places=5),
)
def test_taxes_of_lines_of_either_sign_are_shared_near_their_exact_value(bases, rate):
    """Laws 4, 5: with lines below zero each share is within a cent of its own, and their sum is the document's tax."""
    exact = [base * Decimal(rate) for base in bases]
    total = rounded(Fraction(sum(exact)))
    shares = share_exactly(total, exact)
    assert sum(shares) == total
    assert all(abs(share - one) <= 1 for share, one in zip(shares, exact, strict=True))
    assert all(share == 0 for share, base in zip(shares, bases, strict=True) if not base)
