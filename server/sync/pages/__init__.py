"""The day's queue and the pages where its matters are decided."""

from server.sync.pages import decisions
from server.sync.pages.queue import pages

__all__ = ["decisions", "pages"]
