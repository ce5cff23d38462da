"""What a delivery does to its invoice, under each policy and standing."""

import pytest

from shared.delivery import DeliveredLine, LinesMismatch, PricesMissing, UnbalancedLine, preview_settlement
from shared.pricing import price_order
from tests.factories.terms import LineTermsDraft, cans, make_terms

BLONDE = LineTermsDraft("blonde").line_id


def delivered(quantity, extra=0, ordered=10):
    return (DeliveredLine(BLONDE, ordered, quantity, returned=ordered - quantity, extra=extra, reason="refused"),)


def settle(quantity, extra=0, draft=None, **terms):
    goods, prices = make_terms(draft or LineTermsDraft(), **terms)
    return preview_settlement(goods, prices, delivered(quantity, extra))


def test_an_adjusted_invoice_is_published_with_what_was_delivered():
    """R016, C1: a provisional invoice takes the delivered quantities; no credit."""
    preview = settle(7, invoice_standing="provisional")
    assert (preview.kind, preview.shown, preview.credit) == ("invoice", "invoice", None)
    assert preview.shown_total_cents == 7000 + 350 + 698


def test_an_adjusted_invoice_of_nothing_is_never_published():
    """C27: under adjust, an order that was refused whole has no invoice."""
    preview = settle(0, invoice_standing="provisional")
    assert (preview.kind, preview.shown, preview.invoice) == ("none", "none", None)


def test_a_published_invoice_is_credited_and_stays_as_it_is():
    """R017, R024: the invoice is unchanged, the difference is a credit with taxes and deposits."""
    draft = LineTermsDraft(deposits=(cans(),))
    preview = settle(7, draft=draft, settlement_policy="credit", invoice_standing="published")
    assert (preview.kind, preview.shown) == ("credit", "credit")
    assert preview.invoice == price_order(*make_terms(draft))
    assert (preview.shown_total_cents, preview.shown_credit_cents) == (13898, 4169)


def test_a_published_invoice_is_credited_even_under_adjust():
    """C1: published before the run (by hand, on acceptance), only a credit applies."""
    assert settle(7, settlement_policy="adjust", invoice_standing="published").kind == "credit"


def test_a_refused_order_is_credited_in_full():
    """C27: the whole published invoice comes back."""
    preview = settle(0, settlement_policy="credit", invoice_standing="published")
    assert preview.credit == preview.invoice


def test_a_full_delivery_leaves_the_published_invoice_alone():
    """R017: nothing to do, and the signer still sees the total."""
    preview = settle(10, settlement_policy="credit", invoice_standing="published")
    assert (preview.kind, preview.shown, preview.shown_total_cents, preview.credit) == ("none", "invoice", 11498, None)


def test_a_credit_at_the_threshold_is_issued_and_above_it_waits():
    """C12: above the threshold the tablet never shows an amount as granted."""
    terms = {"settlement_policy": "credit", "invoice_standing": "published"}
    at_once = settle(7, credit_threshold_cents=3449, **terms)
    waiting = settle(7, credit_threshold_cents=3448, **terms)
    assert (at_once.kind, at_once.shown_credit_cents) == ("credit", 3449)
    assert (waiting.kind, waiting.shown, waiting.shown_credit_cents) == ("credit_pending", "credit_pending", 0)
    assert waiting.credit == at_once.credit


def test_what_was_credited_before_is_not_credited_again():
    """Law 8: two cases credited before the visit, three missing: one more; replays give nothing."""
    terms = {"settlement_policy": "credit", "invoice_standing": "published"}
    preview = settle(7, draft=LineTermsDraft(credited_quantity=2), **terms)
    assert [line.quantity for line in preview.credit.lines] == [1]
    assert settle(7, draft=LineTermsDraft(credited_quantity=3), **terms).kind == "none"


@pytest.mark.parametrize(
    "terms",
    [
        {"deliver_with": "po"},
        {"deliver_with": "po", "billing_type": "external", "settlement_policy": "none"},
        {"deliver_with": "po", "invoice_standing": "published"},
    ],
)
def test_an_order_delivered_with_a_purchase_order_settles_nothing_at_the_door(terms):
    """C2, C14, C29: with or without prices, no amount is shown; the server and the tablet agree."""
    goods, prices = make_terms(**terms)
    for known in (prices, None):
        preview = preview_settlement(goods, known, delivered(7, extra=2))
        assert (preview.kind, preview.shown, preview.shown_total_cents, preview.supplement) == ("none", "none", 0, None)


def test_an_overage_is_a_supplementary_order_beside_the_invoice():
    """R023: the published invoice never grows."""
    preview = settle(10, extra=2, settlement_policy="credit", invoice_standing="published")
    assert (preview.kind, preview.shown_total_cents, preview.shown_supplement_cents) == ("none", 11498, 2300)
    adjusted = settle(10, extra=2, invoice_standing="provisional")
    assert adjusted.invoice.line(BLONDE).quantity == 10
    assert adjusted.supplement.line(BLONDE).quantity == 2


def test_a_supplement_alone_is_shown_as_one():
    """R023: nothing of the order, two of another make: only the supplement counts."""
    assert settle(0, extra=2, invoice_standing="provisional").shown == "supplement"


def test_an_agent_s_invoice_settles_as_a_seller_s():
    """C28: who issues changes the issuer, not the amounts."""
    terms = {"settlement_policy": "credit", "invoice_standing": "published"}
    assert settle(7, billing_type="agent", **terms) == settle(7, **terms)


def test_no_policy_and_no_invoice_means_no_settlement():
    """C2: nothing is invented where neither an invoice nor a policy stands."""
    assert settle(7, settlement_policy="none", invoice_standing="none").kind == "none"


def test_lines_of_another_order_are_refused():
    """R019: each ordered line is counted once, with its ordered quantity."""
    goods, prices = make_terms()
    for wrong in ((), delivered(7, ordered=9), delivered(7) * 2, (*delivered(7), DeliveredLine("other", 0, 0))):
        with pytest.raises(LinesMismatch, match="C-0001"):
            preview_settlement(goods, prices, wrong)


def test_an_unbalanced_line_never_reaches_an_amount():
    """R019: counting errors are told before any price."""
    with pytest.raises(UnbalancedLine):
        preview_settlement(*make_terms(), (DeliveredLine(BLONDE, 10, 7),))


def test_an_order_with_an_invoice_needs_its_prices():
    """C29: a bundle that forgot the prices says so."""
    with pytest.raises(PricesMissing, match="C-0001"):
        preview_settlement(make_terms()[0], None, delivered(10))
