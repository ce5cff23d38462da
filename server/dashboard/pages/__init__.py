"""Browser pages that show: every context's subjects, for whoever may read them."""

from server.dashboard.pages import archives, board, exports, home, money, orders, papers, proofs, runs, verifier
from server.dashboard.pages.blueprint import pages

__all__ = ["archives", "board", "exports", "home", "money", "orders", "pages", "papers", "proofs", "runs", "verifier"]
