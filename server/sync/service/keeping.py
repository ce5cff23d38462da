"""An attachment that arrived whole counts from the moment its hash was checked."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.sync.events import ATTACHMENT_RECEIVED
from server.sync.model import Attachment
from server.sync.service.attachments import Upload
from shared.ids import new_id


def keep_attachment(session: Session, upload: Upload, *, stamp: Stamp) -> bool:
    """Note that the store holds the file, and say whether it had not so far.

    Two identical files are one, and one that was lost is here again.
    """
    row = {
        "id": new_id(), "owner_id": acting_org(session), "party_ids": [], "sha256": upload.sha256,
        "media_type": upload.media_type, "size_bytes": upload.size_bytes, "received_bytes": upload.size_bytes,
        "complete_at": stamp.at, "served_sha256": "",
    }  # fmt: skip
    made = session.execute(
        insert(Attachment)
        .values(row)
        .on_conflict_do_update(
            index_elements=["owner_id", "sha256"],
            set_={"complete_at": stamp.at, "received_bytes": upload.size_bytes, "size_bytes": upload.size_bytes},
            where=Attachment.complete_at.is_(None),  # noted as lost since
        )
        .returning(Attachment.id)
    ).first()
    if made is not None:
        facts.record(session, ATTACHMENT_RECEIVED, made.id, stamp)
    return made is not None


def note_copy(session: Session, sha256: str, *, served_sha256: str) -> None:
    """Note under which hash the copy of a picture is kept; of two made at once the last one counts."""
    session.execute(update(Attachment).where(Attachment.sha256 == sha256).values(served_sha256=served_sha256))
