"""« Why this number »: containers out at their deposits, amounts of discrepancies, and what is at stake at a stop."""
