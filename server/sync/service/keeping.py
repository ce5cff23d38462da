"""An attachment that arrived whole counts from the moment its hash was checked."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.sync.events import ATTACHMENT_RECEIVED
from server.sync.model import Attachment
from server.sync.service.attachments import Upload
from shared.ids import new_id


def keep_attachment(session: Session, upload: Upload, *, stamp: Stamp) -> Attachment:
    """Note that the store holds the file; two identical files are one."""
    known = session.scalars(select(Attachment).where(Attachment.sha256 == upload.sha256)).one_or_none()
    if known is not None:
        return known
    attachment = Attachment(
        id=new_id(),
        owner_id=acting_org(session),
        sha256=upload.sha256,
        media_type=upload.media_type,
        size_bytes=upload.size_bytes,
        received_bytes=upload.size_bytes,
        complete_at=stamp.at,
    )
    session.add(attachment)
    session.flush()
    facts.record(session, ATTACHMENT_RECEIVED, attachment.id, stamp)
    return attachment
