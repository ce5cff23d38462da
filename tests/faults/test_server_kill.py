"""The office's processes are killed at each of their commit points; the day ends as if nothing had been."""

from __future__ import annotations

import hashlib
import json

import pytest

from shared.sealing import is_signed_by
from tests.factories.drill import Drill
from tests.factories.state import differences
from tests.factories.waiting import IS_NIGHT
from tests.faults.conftest import Untroubled

pytestmark = pytest.mark.timeout(600 if IS_NIGHT else 300)

_GREETING = ("sync.hello:before_commit:1", "sync.hello:after_commit:1")
_FILES = (
    "sync.attachment_chunk:chunk:1",
    "sync.attachment_chunk:stored:2",
    "sync.attachment_chunk:before_commit:4",
    "sync.attachment_chunk:after_commit:4",
)
_EVENTS = (
    "sync.push:savepoint:1",
    "sync.push:written:9",
    "sync.push:written:15",
    "sync.push:before_commit:1",
    "sync.push:after_commit:1",
)
_JOBS = (
    "documents.render_delivery:stored:2",
    "documents.render_invoice:before_commit:2",
    "documents.render_credit:after_commit:2",
    "sync.seal_delivery:stored:1",
    "sync.seal_delivery:before_commit:3",
    "sync.seal_delivery:after_commit:3",
    "sync.seal_with_attachment:before_commit:1",
    "notifications.tell_proof:before_commit:1",
    "notifications.tell_invoice:after_commit:1",
)


def test_the_small_day_has_every_kind_of_stop(untroubled: Untroubled) -> None:
    """R016, R017, R023, R024, C14: what the drills compare covers each way that a delivery settles."""
    day = untroubled.done
    assert {row[1] for row in day["visits"]} == {f"DEP{number}" for number in range(1, 9)}
    assert {row[2] for row in day["visits"]} == {"complete", "partial", "refused", "failed"}
    assert {(row[2], row[3]) for row in day["invoices"]} >= {("standard", "dropped"), ("agent", "published")}
    assert {row[0].split()[0] for row in day["credits"]} == {"items", "void", "container_deposit"}
    assert any(row[4] for row in day["orders"])
    assert all(day[part] for part in ("variances", "payments", "collections", "containers", "postings", "inbox"))
    assert len(day["proofs"]) == len(day["deliveries"]) == 15
    assert day["jobs"] == []


@pytest.mark.parametrize("deaths", [_GREETING, _FILES, _EVENTS], ids=["greeting", "files", "events"])
def test_web_server_killed_at_its_commit_points(deaths: tuple[str, ...], drill: Drill, untroubled: Untroubled) -> None:
    """G2, G3, R025: the tablet sends again what got no answer; nothing is lost and nothing is there twice."""
    drill.serve(*deaths)
    said = drill.sync()
    assert [death for death in deaths if not drill.died_at(death)] == []
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}
    _check_receipts(drill)


def test_worker_killed_at_its_commit_points(drill: Drill, untroubled: Untroubled) -> None:
    """G8: a job that died half-way is done by another worker; no paper, proof or message is there twice."""
    drill.serve()
    drill.sync()
    drill.work(*_JOBS)
    assert [death for death in _JOBS if not drill.died_at(death)] == []
    assert differences(untroubled.done, drill.state()) == {}


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
def test_database_killed_under_a_push(moment: str, drill: Drill, untroubled: Untroubled) -> None:
    """G2, G5: kill -9 of PostgreSQL while a batch is applied; after its recovery the same batch ends the same."""
    death = f"sync.push:{moment}:1"
    drill.serve(death, instead=drill.morning.cluster.postmaster_pid)
    with drill.reviving_database(death):
        said = drill.sync(patience_s=160)
    assert said[-1]["waiting_events"] == said[-1]["waiting_files"] == 0
    assert differences(untroubled.synced, drill.state()) == {}
    _check_receipts(drill)


def _check_receipts(drill: Drill) -> None:
    receipts = drill.rows("SELECT body, signature, last_seq FROM signed_receipt ORDER BY last_seq")
    head = drill.rows("SELECT last_seq, head FROM device_stream")[0]
    for body, signature, last_seq in receipts:
        digest = hashlib.sha256(body.encode()).digest()
        assert is_signed_by(drill.server_public_key, "receipt", digest, bytes.fromhex(signature))
        assert json.loads(body)["last_seq"] == last_seq
    assert (json.loads(receipts[-1][0])["last_seq"], json.loads(receipts[-1][0])["head"]) == head
