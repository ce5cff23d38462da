"""Upgrades: a store of every shipped version, its outbox full, comes through with every event, draft and photo."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.finish import finish_stop
from driver_app.platform.desktop import FileSecrets
from driver_app.store import attachments, bundles, drafts, migrations, outbox, receipts, settings, states
from driver_app.store.migrations import SCHEMA_VERSION, StoreNotCopied
from driver_app.strokes import draw_signing
from driver_app.sync.engine import backlog
from driver_app.tablet import Tablet, open_tablet
from shared.lifecycles import StopState
from shared.sealing import public_bytes
from shared.sealing_event import open_event
from tests.factories.tablets import Cab

GOLDEN = Path(__file__).parents[2] / "golden" / "tablet"
STORE_KEY, DEVICE_KEY = bytes(range(32)), bytes(range(32, 64))  # the keys with which the golden stores were written
SHIPPED = [1]


def shipped(home: Path, version: int = 1) -> Path:
    """Lay down the store that a shipped version left, and its keys; return the file."""
    keys = FileSecrets(home / "keys")
    keys.keep("store-key", STORE_KEY)
    keys.keep("device-key", DEVICE_KEY)
    with sqlite3.connect(home / "tablet.db") as db:
        db.executescript((GOLDEN / f"store_v{version}.sql").read_text("utf-8"))
    db.close()
    return home / "tablet.db"


def opened(home: Path) -> Tablet:
    return open_tablet(home, FileSecrets(home / "keys"))


def rows(path: Path, query: str) -> list[Any]:
    db = sqlite3.connect(path)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


@pytest.mark.parametrize("version", SHIPPED)
def test_a_shipped_store_comes_through_whole(version: int, tmp_path: Path) -> None:
    """Upgrades: 0 dropped; the log opens, the draft and the receipt are there, and the day goes on."""
    path = shipped(tmp_path, version)
    before = rows(path, "SELECT seq, hash, state FROM event ORDER BY seq")
    tablet = opened(tmp_path)
    assert rows(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert rows(path, "SELECT seq, hash, state FROM event ORDER BY seq") == before
    assert [state for _seq, _hash, state in before] == ["received"] * 3 + ["sealed"] * 5
    entries = tablet.store.read(outbox.entries)
    for entry in entries:
        event = tablet.store.read(lambda session, seq=entry.seq: outbox.load(session, seq))
        assert open_event(event, public_bytes(tablet.key)).seq == entry.seq
    left = tablet.store.read(backlog)
    assert (left.events, left.files, left.position.acked) == (5, 1, 3)
    latest = tablet.store.read(receipts.latest)
    assert latest is not None
    assert latest.last_seq == 3
    for one in tablet.store.read(attachments.waiting):
        assert tablet.store.read(lambda session, sha=one.sha256: attachments.load(session, sha))
    (run,) = tablet.store.read(bundles.current)
    last = {"run_id": run.run_id, "stop_id": run.stops[3].stop_id}
    draft = tablet.store.read(lambda session: drafts.load(session, **last))
    assert draft is not None
    assert [line.missing for line in draft.lines.values() if line.missing] == [1]
    progress = tablet.store.read(lambda session: states.stops_of(session, run.run_id))
    assert [one.elsewhere for one in progress.values()] == [False] * 4
    assert not list(tmp_path.glob("tablet.db.new*"))
    tablet.store.close()


def test_a_day_begun_before_the_update_ends_after_it(tmp_path: Path) -> None:
    """Upgrades: what the old version sealed and what the new one seals are one chain that the office takes."""
    shipped(tmp_path)
    tablet = opened(tmp_path)
    device = tablet.enrolment
    cab = Cab.__new__(Cab)
    Cab.__init__(cab, tmp_path / "other")
    office = cab.office
    office.key = _server_key()
    office.device_id, office.disk.public_key = device.device_id, public_bytes(tablet.key).hex()
    known = [tablet.store.read(lambda session, seq=seq: outbox.load(session, seq)) for seq in (1, 2, 3)]
    office.disk.hashes = [event.hash for event in known]
    office.disk.events = [open_event(event) for event in known]
    office.runs = tablet.store.read(bundles.current)
    cab.tablet.store.close()
    cab.tablet = tablet
    cab.clock.advance(3_600_000)
    assert cab.engine.send().events == 5
    arrive(tablet, **cab.at(3), now=cab.now)
    draft = tablet.store.read(lambda session: drafts.load(session, **cab.at(3)))
    assert draft is not None
    tablet.store.write("set_line", lambda session: drafts.save(session, _full(draft), run_id=cab.run.run_id))
    finish_stop(tablet, **cab.at(3), signing=draw_signing("Éloïse Gagné", ""), language="fr", now=cab.now)
    cab.clock.advance(10_001)
    assert cab.engine.sync().events == 1
    assert [event.seq for event in office.disk.events] == list(range(1, 10))


@pytest.mark.parametrize("at", ["copied", "verified", "swapped"])
def test_an_update_that_is_cut_is_done_again(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upgrades: whenever the app dies, the old file or the new one is there, whole."""
    path = shipped(tmp_path)
    before = path.read_bytes()

    class Cut(Exception):
        pass

    def cut(*_arguments: Any) -> None:
        raise Cut

    with monkeypatch.context() as dying:
        if at == "swapped":
            dying.setattr(Path, "replace", cut)
        else:
            dying.setattr(migrations, "_verify" if at == "copied" else "_sync", cut)
        with pytest.raises(Cut):
            opened(tmp_path)
    assert path.read_bytes() == before
    tablet = opened(tmp_path)
    assert len(tablet.store.read(outbox.entries)) == 8
    assert not list(tmp_path.glob("tablet.db.new*"))
    tablet.store.close()


