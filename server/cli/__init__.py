"""The command line: ``tournee``."""

from server.cli.main import main

__all__ = ["main"]
