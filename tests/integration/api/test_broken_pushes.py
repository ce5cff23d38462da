"""Pushes that were changed on their way: what the chain, the head and each event's own seal hold, and what forks."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from flask import Flask

from tests.factories.callers import Callers, make_callers
from tests.factories.hand_tablet import HandTablet

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def callers(app: Flask) -> Callers:
    """Everyone, before the day was driven: each test seals one of its own."""
    return make_callers(app)


def broken(message: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Change one thing that the chain or the head's signature covers."""
    at = choose.randrange(len(message["events"]))
    event = message["events"][at]
    match choose.choice(["from_seq", "head_signature", "events", "body", "hash"]):
        case "from_seq":
            return message | {"from_seq": choose.choice([0, -1, 2**60, "1", None, 1.5])}
        case "head_signature":
            return message | {"head_signature": "ab" * 64}
        case "events":
            return message | {"events": message["events"] * 2}
        case field:
            return _with(message, at, {field: _changed(event[field], choose)})


def unsealed(message: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """Change what only the event's own seal covers: its signature, or a leaf that was signed for."""
    visit = message["events"][2]
    if choose.random() < 0.5:
        return _with(message, 2, {"signature": "ab" * 64})
    return _with(message, 2, {"groups": choose.choice([[], visit["groups"][:1], visit["groups"] * 2])})


def _with(message: dict[str, Any], at: int, changes: dict[str, Any]) -> dict[str, Any]:
    events = list(message["events"])
    events[at] = events[at] | changes
    return message | {"events": events}


def _changed(text: str, choose: random.Random) -> str:
    at = choose.randrange(len(text))
    return text[:at] + choose.choice([one for one in '0aZé\x00"{' if one != text[at]]) + text[at + 1 :]


def drive(tablet: HandTablet) -> None:
    """Seal a day of four events whose third is a visit."""
    stop = tablet.stop()
    tablet.depart()
    tablet.arrive(stop)
    tablet.visit(stop)
    tablet.come_back()


def outcomes(answer: Any) -> tuple[str, int, list[str]]:
    """Return how the stream stands after a push, its last number, and what became of each event."""
    assert answer.status_code == 200, answer.json
    return answer.json["standing"], answer.json["last_seq"], [one["status"] for one in answer.json["results"]]


def test_pushes_broken_on_the_way_are_refused_and_the_valid_one_is_applied(callers: Callers) -> None:
    """G3, G6: one thing changed is a clear refusal that takes nothing; the same chain, whole, is applied."""
    tablet, choose = callers.yard.tablet, random.Random(1)
    drive(tablet)
    for _ in range(100):
        message = broken(tablet.message(), choose)
        answer = tablet.send(message)
        assert answer.status_code in {400, 422}, repr(message)[:500]
        assert answer.mimetype == "application/problem+json"
    for ahead in (2, 5, 2**53 - 1):
        assert outcomes(tablet.send(tablet.message() | {"from_seq": ahead})) == ("gap", 0, [])
    assert outcomes(tablet.send(tablet.message())) == ("ok", 4, ["applied"] * 4)
    assert outcomes(tablet.send(tablet.message())) == ("ok", 4, ["known"] * 4)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_event_whose_own_seal_is_broken_waits_for_a_person(seed: int, callers: Callers) -> None:
    """G6: what the chain holds and the seal does not is kept and parked; the others are applied."""
    tablet = callers.yard.tablet
    drive(tablet)
    first = tablet.send(unsealed(tablet.message(), random.Random(seed)))
    assert outcomes(first) == ("ok", 4, ["applied", "applied", "parked", "applied"])
    assert first.json["results"][2]["refusal"]["fr"]
    again = tablet.send(tablet.message())
    assert outcomes(again) == ("ok", 4, ["known", "known", "parked", "known"])


@pytest.mark.parametrize("shift", ["one left out", "one place later", "behind the last"])
def test_a_valid_chain_at_another_place_forks_the_stream(shift: str, callers: Callers) -> None:
    """G3: a chain that holds in itself and is not ours is another history: kept whole, and applied by nobody."""
    tablet = callers.yard.tablet
    drive(tablet)
    message = tablet.message()
    taken = 0
    if shift == "one left out":
        message["events"] = message["events"][1:]
    else:
        assert outcomes(tablet.send(message)) == ("ok", 4, ["applied"] * 4)
        message["from_seq"], taken = (2 if shift == "one place later" else 5), 4
    forked = tablet.send(message)
    assert outcomes(forked) == ("fork", taken, [])
    assert forked.json["quarantined"]
    assert outcomes(tablet.send(tablet.message())) == ("fork", taken, [])


def test_a_push_of_the_documents_own_form_is_decoded(callers: Callers) -> None:
    """The document's message and the server's are one: what msgspec writes, the schema holds."""
    tablet = callers.yard.tablet
    tablet.depart()
    schema = callers.document["components"]["schemas"]["Push"]
    assert set(schema["properties"]) == set(msgspec.to_builtins(tablet.message()))
