"""What one tablet may leave at the office of files: bounded, explained, and swept when nothing comes for it."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from server.core.blobs import blob_store
from server.core.settings import reload_settings, settings
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.service import revoke_device
from server.sync import jobs as sync
from server.sync.cli import retention
from server.sync.model import Attachment
from server.sync.service import attachments
from server.sync.service.keeping import note_copy
from server.sync.service.pacing import FileCalls
from shared.ids import new_id
from shared.visit import VisitPhoto
from shared.wire.limits import MIN_CHUNK_BYTES
from tests.factories.hand_tablet import HandTablet, Yard
from tests.factories.web import now_stamp

tablets = import_module("server.sync.api.tablets")
CHUNK = bytes(100_000)


def begin(tablet: HandTablet, number: int) -> int:
    """Send the first chunk of a larger file and return how the office answers."""
    name = hashlib.sha256(bytes([number])).hexdigest()
    return tablet.upload(CHUNK, size=1_000_000, sha256=name).status_code


def whole(tablet: HandTablet, number: int):
    return tablet.upload(bytes([number]) + CHUNK)


def test_one_tablet_has_so_many_files_under_way(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits: even a revoked tablet fills no disk with halves; what it began may go on, and others are not held up."""
    monkeypatch.setattr(attachments, "MAX_OPEN_FILES", 3)
    tablet = yard.tablet
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, tablet.tablet.device_id, stamp=now_stamp())
    assert [begin(tablet, number) for number in range(4)] == [200, 200, 200, 507]
    refused = whole(tablet, 9)
    assert (refused.status_code, refused.json["slug"], refused.headers["Retry-After"]) == (
        507,
        "tablet-store-full",
        "300",
    )
    assert all(refused.json["details"][language] for language in ("fr", "en"))
    gone_on = tablet.upload(CHUNK, size=1_000_000, sha256=hashlib.sha256(b"\0").hexdigest(), offset=100_000)
    assert int(gone_on.headers["Upload-Offset"]) == 200_000
    assert begin(yard.again, 3) == whole(yard.again, 4).status_code == 200


