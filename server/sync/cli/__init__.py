"""Commands over the tablets' streams, the server's safety and what is kept for how long."""

from server.sync.cli.checking import sync
from server.sync.cli.resealing import reseal
from server.sync.cli.retention import retention
from server.sync.cli.safety import backup, restore, restore_drill, restore_objects
from server.sync.cli.taking import take_log

sync.add_command(take_log)

__all__ = ["backup", "reseal", "restore", "restore_drill", "restore_objects", "retention", "sync"]
