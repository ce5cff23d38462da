"""What may follow what, and in which words a refusal is told."""

import pytest

from shared.lifecycle import IllegalMove
from shared.lifecycles import (
    ALL_LIFECYCLES,
    BILLING_LIFECYCLE,
    CREDIT_LIFECYCLE,
    INVOICE_LIFECYCLE,
    LABELS,
    ORDER_LIFECYCLE,
    RUN_LIFECYCLE,
    STOP_LIFECYCLE,
    BillingState,
    CreditState,
    InvoiceState,
    OrderState,
    RunState,
    StopState,
)


def walk(machine, *states):
    now = states[0]
    for then in states[1:]:
        now = machine.step(now, then)
    return now


def test_an_order_goes_from_draft_to_delivered():
    """C5: the way of an order that a run delivers."""
    way = ["DRAFT", "PENDING", "ACCEPTED", "PLANNED", "SHIPPED", "DELIVERED"]
    assert walk(ORDER_LIFECYCLE, *(OrderState[name] for name in way)) is OrderState.DELIVERED


def test_an_undelivered_order_is_planned_again():
    """C27: the order reopens and a later run delivers it."""
    way = ["SHIPPED", "NOT_DELIVERED", "ACCEPTED", "PLANNED"]
    assert walk(ORDER_LIFECYCLE, *(OrderState[name] for name in way)) is OrderState.PLANNED


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.EXPIRED, OrderState.CANCELLED, OrderState.DELIVERED])
def test_an_order_that_ended_stays_ended(state):
    """R045: nobody changes an order that ended."""
    assert ORDER_LIFECYCLE.is_terminal(state)


@pytest.mark.parametrize("state", [OrderState.SHIPPED, OrderState.DELIVERED, OrderState.REJECTED])
def test_goods_on_the_road_are_not_cancelled(state):
    """C5: an order is cancelled before its run departs, never after."""
    with pytest.raises(IllegalMove):
        ORDER_LIFECYCLE.step(state, OrderState.CANCELLED)


def test_a_published_invoice_never_changes():
    """R043: nothing follows publication; a change is another document."""
    assert INVOICE_LIFECYCLE.is_terminal(InvoiceState.PUBLISHED)
    assert INVOICE_LIFECYCLE.allows(InvoiceState.PROVISIONAL, InvoiceState.PROVISIONAL)
    assert not INVOICE_LIFECYCLE.allows(InvoiceState.PUBLISHED, InvoiceState.DROPPED)


def test_a_void_opens_the_order_for_one_new_invoice():
    """C6, C27: settled goes back to uninvoiced; what was invoiced outside stays so."""
    assert walk(BILLING_LIFECYCLE, BillingState.SETTLED, BillingState.UNINVOICED, BillingState.SETTLED)
    assert BILLING_LIFECYCLE.is_terminal(BillingState.INVOICED_OUTSIDE)


def test_a_refused_credit_is_never_issued():
    """C12: what the supplier refused needs a new proposal."""
    assert CREDIT_LIFECYCLE.is_terminal(CreditState.REFUSED)
    assert CREDIT_LIFECYCLE.step(CreditState.PROPOSED, CreditState.ISSUED) is CreditState.ISSUED


def test_a_run_is_cancelled_only_before_it_departs():
    """R015: any state before departure may be cancelled, none after."""
    can = {state for state in RunState if RUN_LIFECYCLE.allows(state, RunState.CANCELLED)}
    assert can == {RunState.DRAFT, RunState.PREPARED, RunState.DOCUMENTED, RunState.LOADING, RunState.READY}


def test_a_stop_is_corrected_only_before_its_sync():
    """R019: a driver counts again until the stop is synced."""
    assert STOP_LIFECYCLE.allows(StopState.SIGNED, StopState.COUNTING)
    assert not STOP_LIFECYCLE.allows(StopState.SYNCED, StopState.COUNTING)


def test_a_refusal_says_where_and_what_is_possible_in_both_languages():
    """Bad input gets a clear answer: from, to, and what may follow."""
    with pytest.raises(IllegalMove) as refused:
        RUN_LIFECYCLE.step(RunState.SETTLED, RunState.READY)
    detail = refused.value.detail
    assert detail.fr == (
        "Tournée\u00a0: passer de «\u00a0Réglée\u00a0» à «\u00a0Prête\u00a0» n’est pas permis. "
        "Suites possibles\u00a0: «\u00a0Close\u00a0»."
    )
    assert detail.en == "Run: going from “Settled” to “Ready” is not allowed. Possible next: “Closed”."
    assert refused.value.as_document("fr")["status"] == 409


def test_a_refusal_at_the_end_says_that_nothing_follows():
    """R043: a terminal state names no way on."""
    with pytest.raises(IllegalMove) as refused:
        RUN_LIFECYCLE.step(RunState.CLOSED, RunState.DRAFT)
    assert "none" in refused.value.detail.en
    assert "aucune" in refused.value.detail.fr


@pytest.mark.parametrize("machine", ALL_LIFECYCLES, ids=lambda machine: machine.name)
def test_every_lifecycle_is_whole(machine):
    """C4: each state has a row and words in both languages, each move ends in a known state, one state is terminal."""
    assert {then for moves in machine.moves.values() for then in moves} <= set(machine.moves)
    assert any(machine.is_terminal(state) for state in machine.moves)
    words = [machine.label(state) for state in machine.moves]
    assert len({word.fr for word in words}) == len({word.en for word in words}) == len(words)


def test_words_of_two_subjects_with_one_slug_stay_apart():
    """C4: a planned order and a planned stop are not said alike."""
    assert LABELS[OrderState.PLANNED].fr == "Planifiée"
    assert LABELS[StopState.PLANNED].fr == "Prévu"
    states = {(type(state), state) for machine in ALL_LIFECYCLES for state in machine.moves}
    assert len(LABELS) == len(list(LABELS)) == len(states)
