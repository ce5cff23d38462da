"""A small town drawn by the tests: a grid of two-way streets 200 m apart, with one of each thing a truck must respect.

Crossings are (row, column), row 0 in the south, column 0 in the west, five of each.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import osmium
from osmium.osm.mutable import Node, Relation, Way

from server.planning.roads import Point

SIZE: Final = 5
BLOCK_M: Final = 200
SOUTH, WEST = 45.5, -73.6
BLOCK_LAT, BLOCK_LON = 0.0017986, 0.0025662  # 200 m each way at this latitude

type Crossing = tuple[int, int]

ONE_WAY: Final = ((0, 1), (0, 2))  # eastbound only
LOW_BRIDGE: Final = ((1, 2), (2, 2))  # 3.2 m
TRUCK_BAN: Final = ((2, 1), (3, 1))  # hgv=no
NO_LEFT_TURN: Final = ((3, 2), (3, 3), (4, 3))  # heading east on row 3, no left into column 3
FAR_ISLAND: Final = ((9, 9), (9, 10))  # a street that nothing connects

_TAGS: Final[dict[tuple[Crossing, Crossing], dict[str, str]]] = {
    ONE_WAY: {"oneway": "yes"},
    LOW_BRIDGE: {"maxheight": "3.2", "bridge": "yes"},
    TRUCK_BAN: {"hgv": "no"},
}


def crossing(place: Crossing) -> Point:
    """Return where a crossing lies."""
    row, column = place
    return Point(WEST + column * BLOCK_LON, SOUTH + row * BLOCK_LAT)


def middle(block: tuple[Crossing, Crossing]) -> Point:
    """Return the middle of the block between two crossings."""
    first, second = map(crossing, block)
    return Point((first.lon + second.lon) / 2, (first.lat + second.lat) / 2)


def draw_small_map(path: Path) -> Path:
    """Write the map to ``path`` (its suffix gives the format) and return the path."""
    blocks = _blocks()
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for place in sorted({end for block in blocks for end in block}):
            writer.add_node(Node(id=_node_id(place), location=tuple(crossing(place)), version=1))
        for number, block in enumerate(blocks, start=1):
            writer.add_way(Way(id=number, nodes=[_node_id(end) for end in block], tags=_tags(block), version=1))
        writer.add_relation(_restriction(blocks))
    return path


def draw_map_without_roads(path: Path) -> Path:
    """Write a map of a single bench to ``path`` and return the path."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        writer.add_node(Node(id=1, location=(WEST, SOUTH), tags={"amenity": "bench"}, version=1))
    return path


def _blocks() -> list[tuple[Crossing, Crossing]]:
    rows = [[(row, column) for column in range(SIZE)] for row in range(SIZE)]
    columns = [[(row, column) for row in range(SIZE)] for column in range(SIZE)]
    return [block for street in rows + columns for block in pairwise(street)] + [FAR_ISLAND]


def _node_id(place: Crossing) -> int:
    return 1 + place[0] * 100 + place[1]


def _tags(block: tuple[Crossing, Crossing]) -> dict[str, str]:
    (row, column), (end_row, _) = block
    name = f"Rue {row}" if row == end_row else f"Avenue {column}"
    return {"highway": "tertiary", "name": name} | _TAGS.get(block, {})


def _restriction(blocks: list[tuple[Crossing, Crossing]]) -> Relation:
    start, via, end = NO_LEFT_TURN
    members = [
        ("w", blocks.index((start, via)) + 1, "from"),
        ("n", _node_id(via), "via"),
        ("w", blocks.index((via, end)) + 1, "to"),
    ]
    return Relation(id=1, members=members, tags={"type": "restriction", "restriction": "no_left_turn"}, version=1)
