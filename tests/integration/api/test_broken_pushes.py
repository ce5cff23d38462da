"""Pushes that were changed on their way: what the chain, the head and each event's own seal hold, and what forks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from server.core.facts import Fact
from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy
from server.identity.service import make_enrolment_code
from server.sync.events import EVENT_MENDED
from tests.factories.callers import Callers, make_callers
from tests.factories.corrections import office
from tests.factories.hand_tablet import HandTablet
from tests.factories.web import enrol_request, now_stamp, token_request
from tests.integration.sync.test_closing_runs import person

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def callers(database: object) -> Callers:
    """Everyone, before the day was driven: each test seals one of its own."""
    return make_callers()


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


def unsealed(message: dict[str, Any], field: str) -> dict[str, Any]:
    """Change what travels beside the visit's chained bytes: its signature, or leaves that were signed for."""
    groups = message["events"][2]["groups"]
    leaves = groups[0]["leaves"]
    changes: dict[str, dict[str, Any]] = {
        "signature": {"signature": _flipped(message["events"][2]["signature"])},
        "no signature": {"signature": ""},
        "leaf": {"groups": [groups[0] | {"leaves": [leaves[0] + " ", *leaves[1:]]}, *groups[1:]]},
        "key": {"groups": [groups[0] | {"key": _flipped(groups[0]["key"])}, *groups[1:]]},
        "padding": {"groups": [groups[0] | {"padding": [_flipped(one) for one in groups[0]["padding"]]}, *groups[1:]]},
        "no groups": {"groups": []},
        "groups twice": {"groups": groups * 2},
        "group_padding": {"group_padding": [_flipped(one) for one in message["events"][2]["group_padding"]]},
    }  # fmt: skip
    return _with(message, 2, changes[field])


BESIDE = ("signature", "no signature", "leaf", "key", "padding", "no groups", "groups twice", "group_padding")


