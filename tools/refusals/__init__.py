"""Which refusals each operation of the API can answer, read from the code itself: ``python -m tools.refusals``."""
