"""The journal: append-only double entry per issuer and currency, and what was set against what."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.database import Owned, cents


class Account(StrEnum):
    """The accounts of an issuer; ``detail`` says which tax, container class, producer, document or payment."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    TAX = "tax"
    CONTAINER_DEPOSITS = "container_deposits"
    DEPOSIT_REVALUATION = "deposit_revaluation"
    CUSTOMER_CREDIT = "customer_credit"
    IN_TRANSIT = "in_transit"
    BANK = "bank"
    CASH_ROUNDING = "cash_rounding"
    PRODUCER_PAYABLE = "producer_payable"
    AGENT_FEE = "agent_fee"
    WRITE_OFF = "write_off"


class JournalEntry(Owned):
    """One transaction of an issuer's books: its postings sum to zero."""

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("owner_id", "document_kind", "document_id"),)
    append_only: ClassVar[bool] = True

    document_kind: Mapped[str]
    document_id: Mapped[UUID]
    currency: Mapped[str]
    posted_on: Mapped[date]
    recorded_at: Mapped[datetime]
    postings: Mapped[list[Posting]] = relationship(lazy="raise_on_sql", cascade="save-update")


class Posting(Owned):
    """One side: debits are positive, credits negative."""

    __tablename__ = "posting"
    __table_args__ = (
        Index(  # what a customer's account is read from, without the postings themselves
            "ix_posting_owed",
            "owner_id",
            "customer_id",
            "entry_id",
            postgresql_include=["amount_cents", "party_ids"],
            postgresql_where=text("account IN ('receivable', 'customer_credit')"),
        ),
        Index(
            "ix_posting_open_document",
            "owner_id",
            "detail",
            postgresql_where=text("account IN ('receivable', 'customer_credit')"),
        ),
    )
    append_only: ClassVar[bool] = True

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id"), index=True)
    account: Mapped[Account]
    detail: Mapped[str] = mapped_column(default="")
    customer_id: Mapped[UUID | None]
    amount_cents: Mapped[cents]


class AllocationSource(StrEnum):
    """What an allocation takes from."""

    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"


class Allocation(Owned):
    """A payment, credit or write-off set against an invoice; undoing is another row with the opposite amount."""

    __tablename__ = "allocation"
    __table_args__ = (Index(None, "owner_id", "invoice_id"), Index(None, "owner_id", "source_id"))
    append_only: ClassVar[bool] = True

    source: Mapped[AllocationSource]
    source_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount_cents: Mapped[cents]
    allocated_on: Mapped[date]
    reverses_id: Mapped[UUID | None] = mapped_column(unique=True)
    recorded_at: Mapped[datetime]
