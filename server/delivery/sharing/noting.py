"""Noting who had which proof, for its owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.sharing.model import AccessPart, AccessWay, ProofAccess
from shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who has something: an organisation, and the person of it who asked, if it was one."""

    org_id: UUID
    org_name: str
    person_id: UUID | None = None
    person_name: str = ""


def note_access(
    session: Session,
    *,
    owner_id: UUID,
    proof_ids: Iterable[UUID],
    reader: Reader,
    way: AccessWay,
    part: AccessPart,
    stamp: Stamp,
) -> None:
    """Write into the owner's log that ``reader`` had these proofs; ``owner_id`` comes from rows that were read.

    Source: issue of proofs given out; Law 25 asks who had what.
    """
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(), "owner_id": owner_id, "party_ids": [], "proof_id": proof_id, "reader_id": reader.org_id,
            "reader_name": reader.org_name, "person_id": reader.person_id, "person_name": reader.person_name,
            "way": way, "part": part, "at": stamp.at,
        }
        for proof_id in proof_ids
    ]  # fmt: skip
    if rows:
        with acting_for(session, owner_id):
            session.execute(insert(ProofAccess), rows)
