"""The doors of the verbs that span contexts."""

from server.fulfilment.api.contests import contests
from server.fulfilment.api.orders import orders
from server.fulfilment.api.runs import run_papers

__all__ = ["contests", "orders", "run_papers"]
