"""Limits on everything that a tablet sends: to the byte, packed or not, and by how often and how many at once."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from importlib import import_module

import msgspec
import pytest
from werkzeug.test import TestResponse

from server.core.settings import reload_settings
from server.core.transaction import transaction
from server.sync.service import pushing
from server.sync.service.streams import lock_stream
from shared.ids import new_id
from shared.wire.limits import MAX_BATCH_BYTES, MAX_EVENTS, MAX_LONE_EVENT_BYTES
from tests.factories.hand_tablet import HandTablet, Yard


def padded(tablet: HandTablet, size: int, last: int | None = None) -> bytes:
    """Return the push of the tablet's log as a body of exactly ``size`` bytes."""
    body = msgspec.json.encode(tablet.message(1, last))
    return body + b" " * (size - len(body))


def send(tablet: HandTablet, body: bytes, *, packed: bool) -> TestResponse:
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if packed else {})
    return tablet.client.post("/api/v1/sync/push", data=gzip.compress(body) if packed else body, headers=headers)


def test_a_batch_is_bounded_to_the_byte_packed_or_not(yard: Yard) -> None:
    """Protocol, 2: 256 KB and 200 events; a stop that is larger than a batch by itself is not stuck for ever."""
    tablet = yard.tablet
    tablet.depart()
    tablet.come_back()
    for packed in (False, True):
        over = send(tablet, padded(tablet, MAX_BATCH_BYTES + 1), packed=packed)
        assert (over.status_code, over.json["slug"], over.json["limit_bytes"]) == (
            413,
            "body-too-large",
            MAX_BATCH_BYTES,
        )
        assert over.json["details"]["fr"].startswith("Au plus 262144 octets")
        alone = send(tablet, padded(tablet, MAX_LONE_EVENT_BYTES + 1, last=1), packed=packed)
        assert (alone.status_code, alone.json["limit_bytes"]) == (413, MAX_LONE_EVENT_BYTES)
    assert send(tablet, padded(tablet, MAX_BATCH_BYTES + 1, last=1), packed=True).json["last_seq"] == 1
    assert send(tablet, padded(tablet, MAX_BATCH_BYTES), packed=False).json["last_seq"] == 2
    while len(tablet.events) <= MAX_EVENTS:
        tablet.seal("run.departed", {})
    many = tablet.send(tablet.message())
    assert (many.status_code, many.json["slug"]) == (422, "invalid-message")
    assert tablet.push(2)["last_seq"] == MAX_EVENTS + 1


def test_a_batch_of_many_documents_is_taken_in_part(
    make_day: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protocol, 2: counters are not held for more than 50 documents; the answer says how far it got, and it goes on."""
    assert pushing.MAX_DOCUMENTS == 50
    monkeypatch.setattr(pushing, "MAX_DOCUMENTS", 2)
    yard = make_day(shops=3)
    tablet = yard.tablet
    tablet.depart()
    for stop in tablet.run.stops:
        tablet.visit(stop)
    tablet.come_back()
    first = tablet.push()
    assert (first["standing"], first["last_seq"], len(first["results"])) == ("ok", 3, 3)
    rest = tablet.push(first["last_seq"] + 1)
    assert (rest["last_seq"], [one["status"] for one in rest["results"]]) == (5, ["applied", "applied"])


def test_a_saturated_office_and_a_restless_tablet_are_told_when_to_come_back(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protocol: 503 when the doors are full, 429 when one tablet has no end; both with Retry-After, nothing taken."""
    tablets = import_module("server.sync.api.tablets")
    monkeypatch.setattr(tablets, "_PATIENCE_S", 0.05)
    monkeypatch.setenv("TOURNEE_PUSHES_AT_ONCE", "1")
    monkeypatch.setenv("TOURNEE_PUSHES_PER_MINUTE", "3")
    reload_settings()
    tablets._turnstile.cache_clear()
    yard.tablet.depart()
    with tablets._turnstile(1).turn(new_id()):
        busy = yard.tablet.send(yard.tablet.message())
    assert (busy.status_code, busy.json["slug"]) == (503, "office-busy")
    assert int(busy.headers["Retry-After"]) >= 1
    assert yard.tablet.push()["last_seq"] == 1
    yard.tablet.hello()
    often = yard.tablet.send(yard.tablet.message())
    assert (often.status_code, often.json["slug"]) == (429, "tablet-too-often")
    assert 1 <= int(often.headers["Retry-After"]) <= 60
    yard.again.depart()
    assert yard.again.push()["last_seq"] == 1, "another tablet is not held up"
    tablets._turnstile.cache_clear()


def test_one_tablets_pushes_at_once_hold_one_place_and_no_other_tablet_up(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back-pressure: a tablet that pushes side by side waits behind itself; the second place is another's."""
    tablets = import_module("server.sync.api.tablets")
    monkeypatch.setattr(tablets, "_PATIENCE_S", 0.5)
    tablets._turnstile.cache_clear()
    greedy, other = yard.tablet, yard.again
    for tablet in (greedy, other):
        tablet.depart()
        tablet.hello()
    with ThreadPoolExecutor(4) as pool:
        with transaction(yard.world.carrier_id) as session:
            lock_stream(session, greedy.tablet.device_id)  # a push of its own that takes long
            sent = [pool.submit(greedy.send, greedy.message()) for _ in range(4)]
            wait(sent, timeout=1.5, return_when=FIRST_EXCEPTION)
            away = [one.result() for one in sent if one.done()]
            between = other.send(other.message())
        answers = [one.result() for one in sent]
    assert (between.status_code, between.json["last_seq"]) == (200, 1)
    assert [(one.status_code, one.json["slug"]) for one in away] == [(503, "office-busy")] * 3, "one waits for its turn"
    assert all(int(one.headers["Retry-After"]) >= 1 for one in away)
    assert sorted(one.status_code for one in answers) == [200, 503, 503, 503]
    assert greedy.push()["last_seq"] == 1
    tablets._turnstile.cache_clear()
