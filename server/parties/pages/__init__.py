"""Pages of a seller's clients and groups."""

from server.parties.pages import (  # the blueprint first: these fill it
    clients,
    company,
    groups,
    importing,
    joining,
    partners,
    places,
)
from server.parties.pages.blueprint import pages

__all__ = ["clients", "company", "groups", "importing", "joining", "pages", "partners", "places"]
