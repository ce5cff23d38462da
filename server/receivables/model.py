"""What customers paid; allocations stand in the ledger, below billing, which sets credits against invoices."""

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
