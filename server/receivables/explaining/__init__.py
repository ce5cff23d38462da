"""« Why this number »: what customers owe, unfolded to the documents, payments and events that it is made of."""

from server.billing.explaining.paging import Page
from server.receivables.explaining.accounts import Asked, explain_account
from server.receivables.explaining.held import explain_credit_note
from server.receivables.explaining.payments import explain_payment
from server.receivables.explaining.statements import Period, explain_statement
from server.receivables.explaining.takers import takers

__all__ = [
    "Asked",
    "Page",
    "Period",
    "explain_account",
    "explain_credit_note",
    "explain_payment",
    "explain_statement",
    "takers",
]
