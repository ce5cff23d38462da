"""The office takes a new key: tablets follow it along endorsements, and along nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app.actions.run import start_run
from shared.sealing import public_bytes
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way, with an event to send."""
    cab = make_cab(tmp_path, make_run(stops=2))
    start_run(cab.tablet, run_id=cab.run.run_id, now=cab.now)
    cab.clock.advance(10_001)
    return cab


def test_a_tablet_follows_two_rotations_and_keeps_the_new_key(cab: Cab) -> None:
    """M1, G2: receipts of an endorsed key count; the list is fetched once, and the new key is written down."""
    cab.office.rotate()
    cab.office.rotate()
    assert cab.engine.send().ending == "done"
    assert cab.tablet.enrolment.server_key == public_bytes(cab.office.key).hex()
    assert [path for _, path in cab.office.calls].count("/api/v1/keys") == 1


def test_a_key_that_nobody_endorsed_ticks_nothing(cab: Cab) -> None:
    """G2: an office with another key, and even with a list of its own, is not believed; everything is kept."""
    before = cab.tablet.enrolment.server_key
    cab.office.key = Ed25519PrivateKey.generate()
    ended = cab.engine.send()
    assert (ended.ending, ended.problem.slug) == ("failed", "receipt-refused")
    assert cab.tablet.enrolment.server_key == before


def test_a_damaged_receipt_stays_refused(cab: Cab) -> None:
    """G2: where the list knows nothing newer, the receipt is what is wrong."""
    listed, cab.office.key = cab.office.key_list(), Ed25519PrivateKey.generate()
    cab.office.key_list = lambda: listed
    assert cab.engine.send().problem.slug == "receipt-refused"
