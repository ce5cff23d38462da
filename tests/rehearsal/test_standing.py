"""How things stand by the reference model, told by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.rehearsal.oracle_said import Taken, outcome_of
from server.rehearsal.oracle_standing import BACK, orders, runs, stops
from shared.wire.event import SealedEvent
from tests.rehearsal.test_model import EARLY_MS, HAD_MS, LATER_MS, ORDER, RUN, STOP, TABLET, model, visit


def told(seq: int, kind: str, stop: str = "") -> Taken:
    said = {"type": kind, "event_id": f"event-{seq}", "run_id": RUN, "stop_id": stop, "payload": {}}
    return Taken(TABLET, seq, SealedEvent(body=json.dumps(said), hash=""), HAD_MS)


def test_what_is_told_moves_run_stop_and_order() -> None:
    """M4: a run leaves with the first event of it, a visit ends its stop, the last word says how its order stands."""
    judged = model()
    world, expected = judged._world, judged.expected

    def standing() -> tuple[Any, ...]:
        return runs(world, expected)[RUN], stops(world, expected)[STOP], orders(world, expected)[ORDER]

    assert standing() == ({"ready"}, "planned", "planned")
    judged.hear(told(1, "stop.arrived", STOP))
    assert standing() == ({"under_way"}, "arrived", "shipped")
    judged.hear(visit(2, delivered=2, sealed_ms=EARLY_MS, received_ms=HAD_MS, said_of_it={"corrects": ""}))
    assert standing() == ({"under_way"}, "synced", "partly_delivered")
    judged.hear(told(3, "run.returned"))
    assert standing() == (BACK, "synced", "partly_delivered")


def test_what_waits_moves_nothing_until_a_person_has_it_applied() -> None:
    """M4: of what a tablet sends that is trusted no more, nothing counts by itself."""
    judged = model()
    returned = told(1, "run.returned")
    judged.hear(Taken(TABLET, 1, returned.event, LATER_MS, is_trusted=False))
    assert runs(judged._world, judged.expected) == {RUN: {"ready"}}
    judged.decide(TABLET, 1, "applied")
    assert runs(judged._world, judged.expected) == {RUN: BACK}


@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ({"delivered": 3, "extra": 1}, "complete"),
        ({"delivered": 2, "lost": 1}, "partial"),
        ({"lost": 3, "extra": 1}, "partial"),
        ({"lost": 2, "returned": 1}, "refused"),
        ({"not_shipped": 3}, "failed"),
    ],
)
def test_an_order_counted_at_the_office_ends_as_its_lines_say(said: dict[str, int], ended: str) -> None:
    """Section 4 (Stop): in full, in part, refused when goods come back, failed when there were none."""
    line = dict.fromkeys(("delivered", "not_shipped", "lost", "returned", "extra"), 0) | {"ordered": 3} | said
    assert outcome_of([line]) == ended


def test_the_photos_of_a_line_stay_when_the_office_corrects_it() -> None:
    """Section 3 (corrections): nobody photographs anew, and what was photographed is of the line still."""
    judged = model()
    taken = visit(1, delivered=2, sealed_ms=EARLY_MS, received_ms=HAD_MS)
    (group,) = taken.event.groups
    head, line = group.leaves
    photographed = json.dumps(json.loads(line) | {"photos": ["ab" * 32], "reason": "breakage"})
    whole = SealedEvent(
        body=taken.event.body, hash="", groups=(type(group)(key=group.key, leaves=(head, photographed), padding=()),)
    )
    judged.hear(Taken(TABLET, 1, whole, HAD_MS))
    counted = {"line_id": "cases", "ordered": 3, "delivered": 3, "not_shipped": 0, "lost": 0, "returned": 0, "extra": 0}
    judged.correct(ORDER, [counted | {"reason": ""}])
    assert judged.expected.delivered[ORDER] == [
        {"cases": (3, 2, 0, 1, 0, 0, "breakage", ("ab" * 32,))},
        {"cases": (3, 3, 0, 0, 0, 0, "", ("ab" * 32,))},
    ]
    assert judged.expected.outcomes[ORDER] == ["partial", "complete"]
