"""The road tiles under every map, where a network was built."""

from __future__ import annotations

from pathlib import Path

from server.core.settings import settings

TILES = "roads.pmtiles"


def tiles_path() -> Path | None:
    """Return the file of the road tiles, or None where no road network was built."""
    path = Path(settings().roads_path) / TILES
    return path if path.is_file() else None
