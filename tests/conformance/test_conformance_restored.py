"""Both clients against an office that lost a part of what it had (G5, G7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from driver_app.headless.photos import draw_photo
from server.core import clock
from server.core.transaction import transaction
from server.sync.service.bundles import build_bundle
from tests.conformance.both import Client, Told
from tests.conformance.conftest import Office
from tests.conformance.driving import drive, events, plain, require_everything_once
from tests.conformance.wire import after
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
