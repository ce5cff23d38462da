"""Facts about stock."""

STOCK_ADJUSTED = "stock.adjusted"
TRANSFER_SENT = "stock_transfer.sent"
TRANSFER_ACCEPTED = "stock_transfer.accepted"
TRANSFER_CANCELLED = "stock_transfer.cancelled"
