"""The office takes a new key: tablets follow it along endorsements, and along nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from driver_app.actions.arrive import arrive
from driver_app.actions.run import start_run
from driver_app.store.settings import Enrolment
from driver_app.sync.engine import Round
from shared.sealing import public_bytes
from tests.factories.protocol_peer import NOW_MS
from tests.factories.runs import make_run
from tests.factories.tablets import Cab, make_cab


@pytest.fixture
def cab(tmp_path: Path) -> Cab:
    """A tablet under way, with an event to send."""
    cab = make_cab(tmp_path, make_run(stops=3))
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


def seal_and_send(cab: Cab, position: int) -> Round:
    arrive(cab.tablet, **cab.at(position), now=cab.now)
    cab.clock.advance(10_001)
    return cab.engine.send()


def follow(cab: Cab, position: int | None = None) -> Ed25519PrivateKey:
    """Let the office take a new key and the tablet follow it with what it sends next; return the former one."""
    former = cab.office.key
    cab.office.rotate()
    ended = cab.engine.send() if position is None else seal_and_send(cab, position)
    assert (ended.ending, cab.tablet.enrolment.server_key) == ("done", public_bytes(cab.office.key).hex())
    return former


def test_an_office_rebuilt_with_the_former_key_alone_is_believed(cab: Cab) -> None:
    """G5, M1: the backup's secrets are older than the rotation; its receipts count, and the list is asked for once."""
    former = follow(cab)
    second, links = cab.office.key, cab.office.links
    cab.office.key, cab.office.links = former, ()
    cab.office.calls.clear()
    assert seal_and_send(cab, 0).ending == "done"
    assert seal_and_send(cab, 1).ending == "done"
    assert [path for _, path in cab.office.calls].count("/api/v1/keys") == 1
    assert cab.tablet.enrolment.server_key == public_bytes(former).hex()
    cab.office.key, cab.office.links = second, links
    assert seal_and_send(cab, 2).ending == "done"
    assert cab.tablet.enrolment.server_key == public_bytes(second).hex()


def test_a_tablet_follows_on_from_the_former_key(cab: Cab) -> None:
    """M1: the rebuilt office takes another new key; the one that the backup lacked is no part of its list."""
    cab.office.key, cab.office.links = follow(cab), ()
    cab.office.rotate()
    assert seal_and_send(cab, 0).ending == "done"
    assert cab.tablet.enrolment.server_key == public_bytes(cab.office.key).hex()


def test_a_key_between_that_was_never_seen_in_use_is_a_former_one_too(cab: Cab) -> None:
    """M1: two rotations at once; the backup has the first of them."""
    cab.office.rotate()
    between, links = cab.office.key, cab.office.links
    follow(cab)
    cab.office.key, cab.office.links = between, links
    assert seal_and_send(cab, 0).ending == "done"


def test_a_receipt_of_before_the_rotation_still_counts(cab: Cab) -> None:
    """G5: where nothing came since the last one, that one comes again: the list still names its key."""
    former = follow(cab)
    listed = cab.office.key_list()
    cab.office.key, cab.office.key_list = former, lambda: listed
    assert seal_and_send(cab, 0).ending == "done"
    assert cab.tablet.enrolment.server_key != public_bytes(former).hex()


def test_a_former_key_that_was_revoked_stays_refused(cab: Cab) -> None:
    """M1: the followed list says that it may be in somebody else's hands; nothing is ticked."""
    cab.office.stolen = {public_bytes(cab.office.key).hex(): NOW_MS}
    former = follow(cab)
    newest = cab.tablet.enrolment.server_key
    cab.office.key, cab.office.links, cab.office.stolen = former, (), {}
    ended = seal_and_send(cab, 0)
    assert (ended.ending, ended.problem.slug) == ("failed", "receipt-refused")
    assert cab.tablet.enrolment.server_key == newest


def test_nothing_leads_back_to_a_revoked_key(cab: Cab) -> None:
    """M1: a good former key endorsed the stolen one; an older list of both says nothing of the theft."""
    former = follow(cab)
    stolen, links = cab.office.key, cab.office.links
    cab.office.stolen = {public_bytes(stolen).hex(): NOW_MS}
    follow(cab, 0)
    cab.office.key, cab.office.links, cab.office.stolen = stolen, links, {}
    assert seal_and_send(cab, 1).problem.slug == "receipt-refused"
    cab.office.key, cab.office.links = former, ()
    assert cab.engine.send().ending == "done"


def test_a_former_key_that_a_newer_list_calls_revoked_endorses_nothing(cab: Cab) -> None:
    """M1: the rebuilt office knows of a theft of which the tablet did not."""
    former = follow(cab)
    cab.office.key, cab.office.links = former, ()
    cab.office.rotate()
    cab.office.stolen = {public_bytes(former).hex(): NOW_MS}
    assert seal_and_send(cab, 0).problem.slug == "receipt-refused"


def test_an_enrolment_of_before_has_no_former_keys(cab: Cab) -> None:
    """Upgrades: what was kept before is read as it was."""
    kept = msgspec.to_builtins(cab.tablet.enrolment)
    del kept["former_keys"], kept["revoked_keys"]
    assert msgspec.convert(kept, Enrolment) == cab.tablet.enrolment
