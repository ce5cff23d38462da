"""One suite for two clients: whoever speaks the protocol as its page says loses nothing and is understood."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from driver_app.headless.photos import draw_photo
from driver_app.store import outbox
from server.core import clock
from server.core.blobs import blob_store
from server.core.keys import server_key, server_keys
from server.core.transaction import transaction
from server.delivery.model import Visit
from server.delivery.proofs import verify_proof, write_proof
from server.sync.service import proofs
from server.sync.service.bundles import build_bundle
from shared.sealing import is_signed_by, public_bytes
from tests.conformance import client as minimal
from tests.conformance import leaves as leaves_of
from tests.conformance.both import Client, Ours, Theirs, Told
from tests.conformance.conftest import SLIP, Office, came_in
from tests.conformance.wire import after, damaged, forged, garbled, lost_answer, lost_request, saying, twice
from tests.factories.state import Digest, differences
from tests.factories.web import now_stamp


def line(stop: Any, at: int) -> str:
    return str([one["line_id"] for order in stop["orders"] for one in order["goods"]["lines"]][at])


def keg(stop: Any, *, of_carrier: bool, carrier_id: str) -> tuple[str, str]:
    return next(
        (one["container_class"], one["owner_id"])
        for one in stop["containers"]
        if (one["owner_id"] == carrier_id) is of_carrier
    )


def stories(run: Any) -> list[Told]:
    """Return what happens at the six stops: short, full with empties and cash, refused, overfull, closed, full."""
    stops = run["stops"]
    carrier = run["carrier_id"]
    taken = next(iter(stops[1]["collect"]), None)
    return [
        Told(
            lines={
                line(stops[0], 0): {"lost": 1, "reason": "breakage"},
                line(stops[0], 1): {"returned": 1, "reason": "refused_item"},
            },
            line_photos={line(stops[0], 0): draw_photo("bris")},
        ),
        Told(
            containers={
                keg(stops[1], of_carrier=False, carrier_id=carrier): 2,
                keg(stops[1], of_carrier=True, carrier_id=carrier): 48,
            },
            cash={taken["issuer_id"]: 10_003} if taken else {},
            signer="Rachel Côté",
        ),
        Told(failure="refused", signer="Zoé Pèlerin"),
        Told(
            lines={line(stops[3], 0): {"not_shipped": 1, "reason": "forgotten"}, line(stops[3], 1): {"extra": 1}},
            photos={draw_photo("quai"): "au quai"},
        ),
        Told(failure="closed", signer=""),
        Told(),
    ]


def drive(client: Client, office: Office, *, stops: int = 6) -> Any:
    """Drive the run's first stops, after the last one home, and return the run; the clock goes by the plan."""
    (run,) = client.runs
    office.clock.advance_to(run["starts_at_ms"])
    client.depart(run)
    for stop, told in list(zip(run["stops"], stories(run), strict=True))[:stops]:
        office.clock.advance_to(stop["planned_at_ms"])
        client.arrive(run, stop)
        office.clock.advance(60_000)
        client.finish(run, stop, told)
    if stops == len(run["stops"]):
        client.come_back(run)
    return run


def events(office: Office) -> list[tuple[Any, ...]]:
    return office.run_sql("SELECT seq, type, outcome FROM device_event ORDER BY device_id, seq")


def require_everything_once(client: Client, office: Office) -> None:
    seen = client.seen
    assert [row[0] for row in events(office)] == list(range(1, seen.head + 1))
    assert (seen.acked, seen.waiting_files) == (seen.head, 0)


def plain(digest: Digest) -> Mapping[str, list[tuple[Any, ...]]]:
    """Leave out what a client's salts and strokes decide, and the moment at which the office's clock read."""
    kept = dict(digest)
    kept["events"] = [(seq, kind, outcome) for seq, kind, _hash, outcome in digest["events"]]
    kept["attachments"] = sorted((kind, whole) for _sha, kind, _size, whole in digest["attachments"])
    kept["visits"] = [row[:-1] for row in digest["visits"]]
    return kept


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
    for kind in (Ours, Theirs):
        client = kind(office.folder / kind.__name__, office.wire, office.clock)
        code = office.code()
        office.wire.once("/devices/enrol", lost_answer)
        with pytest.raises((minimal.NoAnswer, Exception)):
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


def test_a_damaged_batch_is_refused_whole_and_sent_again(client: Client, office: Office) -> None:
    """Protocol: 422 `broken-batch`, nothing taken; the same batch holds the next time."""
    drive(client, office, stops=1)

    def change(push: Any) -> Any:
        push["events"][1]["body"] = push["events"][1]["body"].replace("arrived_ms", "arrived_mm")
        return push

    office.wire.once("POST /api/v1/sync/push", damaged(change))
    assert client.sync() == "failed"
    assert (events(office), client.seen.acked) == ([], 0)
    assert client.sync() == "done"
    require_everything_once(client, office)


def test_a_cloned_tablet_forks_and_both_keep_everything(client: Client, office: Office, tmp_path: Path) -> None:
    """Protocol: other events at the same place are never mixed in; a person decides."""
    (run,) = client.runs
    client.depart(run)
    assert client.sync() == "done"
    clone = client.clone(tmp_path / "clone")
    client.arrive(run, run["stops"][0])
    assert client.sync() == "done"
    taken = events(office)
    clone.arrive(run, run["stops"][1])
    clone.finish(run, run["stops"][1], Told())
    assert clone.sync() == "fork"
    assert events(office) == taken
    assert (clone.seen.head, clone.seen.acked) == (3, 1)


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


