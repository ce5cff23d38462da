"""Browser pages that show: every context's subjects, for whoever may read them."""

from server.dashboard.pages import board, home, money, orders, proofs, runs, verifier
from server.dashboard.pages.blueprint import pages

__all__ = ["board", "home", "money", "orders", "pages", "proofs", "runs", "verifier"]