def test_one_tablet_sends_so_many_bytes_a_day(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits: bytes of whole files and of halves count together; what the office has already costs nothing."""
    monkeypatch.setattr(attachments, "MAX_BYTES_A_DAY", 350_000)
    tablet = yard.tablet
    assert [whole(tablet, 0).status_code, whole(tablet, 1).status_code, begin(tablet, 2)] == [200, 200, 200]
    assert (begin(tablet, 3), whole(tablet, 4).status_code, whole(tablet, 1).status_code) == (507, 507, 200)
    assert whole(yard.again, 4).status_code == 200


def test_a_tablets_old_halves_are_swept_where_they_lie(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits: the worker may not see the folder (Compose with S3): who takes in the next chunk sweeps it."""
    monkeypatch.setattr(attachments, "MAX_OPEN_FILES", 3)
    tablet = yard.tablet
    assert [*(begin(tablet, number) for number in (1, 2, 3)), begin(yard.again, 1), begin(yard.again, 2)] == [200] * 5
    names = [hashlib.sha256(bytes([number])).hexdigest() for number in (1, 2, 3)]
    for old in (tablet, yard.again):
        for name in names[:2]:
            _touch(yard, old, name, days=14.1)
    assert begin(tablet, 4) == 200, "two of three made room"
    assert [tablet.offset(name) for name in names] == [0, 0, len(CHUNK)]
    assert yard.again.offset(names[0]) == len(CHUNK), "another tablet's are left to it"
    gone_on = yard.again.upload(CHUNK, size=1_000_000, sha256=names[0], offset=len(CHUNK))
    assert int(gone_on.headers["Upload-Offset"]) == 2 * len(CHUNK), "the one under way goes on, however old"


def test_a_tablets_calls_about_files_have_a_pace_over_all_processes(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Limits: 429 with Retry-After beyond the minute's calls, whichever process is asked; other doors stay open."""
    monkeypatch.setenv("TOURNEE_FILE_CALLS_PER_MINUTE", "40")
    reload_settings()
    here, tablet, name = tablets._FILE_CALLS, yard.tablet, hashlib.sha256(b"\1").hexdigest()
    elsewhere = FileCalls()  # of another process, which leases from the same minute
    monkeypatch.setattr(tablets, "stamp", lambda: Stamp(None, datetime(2026, 11, 24, 15, 0, 18, tzinfo=UTC)))
    asked = [_ask(tablet, name) for _ in range(20)] + [begin(tablet, 1)]
    assert asked == [(200, "")] * 20 + [200]
    monkeypatch.setattr(tablets, "_FILE_CALLS", elsewhere)
    asked = [_ask(tablet, name) for _ in range(9)]
    assert asked == [(200, "")] * 8 + [(429, "42")], "32 are leased here, 8 are left there"
    refused = whole(tablet, 2)
    assert (refused.status_code, refused.json["slug"]) == (429, "tablet-too-often")
    monkeypatch.setattr(tablets, "_FILE_CALLS", here)
    assert [_ask(tablet, name)[0] for _ in range(12)] == [200] * 11 + [429], "what was leased is used up, no more"
    assert tablet.hello()["standing"] == "ok"
    assert _ask(yard.again, name) == (200, "")
    monkeypatch.setattr(tablets, "stamp", lambda: Stamp(None, datetime(2026, 11, 24, 15, 1, 0, tzinfo=UTC)))
    assert _ask(tablet, name) == (200, "")


def _ask(tablet: HandTablet, name: str) -> tuple[int, str]:
    answer = tablet.client.open(f"/api/v1/sync/attachments/{name}", "HEAD")
    return answer.status_code, answer.headers.get("Retry-After", "")


def test_a_day_of_files_with_cuts_never_meets_the_pace(yard: Yard) -> None:
    """Limits: 90 files of 400 KB, in the smallest chunks, each cut after every chunk and begun again."""
    chunks = math.ceil(400_000 / MIN_CHUNK_BYTES)
    calls = 90 * chunks * 2  # a HEAD before each chunk
    assert calls < settings().file_calls_per_minute
    carrier_id, device_id, now = yard.world.carrier_id, yard.tablet.tablet.device_id, now_stamp().at
    door = FileCalls()
    with transaction(carrier_id) as session:
        for _ in range(calls):
            door.count(session, device_id=device_id, most=settings().file_calls_per_minute, now=now)


def test_halves_that_nothing_comes_for_are_swept(yard: Yard) -> None:
    """Limits: a half-sent file goes 14 days after its last chunk, no earlier; who has it begins anew."""
    assert [begin(yard.tablet, 1), begin(yard.again, 2)] == [200, 200]
    names = [hashlib.sha256(bytes([number])).hexdigest() for number in (1, 2)]
    for tablet, name, days in ((yard.tablet, names[0], 14.1), (yard.again, names[1], 13.9)):
        _touch(yard, tablet, name, days=days)
    sync.sweep_half_sent(timestamp=0)
    assert [yard.tablet.offset(names[0]), yard.again.offset(names[1])] == [0, len(CHUNK)]


def _touch(yard: Yard, tablet: HandTablet, name: str, *, days: float) -> None:
    """Let the last chunk of a half-sent file be so old."""
    upload = attachments.Upload(yard.world.carrier_id, tablet.tablet.device_id, name, 0, "")
    touched_s = time.time() - timedelta(days=days).total_seconds()
    os.utime(upload.path, (touched_s, touched_s))


def test_files_that_no_event_names_are_swept_after_a_month_and_asked_for_again(yard: Yard) -> None:
    """Limits, G6, G7: 30 days, and never a file that any event names: parked, unreadable or of another branch."""
    tablet, owner = yard.tablet, yard.world.carrier_id
    names = dict(zip(("visit", "parked", "unread", "stray", "unnamed", "fresh"), map(_sha, range(6)), strict=True))
    assert [whole(tablet, number).status_code for number in range(6)] == [200] * 6
    with transaction(owner) as session:
        copy = blob_store().put(owner, b"the copy that people see", media_type="image/jpeg")
        note_copy(session, names["unnamed"], served_sha256=copy)
    _tell_of(yard, names)
    _age(owner, {sha: 29.9 if name == "fresh" else 30.1 for name, sha in names.items()})
    assert (_retention("--dry-run"), blob_store().has(owner, names["unnamed"])) == (1, True)
    assert _retention() == 1
    left = {name for name, sha in names.items() if blob_store().has(owner, sha)}
    assert (left, blob_store().has(owner, copy)) == (set(names) - {"unnamed"}, False)
    assert (_retention(), tablet.offset(names["unnamed"])) == (0, 0)
    yard.again.visit(yard.again.stop(), photos=[VisitPhoto(sha256=names["unnamed"], note="")])  # a tablet found again
    yard.again.push()
    assert names["unnamed"] in yard.again.hello(asks_missing=True)["missing_files"]
    assert whole(yard.again, 4).status_code == 200
    assert names["unnamed"] not in yard.again.hello(asks_missing=True)["missing_files"]
    assert blob_store().has(owner, names["unnamed"])


def _sha(number: int) -> str:
    return hashlib.sha256(bytes([number]) + CHUNK).hexdigest()


def _tell_of(yard: Yard, names: dict[str, str]) -> None:
    """Push a visit, a parked correction of nobody's, bytes that nobody can read, and then another branch."""
    tablet = yard.tablet
    tablet.visit(tablet.stop(), photos=[VisitPhoto(sha256=names["visit"], note="")])
    tablet.visit(
        tablet.stop(), payload={"corrects": str(new_id())}, photos=[VisitPhoto(sha256=names["parked"], note="")]
    )
    tablet.seal_bytes(f'{{"picture_sha256":"{names["unread"]}"')
    assert [one["status"] for one in tablet.push()["results"]] == ["applied", "parked", "parked"]
    tablet.events.clear()
    tablet.visit(tablet.stop(), payload={"signature_sha256": names["stray"]})
    assert tablet.push()["quarantined"]


def _age(owner: UUID, days: dict[str, float]) -> None:
    with transaction(owner) as session:
        for sha, old in days.items():
            came = now_stamp().at - timedelta(days=old)
            session.execute(update(Attachment).where(Attachment.sha256 == sha).values(complete_at=came))


def _retention(*options: str) -> int:
    ended = CliRunner().invoke(retention, ["run", "--json", *options])
    assert ended.exit_code == 0, ended.output
    return int(json.loads(ended.output.splitlines()[-1])["unnamed_files"])
