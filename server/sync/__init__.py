"""The tablets' protocol: bundle down, events and attachments up, receipts."""