def test_a_copy_that_is_not_the_file_is_never_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Upgrades: counts and bytes are compared before the swap; otherwise the old file stands, and the app says so."""
    path = shipped(tmp_path)
    before = path.read_bytes()
    whole = migrations._Table.insert

    def forgetful(table: Any, db: Any, row: Any) -> None:
        if (table.name, row[0]) != ("event", 5):
            whole(table, db, row)

    monkeypatch.setattr(migrations._Table, "insert", forgetful)
    with pytest.raises(StoreNotCopied):
        opened(tmp_path)
    assert path.read_bytes() == before


def test_rows_that_no_longer_open_are_set_aside_and_said(tmp_path: Path) -> None:
    """Upgrades, G6: nothing unreadable is dropped; an event keeps its place, and the office hears of the hole."""
    path = shipped(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE event SET sealed = zeroblob(200) WHERE seq = 5")
        db.execute("UPDATE draft SET body = zeroblob(50)")
        lost = db.execute("SELECT sha256 FROM attachment WHERE state = 'waiting' AND kind = 'photo'").fetchone()[0]
        db.execute("UPDATE attachment SET body = zeroblob(40) WHERE sha256 = ?", (lost,))
    db.close()
    tablet = opened(tmp_path)
    aside = dict(rows(path, "SELECT place, body FROM unreadable"))
    assert {place.split(":")[0] for place in aside} == {"event", "draft", "attachment"}
    (event,) = [msgspec.json.decode(body) for place, body in aside.items() if place.startswith("event")]
    assert event["sealed"] == "00" * 200
    assert [entry.seq for entry in tablet.store.read(outbox.entries)] == list(range(1, 9))
    assert tablet.store.read(lambda session: outbox.broken_at(session, after=3)) == 5
    assert lost not in {one.sha256 for one in tablet.store.read(attachments.waiting)}
    assert tablet.store.read(settings.position).acked == 3
    tablet.store.close()


def _server_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))


def _full(draft: drafts.StopDraft) -> drafts.StopDraft:
    lines = {
        key: msgspec.structs.replace(line, delivered=line.ordered, lost=0, reason="")
        for key, line in draft.lines.items()
    }
    return msgspec.structs.replace(draft, lines=lines)


def test_a_stop_state_is_a_word_of_the_lifecycle(tmp_path: Path) -> None:
    """Upgrades: states that an old version wrote are states that this one knows."""
    path = shipped(tmp_path)
    assert {state for (state,) in rows(path, "SELECT state FROM stop_state")} <= {state.value for state in StopState}
