"""Commands over the tablets' streams and the server's safety."""

from server.sync.cli.checking import sync
from server.sync.cli.safety import backup, restore, restore_drill

__all__ = ["backup", "restore", "restore_drill", "sync"]
