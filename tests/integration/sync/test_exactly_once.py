"""Whatever is sent again, late, twice at once or overlapping: each event counts once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

import msgspec
import psycopg
import pytest
from sqlalchemy import select

from server.core.keys import server_key
from server.core.transaction import transaction
from server.delivery.model import Delivery, Visit
from server.sync.model import DeviceEvent, EventOutcome
from server.sync.service.doors import Turnstile
from shared.sealing import is_signed_by, public_bytes
from shared.wire.event import LeafGroup
from tests.conftest import Database
from tests.factories.hand_tablet import HandTablet, Yard, short
from tests.factories.state import differences, state_digest


@pytest.fixture
def whole(yard: Yard) -> HandTablet:
    """A tablet whose run is over and sealed: departure, arrival, a short visit, return."""
    tablet, stop = yard.tablet, yard.tablet.stop()
    line = stop.orders[1].goods.lines[0]
    tablet.depart()
    tablet.arrive(stop)
    tablet.visit(stop, counted=short(line.line_id, line.quantity))
    tablet.come_back()
    return tablet


def test_a_push_without_news_gets_the_last_receipt_again(whole: HandTablet, database: Database) -> None:
    """Protocol, receipts: no row for what was signed before; another head or another epoch is signed anew."""
    first = whole.push(1, 3)["receipt"]
    assert [whole.push(1, 3)["receipt"] for _ in range(5)] == [first] * 5
    last = whole.push()["receipt"]
    with psycopg.connect(database.superuser_url.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE server_epoch SET nonce = gen_random_uuid()")
    restored = whole.push()["receipt"]
    told = [json.loads(one["body"]) for one in (first, last, restored)]
    assert [one["last_seq"] for one in told] == [3, 4, 4]
    assert told[1]["epoch"] != told[2]["epoch"]
    with psycopg.connect(database.superuser_url.replace("+psycopg", "")) as connection:
        kept = connection.execute("SELECT body FROM signed_receipt ORDER BY given_at").fetchall()
    assert [body for (body,) in kept] == [one["body"] for one in (first, last, restored)]


def test_a_batch_sent_twice_gets_the_same_answer_and_changes_nothing(whole: HandTablet, database) -> None:
    """G8: the second answer says ``known`` with the documents of the first."""
    first = whole.push()
    before = state_digest(database.superuser_url)
    second = whole.push()
    assert [result["status"] for result in first["results"]] == ["applied"] * 4
    assert [result["status"] for result in second["results"]] == ["known"] * 4
    assert [result["documents"] for result in second["results"]] == [result["documents"] for result in first["results"]]
    assert {document["kind"] for document in first["results"][2]["documents"]} == {"invoice", "credit_note"}
    assert differences(before, state_digest(database.superuser_url)) == {}


def test_a_batch_sent_to_several_processes_at_once_counts_once(
    whole: HandTablet, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G3: the stream is locked; all get the same documents. In one process a tablet would be inside but once."""
    own_process = partial(Turnstile, queue=1, patience_s=60)
    doors = import_module("server.sync.api.tablets")
    monkeypatch.setattr(doors, "_turnstile", lambda at_once: own_process(at_once=at_once))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: whole.push(), range(4)))
    statuses = sorted(answer["results"][2]["status"] for answer in answers)
    assert statuses == ["applied", "known", "known", "known"]
    assert len({json.dumps(answer["results"][2]["documents"]) for answer in answers}) == 1
    with transaction(yard.world.carrier_id) as session:
        assert len(session.scalars(select(Visit)).all()) == 1
        assert len(session.scalars(select(Delivery)).all()) == 2


def test_overlapping_batches_continue_where_the_server_is(whole: HandTablet) -> None:
    """G3: a batch whose beginning is known applies its end."""
    whole.push(1, 2)
    answer = whole.push(1, 4)
    assert [result["status"] for result in answer["results"]] == ["known", "known", "applied", "applied"]
    assert (answer["last_seq"], answer["standing"]) == (4, "ok")


