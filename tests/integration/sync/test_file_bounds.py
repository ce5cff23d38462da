"""What one tablet may leave at the office of files: bounded, explained, and swept when nothing comes for it."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import timedelta

import pytest

from server.core.transaction import transaction
from server.identity.service import revoke_device
from server.sync import jobs as sync
from server.sync.service import attachments
from tests.factories.hand_tablet import HandTablet, Yard
from tests.factories.web import now_stamp

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


def test_halves_that_nothing_comes_for_are_swept(yard: Yard) -> None:
    """Limits: a half-sent file goes 14 days after its last chunk, no earlier; who has it begins anew."""
    assert [begin(yard.tablet, 1), begin(yard.again, 2)] == [200, 200]
    names = [hashlib.sha256(bytes([number])).hexdigest() for number in (1, 2)]
    for tablet, name, days in ((yard.tablet, names[0], 14.1), (yard.again, names[1], 13.9)):
        upload = attachments.Upload(yard.world.carrier_id, tablet.tablet.device_id, name, 0, "")
        touched_s = time.time() - timedelta(days=days).total_seconds()
        os.utime(upload.path, (touched_s, touched_s))
    sync.sweep_half_sent(timestamp=0)
    assert [yard.tablet.offset(names[0]), yard.again.offset(names[1])] == [0, len(CHUNK)]
