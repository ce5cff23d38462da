"""The one place that writes entries: what does not sum to zero never reaches the database."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.gathering import write_later
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
) -> None:
    """Write a new entry of the acting issuer with its sides: now, or with what the session gathers.

    Raises:
        UnbalancedEntry: the sides do not sum to zero.

    Source: law 1; the database refuses a second entry of the same kind for one document.
    """
    _require_balance(kind, document_id, sides)
    kin = {"owner_id": acting_org(session), "party_ids": []}
    entry = {
        **kin, "id": new_id(), "document_kind": kind.value, "document_id": document_id, "currency": currency,
        "posted_on": posted_on, "recorded_at": stamp.at,
    }  # fmt: skip
    write_later(session, JournalEntry, [entry])
    write_later(
        session,
        Posting,
        [
            {
                **kin, "id": new_id(), "entry_id": entry["id"], "account": side.account, "detail": side.detail,
                "customer_id": side.customer_id, "amount_cents": side.amount_cents,
            }
            for side in sides
        ],
    )  # fmt: skip


def _require_balance(kind: EntryKind, document_id: UUID, sides: tuple[Side, ...]) -> None:
    if rest := sum(side.amount_cents for side in sides):
        raise UnbalancedEntry(
            Text(
                f"L’écriture «\u00a0{kind}\u00a0» du document {document_id} laisse {rest} cents.",
                f"The “{kind}” entry of document {document_id} leaves {rest} cents.",
            ),
            where=str(document_id),
        )
