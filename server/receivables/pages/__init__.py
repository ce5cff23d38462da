"""The pages of accounts: the issuer's, the buyer's, and the forms of both."""

from server.receivables.pages.blueprint import pages
from server.receivables.pages.credits import write_credit_form
from server.receivables.pages.customers import accounts
from server.receivables.pages.explaining import why_balance
from server.receivables.pages.payables import payables
from server.receivables.pages.payments import payment
from server.receivables.pages.reminders import reminders

__all__ = ["accounts", "pages", "payables", "payment", "reminders", "why_balance", "write_credit_form"]
