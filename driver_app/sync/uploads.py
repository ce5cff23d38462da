"""Files up, in chunks, from wherever the last cut left them."""

from __future__ import annotations

from dataclasses import dataclass

from driver_app.store import attachments
from driver_app.store.attachments import Attachment
from driver_app.store.commit_points import UPLOAD_ANSWERED, UPLOAD_CHUNK_SENT
from driver_app.store.database import Store
from driver_app.store.vault import Unreadable
from driver_app.sync.office import Office, Refused

CHUNK_BYTES = 128 * 1024
MAX_ROUNDS_WITHOUT_PROGRESS = 3
_ABOUT_THE_FILE = frozenset({400, 404, 409, 413, 415, 422})


@dataclass(frozen=True, slots=True)
class UploadCount:
    """How many files are at the office now, and how many it did not recognise or this tablet cannot read."""

    received: int = 0
    refused: int = 0

    def __add__(self, other: UploadCount) -> UploadCount:
        """Return both together."""
        return UploadCount(self.received + other.received, self.refused + other.refused)


def upload_waiting(store: Store, office: Office, device_id: str, *, photos: bool) -> UploadCount:
    """Send the photos that wait, or the signatures with their pictures.

    A file that the office refuses, or that this tablet cannot read any more, never holds up the others. One that was
    taken back since it was listed is not sent.

    Raises:
        Unreachable: the connection is gone; what was sent counts.
        Refused: the office refuses the tablet, not the file.
    """
    sent = UploadCount()
    for item in store.read(attachments.waiting):
        if (item.kind == "photo") is photos:
            sent += _sent(store, office, device_id, item)
    return sent


def _sent(store: Store, office: Office, device_id: str, item: Attachment) -> UploadCount:
    try:
        body = store.read(lambda session: attachments.find(session, item.sha256))
        if body is None:
            return UploadCount()
        complete = _upload(store, office, device_id, item, body)
    except Refused as refusal:
        if refusal.code not in _ABOUT_THE_FILE:
            raise
        complete = False
    except Unreadable:
        complete = False
    note = attachments.mark_received if complete else attachments.mark_refused
    store.write("keep_upload", lambda session: note(session, item.sha256))
    return UploadCount(received=1) if complete else UploadCount(refused=1)


def _upload(store: Store, office: Office, device_id: str, item: Attachment, body: bytes) -> bool:
    offset = office.upload_offset(device_id, item.sha256)
    furthest, stalled = offset, 0
    while offset != item.size_bytes:
        if stalled == MAX_ROUNDS_WITHOUT_PROGRESS:
            return False
        start = offset if 0 <= offset < item.size_bytes else 0
        chunk = body[start : start + CHUNK_BYTES]
        store.reached(UPLOAD_CHUNK_SENT)
        offset = office.upload(
            device_id, item.sha256, chunk, offset=start, size=item.size_bytes, media_type=item.media_type
        )
        stalled = 0 if offset > furthest else stalled + 1
        furthest = max(furthest, offset)
    store.reached(UPLOAD_ANSWERED)
    return True
