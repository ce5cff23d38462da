"""``tournee sync take-log``: what a tablet exported comes in as if it had sent it, each event once."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, text

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.keys import server_key
from server.core.transaction import transaction
from server.delivery.jobs import ask_about_vouched_tablet
from server.delivery.model import Visit
from server.identity.model import Device
from server.identity.service import attest
from server.planning.model import Run
from server.sync.board import queue
from server.sync.cli import sync
from server.sync.model import DeviceEvent, StrayPush
from shared.problems import Problem
from shared.sealing import key_id, public_bytes, sign
from shared.states import RunState
from shared.wire.tablet_log import FORMAT, INDEX, KIND, SIGNATURE, file_name, push_name
from tests.factories.hand_tablet import PICTURE, PICTURE_SHA, SIGNATURE_SHA, STROKES, HandTablet, Yard
from tests.factories.world import stamp
from tests.integration.sync.test_forked_streams import fork
from tests.integration.sync.test_revoked_tablets import revoke

FILES = {SIGNATURE_SHA: STROKES, PICTURE_SHA: PICTURE}
TYPES = {SIGNATURE_SHA: "application/vnd.tournee.strokes", PICTURE_SHA: "image/png"}


def drive(tablet: HandTablet) -> None:
    """Leave, visit the only stop and come back, all of it without network."""
    tablet.depart()
    tablet.arrive(tablet.stop())
    tablet.visit(tablet.stop())
    tablet.come_back()


def written(
    folder: Path,
    tablet: HandTablet,
    pushes: Sequence[Mapping[str, Any]] | None = None,
    files: Mapping[str, bytes] = FILES,
    *,
    says: Mapping[str, Any] | None = None,
    key: Ed25519PrivateKey | None = None,
) -> Path:
    """Write a log as the tablet's export does; ``says`` changes the index, ``key`` signs it in the tablet's place."""
    pushes = [tablet.message()] if pushes is None else pushes
    bodies = {push["from_seq"]: msgspec.json.encode(push) for push in pushes}
    index = {
        "format": FORMAT, "device_id": str(tablet.tablet.device_id), "carrier_id": tablet.run.run_id,
        "driver_id": tablet.run.run_id, "driver_name": "Maude Tremblay", "attestation": None,
        "public_key": public_bytes(tablet.key).hex(), "last_seq": len(tablet.events), "last_hash": tablet.head,
        "pushes": [{"from_seq": seq, "sha256": sha256(body)} for seq, body in bodies.items()], "unreadable": [],
        "files": [{"sha256": one, "media_type": TYPES[one], "size_bytes": len(FILES[one])} for one in FILES],
        "position": {}, "receipts": [],
    }  # fmt: skip
    body = json.dumps(index | dict(says or {})).encode()
    path = folder / "journal-0000-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for seq, push in bodies.items():
            archive.writestr(push_name(seq), push)
        archive.writestr(INDEX, body)
        archive.writestr(SIGNATURE, sign(key or tablet.key, KIND, hashlib.sha256(body).digest()).hex())
        for name, payload in files.items():
            archive.writestr(file_name(name), payload)
    return path


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def changed(path: Path, part: str, change: Callable[[bytes], bytes | None]) -> Path:
    """Write the archive anew with one part changed or, where nothing comes back, left out; every checksum holds."""
    other = path.with_suffix(".changed.zip")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(other, "w") as copy:
        for name in archive.namelist():
            body = change(archive.read(name)) if name == part else archive.read(name)
            if body is not None:
                copy.writestr(name, body)
    return other


def take(path: Path, *options: str) -> Result:
    return CliRunner().invoke(sync, ["take-log", str(path), "--json", *options])


def said(path: Path, *options: str, code: int = 0) -> Any:
    result = take(path, *options)
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.stdout)


def refused(path: Path, *options: str) -> str:
    problem = take(path, *options).exception
    assert isinstance(problem, Problem)
    assert problem.detail.fr
    assert problem.detail.en
    return problem.slug


def visits(yard: Yard) -> int:
    with transaction(yard.world.carrier_id) as session:
        return len(session.scalars(select(Visit)).all())


def events(yard: Yard) -> list[tuple[int, str]]:
    with transaction(yard.world.carrier_id) as session:
        return [(one.seq, one.outcome) for one in session.scalars(select(DeviceEvent).order_by(DeviceEvent.seq))]


def test_a_log_comes_in_once_by_the_file_and_by_the_tablet(yard: Yard, tmp_path: Path) -> None:
    """G1, G3: applied as pushed; the file again, and the tablet after all, change nothing."""
    drive(yard.tablet)
    path = written(tmp_path, yard.tablet, [yard.tablet.message(1, 2), yard.tablet.message(3)])
    first = said(path)
    assert first["events"] == {
        "applied": 4, "known": 0, "parked": 0, "beside": 0, "not_kept": 0, "unreadable": [],
    }  # fmt: skip
    assert (first["standing"], first["whole"], first["files"]) == ("ok", True, {"taken": 2, "known": 0})
    again = said(path)
    assert (again["events"]["known"], again["files"]["known"], visits(yard)) == (4, 2, 1)
    answer = yard.tablet.push()
    assert [one["status"] for one in answer["results"]] == ["known"] * 4
    assert yard.tablet.offset(SIGNATURE_SHA) == len(STROKES)
    assert (visits(yard), len(events(yard))) == (1, 4)


def test_a_part_is_here_already(yard: Yard, tmp_path: Path) -> None:
    """G1: the log goes on where the tablet's last push ended."""
    drive(yard.tablet)
    yard.tablet.push(1, 2)
    found = said(written(tmp_path, yard.tablet))
    assert (found["events"]["known"], found["events"]["applied"]) == (2, 2)


