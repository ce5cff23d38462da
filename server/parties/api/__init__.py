"""Doors for programs: partners, groups and clients."""

from server.parties.api.bonds import blp as bonds
from server.parties.api.clients import blp as clients
from server.parties.api.groups import blp as groups
from server.parties.api.organisation import blp as organisation
from server.parties.api.places import blp as places

__all__ = ["bonds", "clients", "groups", "organisation", "places"]
