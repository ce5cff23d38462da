"""Both clients against an office that lost a part of what it had (G5, G7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from driver_app.headless.photos import draw_photo
from server.core import clock
from server.core.transaction import transaction
from server.sync.cli import sync
from server.sync.service.bundles import build_bundle
from tests.conformance.both import Client, Told
from tests.conformance.conftest import Office
from tests.conformance.driving import drive, events, plain, require_everything_once
from tests.conformance.wire import after, forged
from tests.factories.web import now_stamp


def test_a_gap_is_closed_from_where_the_receipt_says(client: Client, office: Office) -> None:
    """G3, G5: an office restored between greeting and push applies nothing out of order, and gets all of it again."""
    drive(client, office, stops=1)
    restore = office.backup()
    assert client.sync() == "done"
    (run,) = client.runs
    client.arrive(run, run["stops"][1])
    office.wire.once("POST /api/v1/sync/push", after(lambda: restore(as_dump=False)))
    client.sync()
    assert events(office) == []
    assert client.seen.acked == 0
    assert client.sync() == "done"
    require_everything_once(client, office)


@pytest.mark.parametrize("as_dump", [True, False], ids=["dump restored", "machine rolled back"])
def test_a_restored_office_gets_everything_again(as_dump: bool, client: Client, office: Office) -> None:
    """G5: rewind by epoch or by what the office no longer holds; events, files and runs."""
    drive(client, office, stops=1)
    assert client.sync() == "done"
    restore = office.backup()
    (run,) = client.runs
    client.arrive(run, run["stops"][1])
    client.finish(run, run["stops"][1], Told(photos={draw_photo("plus tard"): ""}))
    assert client.sync() == "done"
    before = plain(office.state())
    restore(as_dump=as_dump)
    assert len(events(office)) == 3
    assert client.sync() == "done"
    require_everything_once(client, office)
    after_ = plain(office.state())
    assert {part: after_[part] for part in ("deliveries", "invoices", "attachments", "postings")} == {
        part: before[part] for part in ("deliveries", "invoices", "attachments", "postings")
    }
    assert client.seen.runs == [str(office.prepared.run_id)]


def test_what_no_verified_backup_holds_is_kept(client: Client, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """G5: after a fortnight, by the office's clock too, only what lies below `safe_seq` is let go."""
    drive(client, office, stops=2)
    assert client.sync() == "done"
    office.run_sql("UPDATE device_stream SET safe_seq = 3")
    assert client.sync() == "done"
    assert client.seen.first == 1
    later = clock.now() + timedelta(days=15)
    monkeypatch.setattr(clock, "now", lambda: later)
    office.clock.advance(15 * 24 * 3600 * 1000)
    assert client.sync() == "done"
    assert client.seen.head == 5
    assert 1 < client.seen.first <= 4


def test_files_that_the_office_lost_alone_are_offered_again(
    client: Client, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G5, G7: same epoch, same events, files rolled back: hello names them, the tablet offers them again."""
    drive(client, office, stops=3)
    assert client.sync() == "done"
    assert client.sync() == "done"
    before = office.run_sql("SELECT sha256 FROM attachment WHERE complete_at IS NOT NULL ORDER BY 1")
    assert len(before) > 2
    office.run_sql("DELETE FROM attachment")
    later = clock.now() + timedelta(hours=2)  # a tablet asks once an hour
    monkeypatch.setattr(clock, "now", lambda: later)
    for _ in range(3):
        assert client.sync() == "done"
    assert office.run_sql("SELECT sha256 FROM attachment WHERE complete_at IS NOT NULL ORDER BY 1") == before
    require_everything_once(client, office)


def test_a_run_version_that_the_office_lost_alone_is_asked_for_anew(client: Client, office: Office) -> None:
    """G5: the office lost a version that it had given out, and made another one at its place in the feed."""
    for name in ("premier", "second"):
        office.run_sql(f"DELETE FROM run_bundle WHERE version > 1; UPDATE run SET name = '{name}'")
        with transaction(office.world.carrier_id) as session:
            build_bundle(session, office.prepared.run_id, stamp=now_stamp())
        assert client.sync() == "done"
        assert [run["name"] for run in client.runs] == [name]


def test_a_tablet_enrolled_after_the_backup_comes_back_by_the_offices_word(client: Client, office: Office) -> None:
    """G5, M1: the restored office has no row of the tablet, but signed for it; all that it sealed comes again."""
    restore = office.backup()
    later = enrolled_later(client, office)
    assert later.sync() == "done"
    restore(as_dump=True)
    assert (len(devices(office)), events(office)) == (1, [])
    assert later.sync() == "done"
    require_everything_once(later, office)
    assert client.sync() == "done"
    assert [revoked for _, revoked in devices(office)] == [None, None]
    assert office.run_sql("SELECT count(*) FROM fact WHERE name = 'device.taken_back'") == [(1,)]


def test_after_a_rollback_a_lost_tablet_waits_for_the_operator_to_say_so(client: Client, office: Office) -> None:
    """G5: nothing tells an office of it (docs/operations.md); until then the tablet keeps all, and then hands it in."""
    restore = office.backup()
    later = enrolled_later(client, office)
    assert later.sync() == "done"
    restore(as_dump=False)
    assert later.sync() == "unauthorized"
    assert (later.seen.first, later.seen.head) == (1, 3)
    said = CliRunner().invoke(sync, ["restored"])
    assert (said.exit_code, said.output) == (0, "Nouvelle époque · new epoch\n")
    assert later.sync() == "done"
    require_everything_once(later, office)


def test_a_lost_tablet_whose_driver_left_hands_in_for_a_person(client: Client, office: Office) -> None:
    """G5, G6: who does not drive here any more gets nothing down; what their tablet sealed is kept, and waits."""
    restore = office.backup()
    later = enrolled_later(client, office)
    assert later.sync() == "done"
    restore(as_dump=True)
    office.run_sql(f"UPDATE membership SET disabled_at = now() WHERE user_id = '{office.prepared.driver.user_id}'")
    assert later.sync() == "revoked"
    assert {outcome for _, _, outcome in events(office)} == {"parked"}
    assert (later.seen.acked, later.seen.waiting_files) == (later.seen.head, 0)


def test_a_lost_tablet_without_the_offices_word_keeps_everything(client: Client, office: Office) -> None:
    """G5: enrolled before there was such a word, it is not let in again, and lets go of nothing."""
    restore = office.backup()
    office.wire.once("POST /api/v1/devices/enrol", forged(lambda told: {**told, "attestation": None}))
    later = enrolled_later(client, office)
    assert later.sync() == "done"
    restore(as_dump=True)
    for _ in range(2):
        assert later.sync() == "unauthorized"
    assert (later.seen.first, later.seen.head) == (1, 3)
    assert len(devices(office)) == 1


def enrolled_later(client: Client, office: Office) -> Client:
    """Enrol another tablet of the same kind, and drive a stop with it."""
    kind: Any = type(client)
    later: Client = kind(office.folder / "later", office.wire, office.clock)
    later.enrol(office.code())
    assert later.sync() == "done"
    drive(later, office, stops=1)
    return later


def devices(office: Office) -> list[tuple[Any, ...]]:
    return office.run_sql("SELECT id, revoked_at FROM device ORDER BY id")