def test_an_expired_token_is_asked_for_again_in_the_middle_of_a_round(client: Client, office: Office) -> None:
    """Protocol: 401 asks for another token, once, and the round goes on."""
    drive(client, office, stops=1)
    expire = after(lambda: office.run_sql("UPDATE device_token SET expires_at = now() - interval '1 hour'"))
    for where in ("HEAD", "POST /api/v1/sync/push", "GET /api/v1/sync/pull"):
        office.wire.once(where, expire)
    assert client.sync() == "done"
    assert office.wire.spent
    require_everything_once(client, office)


REFUSALS = (
    (saying(403), "refused"),
    (saying(426), "outdated"),
    (saying(429, Retry_After="7"), "busy"),
    (saying(503, Retry_After="7"), "busy"),
    (saying(500), "busy"),
    (saying(413), "failed"),
)


def test_a_refusal_ends_the_round_and_loses_nothing(client: Client, office: Office) -> None:
    """Protocol: what the office says of the tablet is never taken for what it says of an event."""
    (run,) = client.runs
    client.depart(run)
    for answer, ending in REFUSALS:
        office.wire.once("POST /api/v1/sync/push", answer)
        assert client.sync() == ending
        assert (client.seen.head, client.seen.acked) == (1, 0)
    assert events(office) == []
    assert client.sync() == "done"
    require_everything_once(client, office)


def test_a_parked_event_stands_in_nobodys_way(client: Client, office: Office) -> None:
    """G6: what cannot be applied waits for a person with its reason; other stops and the receipt go on."""
    office.run_sql("UPDATE container_price SET unit_cents = unit_cents + 1")
    drive(client, office, stops=4)
    assert client.sync() == "done"
    require_everything_once(client, office)
    seen = client.seen.results
    assert Counter(seen.values()) == {"applied": 8, "party-not-of-this-stop": 1}
    assert client.sync() == "done"
    assert client.seen.results == seen


@pytest.mark.parametrize("part", ["signature", "body"])
def test_nothing_is_ticked_before_the_receipt_was_checked(part: str, client: Client, office: Office) -> None:
    """G2: a receipt of another key, or of another head, is not the office's word."""

    def change(answer: Any) -> Any:
        receipt = answer["receipt"]
        receipt[part] = receipt[part][:-4] + ("0000" if part == "signature" else ' 1}"')
        return answer

    drive(client, office, stops=1)
    office.wire.once("POST /api/v1/sync/push", forged(change))
    assert client.sync() == "failed"
    assert (client.seen.acked, client.seen.receipts) == (0, [])
    assert client.sync() == "done"
    require_everything_once(client, office)
    for body, signature in office.run_sql("SELECT body, signature FROM signed_receipt"):
        digest = minimal.sha256(body.encode())
        assert is_signed_by(public_bytes(server_key()), "receipt", digest, bytes.fromhex(signature))


def test_a_revoked_tablet_hands_in_what_it_has(client: Client, office: Office) -> None:
    """Protocol, 10: what comes after the revocation is kept for a person, under a receipt; nothing comes down."""
    drive(client, office, stops=1)
    office.run_sql("UPDATE device SET revoked_at = now()")
    office.wire.log.clear()
    assert client.sync() == "revoked"
    require_everything_once(client, office)
    assert set(client.seen.results.values()) == {"tablet-revoked"}
    assert not [call for call, _ in office.wire.log if "/pull" in call]
    assert office.run_sql("SELECT count(*) FROM delivery") == [(0,)]


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


class WrongPadding(minimal.Sealer):
    def padding(self, used: int) -> list[bytes]:
        return super().padding(used)[:-1]

    def group_root(self, leaves: Any, padding: Any) -> bytes:
        return super().group_root(leaves, [*padding, b"\x00" * 32])

    def upper(self, nodes: Any) -> list[bytes]:
        return super().upper([*nodes, b"\x00" * 32])


class Unsorted(minimal.Sealer):
    def upper(self, nodes: Any) -> list[bytes]:
        return list(reversed(super().upper(nodes)))


class Uncounted(minimal.Sealer):
    def group_root(self, leaves: Any, padding: Any) -> bytes:
        return minimal.sha256(
            b"\x02", leaves_of.merkle([*(minimal.sha256(b"\x00", leaf) for leaf in leaves), *padding])
        )


class Floating(minimal.Sealer):
    def canonical(self, value: Any) -> bytes:
        return re.sub(rb'"arrived_ms":(\d+)', rb'"arrived_ms":\1.0', super().canonical(value))


class LooseLeaves(minimal.Sealer):
    def canonical(self, value: Any) -> bytes:
        return json.dumps(value).encode() if "kind" in value else super().canonical(value)


@pytest.mark.parametrize(
    ("sealer", "reason"),
    [
        (WrongPadding, "padding does not have its length"),
        (Unsorted, "root differs"),
        (Uncounted, "root differs"),
        (Floating, "form is not canonical"),
        (LooseLeaves, "leaf not canonical"),
    ],
)
def test_a_client_that_seals_wrongly_is_told_why(
    sealer: type[minimal.Sealer], reason: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6: a planted fault is parked with its reason, and the office goes on."""
    client = came_in(Theirs, office)
    (run,) = client.runs
    monkeypatch.setattr(minimal.Tablet, "sealer", sealer())
    client.depart(run)
    client.arrive(run, run["stops"][0])
    client.finish(run, run["stops"][0], Told())
    assert client.sync() == "done"
    refusals = office.run_sql("SELECT refusal ->> 'en' FROM device_event WHERE outcome = 'parked' ORDER BY seq DESC")
    assert refusals
    assert reason in refusals[0 if sealer is not Floating else -1][0]
    assert office.run_sql("SELECT count(*) FROM delivery") == [(0,)]


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
