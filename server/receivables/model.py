"""What customers paid, got back and were let off; allocations stand in the ledger, below billing."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.database import Owned, cents
from server.ledger.model import AllocationSource
from shared.lifecycle import StateMachine
from shared.lifecycles import PAYMENT_LIFECYCLE, PaymentState
from shared.problems import Text


class PaymentMethod(StrEnum):
    """How money came."""

    CASH = "cash"
    CHEQUE = "cheque"
    INTERAC = "interac"
    TRANSFER = "transfer"
    GATEWAY = "gateway"
    BANK_FILE = "bank_file"


METHOD_LABELS: Final = {
    PaymentMethod.CASH: Text("Comptant", "Cash"),
    PaymentMethod.CHEQUE: Text("Chèque", "Cheque"),
    PaymentMethod.INTERAC: Text("Virement Interac", "Interac e-Transfer"),
    PaymentMethod.TRANSFER: Text("Virement bancaire", "Bank transfer"),
    PaymentMethod.GATEWAY: Text("En ligne", "Online"),
    PaymentMethod.BANK_FILE: Text("Prélèvement", "Direct debit"),
}

BY_HAND: Final = (PaymentMethod.CHEQUE, PaymentMethod.INTERAC, PaymentMethod.CASH, PaymentMethod.TRANSFER)
"""What a person may record (R084)."""


class Payment(Owned):
    """Money from a buyer to an issuer. Cash in the truck waits until the run is settled."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("owner_id", "cause_id"),
        Index(None, "owner_id", "buyer_id"),
        Index(
            "uq_payment_provider", "owner_id", "provider_ref", unique=True, postgresql_where=text("provider_ref <> ''")
        ),
    )

    buyer_id: Mapped[UUID]
    method: Mapped[PaymentMethod]
    state: Mapped[PaymentState]
    currency: Mapped[str]
    amount_cents: Mapped[cents]
    rounding_cents: Mapped[cents] = mapped_column(default=0)
    received_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    cause_id: Mapped[UUID]  # the collection, the provider's intent, the command's key
    invoice_id: Mapped[UUID | None]  # what an online payment is for; the rest goes to the oldest
    provider_ref: Mapped[str] = mapped_column(default="")  # the provider's own name of the payment
    pay_url: Mapped[str] = mapped_column(default="")  # where the buyer pays, at the provider
    recorded_at: Mapped[datetime]
    banked_on: Mapped[date | None]  # money of a truck: when an accountant had it
    banked_at: Mapped[datetime | None]
    failed_on: Mapped[date | None]  # when the journal took it back; None for one that never came
    failed_at: Mapped[datetime | None]

    @property
    def handed_cents(self) -> int:
        """What changed hands: of cash, the amount to the nearest five cents (T7)."""
        return self.amount_cents + self.rounding_cents

    @property
    def is_posted(self) -> bool:
        """Say whether the journal holds it: what a provider has not confirmed yet is no money."""
        waiting = self.state in {PaymentState.INITIATED, PaymentState.PENDING}
        return not (waiting and self.method is PaymentMethod.GATEWAY)

    @property
    def never_came(self) -> bool:
        """Say whether it may be without any posting: an online payment that its provider never confirmed."""
        return self.method is PaymentMethod.GATEWAY and self.state in {
            PaymentState.INITIATED,
            PaymentState.PENDING,
            PaymentState.FAILED,
        }

    def move_to(self, state: PaymentState) -> None:
        """Take the next step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = PAYMENT_LIFECYCLE.step(self.state, state)


class RefundState(StrEnum):
    """A refund by hand is done at once; a provider's is done when the provider says so."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


REFUND_LIFECYCLE = StateMachine(
    "refund",
    {
        RefundState.PENDING: frozenset({RefundState.DONE, RefundState.FAILED}),
        RefundState.DONE: frozenset({RefundState.FAILED}),
        RefundState.FAILED: frozenset(),
    },
    title=Text("Remboursement", "Refund"),
    labels={
        RefundState.PENDING: Text("En attente", "Pending"),
        RefundState.DONE: Text("Fait", "Done"),
        RefundState.FAILED: Text("Échoué", "Failed"),
    },
)


