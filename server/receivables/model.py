"""What customers paid and owe: payments and dated, reversible allocations."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, cents
from shared.lifecycles import PAYMENT_LIFECYCLE, PaymentState


class PaymentMethod(StrEnum):
    """How money came."""

    CASH = "cash"
    CHEQUE = "cheque"
    INTERAC = "interac"
    TRANSFER = "transfer"
    GATEWAY = "gateway"
    BANK_FILE = "bank_file"


class Payment(Owned):
    """Money from a buyer to an issuer. Cash in the truck waits until the run is settled."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("owner_id", "cause_id"), Index(None, "owner_id", "buyer_id"))

    buyer_id: Mapped[UUID]
    method: Mapped[PaymentMethod]
    state: Mapped[PaymentState]
    currency: Mapped[str]
    amount_cents: Mapped[cents]
    rounding_cents: Mapped[cents] = mapped_column(default=0)
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    cause_id: Mapped[UUID]  # the collection, the provider's intent, the command's key
    recorded_at: Mapped[datetime]

    def move_to(self, state: PaymentState) -> None:
        """Take the next step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = PAYMENT_LIFECYCLE.step(self.state, state)


class AllocationSource(StrEnum):
    """What an allocation takes from."""

    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"


class Allocation(Owned):
    """A payment or credit set against an invoice; undoing is another row with the opposite amount."""

    __tablename__ = "allocation"
    __table_args__ = (Index(None, "owner_id", "invoice_id"), Index(None, "owner_id", "source_id"))
    append_only = True

    source: Mapped[AllocationSource]
    source_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    amount_cents: Mapped[cents]
    allocated_on: Mapped[date]
    reverses_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
