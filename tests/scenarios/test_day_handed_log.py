"""A tablet that never finds its network again: its exported log is handed in, and the day is settled from the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from driver_app.actions.export_log import export_log
from driver_app.clock import Moment
from driver_app.platform.desktop import FileSecrets
from driver_app.tablet import open_tablet
from server.sync.cli import sync
from shared.states import RunState
from tests.factories.world import ADJUST, CREDIT
from tests.scenarios.stories import drive_alone, make_ready

NOT_SENT = 3
SHORT = {"position": 1, "outcome": "short", "lines": {"#0": {"lost": 1, "reason": "breakage"}}}


def exported(home: Path, folder: Path) -> Path:
    """Open the tablet where its process left it, and touch « Exporter le journal »."""
    tablet = open_tablet(home, FileSecrets(home / "keys"))
    try:
        return export_log(tablet, folder, Moment(wall_ms=1, monotonic_ms=1, boot_id="boot"))
    finally:
        tablet.store.close()


def take(path: Path) -> Any:
    result = CliRunner().invoke(sync, ["take-log", str(path), "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def test_a_day_is_settled_from_the_exported_log_and_once(open_office, tmp_path):
    """G1, G2, G3, R023, R024: invoices, credit and proof as after a sync; the tablet, back after all, adds none."""
    office = open_office([ADJUST, CREDIT])
    for seller in office.world.sellers:
        office.order(seller=seller)
    run_id = make_ready(office)
    tried = drive_alone(office, SHORT, code=NOT_SENT, network=False)[-1]
    taken = take(exported(office.tablets["1"], tmp_path))
    office.jobs()
    assert (taken["standing"], taken["events"]["applied"]) == ("ok", tried["waiting_events"])
    assert (taken["files"]["taken"], taken["damaged"]) == (tried["waiting_files"], [])
    suppliers = [office.program_of(seller) for seller in office.world.sellers]

    def books() -> list[Any]:
        return [
            (len(one.invoices()), len(one.credits()), len(one.proofs()), len(one.all("/deliveries")))
            for one in suppliers
        ]

    settled = books()
    assert office.run(run_id).state == RunState.BACK, "the tablet was not heard since"
    assert [one[2:] for one in settled] == [(1, 1), (1, 1)]
    for seller, supplier in zip(office.world.sellers, suppliers, strict=True):
        (proof,) = supplier.proofs()
        assert supplier.verified(proof).order.leaf.outcome in {"partial", "complete"}, seller
    sent = office.drive({"pull": False, "runs": [], "push": True})[-1]
    office.jobs()
    assert (sent["ending"], sent["waiting_events"], sent["waiting_files"]) == ("done", 0, 0)
    assert books() == settled
    assert office.run(run_id).state == RunState.SYNCED