def test_a_run_waits_for_the_tablet_behind_its_file(yard: Yard, tmp_path: Path) -> None:
    """M4: a file does not say that nothing came after it; the greeting does."""
    drive(yard.tablet)
    yard.tablet.hello()
    said(written(tmp_path, yard.tablet))
    assert run_state(yard) is RunState.BACK
    yard.tablet.hello(acked=4)
    assert run_state(yard) is RunState.SYNCED


def run_state(yard: Yard) -> RunState:
    with transaction(yard.world.carrier_id) as session:
        return session.get_one(Run, yard.run_id).state


def test_a_push_of_many_bills_is_taken_in_parts(yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protocol: the office stops where too many documents wait; the rest of the push is taken next."""
    monkeypatch.setattr("server.sync.service.pushing.MAX_DOCUMENTS", 1)
    drive(yard.tablet)
    found = said(written(tmp_path, yard.tablet))
    assert (found["events"]["applied"], found["whole"], len(events(yard))) == (4, True, 4)


def test_what_a_revoked_tablet_exported_waits_for_a_person(yard: Yard, tmp_path: Path) -> None:
    """G6: stored, chained and parked, as what it would have sent."""
    drive(yard.tablet)
    revoke(yard)
    found = said(written(tmp_path, yard.tablet))
    assert (found["standing"], found["events"]["parked"], found["whole"], visits(yard)) == ("revoked", 4, True, 0)


def test_another_branch_is_kept_beside(yard: Yard, tmp_path: Path) -> None:
    """Protocol, forks: nothing of it is applied, all of it is evidence."""
    first, copy = fork(yard)
    found = said(written(tmp_path, copy))
    assert (found["standing"], found["events"]["applied"], found["whole"]) == ("fork", 0, True)
    assert strays(yard) == [one.hash for one in copy.events]
    assert [seq for seq, _outcome in events(yard)] == list(range(1, first.hello()["last_seq"] + 1))


def strays(yard: Yard) -> list[str]:
    with transaction(yard.world.carrier_id) as session:
        rows = session.scalars(select(StrayPush).order_by(StrayPush.from_seq))
        return [one for row in rows for one in row.hashes]


def test_a_full_quarantine_is_said(yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds: what has no room stays in the file, and the command ends with 1."""
    monkeypatch.setattr("server.sync.service.strays.MAX_STRAY_BYTES", 10)
    _first, copy = fork(yard)
    found = said(written(tmp_path, copy), code=1)
    assert (found["events"]["not_kept"], found["whole"]) == (len(copy.events), False)


def test_what_lies_behind_a_hole_is_kept_for_a_person(yard: Yard, tmp_path: Path) -> None:
    """G5, G6: put back to before the tablet let go of its oldest events, as when the tablet itself says so."""
    drive(yard.tablet)
    path = written(tmp_path, yard.tablet, [yard.tablet.message(3, 3), yard.tablet.message(4)])
    words = CliRunner().invoke(sync, ["take-log", str(path)])
    assert words.exit_code == 1
    assert "Le bureau n’a pas les événements jusqu’à 2 (depuis 1)" in words.stdout
    assert (events(yard), strays(yard)) == ([], [one.hash for one in yard.tablet.events[2:]])
    again = said(path)
    assert (again["standing"], again["events"]["beside"]) == ("fork", 2)
    assert len(strays(yard)) == 2


def test_what_the_tablet_cannot_read_parts_the_logs(yard: Yard, tmp_path: Path) -> None:
    """G6: nobody has event 3; what is before and behind it waits for a person, and nothing calls that whole."""
    tablet = yard.tablet
    drive(tablet)
    hole = {"unreadable": [{"seq": 3, "hash": tablet.events[2].hash}]}
    found = said(written(tmp_path, tablet, [tablet.message(1, 2), tablet.message(4)], says=hole), code=1)
    assert (found["standing"], found["events"]["unreadable"], found["whole"]) == ("fork", [3], False)
    assert strays(yard) == [tablet.events[at].hash for at in (0, 1, 3)]


def test_a_last_event_that_nobody_can_read_is_waited_for(yard: Yard, tmp_path: Path) -> None:
    """M4: a log that ends behind what it brings is not whole."""
    tablet = yard.tablet
    drive(tablet)
    hole = {"unreadable": [{"seq": 4, "hash": tablet.head}]}
    found = said(written(tmp_path, tablet, [tablet.message(1, 3)], says=hole), code=1)
    assert (found["events"]["unreadable"], found["whole"]) == ([4], False)


def test_an_event_that_only_the_office_can_read_is_no_hole(yard: Yard, tmp_path: Path) -> None:
    """G1: it was sent before it was damaged."""
    tablet = yard.tablet
    drive(tablet)
    tablet.push(1, 3)
    hole = {"unreadable": [{"seq": 3, "hash": tablet.events[2].hash}]}
    found = said(written(tmp_path, tablet, [tablet.message(1, 2), tablet.message(4)], says=hole))
    assert (found["standing"], found["events"]["applied"], found["whole"]) == ("ok", 1, True)


def test_a_file_that_was_cut_off_is_refused(yard: Yard, tmp_path: Path) -> None:
    """Bad input: a clear word for what is no log, or half of one."""
    drive(yard.tablet)
    path = written(tmp_path, yard.tablet)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refused(path) == "unreadable-log"
    path.write_bytes(b"JPEG, as far as anybody knows")
    assert refused(path) == "unreadable-log"
    assert events(yard) == []


def test_a_part_that_changed_on_the_way_is_named_and_keeps_nothing_else_back(yard: Yard, tmp_path: Path) -> None:
    """Bad input: what lies before it counts, what lies behind it waits for a whole copy, files come in all the same."""
    tablet = yard.tablet
    drive(tablet)
    path = written(tmp_path, tablet, [tablet.message(1, 2), tablet.message(3)])
    bitten = changed(path, push_name(3), lambda body: body.replace(b'"role', b'"rule', 1) + b" ")
    found = said(bitten, code=1)
    assert (found["damaged"], found["events"]["applied"], found["files"]["taken"]) == ([push_name(3)], 2, 2)
    assert found["standing"] == "ok"
    assert said(path)["whole"]
    assert visits(yard) == 1


def test_a_picture_that_does_not_fit_its_name_is_named(yard: Yard, tmp_path: Path) -> None:
    """G7: a file counts when its hash is right; one that is missing is named as well."""
    drive(yard.tablet)
    path = written(tmp_path, yard.tablet)
    found = said(changed(path, file_name(PICTURE_SHA), lambda _body: b"another picture"), code=1)
    assert (found["damaged"], found["files"]["taken"]) == ([file_name(PICTURE_SHA)], 1)
    assert said(changed(path, file_name(PICTURE_SHA), lambda _body: None), code=1)["damaged"] == [
        file_name(PICTURE_SHA)
    ]
    assert said(path)["whole"]


@pytest.mark.parametrize(
    "index",
    [{"format": "tournee-tablet-log/1"}, {"pushes": 2}, {"device_id": "../../etc"}, {"public_key": "00"}],
    ids=lambda one: next(iter(one)),
)
def test_an_index_that_cannot_be_is_refused(index: dict[str, Any], yard: Yard, tmp_path: Path) -> None:
    """Bad input: before anything is taken."""
    drive(yard.tablet)
    assert refused(written(tmp_path, yard.tablet, says=index)) == "unreadable-log"
    assert events(yard) == []


def test_an_index_that_somebody_changed_is_refused(yard: Yard, tmp_path: Path) -> None:
    """Security: whoever carries the file drops no push, renames no picture and adds none: the tablet signed for it."""
    drive(yard.tablet)
    path = written(tmp_path, yard.tablet)
    for before, after in ((b"image/png", b"image/jpeg"), (b'"last_seq": 4', b'"last_seq": 3')):
        other = changed(path, INDEX, lambda body, before=before, after=after: body.replace(before, after))
        assert refused(other) == "log-of-another-key"
    assert refused(changed(path, SIGNATURE, lambda _body: None)) == "unreadable-log"
    assert events(yard) == []


def test_no_part_unpacks_beyond_its_bound(yard: Yard, tmp_path: Path) -> None:
    """Security: 200 MB of blanks in 200 KB, whatever they say of themselves, are refused in little memory."""
    drive(yard.tablet)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(written(tmp_path, yard.tablet)) as log, zipfile.ZipFile(bomb, "w") as archive:
        for name in (INDEX, SIGNATURE):
            archive.writestr(name, log.read(name))
        archive.writestr(push_name(1), b" " * 200_000_000, zipfile.ZIP_DEFLATED)
    honest = bomb.read_bytes()
    assert len(honest) < 1_000_000
    lying = honest.replace((200_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert lying != honest
    tracemalloc.start()
    try:
        for body in (honest, lying):
            bomb.write_bytes(body)
            assert said(bomb, code=1)["damaged"][0] == push_name(1)
        assert tracemalloc.get_traced_memory()[1] < 80_000_000
    finally:
        tracemalloc.stop()


def test_a_seal_that_never_fitted_is_parked_at_once(yard: Yard, tmp_path: Path) -> None:
    """G6: the tablet signed for these very bytes; three sendings would prove no more."""
    tablet = yard.tablet
    drive(tablet)
    tablet.events[2] = msgspec.structs.replace(tablet.events[2], signature="ab" * 64)
    found = said(written(tmp_path, tablet))
    assert (found["events"]["applied"], found["events"]["parked"]) == (3, 1)
    assert [outcome for _seq, outcome in events(yard)].count("parked") == 1


def test_a_log_under_another_key_is_refused(yard: Yard, tmp_path: Path) -> None:
    """Security: whoever writes a file in a tablet's name does not hold its key."""
    drive(yard.tablet)
    stranger = Ed25519PrivateKey.generate()
    path = written(tmp_path, yard.tablet, key=stranger, says={"public_key": public_bytes(stranger).hex()})
    assert refused(path, "--vouch", key_id(public_bytes(stranger))) == "log-of-another-key"
    assert events(yard) == []


@pytest.fixture
def lost(yard: Yard) -> dict[str, Any]:
    """A day that was driven, on a tablet that the office lost with a restore; what it would say of itself."""
    drive(yard.tablet)
    with transaction(yard.world.carrier_id) as session:
        device = session.get_one(Device, yard.tablet.tablet.device_id)
        known = {
            "attestation": msgspec.to_builtins(attest(device, server_key())),
            "carrier_id": str(device.owner_id),
            "driver_id": str(device.driver_id),
        }
        session.execute(text("DELETE FROM device_token WHERE device_id = :id"), {"id": device.id})
        session.execute(text("DELETE FROM device WHERE id = :id"), {"id": device.id})
    return known


def test_a_lost_tablet_comes_back_with_its_log(lost: dict[str, Any], yard: Yard, tmp_path: Path) -> None:
    """G5: by the office's word for its enrolment, under the same key; what it exported is applied."""
    with transaction(IDENTITY_ORG, as_owner=True) as session:
        session.execute(text("UPDATE server_epoch SET started_at = :at"), {"at": clock.now()})
    found = said(written(tmp_path, yard.tablet, says=lost))
    assert (found["standing"], found["events"]["applied"], visits(yard)) == ("ok", 4, 1)


def test_whom_nobody_vouches_for_is_refused_and_whom_somebody_does_waits(
    lost: dict[str, Any], yard: Yard, tmp_path: Path
) -> None:
    """G5, security: without a restore the word counts for nothing; vouched for by its key, it is known as revoked."""
    ours = key_id(public_bytes(yard.tablet.key))
    path = written(tmp_path, yard.tablet, says=lost)
    problem = take(path).exception
    assert isinstance(problem, Problem)
    assert problem.slug == "log-of-unknown-tablet"
    assert ours in problem.detail.fr
    assert refused(path, "--vouch", ours[:-1] + "z") == "log-of-unknown-tablet"
    elsewhere = lost | {"carrier_id": str(yard.run_id)}
    assert refused(written(tmp_path, yard.tablet, says=elsewhere), "--vouch", ours) == "log-of-unknown-tablet"
    found = said(written(tmp_path, yard.tablet, says=lost), "--vouch", ours)
    assert (found["standing"], found["events"]["parked"], visits(yard)) == ("revoked", 4, 0)
    ask_about_vouched_tablet(owner_id=str(yard.world.carrier_id), subject_id=str(yard.tablet.tablet.device_id))
    with transaction(yard.world.carrier_id) as session:
        waiting = [one.text.fr for one in queue(session, day=stamp().at.date(), now=stamp().at)]
    assert sum("révocation" in one for one in waiting) == 4
    assert sum("sur la parole d’un opérateur" in one for one in waiting) == 1
