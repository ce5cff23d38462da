"""What happens to money: collected, recorded, confirmed, failed, allocated, freed."""

from server.receivables.service.applying import NotOneAccount, allocate_credit, balance, free_payments, open_amount
from server.receivables.service.payments import (
    BadPayment,
    confirm_payment,
    fail_payment,
    record_collection,
    record_payment,
)

__all__ = [
    "BadPayment",
    "NotOneAccount",
    "allocate_credit",
    "balance",
    "confirm_payment",
    "fail_payment",
    "free_payments",
    "open_amount",
    "record_collection",
    "record_payment",
]
