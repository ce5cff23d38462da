"""Roads for the day: built from an extract that is named, found where they are, or estimated and said so."""

from __future__ import annotations

from pathlib import Path

from server.core.problems import Text
from server.core.settings import settings
from server.example.progress import Bars
from server.planning.roads import DELIVERY_TRUCK, build_network
from server.planning.travel import network_here

ESTIMATED = Text(
    "Temps de route estimés. Pour de vraies routes\u00a0: tournee day run --roads FICHIER.osm.pbf",
    "Travel times are estimates. For real roads: tournee day run --roads FILE.osm.pbf",
)


def have_roads(extract: Path | None, bars: Bars) -> Text | None:
    """Build the trucks' road network from ``extract`` unless it stands; return what to say when there is none.

    Raises:
        BadExtract, FolderTaken, BuildFailed: as ``build_network``.
    """
    if extract is not None:
        for one in bars.each(Text("Réseau routier", "Road network"), (extract,)):
            build_network(one, Path(settings().roads_path) / DELIVERY_TRUCK.name)
        return None
    return ESTIMATED if network_here() is None else None
