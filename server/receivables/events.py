"""Facts about payments."""

PAYMENT_COLLECTED = "payment.collected"
PAYMENT_RECEIVED = "payment.received"
PAYMENT_ALLOCATED = "payment.allocated"
PAYMENT_FAILED = "payment.failed"
INVOICE_FREED = "invoice.freed"
