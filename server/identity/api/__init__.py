"""Doors for programs and tablets: sessions, tablets, and who one is."""

from server.identity.api.devices import blp as devices
from server.identity.api.drivers import blp as drivers
from server.identity.api.members import blp as members
from server.identity.api.session import blp as session

__all__ = ["devices", "drivers", "members", "session"]
