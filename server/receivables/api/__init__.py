"""The doors of accounts for programs."""

from server.receivables.api.accounts import accounts
from server.receivables.api.credits import credits_by_hand, write_offs
from server.receivables.api.dunning import dunning
from server.receivables.api.explaining import explained
from server.receivables.api.online import online, provider
from server.receivables.api.payables import payables
from server.receivables.api.payments import allocations, payments

__all__ = [
    "accounts",
    "allocations",
    "credits_by_hand",
    "dunning",
    "explained",
    "online",
    "payables",
    "payments",
    "provider",
    "write_offs",
]
