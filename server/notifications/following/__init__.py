"""News that follow a fact: one table says of each who is told what, and one job tells it."""