def test_a_gap_is_never_applied(whole: HandTablet) -> None:
    """G3: events behind a hole wait until the hole is sent."""
    whole.push(1, 1)
    answer = whole.push(3, 4)
    assert (answer["standing"], answer["last_seq"], answer["results"]) == ("gap", 1, [])
    assert whole.push(2, 4)["last_seq"] == 4


def test_every_receipt_is_signed_and_names_the_head(whole: HandTablet) -> None:
    """G2: the receipt is the server's word for what its disk holds."""
    answer = whole.push(1, 3)
    body, signature = answer["receipt"]["body"], bytes.fromhex(answer["receipt"]["signature"])
    digest = hashlib.sha256(body.encode()).digest()
    assert is_signed_by(public_bytes(server_key()), "receipt", digest, signature)
    said = json.loads(body)
    assert (said["last_seq"], said["head"]) == (3, whole.events[2].hash) == (answer["last_seq"], answer["head"])


def test_other_bytes_at_a_known_place_fork_the_stream(whole: HandTablet, yard: Yard, database) -> None:
    """G6: a cloned tablet is detected; nothing of it is applied and a person decides."""
    whole.push()
    before = state_digest(database.superuser_url)
    clone = HandTablet(whole.tablet, whole.run, whole.events[:2])
    clone.visit(clone.stop())
    assert clone.push(3, 3)["standing"] == "fork"
    after = state_digest(database.superuser_url)
    assert set(differences(before, after)) == {"facts"}
    assert whole.push()["standing"] == "fork"


def test_an_event_that_follows_another_history_forks_the_stream(whole: HandTablet) -> None:
    """G3: the next number with another past is a fork, not a gap."""
    whole.push(1, 2)
    clone = HandTablet(whole.tablet, whole.run)
    clone.depart(wall_ms=1)
    clone.arrive(clone.stop())
    clone.come_back()
    assert clone.push(3, 3)["standing"] == "fork"


@pytest.mark.parametrize("where", ["head_signature", "body", "hash"])
def test_a_damaged_batch_is_refused_whole_and_may_be_sent_again(where: str, whole: HandTablet, yard: Yard) -> None:
    """G6: 422 for the envelope, nothing is taken; the same batch undamaged is taken."""
    message = whole.message()
    if where == "head_signature":
        message[where] = "00" * 64
    else:
        event = dict(message["events"][1])
        event[where] = "f" * 64 if where == "hash" else event["body"].replace("stop.arrived", "stop.arrivee")
        message["events"] = [message["events"][0], event, *message["events"][2:]]
    answer = whole.send(message)
    assert (answer.status_code, answer.json["slug"]) == (422, "broken-batch")
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(DeviceEvent)).all() == []
    assert whole.push()["last_seq"] == 4


def test_a_first_event_numbered_zero_is_refused(whole: HandTablet) -> None:
    """Bad input gets a clear answer: sequences begin at 1."""
    answer = whole.send(whole.message() | {"from_seq": 0})
    assert answer.status_code == 422, answer.json


def test_another_tablets_message_is_refused(whole: HandTablet, yard: Yard) -> None:
    """R039: a token speaks for its own tablet alone."""
    message = whole.message() | {"device_id": str(yard.again.tablet.device_id)}
    assert whole.send(message).status_code == 400


def test_another_tenants_tablet_changes_nothing(whole: HandTablet, make_day: Callable[..., Yard], yard: Yard) -> None:
    """G10: events that name another carrier's run are parked with their sender, and touch nothing of the other's."""
    other = make_day().tablet
    other.visit(whole.stop(), envelope={"run_id": whole.run.run_id})
    answer = other.push()
    assert answer["results"][0]["status"] == "parked"
    assert answer["results"][0]["refusal"]["slug"] == "unknown-stop"
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Visit)).all() == []


