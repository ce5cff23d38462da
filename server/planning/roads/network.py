"""A road network built on disk: which files, for which truck, from which extract."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from shared.problems import Problem, Text

CARD_FILE: Final = "network.json"
BASE_NAME: Final = "network.osrm"
ATTRIBUTION: Final = "© OpenStreetMap contributors"


class NoNetwork(Problem):
    """The folder holds no road network that this version can open."""

    slug = "roads-no-network"
    status = 404
    title = Text("Aucun réseau routier", "No road network")


class NetworkCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the folder says of itself in ``network.json``."""

    network_id: str
    truck_class: str
    extract: str
    attribution: str = ATTRIBUTION


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadNetwork:
    """A built network. ``network_id`` is the sha256 of extract, profile and engine version."""

    folder: Path
    network_id: str
    truck_class: str
    extract: str


def open_network(folder: Path) -> RoadNetwork:
    """Return the network that stands in ``folder``.

    Raises:
        NoNetwork: there is none, or its card cannot be read.
    """
    try:
        card = msgspec.json.decode((folder / CARD_FILE).read_bytes(), type=NetworkCard)
    except (OSError, msgspec.DecodeError) as error:
        raise NoNetwork(
            Text(
                "Aucun réseau routier utilisable dans ce dossier. Construisez-le avec "
                "«\N{NO-BREAK SPACE}tournee roads build FICHIER.osm.pbf\N{NO-BREAK SPACE}».",
                "No usable road network in this folder. Build it with “tournee roads build FILE.osm.pbf”.",
            ),
            where=str(folder),
        ) from error
    return RoadNetwork(folder=folder, network_id=card.network_id, truck_class=card.truck_class, extract=card.extract)
