"""Pages of a seller's clients and groups."""

from server.parties.pages import (  # the blueprint first: these fill it
    clients,
    groups,
    importing,
    joining,
    partners,
    places,
)
from server.parties.pages.blueprint import pages

__all__ = ["clients", "groups", "importing", "joining", "pages", "partners", "places"]
