"""News of orders: what their parties are told, event by event."""
