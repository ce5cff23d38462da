"""Pages of a seller's clients and groups."""

from server.parties.pages import clients, groups, importing  # the blueprint first: these fill it
from server.parties.pages.blueprint import pages

__all__ = ["clients", "groups", "importing", "pages"]
