"""One driver's day by finger: the real screens, store, sync and HTTP, and the office as it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from driver_app.actions.finish import UNDO_MS
from driver_app.clock import Moment, SystemClock
from driver_app.main import assemble, parser
from driver_app.platform.desktop import FileSecrets
from driver_app.sync.engine import backlog
from driver_app.tablet import open_tablet
from driver_app.viewmodels import words
from shared.states import CreditState, InvoiceState, PaymentState, RunState
from tests.factories.world import ADJUST, RUN_DAY, make_world
from tests.scenarios.office import Office, office_at, served
from tests.tablet.pilot import Pilot, is_visible
from tests.tablet.screens import unlock

SETTLE_S = 0.2
PATIENCE_S = 60.0
CASES, LOST, CANS_BACK = 6, 2, 2


@dataclass
class HastyClock(SystemClock):
    """The machine's clocks, but that time may be skipped."""

    skipped_ms: int = field(default=0)

    def __post_init__(self) -> None:
        super().__init__()

    def now(self) -> Moment:
        """Return both clocks, ahead by what was skipped."""
        now = super().now()
        return Moment(now.wall_ms + self.skipped_ms, now.monotonic_ms + self.skipped_ms, now.boot_id)


@pytest.fixture
def office(database, tmp_path: Path) -> Iterator[Office]:
    """An office with one order on a run that is ready, and nobody enrolled."""
    with served() as url:
        office = office_at(url, make_world([ADJUST]), tmp_path)
        office.order(cases=CASES, kegs=1)
        (run_id,) = office.plan()
        office.load(run_id)
        yield office


@contextmanager
def fresh_tablet(home: Path, url: str, clock: HastyClock) -> Iterator[Pilot]:
    """Start the app as its launcher does, on a tablet that no office knows, and yield a finger at its first screen."""
    options = parser().parse_args(["--home", str(home), "--server", url, "--name", "Tablette 7", "--drawn-photos"])
    tablet = open_tablet(home, FileSecrets(home / "keys"))
    app, line = assemble(tablet, options, clock, settle_s=SETTLE_S)
    pilot = Pilot(app)
    line.follow(tablet)
    try:
        yield pilot
    finally:
        line.stop()
        pilot.close()
        app.flow.tablet.store.close()


def wait(pilot: Pilot, condition: Callable[[], bool], what: str) -> None:
    """Draw until the office has answered."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"still waiting for {what} on screen {pilot.app.root.current}"
        pilot.frames()
        time.sleep(0.01)
    pilot.frames(3)


def tap(pilot: Pilot, test_id: str) -> None:
    """Touch a widget once it is there: a round of sync may just be drawing the screen anew."""
    wait(
        pilot,
        lambda: sum(getattr(one, "test_id", "") == test_id and is_visible(one) for one in pilot.walk()) == 1,
        test_id,
    )
    pilot.tap(test_id)


def hush(pilot: Pilot) -> None:
    """Let the sentence at the bottom go, as it does by itself after a few seconds."""
    pilot.app.hush()
    pilot.frames(3)


def enrol(pilot: Pilot, code: str) -> None:
    """Type the dispatcher's code, choose a NIP, and wait for the run."""
    unlock(pilot)
    tap(pilot, "again")
    for digit in code.upper():
        tap(pilot, f"key-{digit}")
    tap(pilot, "enrol-done")
    wait(pilot, lambda: pilot.app.root.current == "unlock", "the office's answer to the code")
    hush(pilot)
    unlock(pilot)
    wait(pilot, lambda: pilot.app.root.current == "departure", "the run")


def deliver_short(pilot: Pilot) -> str:
    """Deliver the only stop with two broken cases, cans back and money; return the total that was signed."""
    tap(pilot, "stop-1")
    tap(pilot, "empties")
    for _ in range(CANS_BACK):
        tap(pilot, "empty-0-plus")
    tap(pilot, "containers-done")
    for _ in range(LOST):
        tap(pilot, "qty-1-minus")
    tap(pilot, "go-on")
    tap(pilot, "reason-0-breakage")
    tap(pilot, "photo-0")
    tap(pilot, "gaps-done")
    total = str(pilot.find("total").text)
    tap(pilot, "payment")
    tap(pilot, "collect-0")
    tap(pilot, "payment-done")
    assert pilot.shows(total.removeprefix("Total\u00a0: "))
    tap(pilot, "who-0")
    pilot.sign()
    tap(pilot, "finish")
    return total


def test_from_unlocking_to_synced(office: Office, tmp_path: Path) -> None:
    """G1, G2, R016, R019, R021, R025, R026, C30: enrolled, delivered short and signed by touch; billed to the cent."""
    clock = HastyClock()
    with fresh_tablet(tmp_path / "tablet", office.url, clock) as pilot:
        enrol(pilot, office.code())
        for test_id in ("vehicle", "load", "start"):
            tap(pilot, test_id)
        signed_total = deliver_short(pilot)
        assert pilot.shows("Sur cette tablette")  # it may be undone for ten seconds: it has not left
        hush(pilot)
        clock.skipped_ms = UNDO_MS + 1
        tap(pilot, "end-run")
        tap(pilot, "cash")
        pilot.type_number(pilot.app.flow.expected_cash_cents)
        tap(pilot, "end")
        wait(pilot, lambda: pilot.app.root.current == "empty", "the office to have the run whole and to take it off")
        assert pilot.shows("Aucune tournée sur cette tablette")
        left = pilot.app.flow.tablet.store.read(backlog)
        assert (left.events, left.files) == (0, 0)
    office.jobs()
    check_office(office, signed_total)


def check_office(office: Office, signed_total: str) -> None:
    """Read through the API what became of the stop."""
    world, supplier = office.world, office.program_of(office.world.seller)
    (run,) = office.dispatcher.get("/runs", runs_on=RUN_DAY)
    assert run.state == RunState.SYNCED
    (invoice,) = supplier.invoices()
    assert (invoice.state, invoice.net_cents) == (InvoiceState.PUBLISHED, (CASES - LOST) * 4_250 + 18_900)
    assert words.money(invoice.total_cents, "fr") in signed_total
    assert supplier.credits() == []
    (cans,) = office.program_of(world.carrier_id).credits()
    assert (cans.state, cans.total_cents, cans.invoice_id) == (CreditState.ISSUED, CANS_BACK * 10, None)
    (payment,) = supplier.all("/payments")
    assert (payment.state, payment.method, payment.buyer_id) == (PaymentState.PENDING, "cash", str(world.buyer.id))
    (proof,) = supplier.proofs()
    verified = supplier.verified(proof)
    assert (verified.order.leaf.outcome, verified.finished.signer_name) == ("partial", "Camille Roy")
    (cases, _) = verified.order.lines
    assert (cases.delivered, cases.lost, cases.reason) == (CASES - LOST, LOST, "breakage")
    held = set(verified.contents.attachments)
    assert {*cases.photos, verified.finished.signature_sha256, verified.finished.picture_sha256} == held
    assert len(cases.photos) == 1
    assert "proof.sealed" in {message.kind for message in supplier.all("/inbox")}
