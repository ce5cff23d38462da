"""What reached somebody outside leaves a trace, when it was about a proof."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.stamp import Stamp
from server.delivery.model import Proof
from server.delivery.sharing.model import AccessPart, AccessWay
from server.delivery.sharing.noting import Reader, note_access
from server.parties import queries as parties

PROOF_NEWS: Final = "proof.sealed"


def note_arrival(
    session: Session, *, kind: str, subject_id: UUID | None, way: AccessWay, to: str, stamp: Stamp
) -> None:
    """Note in the proof's access log that the acting organisation got its news; ``to`` is the address."""
    if kind != PROOF_NEWS or subject_id is None:
        return
    proof = session.scalars(select(Proof).where(Proof.id == subject_id)).one_or_none()
    if proof is None:
        return
    me = acting_org(session)
    reader = Reader(org_id=me, org_name=parties.names(session, org_ids=[me]).get(me, ""), person_name=to)
    note_access(
        session, owner_id=proof.owner_id, proof_ids=[proof.id], reader=reader, way=way, part=AccessPart.NOTICE,
        stamp=stamp,
    )  # fmt: skip
