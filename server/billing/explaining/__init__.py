"""« Why this number »: the totals of orders, invoices and credit notes, unfolded to what they are made of."""

from server.billing.explaining.credit_notes import explain_credit
from server.billing.explaining.invoices import explain_draft, explain_invoice
from server.billing.explaining.joined import explain_joined
from server.billing.explaining.orders import explain_order
from server.billing.explaining.steps import Explanation, Source, Step

__all__ = [
    "Explanation",
    "Source",
    "Step",
    "explain_credit",
    "explain_draft",
    "explain_invoice",
    "explain_joined",
    "explain_order",
]
