"""A correction that is begun and dropped: what was signed stands, and counts all the while."""

from __future__ import annotations

import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.correct import NothingToLeave, correct_stop, leave_as_signed, undo_finish
from driver_app.actions.counting import collect_cash, set_delivered, set_reason
from driver_app.actions.finish import finish_stop
from driver_app.signed import Signed, signed_at
from driver_app.store import drafts, outbox, states
from driver_app.store.drafts import CollectionDraft
from driver_app.strokes import draw_signing
from driver_app.takings import expected_cash_cents
from driver_app.viewmodels.signed import present_signed
from tests.factories.changed_runs import with_other_price
from tests.factories.tablets import Cab

CASH_CENTS = 5_000


def finish(cab: Cab) -> str:
    """Have the first stop signed, and return the event."""
    return finish_stop(cab.tablet, **cab.at(), signing=draw_signing("Zoé Roy", ""), language="fr", now=cab.now)


def deliver(cab: Cab) -> str:
    """Deliver the first stop for cash, past the time in which it can be undone."""
    arrive(cab.tablet, **cab.at(), now=cab.now)
    taken = CollectionDraft(issuer_id=cab.stop().collect[0].issuer_id, method="cash", amount_cents=CASH_CENTS)
    collect_cash(cab.tablet, **cab.at(), taken=taken)
    event_id = finish(cab)
    cab.clock.advance(10_001)
    return event_id


def count_short(cab: Cab) -> None:
    """Count one less on the first line."""
    line = cab.stop().orders[0].goods.lines[0]
    at = {**cab.at(), "line_id": line.line_id}
    set_delivered(cab.tablet, **at, delivered=line.quantity - 1)
    set_reason(cab.tablet, **at, reason="forgotten")


def state_of(cab: Cab) -> tuple[object, object, int]:
    """Return the stop's progress and draft, and the cash expected."""
    progress = cab.tablet.store.read(lambda session: states.stop_progress(session, **cab.at()))
    draft = cab.tablet.store.read(lambda session: drafts.load(session, **cab.at()))
    return progress, draft, cash(cab)


def cash(cab: Cab) -> int:
    """Return the cash expected of the run."""
    return cab.tablet.store.read(lambda session: expected_cash_cents(session, cab.run.run_id))


def signed(cab: Cab) -> Signed:
    """Return what the card of the first stop shows."""
    return cab.tablet.store.read(lambda session: signed_at(session, **cab.at(), language="en"))


def test_a_dropped_correction_leaves_state_draft_and_cash_as_signed(cab: Cab) -> None:
    """R025, C29: counted otherwise and left: the event, the outcome and the count of the signature stand again."""
    deliver(cab)
    before, head = state_of(cab), cab.tablet.store.read(outbox.head)
    correct_stop(cab.tablet, **cab.at())
    count_short(cab)
    assert cash(cab) == CASH_CENTS
    leave_as_signed(cab.tablet, **cab.at())
    assert state_of(cab) == before
    assert cab.tablet.store.read(outbox.head) == head
    with pytest.raises(NothingToLeave):
        leave_as_signed(cab.tablet, **cab.at())


def test_a_correction_whose_finish_is_undone_is_still_left(cab: Cab) -> None:
    """R025: from the undone correction the way leads back to the first signature, and never to a stop that has none."""
    first = deliver(cab)
    before = state_of(cab)
    correct_stop(cab.tablet, **cab.at())
    count_short(cab)
    finish(cab)
    undo_finish(cab.tablet, **cab.at(), now=cab.now)
    leave_as_signed(cab.tablet, **cab.at())
    assert state_of(cab) == before
    correct_stop(cab.tablet, **cab.at())
    assert finish(cab) != first
    arrive(cab.tablet, **cab.at(1), now=cab.now)
    with pytest.raises(NothingToLeave):
        leave_as_signed(cab.tablet, **cab.at(1))


def test_the_card_shows_what_was_read_whatever_the_office_changed(cab: Cab) -> None:
    """What is signed is what is shown: the statement of the signature, byte for byte, under its run's version."""
    deliver(cab)
    cab.office.runs = (with_other_price(cab.run, 0, "99.0000", version=2),)
    assert cab.engine.pull().runs == 1
    shown = signed(cab)
    assert shown.is_as_read
    assert shown.visit is not None
    view = present_signed(shown, cab.run.timezone, "fr")
    assert (view.can_correct, "Zoé Roy" in view.subtitle) == (True, True)
    cab.engine.sync()
    assert not present_signed(signed(cab), cab.run.timezone, "fr").can_correct
