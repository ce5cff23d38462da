"""Facts about invoices and credit notes."""

INVOICE_PROVISIONAL = "invoice.provisional"
INVOICE_DROPPED = "invoice.dropped"
INVOICE_PUBLISHED = "invoice.published"
INVOICE_VOIDED = "invoice.voided"
CREDIT_PROPOSED = "credit.proposed"
CREDIT_ISSUED = "credit.issued"
CREDIT_REFUSED = "credit.refused"
