"""A driver thinks again at the door: nothing was delivered, or something was after all."""

from __future__ import annotations

import msgspec
import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.counting import add_photo, set_delivered, set_reason
from driver_app.actions.failure import close_stop, fail_stop
from driver_app.actions.finish import finish_stop
from driver_app.actions.signing import SignatureMissing
from driver_app.statement import state
from driver_app.store import drafts
from driver_app.store.drafts import StopDraft
from driver_app.viewmodels.proof import present_proof
from tests.factories.changed_runs import with_quantities
from tests.factories.tablets import Cab


def draft_of(cab: Cab) -> StopDraft:
    """Return what was entered at the first stop."""
    found = cab.tablet.store.read(lambda session: drafts.load(session, **cab.at()))
    assert found is not None
    return found


def count_short(cab: Cab) -> str:
    """Count three broken on the first line, with reason and photo, and return the line."""
    line = cab.stop().orders[0].goods.lines[0]
    at = {**cab.at(), "line_id": line.line_id}
    set_delivered(cab.tablet, **at, delivered=line.quantity - 3)
    set_reason(cab.tablet, **at, reason="breakage")
    add_photo(cab.tablet, **at, jpeg=b"jpeg", now=cab.now)
    return line.line_id


def test_a_line_counted_after_a_failure_is_a_delivery_that_somebody_signs(cab: Cab) -> None:
    """R019: « closed » and then delivered: the failure is gone, and nothing delivered goes without a signature."""
    arrive(cab.tablet, **cab.at(), now=cab.now)
    close_stop(cab.tablet, **cab.at())
    line = cab.stop().orders[0].goods.lines[0]
    draft = set_delivered(cab.tablet, **cab.at(), line_id=line.line_id, delivered=line.quantity - 1)
    assert (draft.failure, draft.lines[line.line_id].delivered) == ("", line.quantity - 1)
    assert all(one.delivered == one.ordered for one in draft.lines.values() if one.line_id != line.line_id)
    set_reason(cab.tablet, **cab.at(), line_id=line.line_id, reason="forgotten")
    assert not present_proof(cab.stop(), state(cab.run, cab.stop(), draft_of(cab), "fr")).may_finish_unsigned
    with pytest.raises(SignatureMissing):
        finish_stop(cab.tablet, **cab.at(), signing=None, language="fr", now=cab.now)


@pytest.mark.parametrize("handed", ["delivered", "extra"])
def test_a_failure_kept_beside_goods_does_not_go_unsigned(cab: Cab, handed: str) -> None:
    """What is signed is what is billed: a draft left failed and counted is signed like any other."""
    arrive(cab.tablet, **cab.at(), now=cab.now)
    draft = close_stop(cab.tablet, **cab.at())
    lines = {
        line.line_id: msgspec.structs.replace(line, **{handed: line.ordered}, returned=0, reason="")
        if handed == "delivered"
        else msgspec.structs.replace(line, extra=1)
        for line in draft.lines.values()
    }
    left = msgspec.structs.replace(draft, lines=lines)
    cab.tablet.store.write("set_line", lambda session: drafts.save(session, left, run_id=cab.run.run_id))
    assert not present_proof(cab.stop(), state(cab.run, cab.stop(), left, "fr")).may_finish_unsigned
    with pytest.raises(SignatureMissing):
        finish_stop(cab.tablet, **cab.at(), signing=None, language="fr", now=cab.now)


def test_what_was_counted_comes_back_with_the_failure_taken_back(cab: Cab) -> None:
    """R019: quantity, reason and photo are as they were, after one failure and after a second thought about which."""
    arrive(cab.tablet, **cab.at(), now=cab.now)
    count_short(cab)
    before = draft_of(cab)
    for failure in ("closed", "refused"):
        failed = fail_stop(cab.tablet, **cab.at(), failure=failure)
        assert {line.delivered for line in failed.lines.values()} == {0}
    assert fail_stop(cab.tablet, **cab.at(), failure="") == before
    assert fail_stop(cab.tablet, **cab.at(), failure="") == before


def test_what_was_counted_before_a_failure_follows_the_office(cab: Cab) -> None:
    """G3: the office changes a stop that is marked closed: what comes back speaks of the stop as it is now."""
    arrive(cab.tablet, **cab.at(), now=cab.now)
    line_id, line = count_short(cab), cab.stop().orders[0].goods.lines[0]
    close_stop(cab.tablet, **cab.at())
    cab.office.runs = (with_quantities(cab.run, 0, {0: line.quantity - 3}, version=2),)
    assert cab.engine.pull().runs == 1
    assert draft_of(cab).lines[line_id].returned == line.quantity - 3
    back = fail_stop(cab.tablet, **cab.at(), failure="").lines[line_id]
    assert (back.ordered, back.delivered, back.lost, back.reason) == (line.quantity - 3, line.quantity - 3, 0, "")
