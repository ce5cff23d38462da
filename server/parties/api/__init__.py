"""Doors for programs: groups and clients."""

from server.parties.api.clients import blp as clients
from server.parties.api.groups import blp as groups

__all__ = ["clients", "groups"]
