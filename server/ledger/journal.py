"""The one place that writes entries: what does not sum to zero never reaches the database."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.ledger.entries import EntryKind, Side
from server.ledger.model import JournalEntry, Posting
from shared.ids import new_id


class UnbalancedEntry(Problem):
    """The sides of an entry do not sum to zero (law 1)."""

    slug = "unbalanced-entry"
    status = 500
    title = Text("Écriture non balancée", "Unbalanced entry")


def post(
    session: Session,
    *,
    kind: EntryKind,
    document_id: UUID,
    currency: str,
    posted_on: date,
    sides: tuple[Side, ...],
    stamp: Stamp,
) -> JournalEntry:
    """Return a new entry of the acting issuer, pending in the session.

    Raises:
        UnbalancedEntry: the sides do not sum to zero.

    Source: law 1; the database refuses a second entry of the same kind for one document.
    """
    _require_balance(kind, document_id, sides)
    kin = {"owner_id": acting_org(session), "party_ids": []}
    entry = JournalEntry(
        id=new_id(),
        **kin,
        document_kind=kind.value,
        document_id=document_id,
        currency=currency,
        posted_on=posted_on,
        recorded_at=stamp.at,
    )
    entry.postings = [
        Posting(
            id=new_id(),
            **kin,
            entry_id=entry.id,
            account=side.account,
            detail=side.detail,
            customer_id=side.customer_id,
            amount_cents=side.amount_cents,
        )
        for side in sides
    ]
    session.add(entry)
    return entry


def _require_balance(kind: EntryKind, document_id: UUID, sides: tuple[Side, ...]) -> None:
    if rest := sum(side.amount_cents for side in sides):
        raise UnbalancedEntry(
            Text(
                f"L’écriture «\u00a0{kind}\u00a0» du document {document_id} laisse {rest} cents.",
                f"The “{kind}” entry of document {document_id} leaves {rest} cents.",
            ),
            where=str(document_id),
        )
