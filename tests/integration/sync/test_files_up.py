"""Files of a visit: in chunks, from wherever a cut left them, and only what their hash says."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.identity.service import revoke_device
from server.sync.cli import sync
from server.sync.model import Attachment, DecisionKind
from server.sync.service.attachments import Upload, uploads_folder
from server.sync.service.deciding import decide_event
from server.sync.service.overall import kept_today
from shared.visit import VisitPhoto
from shared.wire.limits import MAX_CHUNK_BYTES
from tests.factories.hand_tablet import PICTURE_SHA, SIGNATURE_SHA, STROKES, HandTablet, Yard
from tests.factories.waiting import until
from tests.factories.web import now_stamp

PHOTO = bytes(range(256)) * 1200
SHA = hashlib.sha256(PHOTO).hexdigest()
HALF = MAX_CHUNK_BYTES // 2


def kept(yard: Yard) -> list[Attachment]:
    with transaction(yard.world.carrier_id) as session:
        return list(session.scalars(select(Attachment)))


def test_a_file_resumes_where_the_cut_left_it(yard: Yard) -> None:
    """Protocol, 3: HEAD gives the true offset; the last chunk is verified, then the file counts."""
    tablet = yard.tablet
    assert tablet.offset(SHA) == 0
    first = tablet.upload(PHOTO[:HALF], sha256=SHA, size=len(PHOTO))
    assert int(first.headers["Upload-Offset"]) == tablet.offset(SHA) == HALF
    assert kept(yard) == []
    last = tablet.upload(PHOTO[HALF:], sha256=SHA, size=len(PHOTO), offset=HALF)
    assert int(last.headers["Upload-Offset"]) == tablet.offset(SHA) == len(PHOTO)
    assert [one.sha256 for one in kept(yard)] == [SHA]
    assert blob_store().get(yard.world.carrier_id, SHA) == PHOTO


@pytest.mark.parametrize("offset", [1, HALF - 1, HALF + 1, len(PHOTO) - 10])
def test_a_chunk_for_another_place_changes_nothing(offset: int, yard: Yard) -> None:
    """Protocol, 3: on any mismatch the answer is 200 with the true offset."""
    yard.tablet.upload(PHOTO[:HALF], sha256=SHA, size=len(PHOTO))
    answer = yard.tablet.upload(PHOTO[:10], sha256=SHA, size=len(PHOTO), offset=offset)
    assert (answer.status_code, int(answer.headers["Upload-Offset"])) == (200, HALF)


def test_bytes_with_another_hash_start_anew(yard: Yard) -> None:
    """G7: a file counts only when its sha256 matches."""
    answer = yard.tablet.upload(b"x" * len(PHOTO[:HALF]), sha256=SHA, size=HALF)
    assert (answer.status_code, int(answer.headers["Upload-Offset"])) == (200, 0)
    assert kept(yard) == []
    assert int(yard.tablet.upload(PHOTO[:HALF], sha256=SHA, size=len(PHOTO)).headers["Upload-Offset"]) == HALF


def test_more_bytes_than_the_file_has_start_anew(yard: Yard) -> None:
    """G7: what a wrong length left behind does not hold up the right file for ever."""
    small = PHOTO[:100]
    sha256 = hashlib.sha256(small).hexdigest()
    yard.tablet.upload(PHOTO[:200], sha256=sha256, size=300)
    yard.tablet.upload(small, sha256=sha256, offset=200, size=100)
    answers = [yard.tablet.upload(small, sha256=sha256) for _ in range(2)]
    assert int(answers[-1].headers["Upload-Offset"]) == 100
    assert [one.sha256 for one in kept(yard)] == [sha256]


def test_the_same_photo_from_two_tablets_at_once_is_one(yard: Yard) -> None:
    """Protocol, 3: two identical photos are one object; nobody is refused."""
    small = PHOTO[:5000]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda tablet: tablet.upload(small), [yard.tablet, yard.again] * 2))
    sha256 = hashlib.sha256(small).hexdigest()
    assert {answer.status_code for answer in answers} == {200}
    assert yard.tablet.offset(sha256) == yard.again.offset(sha256) == 5000
    assert [one.sha256 for one in kept(yard)] == [sha256]


@contextmanager
def held_up(path: Path, doubles: int) -> Iterator[None]:
    """Keep whatever comes for a file waiting, until the block has ended and ``doubles`` of them wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ours = f":{path.stat().st_ino} "
        yield
        until(
            lambda: [ours in line for line in _waiting_locks()].count(True) == doubles, f"{doubles} wait for the file"
        )


def _waiting_locks() -> list[str]:
    return [line for line in Path("/proc/locks").read_text(encoding="ascii").splitlines() if "->" in line]


def test_a_chunk_that_the_network_doubled_arrives_once(yard: Yard) -> None:
    """G8: both doubles opened the file before either could write: it holds the chunk once, and goes on from there."""
    tablet = yard.tablet
    way = Upload(yard.world.carrier_id, tablet.tablet.device_id, SHA, len(PHOTO), "image/jpeg").path
    with ThreadPoolExecutor(2) as pool:
        with held_up(way, doubles=2):
            doubles = [pool.submit(tablet.upload, PHOTO[:HALF], sha256=SHA, size=len(PHOTO)) for _ in range(2)]
        assert [int(one.result().headers["Upload-Offset"]) for one in doubles] == [HALF, HALF]
    last = tablet.upload(PHOTO[HALF:], sha256=SHA, size=len(PHOTO), offset=HALF)
    assert int(last.headers["Upload-Offset"]) == len(PHOTO)
    assert [one.sha256 for one in kept(yard)] == [SHA]


