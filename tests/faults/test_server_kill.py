"""The office's processes are killed at each of their commit points; the day ends as if nothing had been."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass

import pytest

from shared.sealing import is_signed_by
from tests.factories.drill import Cluster, Drill
from tests.factories.office_day import Eve, OfficeDay, eve_of
from tests.factories.state import Digest, differences, row_counts
from tests.factories.waiting import IS_NIGHT
from tests.faults.conftest import Untroubled

pytestmark = pytest.mark.timeout(3600 if IS_NIGHT else 300)
by_night = pytest.mark.skipif(not IS_NIGHT, reason="by night: see tools/nightly.py")

_SIDES = ("before_commit", "after_commit")
_BETWEEN = ("stored", "chunk", "savepoint")
_IN_A_BATCH = ("sync.push:written:9", "sync.push:written:15")
# What an untroubled day writes at the very least: the recording that the deaths are taken from is not empty by mistake.
_ESSENTIAL = {
    "session.open_program_session@identity", "orders.create", "orders.submit", "orders.accept", "plans.request_plan",
    "planning.solve_plan", "plans.adopt_plan", "runs.assign_driver", "runs.prepare_run",
    "run_papers.make_documents", "runs.load_run", "runs.ready_run", "documents.render_run", "documents.render_order",
    "documents.render_invoice", "documents.render_delivery", "documents.render_credit", "sync.build_run_bundle",
    "devices.make_code", "devices.enrol@identity", "devices.enrol@identity+2", "devices.token@identity", "sync.hello",
    "sync.attachment_chunk", "sync.push", "sync.seal_delivery", "sync.seal_with_attachment",
    "notifications.tell_fact", "discrepancies_api.decide",
    "corrections.correct", "credits_api.decide", "payments_api.confirm", "payments_api.record", "orders.say",
    "accounts_api.say", "closing.settle_run", "closing.close_run",
}  # fmt: skip
# Who lost an answer asks again, and these rows say that somebody asked. Facts are counted by name, see ``OfficeDay``.
_ASKED_AGAIN = {
    "fact", "device_challenge", "device_token", "enrolment_code", "signed_receipt", "user_session", "rate_window",
    "procrastinate_events", "procrastinate_workers",
}  # fmt: skip


@dataclass(frozen=True)
class Calm:
    """The day when nothing fails: what it writes where, and how it ends."""

    eve: Eve
    moments: Counter[str]
    synced: Digest
    done: Digest
    rows: dict[str, int]

    @property
    def kinds(self) -> set[str]:
        """Every place that writes in a transaction of its own."""
        return {moment.rpartition(":")[0] for moment in self.moments if moment.endswith("after_commit")}

    def steps(self, job: str) -> list[str]:
        """Return both sides of each transaction that the one job of its kind writes; what stands is not written again.

        Dying before its first commit and after it, it has tried twice before the second one's turn, and so on.
        """
        steps = range(1, self.moments[f"{job}:after_commit"] + 1)
        return [death for at in steps for death in (f"{job}:before_commit:{2 * at - 1}", f"{job}:after_commit:{at}")]

    def deaths(self, time: int) -> list[str]:
        """Return both sides of each kind of transaction and what lies between file and row, the ``time``-th of each."""
        reached = {moment for moment, count in self.moments.items() if count >= time}
        return sorted(f"{moment}:{time}" for moment in reached if moment.rpartition(":")[2] in (*_SIDES, *_BETWEEN))


@pytest.fixture(scope="module")
def calm(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    """The whole day of a small office, through its doors, untroubled."""
    with pytest.MonkeyPatch.context() as patch:
        eve = eve_of(cluster, tmp_path_factory.mktemp("eve"), patch)
    with Drill(eve.morning, tmp_path_factory.mktemp("calm")) as drill:
        ended = _played(OfficeDay(eve, drill))
        return Calm(eve, drill.moments(), *ended)


def _played(day: OfficeDay, *deaths: str) -> tuple[Digest, Digest, dict[str, int]]:
    """Play a day under deaths; return its states when the tablet has synced and when all is done, and its rows."""
    synced: Digest = {}
    day.drill.serve(*deaths)
    for part in day.play(*deaths):
        if part == "drive":
            synced = day.state()
    return synced, day.state(), row_counts(day.drill.superuser_url)


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


def test_the_office_day_writes_what_an_office_writes(calm: Calm) -> None:
    """G2, G8: orders, plan, papers, sync, settlement, credits, money and the close are in the day that is killed."""
    assert calm.kinds >= _ESSENTIAL
    assert {row[1] for row in calm.done["runs"]} == {"closed"}
    assert {row[2] for row in calm.done["visits"]} == {"complete", "partial", "refused", "failed"}
    assert {row[2] for row in calm.done["credits"]} == {"issued"}
    assert {row[1] for row in calm.done["deliveries"]} == {1, 2}
    assert {row[0] for row in calm.done["proofs"]} == {row[0] for row in calm.done["deliveries"]}
    assert calm.done["jobs"] == []


def test_office_killed_on_both_sides_of_every_kind_of_transaction(
    calm: Calm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """G2, G3, G8, R025: people, tablet and queue ask again for what got no answer; nothing is lost or there twice."""
    deaths = list(dict.fromkeys([*calm.deaths(1), *calm.steps("planning.solve_plan"), *_IN_A_BATCH]))
    with Drill(calm.eve.morning, tmp_path_factory.mktemp("killed")) as drill:
        _hold_against(calm, OfficeDay(calm.eve, drill), deaths)
        _check_receipts(drill)
        died = {death.rpartition(":")[0] for death in deaths}
        moments = {moment for moment in drill.moments() if moment.endswith(_SIDES)}
        assert {moment for moment in moments if not _notes_a_sight(calm, moment)} <= died, "where nothing dies"


def _notes_a_sight(calm: Calm, moment: str) -> bool:
    """Say whether a door only noted beside its work that a session was there: each does once the last note is old."""
    kind = moment.rpartition(":")[0]
    return kind.endswith("@identity") and kind not in calm.kinds


@by_night
def test_office_killed_at_every_transaction(calm: Calm, tmp_path_factory: pytest.TempPathFactory) -> None:
    """G2, G8: the second, the third and every further transaction of each kind dies as well, one day for each turn."""
    for time in range(2, max(calm.moments[f"{kind}:after_commit"] for kind in calm.kinds) + 1):
        with Drill(calm.eve.morning, tmp_path_factory.mktemp(f"turn{time}")) as drill:
            _hold_against(calm, OfficeDay(calm.eve, drill), calm.deaths(time))


def _hold_against(calm: Calm, day: OfficeDay, deaths: list[str]) -> None:
    synced, done, rows = _played(day, *deaths)
    assert [death for death in deaths if not day.drill.died_at(death)] == []
    assert differences(calm.synced, synced) == {}
    assert differences(calm.done, done) == {}
    again = {table for table, count in rows.items() if count != calm.rows[table]}
    assert again <= _ASKED_AGAIN, {table: (calm.rows[table], rows[table]) for table in again - _ASKED_AGAIN}


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