def test_an_event_id_used_by_another_carriers_tablet_is_parked(
    whole: HandTablet, make_day: Callable[..., Yard]
) -> None:
    """G6, G10: an id that another tenant used neither blocks the queue nor shows whose it is."""
    whole.push(1, 1)
    taken = json.loads(whole.events[0].body)["event_id"]
    other = make_day().tablet
    other.depart(event_id=taken)
    other.come_back()
    answer = other.push()
    assert [result["status"] for result in answer["results"]] == ["parked", "applied"]
    assert answer["results"][0]["event_id"] != taken


def test_events_of_an_unknown_run_are_parked_and_the_stream_goes_on(whole: HandTablet, yard: Yard) -> None:
    """G6: parked with a reason, in both languages; the events behind it are applied."""
    stranger = yard.again
    stranger.depart(run_id=str(yard.world.carrier_id))
    stranger.depart()
    answer = stranger.push()
    assert [result["status"] for result in answer["results"]] == ["parked", "applied"]
    assert all(answer["results"][0]["refusal"][language] for language in ("fr", "en"))


def test_a_parked_event_holds_up_its_own_stop_alone(make_day: Callable[..., Yard]) -> None:
    """Protocol, 2: later events of the same stop wait with it; the other stop is delivered."""
    yard = make_day(shops=2)
    tablet = yard.tablet
    first, second = tablet.run.stops
    tablet.arrive(first)
    tablet.visit(first, terms={first.orders[0].order_id: "ab" * 32})
    tablet.visit(first)
    tablet.visit(second)
    tablet.come_back()
    answer = tablet.push()
    assert [result["status"] for result in answer["results"]] == ["applied", "parked", "parked", "applied", "applied"]
    assert [result["refusal"]["slug"] for result in answer["results"][1:3]] == ["unknown-terms", "earlier-event-parked"]
    with transaction(yard.world.carrier_id) as session:
        assert {str(visit.stop_id) for visit in session.scalars(select(Visit))} == {second.stop_id}


POISON = {
    "no JSON": ("{", {}),
    "not canonical": ('{"b":1, "a":2}', {}),
    "an empty name": ("{}", {}),
    "a null character in a leaf": ('{"a":"b"}', {"groups": [{"key": "carrier", "leaves": ["\x00"], "padding": []}]}),
    "deep nesting": ("[" * 5000 + "]" * 5000, {}),
}


@pytest.mark.parametrize(("body", "beside"), POISON.values(), ids=POISON)
def test_poison_is_parked_and_never_blocks_the_queue(body: str, beside: dict, whole: HandTablet, yard: Yard) -> None:
    """G6: a signed batch with an unreadable event is taken; what follows is applied."""
    tablet = yard.again
    groups = tuple(msgspec.convert(group, LeafGroup) for group in beside.get("groups", ()))
    tablet.seal_bytes(body, groups=groups)
    tablet.depart()
    answer = tablet.push()
    assert [result["status"] for result in answer["results"]] == ["parked", "applied"]
    with transaction(yard.world.carrier_id) as session:
        kept = session.scalars(select(DeviceEvent).where(DeviceEvent.outcome == EventOutcome.PARKED)).one()
        assert kept.body == body.encode()


def test_nesting_beyond_the_readers_depth_is_parked(yard: Yard) -> None:
    """G6: an event of the right form whose payload nests without end stops nobody."""
    tablet = yard.tablet
    plain = tablet.seal("run.departed", {"deep": "here"})
    tablet.events.clear()
    tablet.seal_bytes(plain.body.replace('"here"', "[" * 20_000 + "]" * 20_000))
    tablet.come_back()
    assert [result["status"] for result in tablet.push()["results"]] == ["parked", "applied"]


def test_a_visit_with_a_null_character_in_the_signers_name_is_parked(yard: Yard) -> None:
    """G6: what the database cannot keep in a column is kept as it was sealed."""
    tablet = yard.tablet
    tablet.visit(tablet.stop(), payload={"signer_name": "Luce\x00"})
    tablet.come_back()
    assert [result["status"] for result in tablet.push()["results"]] == ["parked", "applied"]
