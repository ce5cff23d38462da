"""Pages of planning: a day's plans and runs, trucks and delivery days."""

from server.planning.pages import fleet  # it fills the blueprint
from server.planning.pages.days import pages

__all__ = ["fleet", "pages"]
