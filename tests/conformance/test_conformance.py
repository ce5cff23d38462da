"""One suite for two clients: whoever speaks the protocol as its page says loses nothing and is understood."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from driver_app.headless.photos import draw_photo
from driver_app.store import outbox
from driver_app.sync.transport import Unreachable
from server.core import clock
from server.core.blobs import blob_store
from server.core.keys import server_key, server_keys
from server.core.transaction import transaction
from server.delivery.model import Visit
from server.delivery.proofs import verify_proof, write_proof
from server.sync.service import proofs
from shared.sealing import public_bytes
from tests.conformance import calls
from tests.conformance import client as minimal
from tests.conformance.both import Client, Ours, Theirs, Told
from tests.conformance.conftest import SLIP, Office, came_in
from tests.conformance.driving import drive, line, plain, require_everything_once
from tests.conformance.wire import garbled, lost_answer, lost_request, twice
from tests.factories.state import differences


def sealed_proofs(office: Office) -> Counter[bool]:
    """Seal and verify every proof of the day, and say how many have all their files."""
    verified: Counter[bool] = Counter()
    with transaction(office.world.carrier_id) as session:
        for visit_id in session.scalars(select(Visit.id)).all():
            sealed = proofs.read_sealed_visit(session, visit_id)
            for delivery in sealed.deliveries:
                demanded = sealed.demanded(delivery)
                held = {one: blob_store().get(delivery.owner_id, one) for one in demanded if one in sealed.received}
                links = tuple(one.link for one in server_keys())
                contents = proofs.contents_of(
                    sealed, delivery, attachments=held, key=server_key(), links=links, sealed_at=clock.now()
                )
                verify_proof(write_proof(contents, key=server_key()), server_key=public_bytes(server_key()).hex())
                verified[len(held) == len(demanded)] += 1
    return verified


def test_a_day_leaves_the_same_office_whichever_client_drove_it(open_office: Callable[[str], Office]) -> None:
    """A second client: full, short, refused and closed stops, empties, cash, photos; every proof verifies."""
    states = []
    for kind in (Ours, Theirs):
        office = open_office(kind.__name__)
        client = came_in(kind, office)
        with office.serving() as url:
            client.over_http(url)
            drive(client, office)
            assert client.sync() == "done"
        require_everything_once(client, office)
        assert set(client.seen.results.values()) == {"applied"}
        assert client.papers
        assert set(client.papers.values()) == {SLIP}
        checked = sealed_proofs(office)
        assert checked[True] > 10
        assert not checked[False]
        states.append(plain(office.state()))
    assert differences(*states) == {}


def test_an_enrolment_whose_answer_is_lost_is_asked_for_again(office: Office) -> None:
    """Protocol: the same key with the same code gets the same answer."""
    for kind, silence in ((Ours, Unreachable), (Theirs, calls.NoAnswer)):
        client = kind(office.folder / kind.__name__, office.wire, office.clock)
        code = office.code()
        office.wire.once("/devices/enrol", lost_answer)
        with pytest.raises(silence):
            client.enrol(code)
        device_id = client.enrol(code)
        assert office.run_sql(f"SELECT count(*) FROM device WHERE id = '{device_id}'") == [(1,)]
    assert office.run_sql("SELECT count(*) FROM device") == [(2,)]


@pytest.mark.parametrize("fault", [lost_request, lost_answer, twice], ids=["request lost", "answer lost", "doubled"])
def test_events_arrive_once_whatever_the_network_does(fault: Any, client: Client, office: Office) -> None:
    """G3, G8: the same batch again, and a longer one over it, change nothing but what is new."""
    run = drive(client, office, stops=2)
    office.wire.once("POST /api/v1/sync/push", fault)
    assert client.sync() == ("done" if fault is twice else "offline")
    before = office.state()["deliveries"]
    assert bool(before) is (fault is not lost_request)
    stop = run["stops"][2]
    client.arrive(run, stop)
    client.finish(run, stop, Told())
    assert client.sync() == "done"
    require_everything_once(client, office)
    assert set(client.seen.results.values()) <= {"applied", "known"}
    assert [row for row in before if row not in office.state()["deliveries"]] == []


def test_a_long_log_goes_in_several_batches(client: Client, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protocol: each batch goes on from the receipt before; a lost one in the middle is sent again."""
    for module in (outbox, minimal):
        monkeypatch.setattr(module, "MAX_EVENTS", 4)
    drive(client, office)
    office.wire.once("POST /api/v1/sync/push", lost_answer, skip=1)
    assert client.sync() == "offline"
    assert client.seen.acked == 4
    assert client.sync() == "done"
    require_everything_once(client, office)
    assert [seq for seq, _ in client.seen.receipts] == [4, 8, 12, 14]


@pytest.mark.parametrize("fault", [lost_request, lost_answer, garbled], ids=["cut before", "cut after", "wrong bytes"])
def test_a_photo_goes_on_from_its_last_chunk(fault: Any, client: Client, office: Office) -> None:
    """G7: at most one chunk is sent again after a cut; bytes with another hash start anew and count for nothing."""
    (run,) = client.runs
    photo = draw_photo("gros") + bytes(range(256)) * 1200
    client.depart(run)
    client.arrive(run, run["stops"][0])
    client.finish(run, run["stops"][0], Told(photos={photo: ""}))
    office.wire.once("PATCH", fault, skip=3)
    ended = client.sync()
    assert ended == ("done" if fault is garbled else "offline")
    assert client.sync() == "done"
    require_everything_once(client, office)
    sent = sum(size for call, size in office.wire.log if call.startswith("PATCH"))
    files = office.run_sql("SELECT size_bytes, complete_at IS NOT NULL FROM attachment")
    assert all(whole for _size, whole in files)
    most = len(photo) + 128 * 1024 if fault is garbled else 128 * 1024
    assert sent - sum(size for size, _whole in files) <= most


def test_a_correction_names_what_it_replaces(client: Client, office: Office) -> None:
    """R025: the second visit says which one it corrects; both stand in the log, the first counts once."""
    (run,) = client.runs
    stop = run["stops"][5]
    client.depart(run)
    client.arrive(run, stop)
    client.finish(run, stop, Told())
    client.correct(run, stop, Told(lines={line(stop, 0): {"returned": 1, "reason": "refused_item"}}))
    assert client.sync() == "done"
    require_everything_once(client, office)
    rows = office.run_sql("SELECT event_id, convert_from(body, 'UTF8') FROM device_event WHERE seq > 2 ORDER BY seq")
    first, second = (json.loads(body)["payload"]["corrects"] for _id, body in rows)
    assert (first, second) == ("", str(rows[0][0]))
    assert office.run_sql("SELECT count(*) FROM visit WHERE event_seq = 3") == [(1,)]


def test_runs_come_once_and_go_when_they_are_someone_elses(client: Client, office: Office) -> None:
    """Protocol: a cursor that is up to date brings nothing; a run that was taken away leaves the list."""
    office.wire.log.clear()
    assert client.sync() == "done"
    (pull,) = [call for call, _ in office.wire.log if "/pull" in call]
    assert "cursor=0" not in pull
    assert client.seen.runs == [str(office.prepared.run_id)]
    office.run_sql(f"UPDATE run SET driver_id = '{UUID(int=7)}'")
    assert client.sync() == "done"
    assert client.seen.runs == []
