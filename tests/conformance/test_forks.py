"""Two logs under one key: what the office does not follow reaches it all the same, from either client."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driver_app.store import outbox
from shared.wire.push import Push
from tests.conformance import client as minimal
from tests.conformance.both import Client, Told
from tests.conformance.conftest import Office


def handed_in(office: Office) -> list[tuple[int, str]]:
    """Return what is kept beside the tablet's log, each event once, as sequence and type."""
    found: dict[int, str] = {}
    for (body,) in office.run_sql("SELECT body FROM stray_push ORDER BY received_at"):
        push = msgspec.json.decode(bytes(body), type=Push)
        for seq, event in enumerate(push.events, start=push.from_seq):
            assert hashlib.sha256(bytes.fromhex(_before(event.body)) + event.body.encode()).hexdigest() == event.hash
            found[seq] = msgspec.json.decode(event.body.encode())["type"]
    return sorted(found.items())


def _before(body: str) -> str:
    return str(msgspec.json.decode(body.encode())["prev_hash"])


def copied_at_a_stop(client: Client, folder: Path) -> tuple[Any, Client]:
    """Copy a tablet that has arrived, then finish its stop; return its run and the copy, which stands there still."""
    (run,) = client.runs
    client.depart(run)
    client.arrive(run, run["stops"][0])
    assert client.sync() == "done"
    clone = client.clone(folder / "clone")
    client.finish(run, run["stops"][0], Told())
    assert client.sync() == "done"
    return run, clone


@pytest.mark.parametrize("at_most", [200, 1], ids=["one batch", "one event a push"])
def test_a_copy_hands_its_branch_in(
    client: Client, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_most: int
) -> None:
    """G6: nothing of it is applied, all that the office's log has not is kept; a past that both share ends nothing."""
    monkeypatch.setattr(outbox, "MAX_EVENTS", at_most)
    monkeypatch.setattr(minimal, "MAX_EVENTS", at_most)
    run, clone = copied_at_a_stop(client, tmp_path)
    taken = office.run_sql("SELECT seq, hash FROM device_event ORDER BY seq")
    clone.finish(run, run["stops"][0], Told(failure="closed"))
    clone.arrive(run, run["stops"][1])
    assert [clone.sync(), clone.sync()] == ["fork", "fork"]
    assert [row for row in handed_in(office) if row[0] > 2] == [(3, "visit.finished"), (4, "stop.arrived")]
    assert office.run_sql("SELECT seq, hash FROM device_event ORDER BY seq") == taken
    assert client.sync() == "fork", "its own key is shared: a person decides"


@pytest.mark.parametrize("as_dump", [True, False], ids=["dump restored", "machine rolled back"])
def test_a_restored_office_gets_the_branch_again(
    client: Client, office: Office, tmp_path: Path, *, as_dump: bool
) -> None:
    """G5, G6: what was kept as evidence went with the restore; it is handed in again, and a person hears of it."""
    run, clone = copied_at_a_stop(client, tmp_path)
    restore = office.backup()
    clone.finish(run, run["stops"][0], Told(failure="closed"))
    clone.arrive(run, run["stops"][1])
    assert [clone.sync(), clone.sync()] == ["fork", "fork"]
    branch = [row for row in handed_in(office) if row[0] > 2]
    assert branch == [(3, "visit.finished"), (4, "stop.arrived")]
    restore(as_dump=as_dump)
    assert handed_in(office) == []
    assert clone.sync() == "fork"
    assert [row for row in handed_in(office) if row[0] > 2] == branch
    assert office.run_sql("SELECT state FROM device_stream") == [("forked",)]
    pushed = office.run_sql("SELECT count(*) FROM stray_push")
    assert clone.sync() == "fork"
    assert office.run_sql("SELECT count(*) FROM stray_push") == pushed, "what is kept is not sent again"


@pytest.mark.parametrize("at_most", [200, 1], ids=["one batch", "one event a push"])
def test_what_came_after_the_snapshot_is_handed_in_again(
    client: Client, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_most: int
) -> None:
    """G5, G6: a machine rolled back to after the fork lacks later batches alone; nothing comes twice."""
    monkeypatch.setattr(outbox, "MAX_EVENTS", at_most)
    monkeypatch.setattr(minimal, "MAX_EVENTS", at_most)
    run, clone = copied_at_a_stop(client, tmp_path)
    clone.finish(run, run["stops"][0], Told(failure="closed"))
    assert [clone.sync(), clone.sync()] == ["fork", "fork"]
    restore = office.backup()
    clone.arrive(run, run["stops"][1])
    clone.finish(run, run["stops"][1], Told(failure="closed"))
    assert clone.sync() == "fork"
    branch = handed_in(office)
    restore(as_dump=False)
    monkeypatch.setattr(outbox, "MAX_EVENTS", 200)
    monkeypatch.setattr(minimal, "MAX_EVENTS", 200)
    assert handed_in(office) == branch[:-2]
    assert clone.sync() == "fork"
    assert handed_in(office) == branch
    assert len(places(office)) == len(branch), "each event is kept once, in whatever batches it came"


def places(office: Office) -> list[int]:
    """Return the sequence of each event that is kept beside the log, as often as it is kept."""
    rows = office.run_sql("SELECT from_seq, last_seq FROM stray_push")
    return [seq for first, last in rows for seq in range(first, last + 1)]
