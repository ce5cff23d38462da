"""The pages' verbs that span contexts: a run's papers, answers to orders, contests."""

from server.fulfilment.pages.contests import pages as contests
from server.fulfilment.pages.orders import pages as orders

__all__ = ["contests", "orders"]
