"""Doors for programs: partners, groups and clients."""

from server.parties.api.bonds import blp as bonds
from server.parties.api.clients import blp as clients
from server.parties.api.groups import blp as groups

__all__ = ["bonds", "clients", "groups"]