def _flipped(text: str) -> str:
    """Another last digit."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


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


def test_what_was_damaged_beside_the_chain_is_refused_and_the_whole_one_is_applied(callers: Callers) -> None:
    """G6, G8: a digit of a signature, a leaf, a key or padding flipped on the way takes nothing and loses nothing."""
    tablet = callers.yard.tablet
    drive(tablet)
    for field in BESIDE:
        answer = tablet.send(unsealed(tablet.message(), field))
        assert (answer.status_code, answer.json["slug"]) == (422, "broken-batch"), field
        where = {"events[2].signature"} if "signature" in field else {"events[2].groups", "events[2].group_padding"}
        assert answer.json["where"] in where
    assert outcomes(tablet.send(tablet.message())) == ("ok", 4, ["applied"] * 4)


def kept_damaged(tablet: HandTablet, field: str) -> Any:
    """Send the same damaged bytes until the office believes them, and return its answer then."""
    message = unsealed(tablet.message(), field)
    assert [tablet.send(message).status_code for _ in range(2)] == [422, 422]
    return tablet.send(message)


@pytest.mark.parametrize("field", ["signature", "padding", "no groups"])
def test_the_same_bytes_three_times_wait_for_a_person_until_the_whole_ones_come(field: str, callers: Callers) -> None:
    """G6, G8: what a tablet sealed wrongly blocks nothing; what was damaged alike is mended, counts once, is told."""
    tablet = callers.yard.tablet
    drive(tablet)
    tablet.arrive(tablet.stop())
    answer = kept_damaged(tablet, field)
    assert outcomes(answer) == ("ok", 5, ["applied", "applied", "parked", "applied", "parked"])
    assert [one["refusal"]["slug"] for one in answer.json["results"] if one["refusal"]] == [
        "broken-seal", "earlier-event-parked",
    ]  # fmt: skip
    assert outcomes(tablet.send(unsealed(tablet.message(), field)))[2] == [
        "known",
        "known",
        "parked",
        "known",
        "parked",
    ]
    assert outcomes(tablet.send(tablet.message(1, 3))) == ("ok", 5, ["known", "known", "applied"])
    assert outcomes(tablet.send(tablet.message())) == ("ok", 5, ["known"] * 5)
    with transaction(callers.yard.world.carrier_id) as session:
        delivered = session.scalars(select(Delivery.order_id)).all()
        told = session.scalars(select(Discrepancy).where(Discrepancy.kind == "event_mended")).one()
    assert len(set(delivered)) == len(delivered) == len(tablet.stop().orders)
    page = person(callers.yard, browser=True).get(f"/tableau/a-voir?jour={tablet.run.runs_on}").text
    assert "La tablette l’a renvoyé intact" in page
    assert f'"/ecarts/{told.id}"' in page


def test_an_event_kept_damaged_behind_another_is_mended_and_waits_its_turn(callers: Callers) -> None:
    """G6: the whole bytes take their place at once; what stands behind a parked event is decided with it."""
    tablet = callers.yard.tablet
    tablet.depart()
    tablet.visit(tablet.stop(), terms={order.order_id: "ab" * 32 for order in tablet.stop().orders})
    tablet.visit(tablet.stop())
    answer = kept_damaged(tablet, "padding")
    assert outcomes(answer) == ("ok", 3, ["applied", "parked", "parked"])
    assert outcomes(tablet.send(tablet.message())) == ("ok", 3, ["known", "parked", "parked"])
    with transaction(callers.yard.world.carrier_id) as session:
        assert session.scalars(select(Fact.name).where(Fact.name == EVENT_MENDED)).all() == [EVENT_MENDED]
        assert session.scalars(select(Discrepancy).where(Discrepancy.kind == "event_mended")).all() == []
    first = answer.json["results"][1]["event_id"]
    decided = office(callers.yard).post(
        f"/api/v1/sync/parked/{first}/decision", json={"choice": "set_aside", "reason": "Essai"}
    )
    assert decided.status_code == 200, decided.json
    assert outcomes(tablet.send(tablet.message())) == ("ok", 3, ["known"] * 3)


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


FREE = {"app_version", "epoch", "name"}
"""Fields of a request in which any text may stand that the database can keep."""


def texts_of(message: Any, name: str = "") -> Iterator[tuple[str, str, Callable[[str], Any]]]:
    """Yield each text of a message, of a list the first: its field, itself, and how another is put in its place."""
    if isinstance(message, str):
        yield name, message, lambda text: text
    elif isinstance(message, dict):
        for key, value in message.items():
            for field, said, put in texts_of(value, key):
                yield field, said, lambda text, key=key, put=put: message | {key: put(text)}
    elif isinstance(message, list | tuple) and message:
        for field, said, put in texts_of(message[0], name):
            yield field, said, lambda text, put=put: [put(text), *message[1:]]


def test_a_text_with_something_behind_it_is_refused_at_every_door(callers: Callers) -> None:
    """Rule 10: what fits no pattern is a clear refusal of every field, also to strangers, and no fall."""
    tablet, stranger, key = callers.yard.tablet, callers.clients["stranger"], Ed25519PrivateKey.generate()
    tablet.visit(tablet.stop())
    device_id, driver = str(tablet.tablet.device_id), tablet.client.member
    assert driver is not None
    with transaction(driver.owner_id) as session:
        code = make_enrolment_code(session, driver=driver, stamp=now_stamp()).code
    requests: list[tuple[Any, str, Any]] = [
        (tablet.client, "sync/push", tablet.message()),
        (tablet.client, "sync/hello", tablet.greeting()),
        (stranger, "devices/enrol", msgspec.to_builtins(enrol_request(key, code))),
        (stranger, "devices/challenge", {"device_id": device_id}),
        (stranger, "devices/token", msgspec.to_builtins(token_request(key, device_id, "ab" * 32))),
    ]
    seen: set[str] = set()
    for client, path, message in requests:
        for name, said, put in texts_of(message):
            seen.add(name)
            for more in ("\x00", "\n", " "):
                answer = client.post(f"/api/v1/{path}", json=put(said + more))
                is_fine = name in FREE and more != "\x00"
                assert answer.status_code in ({200, 201} if is_fine else {400, 422}), (path, name, more)
                assert is_fine or answer.mimetype == "application/problem+json"
    assert {"device_id", "head_signature", "body", "hash", "signature", "key", "leaves", "padding"} <= seen
    assert {"group_padding", "hash_at_acked", "code", "public_key", "proof", "nonce"} | FREE <= seen
