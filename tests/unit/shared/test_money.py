"""Money is exact, rounded in one place, and written as people write it."""

from decimal import Decimal, localcontext

import pytest

from shared.money import (
    CurrencyMismatch,
    Money,
    NothingToShare,
    cash_rounding,
    format_money,
    half_up,
    half_up_ratio,
    share_by_largest_remainder,
    times,
)

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "cents"),
    [("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.4999", 2), ("-0.5", -1), ("-15643588.5", -15643589), ("0", 0)],
)
def test_a_half_goes_away_from_zero(value, cents):
    """T3: half up; the negative case is the VAT of the EN 16931 example BIS3_Invoice_negativ (-156435.885)."""
    assert half_up(Decimal(value)) == cents


def test_rounding_does_not_depend_on_the_thread_s_decimal_context():
    """T1: exact products, even where somebody set a short precision."""
    with localcontext(prec=3):
        assert half_up(times(Decimal("123456.7891"), Decimal(100))) == 12345679


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"), [(1, 2, 1), (-1, 2, -1), (1, -2, -1), (7, 3, 2), (8, 3, 3), (0, 5, 0)]
)
def test_a_ratio_rounds_as_half_up_does(numerator, denominator, expected):
    """T5: cum(a, q) = half-up(a·q/Q) in whole numbers."""
    assert half_up_ratio(numerator, denominator) == expected


@pytest.mark.parametrize(
    ("cents", "added"), [(1000, 0), (1001, -1), (1002, -2), (1003, 2), (1004, 1), (1005, 0), (-1003, -2)]
)
def test_cash_is_rounded_to_five_cents(cents, added):
    """T7: the rounding is what the payment adds, never part of a document."""
    assert cash_rounding(cents) == added


def test_currencies_never_meet():
    """Money of two currencies is neither added nor compared."""
    dollars, euros = Money(100, "CAD"), Money(100, "EUR")
    for operation in (
        lambda: dollars + euros,
        lambda: dollars - euros,
        lambda: dollars < euros,
        lambda: dollars >= euros,
    ):
        with pytest.raises(CurrencyMismatch) as refused:
            operation()
        assert "CAD" in refused.value.detail.fr
        assert "EUR" in refused.value.detail.en
    assert dollars != euros


def test_money_adds_and_compares_within_a_currency():
    """Money is a value."""
    assert Money(150, "CAD") + Money(50, "CAD") - Money(1, "CAD") == Money(199, "CAD")
    assert -Money(5, "CAD") < Money.zero("CAD") <= Money(0, "CAD")
    assert max(Money(3, "CAD"), Money(7, "CAD")) == Money(7, "CAD")


@pytest.mark.parametrize(
    ("cents", "currency", "language", "text"),
    [
        (128436, "CAD", "fr", f"1{NBSP}284,36{NBSP}$"),
        (128436, "CAD", "en", "$1,284.36"),
        (5, "CAD", "fr", f"0,05{NBSP}$"),
        (-123456789, "CAD", "fr", f"-1{NBSP}234{NBSP}567,89{NBSP}$"),
        (-1200, "CAD", "en", "-$12.00"),
        (1200, "EUR", "fr", f"12,00{NBSP}€"),
        (1200, "EUR", "en", "€12.00"),
        (1200, "CHF", "en", f"CHF{NBSP}12.00"),
        (1200, "USD", "fr", f"12,00{NBSP}USD"),
    ],
)
def test_amounts_are_written_as_people_write_them(cents, currency, language, text):
    """Québec French: no-break spaces between thousands and before the symbol; English complete."""
    assert format_money(cents, currency, language) == text
    assert Money(cents, currency).say(language) == text


def test_the_first_of_equal_remainders_gets_the_cent():
    """T4: a share is reproducible."""
    assert share_by_largest_remainder(2, (1, 1, 1)) == (1, 1, 0)
    assert share_by_largest_remainder(-2, (1, 1, 1)) == (-1, -1, 0)
    assert share_by_largest_remainder(0, ()) == ()


@pytest.mark.parametrize(("total", "weights"), [(5, (0, 0)), (5, ()), (5, (3, -1))])
def test_an_amount_without_positive_weights_is_refused(total, weights):
    """T2: a discount that no line can carry is a problem, not a silent loss."""
    with pytest.raises(NothingToShare):
        share_by_largest_remainder(total, weights)