def test_a_file_that_the_network_doubled_counts_once(yard: Yard) -> None:
    """G8: a tablet may send so many bytes a day; a photo in one chunk, doubled, is one of them."""
    tablet, small = yard.tablet, PHOTO[:5000]
    way = Upload(yard.world.carrier_id, tablet.tablet.device_id, hashlib.sha256(small).hexdigest(), 5000, "image/jpeg")
    with ThreadPoolExecutor(2) as pool:
        with held_up(way.path, doubles=2):
            doubles = [pool.submit(tablet.upload, small) for _ in range(2)]
        assert [int(one.result().headers["Upload-Offset"]) for one in doubles] == [5000, 5000]
    with transaction(yard.world.carrier_id) as session:
        assert kept_today(session, device_id=way.device_id, now=now_stamp().at) == 5000


def test_a_chunk_that_goes_on_from_nothing_leaves_nothing(yard: Yard) -> None:
    """Protocol, 3: a doubled last chunk that comes after its file was kept begins no other one."""
    answer = yard.tablet.upload(PHOTO[HALF:], sha256=SHA, size=len(PHOTO), offset=HALF)
    assert int(answer.headers["Upload-Offset"]) == 0
    assert [path for path in uploads_folder().rglob("*") if path.is_file()] == []


def test_a_packed_push_is_the_same_as_a_plain_one(yard: Yard) -> None:
    """Protocol, 2: JSON, gzip on both sides."""
    yard.tablet.depart()
    assert yard.tablet.send(yard.tablet.message(), packed=True).json["last_seq"] == 1


def test_what_the_store_lost_is_noted_and_asked_for_again(yard: Yard) -> None:
    """G5, G7: the object store alone was put back; what retention purged is not asked for, what never came is."""
    yard.tablet.upload_signature()
    yard.tablet.visit(yard.tablet.stop())
    assert yard.tablet.push()["results"][-1]["status"] == "applied"
    assert yard.tablet.hello(asks_missing=True)["missing_files"] == []
    blob_store().forget(yard.world.carrier_id, SIGNATURE_SHA)
    ended = CliRunner().invoke(sync, ["files", "--json"])
    found = json.loads(ended.output[ended.output.index("{\n") :])
    assert found == {"lost": {str(yard.world.carrier_id): [SIGNATURE_SHA]}}
    assert yard.tablet.hello()["missing_files"] == []  # nobody asked
    assert yard.tablet.hello(asks_missing=True)["missing_files"] == [SIGNATURE_SHA]
    assert yard.tablet.offset(SIGNATURE_SHA) == 0
    yard.tablet.upload_signature()
    assert yard.tablet.hello(asks_missing=True)["missing_files"] == []
    assert blob_store().get(yard.world.carrier_id, SIGNATURE_SHA) == STROKES


def test_files_of_what_waits_is_set_aside_or_forked_are_asked_for(yard: Yard) -> None:
    """G6, G7: who decides about a parked visit sees its photos: after a loss its tablet is asked for them, too."""
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, yard.tablet.tablet.device_id, stamp=now_stamp())
    tablet, stop, door, line = yard.tablet, yard.tablet.stop(), "d0" * 32, "11" * 32
    tablet.depart()
    visit = tablet.visit(
        stop,
        photos=[VisitPhoto(sha256=door, note="porte")],
        line_photos={stop.orders[0].goods.lines[0].line_id: [line]},
    )
    tablet.seal_bytes(f'{{"signature_sha256": "{"22" * 32}", "root": "{"33" * 32}"}}')
    assert [one["status"] for one in tablet.push()["results"]] == ["parked"] * 3
    named = {SIGNATURE_SHA, PICTURE_SHA, door, line, "22" * 32}
    assert set(tablet.hello(asks_missing=True)["missing_files"]) == named
    tablet.upload_signature()
    assert set(tablet.hello(asks_missing=True)["missing_files"]) == named - {SIGNATURE_SHA, PICTURE_SHA}
    blob_store().forget(yard.world.carrier_id, SIGNATURE_SHA)
    assert CliRunner().invoke(sync, ["files", "--json"]).exit_code == 0
    event_id = UUID(json.loads(visit.body)["event_id"])
    with transaction(yard.world.carrier_id) as session:
        first = UUID(json.loads(tablet.events[0].body)["event_id"])
        decide_event(session, first, choice=DecisionKind.SET_ASIDE, reason="copie", stamp=now_stamp())
        decide_event(session, event_id, choice=DecisionKind.SET_ASIDE, reason="copie", stamp=now_stamp())
    assert set(tablet.hello(asks_missing=True)["missing_files"]) == named - {PICTURE_SHA}
    assert yard.again.hello(asks_missing=True)["missing_files"] == [], "of its own events alone"
    _fork_with_photo(yard.again, "44" * 32)
    assert set(yard.again.hello(asks_missing=True)["missing_files"]) == {SIGNATURE_SHA, "44" * 32}


def _fork_with_photo(tablet: HandTablet, photo: str) -> None:
    tablet.depart()
    assert tablet.push()["standing"] == "ok"
    tablet.events.clear()
    tablet.depart(wall_ms=tablet.run.starts_at_ms + 7)
    tablet.visit(tablet.stop(), photos=[VisitPhoto(sha256=photo, note="")])
    answer = tablet.push()
    assert (answer["standing"], answer["quarantined"]) == ("fork", True)
