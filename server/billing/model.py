"""Invoices and credit notes: frozen at publication, numbered without gaps, chained by hash."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.database import Owned, cents, json_list, json_object, unit_price
from shared.lifecycles import CREDIT_LIFECYCLE, INVOICE_LIFECYCLE, CreditState, InvoiceState


def _numbered(key: str) -> ForeignKey:
    """Return a key to a document that gets its number, and is written, last: it is checked at the commit."""
    return ForeignKey(key, deferrable=True, initially="DEFERRED")


class InvoiceKind(StrEnum):
    """A final invoice closes an order's billing; the other kinds are linked to it (C3)."""

    STANDARD = "standard"
    PARTIAL = "partial"
    DEPOSIT = "deposit"
    INSTALMENT = "instalment"
    FINAL = "final"
    AGENT = "agent"
    RECURRING = "recurring"
    SUPPLIER = "supplier"
    CONTAINER_DEPOSIT = "container_deposit"  # deposits that a credit gave back too much; DEPOSIT is the acompte (C17)


class NumberSeries(Owned):
    """The counter of one issuer, series and year, locked last in the publishing transaction."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("owner_id", "series", "year"),)

    series: Mapped[str]
    year: Mapped[int]
    last: Mapped[int]
    last_hash: Mapped[bytes]
    last_issued_on: Mapped[date]


class Invoice(Owned):
    """What an issuer asks for. Drafts and provisional ones have a reference only; a published one never changes.

    With ``joined_id`` it is a section of one agent invoice for several orders (C15): one number, ``section`` 1 to
    ``sections`` of it, each with its own order, seller, lines, taxes, fee and postings.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("owner_id", "series", "year", "sequence", "section"),
        UniqueConstraint("owner_id", "key"),
        Index(None, "takes_back_id", postgresql_where=text("takes_back_id IS NOT NULL")),
        Index(None, "owner_id", "buyer_id", postgresql_include=["id", "number", "party_ids"]),
        Index(None, "joined_id", postgresql_where=text("joined_id IS NOT NULL")),
        Index(None, "owner_id", "state"),
    )
    final_when_issued: ClassVar[bool] = True

    kind: Mapped[InvoiceKind]
    state: Mapped[InvoiceState]
    buyer_id: Mapped[UUID]
    seller_ids: Mapped[list[UUID]]
    currency: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    series: Mapped[str | None]
    year: Mapped[int | None]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    section: Mapped[int] = mapped_column(default=0)  # 0 of an invoice that stands alone
    sections: Mapped[int] = mapped_column(default=0)
    number: Mapped[str] = mapped_column(default="")
    issued_on: Mapped[date | None]
    tax_on: Mapped[date | None]
    due_on: Mapped[date | None]
    published_at: Mapped[datetime | None]
    net_cents: Mapped[cents] = mapped_column(default=0)
    tax_cents: Mapped[cents] = mapped_column(default=0)
    deposit_cents: Mapped[cents] = mapped_column(default=0)
    total_cents: Mapped[cents] = mapped_column(default=0)
    taxes: Mapped[json_list] = mapped_column(default=list)  # [{code, rate, name_fr, name_en, amount_cents}]
    parties_text: Mapped[json_object] = mapped_column(default=dict)  # issuer, buyer and registrations as printed
    footer_fr: Mapped[str] = mapped_column(default="")
    footer_en: Mapped[str] = mapped_column(default="")
    net_days: Mapped[int] = mapped_column(default=30)
    agent_fee_cents: Mapped[cents] = mapped_column(default=0)  # what the billing agent keeps of the net (C28)
    agent_fee_bp: Mapped[int] = mapped_column(default=0)  # at this rate, which its credits keep (T6)
    prev_hash: Mapped[bytes | None]
    hash: Mapped[bytes | None]
    run_id: Mapped[UUID | None]
    joined_id: Mapped[UUID | None]  # the document that its sections share; before publication, what is to be joined
    replaces_id: Mapped[UUID | None]
    takes_back_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_note.id"))  # whose deposits it bills again
    key: Mapped[UUID | None]  # the command's that asked for it, where no order does
    supplements_id: Mapped[UUID | None] = mapped_column(index=True)  # the invoice whose corrected delivery it completes
    created_at: Mapped[datetime]
    lines: Mapped[list[InvoiceLine]] = relationship(
        lazy="raise_on_sql", order_by="InvoiceLine.position", cascade="save-update"
    )

    def move_to(self, state: InvoiceState) -> None:
        """Take the next step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = INVOICE_LIFECYCLE.step(self.state, state)


class InvoiceLine(Owned):
    """One line as invoiced, with its share of each tax (T4). Written with its invoice's revision.

    It is of an order's line, or takes back containers of a credit's: one of both, as the database holds.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "revision", "position"),
        CheckConstraint("num_nonnulls(order_line_id, credit_line_id) = 1", name="one_line"),
        CheckConstraint("num_nulls(order_id, order_line_id) <> 1", name="whole_order_line"),
        Index(None, "credit_line_id", postgresql_where=text("credit_line_id IS NOT NULL")),
    )
    append_only: ClassVar[bool] = True

    invoice_id: Mapped[UUID] = mapped_column(_numbered("invoice.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    position: Mapped[int]
    order_id: Mapped[UUID | None]
    order_line_id: Mapped[UUID | None]
    credit_line_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_line.id"))
    description_fr: Mapped[str]
    description_en: Mapped[str]
    sales_unit: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[unit_price]
    price_steps: Mapped[json_list] = mapped_column(
        default=list
    )  # [{name_fr, name_en, change, unit_price}], two or more
    discount_cents: Mapped[cents]
    net_cents: Mapped[cents]
    document_discount_cents: Mapped[cents] = mapped_column(default=0)  # inside net_cents, beside discount_cents
    taxes: Mapped[json_object]  # code → cents
    deposit_cents: Mapped[cents]
    deposit_taxes: Mapped[json_object] = mapped_column(default=dict)  # code → cents, of taxable deposits
    deposits: Mapped[json_list]  # [{container_class, class_id, containers, unit_cents, taxable}]

    @property
    def key(self) -> str:
        """Return what the line is priced and credited by: the order's line, or the credit's."""
        return str(self.order_line_id or self.credit_line_id)


class InvoiceOrder(Owned):
    """Which orders an invoice covers: many to many from the start (C15, C28). One live final invoice an order."""

    __tablename__ = "invoice_order"
    __table_args__ = (
        UniqueConstraint("invoice_id", "order_id"),
        Index("uq_invoice_order_live", "order_id", unique=True, postgresql_where=text("live_final")),
    )

    invoice_id: Mapped[UUID] = mapped_column(_numbered("invoice.id"), index=True)
    order_id: Mapped[UUID]
    live_final: Mapped[bool]  # R042: false once dropped or voided, and for kinds that do not close an order


class CreditKind(StrEnum):
    """Why money goes back (R081)."""

    ITEMS = "items"
    CONTAINER_DEPOSIT = "container_deposit"
    FREE_AMOUNT = "free_amount"
    VOID = "void"


class CreditNote(Owned):
    """What an issuer gives back. Proposed above the threshold, issued with a number, never changed after."""

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("owner_id", "series", "year", "sequence"),
        UniqueConstraint("owner_id", "cause_kind", "cause_id"),
        Index(None, "owner_id", "buyer_id"),
        Index(None, "invoice_id"),
    )
    final_when_issued: ClassVar[bool] = True

    kind: Mapped[CreditKind]
    state: Mapped[CreditState]
    buyer_id: Mapped[UUID]
    seller_ids: Mapped[list[UUID]]
    invoice_id: Mapped[UUID | None]
    cause_kind: Mapped[str]  # delivery, visit, hand_record, void, user: with cause_id, what makes it unique
    cause_id: Mapped[UUID]
    reason_fr: Mapped[str]
    reason_en: Mapped[str]
    currency: Mapped[str]
    series: Mapped[str | None]
    year: Mapped[int | None]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[str] = mapped_column(default="")
    issued_on: Mapped[date | None]
    published_at: Mapped[datetime | None]
    net_cents: Mapped[cents]
    tax_cents: Mapped[cents]
    deposit_cents: Mapped[cents]
    total_cents: Mapped[cents]
    taxes: Mapped[json_list]
    parties_text: Mapped[json_object] = mapped_column(default=dict)
    agent_fee_cents: Mapped[cents] = mapped_column(default=0)  # the part of the invoice's fee that goes back
    prev_hash: Mapped[bytes | None]
    hash: Mapped[bytes | None]
    created_at: Mapped[datetime]
    lines: Mapped[list[CreditLine]] = relationship(
        lazy="raise_on_sql", order_by="CreditLine.position", cascade="save-update"
    )

    def move_to(self, state: CreditState) -> None:
        """Take the next step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = CREDIT_LIFECYCLE.step(self.state, state)


class CreditLine(Owned):
    """What is given back of one invoice line, or of one container class."""

    __tablename__ = "credit_line"
    __table_args__ = (UniqueConstraint("credit_note_id", "position"), Index(None, "invoice_line_id"))
    append_only: ClassVar[bool] = True

    credit_note_id: Mapped[UUID] = mapped_column(_numbered("credit_note.id"), index=True)
    position: Mapped[int]
    invoice_line_id: Mapped[UUID | None]
    order_line_id: Mapped[UUID | None]
    container_code: Mapped[str] = mapped_column(default="")
    container_class_id: Mapped[UUID | None]  # two owners may use one code: postings name the class itself
    description_fr: Mapped[str]
    description_en: Mapped[str]
    quantity: Mapped[int]
    net_cents: Mapped[cents]
    taxes: Mapped[json_object]
    deposit_cents: Mapped[cents]
    deposit_taxes: Mapped[json_object] = mapped_column(default=dict)
    document_discount_cents: Mapped[cents] = mapped_column(default=0)
    unit_cents: Mapped[int] = mapped_column(default=0)  # of a returned container
    reason: Mapped[str] = mapped_column(default="")
