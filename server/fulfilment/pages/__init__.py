"""Pages of the verbs that span contexts."""

from server.fulfilment.pages.corrections import corrections
from server.fulfilment.pages.turns import pages

__all__ = ["corrections", "pages"]
