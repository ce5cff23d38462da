"""Papers drafted, rendered outside of any transaction, and kept under their sha256."""

from server.documents.service.invoicing import draft_invoice_papers
from server.documents.service.keeping import Rendered, keep
from server.documents.service.making import (
    draft_credit_paper,
    draft_delivery_papers,
    draft_order_paper,
    draft_run_papers,
)

__all__ = [
    "Rendered",
    "draft_credit_paper",
    "draft_delivery_papers",
    "draft_invoice_papers",
    "draft_order_paper",
    "draft_run_papers",
    "keep",
]
