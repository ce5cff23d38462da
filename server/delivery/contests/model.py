"""A contest of a proof or a credit note, and what was brought as evidence."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned
from shared.lifecycle import StateMachine
from shared.problems import Text


class ContestSubject(StrEnum):
    """What is contested."""

    PROOF = "proof"
    CREDIT = "credit"


class ContestState(StrEnum):
    """A contest waits for the decision of who answers for its subject; whoever opened it may take it back."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


CONTEST_LIFECYCLE = StateMachine(
    "contest",
    {
        ContestState.OPEN: frozenset({ContestState.UPHELD, ContestState.DISMISSED, ContestState.WITHDRAWN}),
        ContestState.UPHELD: frozenset(),
        ContestState.DISMISSED: frozenset(),
        ContestState.WITHDRAWN: frozenset(),
    },
    title=Text("Contestation", "Contest"),
    labels={
        ContestState.OPEN: Text("ouverte", "open"),
        ContestState.UPHELD: Text("accueillie", "upheld"),
        ContestState.DISMISSED: Text("rejetée", "dismissed"),
        ContestState.WITHDRAWN: Text("retirée", "withdrawn"),
    },
)


class Contest(Owned):
    """What a party does not accept of a proof or a credit note.

    Its owner decides: the carrier of a proof, the issuer of a credit note. The order's other parties read it, and
    nobody else. While it is open, the order's invoices are not dunned.
    """

    __tablename__ = "contest"
    __table_args__ = (
        Index("uq_contest_open", "subject", "subject_id", unique=True, postgresql_where=text("state = 'open'")),
        Index(None, "owner_id", "state", "opened_at"),
    )

    subject: Mapped[ContestSubject]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    number: Mapped[str]  # of the order, or of the credit note
    opener_id: Mapped[UUID]
    opener_name: Mapped[str]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    reason: Mapped[str]
    state: Mapped[ContestState]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(default="")


class ContestEvidence(Owned):
    """A picture that a party brought: the bytes that came under ``sha256``, what is shown under ``shown_sha256``."""

    __tablename__ = "contest_evidence"
    append_only: ClassVar[bool] = True

    contest_id: Mapped[UUID] = mapped_column(ForeignKey("contest.id"), index=True)
    brought_by: Mapped[UUID]
    brought_by_name: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    shown_sha256: Mapped[str]
    shown_size_bytes: Mapped[int]
    brought_at: Mapped[datetime]
