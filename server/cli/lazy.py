"""Commands whose module is loaded when they are named, so that ``tournee --help`` answers at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click


class LazyCommands(click.Group):
    """A group over ``places``: each command's name and where it is, ``module:name``; what is not there is left out."""

    def __init__(self, *args: Any, places: Mapping[str, str], **options: Any) -> None:
        """Keep the places."""
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands whose module is there."""
        del ctx
        return sorted(name for name, place in self._places.items() if _exists(place.partition(":")[0]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = self._places[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


def _exists(name: str) -> bool:
    return find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None