class Refund(Owned):
    """Money that goes back to a buyer, out of what a payment or a credit note still holds."""

    __tablename__ = "refund"
    __table_args__ = (UniqueConstraint("owner_id", "cause_id"), Index(None, "owner_id", "source_id"))

    buyer_id: Mapped[UUID]
    source: Mapped[AllocationSource]
    source_id: Mapped[UUID]
    method: Mapped[PaymentMethod]
    state: Mapped[RefundState]
    currency: Mapped[str]
    amount_cents: Mapped[cents]
    refunded_on: Mapped[date]
    reason: Mapped[str]
    cause_id: Mapped[UUID]
    provider_ref: Mapped[str] = mapped_column(default="")
    is_chargeback: Mapped[bool] = mapped_column(default=False)  # the buyer's bank took it; it comes back when won
    recorded_at: Mapped[datetime]
    failed_on: Mapped[date | None]  # when its source held the money again
    failed_at: Mapped[datetime | None]

    def move_to(self, state: RefundState) -> None:
        """Take the next step.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = REFUND_LIFECYCLE.step(self.state, state)


class WriteOff(Owned):
    """What an issuer gives up of an invoice, and why; undone by undoing its allocation."""

    __tablename__ = "write_off"
    __table_args__ = (UniqueConstraint("owner_id", "cause_id"), UniqueConstraint("owner_id", "number"))
    append_only: ClassVar[bool] = True

    number: Mapped[str]
    buyer_id: Mapped[UUID]
    invoice_id: Mapped[UUID] = mapped_column(index=True)
    currency: Mapped[str]
    amount_cents: Mapped[cents]
    reason: Mapped[str]
    written_on: Mapped[date]
    cause_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    hash: Mapped[bytes]  # over what it says and the hash of the one before it in its series


class CustomerAccount(Owned):
    """What an issuer decided about one customer's account: how much it may owe, and whether its orders wait."""

    __tablename__ = "customer_account"
    __table_args__ = (UniqueConstraint("owner_id", "buyer_id"),)

    buyer_id: Mapped[UUID]
    credit_limit_cents: Mapped[int | None]
    held_since: Mapped[datetime | None]
    hold_reason: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class Reminder(Owned):
    """One reminder of one invoice; its level is never sent twice, and levels only rise (law 27)."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("owner_id", "invoice_id", "level"),)
    append_only: ClassVar[bool] = True

    buyer_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    level: Mapped[int]
    open_cents: Mapped[cents]
    sent_on: Mapped[date]
    recorded_at: Mapped[datetime]


class ReminderPlan(Owned):
    """Whether an issuer's reminders go out by themselves each morning, and how the last morning went."""

    __tablename__ = "reminder_plan"
    __table_args__ = (UniqueConstraint("owner_id"),)

    is_on: Mapped[bool]
    changed_at: Mapped[datetime]
    ran_at: Mapped[datetime | None]
    sent: Mapped[int] = mapped_column(default=0)


class Provider(StrEnum):
    """Who takes payments online for an issuer."""

    STRIPE = "stripe"


class ProviderAccount(Owned):
    """An issuer's account at a provider; its secrets are sealed under a key that is not in the database."""

    __tablename__ = "provider_account"
    __table_args__ = (UniqueConstraint("owner_id", "provider"),)

    provider: Mapped[Provider]
    is_enabled: Mapped[bool]
    sealed_key: Mapped[bytes]
    sealed_webhook_secret: Mapped[bytes]
    key_hint: Mapped[str]  # the key's last four characters, so that people can tell it
    changed_at: Mapped[datetime]


class ProviderEvent(Owned):
    """A provider's event that was taken once; the same one again changes nothing (law 14)."""

    __tablename__ = "provider_event"
    __table_args__ = (UniqueConstraint("owner_id", "provider", "event_id"),)
    append_only: ClassVar[bool] = True

    provider: Mapped[Provider]
    event_id: Mapped[str]
    kind: Mapped[str]
    payment_ref: Mapped[str]
    received_at: Mapped[datetime]
