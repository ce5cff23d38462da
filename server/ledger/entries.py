"""What each event posts, as pure values: debits positive, credits negative, nothing left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from server.ledger.model import Account, AllocationSource


class EntryKind(StrEnum):
    """What an entry records; with the document's id it is unique in an issuer's journal."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    PAYMENT_BANKED = "payment_banked"
    PAYMENT_FAILED = "payment_failed"
    ALLOCATION = "allocation"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    DEPOSIT_REVALUATION = "deposit_revaluation"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an entry, in cents of the entry's currency."""

    account: Account
    amount_cents: int
    detail: str = ""
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Producer:
    """Whose goods a billing agent sold, and what the agent keeps of their net (C28)."""

    seller_id: UUID
    fee_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """The amounts of an invoice or a credit note, all positive; ``producer`` under agent billing."""

    document_id: UUID
    customer_id: UUID
    currency: str
    net_cents: int
    taxes: Mapping[str, int]
    deposits: Mapping[str, int]
    producer: Producer | None = None

    @property
    def total_cents(self) -> int:
        """Net, taxes and deposits."""
        return self.net_cents + sum(self.taxes.values()) + sum(self.deposits.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Money of one payment: the debt that it pays, and what cash adds to reach five cents (T7)."""

    payment_id: UUID
    customer_id: UUID
    currency: str
    amount_cents: int
    rounding_cents: int = 0

    @property
    def cash_cents(self) -> int:
        """What changed hands."""
        return self.amount_cents + self.rounding_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """Money that goes back to a customer, out of a payment or of a credit note."""

    refund_id: UUID
    source: AllocationSource
    source_id: UUID
    customer_id: UUID
    currency: str
    amount_cents: int


def invoice_sides(billed: Billed) -> tuple[Side, ...]:
    """Return Dr receivable / Cr revenue, each tax, container deposits.

    Under agent billing the net is owed to the producer, less the agent's fee.

    Source: the table of the ledger; law 34.
    """
    sides = [Side(Account.RECEIVABLE, billed.total_cents, str(billed.document_id)), *_net_sides(billed)]
    sides += [Side(Account.TAX, -cents, code) for code, cents in sorted(billed.taxes.items())]
    sides += [Side(Account.CONTAINER_DEPOSITS, -cents, code) for code, cents in sorted(billed.deposits.items())]
    return tuple(replace(side, customer_id=billed.customer_id) for side in sides if side.amount_cents)


def credit_sides(billed: Billed) -> tuple[Side, ...]:
    """Return the reverse of an invoice's sides, from the lines that the note credits."""
    return reversed_sides(invoice_sides(billed))


def reversed_sides(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    """Return the sides that undo these."""
    return tuple(replace(side, amount_cents=-side.amount_cents) for side in sides)


def payment_sides(received: Received, *, into: Account) -> tuple[Side, ...]:
    """Return Dr bank or in transit / Cr customer credit."""
    payment, customer_id = str(received.payment_id), received.customer_id
    sides = (
        Side(into, received.cash_cents, payment, customer_id),
        Side(Account.CUSTOMER_CREDIT, -received.amount_cents, payment, customer_id),
        Side(Account.CASH_ROUNDING, -received.rounding_cents, "", customer_id),
    )
    return tuple(side for side in sides if side.amount_cents)


def banked_sides(received: Received) -> tuple[Side, ...]:
    """Return Dr bank / Cr in transit: money of the truck reached the bank or the till."""
    payment, customer_id = str(received.payment_id), received.customer_id
    return (
        Side(Account.BANK, received.cash_cents, payment, customer_id),
        Side(Account.IN_TRANSIT, -received.cash_cents, payment, customer_id),
    )


_TAKEN_FROM: Mapping[AllocationSource, Account] = {
    AllocationSource.PAYMENT: Account.CUSTOMER_CREDIT,
    AllocationSource.CREDIT_NOTE: Account.RECEIVABLE,
    AllocationSource.WRITE_OFF: Account.WRITE_OFF,
}


def refund_sides(refunded: Refunded) -> tuple[Side, ...]:
    """Return Dr the source (customer credit, or the note's receivable) / Cr bank."""
    return (
        Side(_TAKEN_FROM[refunded.source], refunded.amount_cents, str(refunded.source_id), refunded.customer_id),
        Side(Account.BANK, -refunded.amount_cents, str(refunded.refund_id), refunded.customer_id),
    )


def allocation_sides(
    *, source: AllocationSource, source_id: UUID, invoice_id: UUID, customer_id: UUID, amount_cents: int
) -> tuple[Side, ...]:
    """Return Dr the source (customer credit, the note's receivable, written off) / Cr the invoice's receivable."""
    return (
        Side(_TAKEN_FROM[source], amount_cents, str(source_id), customer_id),
        Side(Account.RECEIVABLE, -amount_cents, str(invoice_id), customer_id),
    )


def revaluation_sides(*, class_id: UUID, amount_cents: int) -> tuple[Side, ...]:
    """Return Dr deposit revaluation / Cr container deposits: the liability of a class grows by the amount, or shrinks.

    Source: law 20.
    """
    return (
        Side(Account.DEPOSIT_REVALUATION, amount_cents, str(class_id)),
        Side(Account.CONTAINER_DEPOSITS, -amount_cents, str(class_id)),
    )


def _net_sides(billed: Billed) -> list[Side]:
    if billed.producer is None:
        return [Side(Account.REVENUE, -billed.net_cents)]
    fee_cents = billed.producer.fee_cents
    return [
        Side(Account.PRODUCER_PAYABLE, fee_cents - billed.net_cents, str(billed.producer.seller_id)),
        Side(Account.AGENT_FEE, -fee_cents, str(billed.producer.seller_id)),
    ]
