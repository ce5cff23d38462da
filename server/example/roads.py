"""Roads for the day: built from an extract that is named, found where they are, or estimated and said so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from server.core.problems import Text
from server.core.settings import settings
from server.core.transaction import transaction
from server.example.cast import CARRIER_ID, RUN_DAY
from server.example.progress import Bars
from server.planning import queries
from server.planning.model import MatrixSource
from server.planning.roads import DELIVERY_TRUCK, build_network

ESTIMATED: Final = Text(
    "Cette journée a été planifiée avec des estimations; ses kilomètres sont estimés et le restent. Pour de vraies "
    "routes, dans un dossier vide\u00a0: tournee day run --roads FICHIER.osm.pbf",
    "This day was planned with estimates; its kilometres are estimated and stay so. For real roads, in an empty "
    "folder: tournee day run --roads FILE.osm.pbf",
)


def build_roads(extract: Path | None, bars: Bars) -> None:
    """Build the trucks' road network from ``extract``, if one is named, unless it stands.

    Raises:
        BadExtract, FolderTaken, BuildFailed: as ``build_network``.
    """
    for one in bars.each(Text("Réseau routier", "Road network"), (extract,) if extract else ()):
        build_network(one, Path(settings().roads_path) / DELIVERY_TRUCK.name)


def notice_of_day() -> Text | None:
    """Return what to say of a day that was planned with estimates, whatever roads are there now; None otherwise."""
    with transaction(acting=CARRIER_ID) as session:
        runs = queries.runs_of_day(session, runs_on=RUN_DAY)
        return ESTIMATED if any(run.matrix_source is MatrixSource.ESTIMATE for run in runs) else None
