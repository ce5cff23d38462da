"""What moves on a customer's account, and how each movement is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.problems import Text


class Movement(StrEnum):
    """What moved on an account."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    PAYMENT_FAILED = "payment_failed"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    WRITE_OFF = "write_off"
    WRITE_OFF_UNDONE = "write_off_undone"
    ALLOCATION = "allocation"
    ALLOCATION_UNDONE = "allocation_undone"


MOVEMENT_LABELS: Mapping[Movement, Text] = {
    Movement.INVOICE: Text("Facture", "Invoice"),
    Movement.CREDIT_NOTE: Text("Note de crédit", "Credit note"),
    Movement.PAYMENT: Text("Paiement", "Payment"),
    Movement.PAYMENT_FAILED: Text("Paiement refusé", "Payment failed"),
    Movement.REFUND: Text("Remboursement", "Refund"),
    Movement.REFUND_FAILED: Text("Remboursement non remis", "Refund failed"),
    Movement.WRITE_OFF: Text("Radiation", "Write-off"),
    Movement.WRITE_OFF_UNDONE: Text("Radiation annulée", "Write-off undone"),
    Movement.ALLOCATION: Text("Affectation", "Allocation"),
    Movement.ALLOCATION_UNDONE: Text("Désaffectation", "Allocation undone"),
}


class Line(msgspec.Struct, frozen=True):  # ten thousand of them make one statement
    """One movement. ``amount_cents`` is what it adds to the balance; an allocation moves ``moved_cents`` within it.

    ``invoice_id``, ``credit_id`` and ``payment_id`` are what the line links to; ``said`` is what is said of it, where
    that is more than its movement and number.
    """

    on: date
    movement: Movement
    document_id: UUID
    number: str
    said: Text | None
    amount_cents: int
    moved_cents: int
    balance_cents: int
    invoice_id: UUID | None
    credit_id: UUID | None
    payment_id: UUID | None

    @property
    def words(self) -> Text:
        """Return what is said of the movement; a page and a paper ask for the lines that they show."""
        return self.said or named(self.movement, self.number)


def named(movement: Movement, number: str, reason: str = "") -> Text:
    """Return a movement in words, with the number of its document and its reason where there are any."""
    label = MOVEMENT_LABELS[movement]
    name = Text(f"{label.fr} {number}", f"{label.en} {number}") if number else label
    return Text(f"{name.fr}\u00a0: {reason}", f"{name.en}: {reason}") if reason else name
