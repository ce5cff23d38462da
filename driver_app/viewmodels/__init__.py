"""What screens show, as values: no screen toolkit, no SQL, no clock."""
