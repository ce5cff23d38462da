"""The real road engine on a town that the tests draw themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from server.planning.roads import (
    DELIVERY_TRUCK,
    UNREACHABLE,
    BuildStep,
    MatrixSource,
    Point,
    RoadEngine,
    RoadNetwork,
    TruckClass,
    build_network,
    open_network,
)
from server.planning.roads.building import FolderTaken
from server.planning.roads.engine import EngineDown, NoWay, OffRoads
from server.planning.roads.extract import BadExtract
from server.planning.roads.network import NoNetwork
from server.planning.roads.points import BadPoints
from tests.factories import small_map
from tests.factories.small_map import BLOCK_M, crossing, draw_small_map, middle

ABOUT_M = 5  # the drawn blocks are 200 m to within a metre or two
VAN = TruckClass(name="van", height_m=2.4, width_m=2.0, length_m=5.5, weight_kg=3_500, top_speed_kmh=110)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_small_map(tmp_path_factory.mktemp("carte") / "ville.osm.pbf")


@pytest.fixture(scope="module")
def network(town: Path, tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    return build_network(town, tmp_path_factory.mktemp("réseau routier") / "camion")


@pytest.fixture(scope="module")
def engine(network: RoadNetwork) -> Iterator[RoadEngine]:
    with RoadEngine(network) as engine:
        yield engine


def metres(engine: RoadEngine, start: Point, end: Point) -> int:
    return engine.route([start, end]).distance_m


def test_a_plain_block_is_its_length_both_ways(engine: RoadEngine) -> None:
    """Planning: distances are road metres."""
    ends = crossing((4, 0)), crossing((4, 1))
    there, back = metres(engine, *ends), metres(engine, *reversed(ends))
    assert there == pytest.approx(BLOCK_M, abs=ABOUT_M)
    assert back == pytest.approx(BLOCK_M, abs=ABOUT_M)


def test_a_one_way_street_is_driven_one_way(engine: RoadEngine) -> None:
    """Planning: a one-way street costs a detour in the other direction."""
    west, east = map(crossing, small_map.ONE_WAY)
    assert metres(engine, west, east) == pytest.approx(BLOCK_M, abs=ABOUT_M)
    assert metres(engine, east, west) == pytest.approx(3 * BLOCK_M, abs=3 * ABOUT_M)


def test_a_truck_goes_around_a_low_bridge(engine: RoadEngine) -> None:
    """Planning: the truck is 3.8 m high, the bridge 3.2 m."""
    south, north = map(crossing, small_map.LOW_BRIDGE)
    assert metres(engine, south, north) == pytest.approx(3 * BLOCK_M, abs=3 * ABOUT_M)


def test_a_truck_goes_around_a_truck_ban(engine: RoadEngine) -> None:
    """Planning: a street closed to trucks is not driven."""
    south, north = map(crossing, small_map.TRUCK_BAN)
    assert metres(engine, south, north) == pytest.approx(3 * BLOCK_M, abs=3 * ABOUT_M)


def test_a_forbidden_turn_is_not_taken(engine: RoadEngine) -> None:
    """Planning: a turn restriction holds in its direction only."""
    before, via, after = small_map.NO_LEFT_TURN
    start, end = middle((before, via)), middle((via, after))
    assert metres(engine, end, start) == pytest.approx(BLOCK_M, abs=ABOUT_M)
    assert metres(engine, start, end) > 2 * BLOCK_M


def test_a_van_passes_where_a_truck_does_not(town: Path, tmp_path: Path, network: RoadNetwork) -> None:
    """Planning: one network for each truck class, with an identity of its own."""
    van_network = build_network(town, tmp_path / "van", truck_class=VAN)
    with RoadEngine(van_network) as engine:
        assert metres(engine, *map(crossing, small_map.LOW_BRIDGE)) == pytest.approx(BLOCK_M, abs=ABOUT_M)
    assert van_network.network_id != network.network_id


def test_the_table_agrees_with_the_routes(engine: RoadEngine, network: RoadNetwork) -> None:
    """Planning: matrix and drawn route come from the same engine and say the same."""
    places = [crossing(place) for place in ((0, 0), (1, 3), (4, 2), (2, 4))]
    matrix = engine.table(places)
    assert matrix.source is MatrixSource.ROADS
    assert matrix.network_id == network.network_id
    assert matrix.durations_s.dtype == np.int64
    for row, start in enumerate(places):
        for column, end in enumerate(places):
            if row != column:
                route = engine.route([start, end])
                assert matrix.distances_m[row, column] == pytest.approx(route.distance_m, abs=1)
                assert matrix.durations_s[row, column] == pytest.approx(route.duration_s, abs=1)


def test_a_route_is_drawn_through_all_its_places(engine: RoadEngine) -> None:
    """Planning: one leg between each two places, one line from the first to the last."""
    places = [crossing((0, 0)), crossing((2, 3)), crossing((4, 4))]
    route = engine.route(places)
    assert len(route.legs) == len(places) - 1
    assert route.line[0] == pytest.approx(places[0], abs=1e-4)
    assert route.line[-1] == pytest.approx(places[-1], abs=1e-4)


def test_one_place_is_a_table_of_one(engine: RoadEngine) -> None:
    """Planning: a single stop needs no special case."""
    matrix = engine.table([crossing((1, 1))])
    assert matrix.size == 1
    assert matrix.durations_s[0, 0] == 0


def test_an_island_is_unreachable_and_said_so(engine: RoadEngine) -> None:
    """Planning: no way is never a silent number."""
    places = [crossing((4, 4)), middle(small_map.FAR_ISLAND)]
    matrix = engine.table(places)
    assert matrix.durations_s[0, 1] == UNREACHABLE
    assert matrix.distances_m[0, 1] == UNREACHABLE
    with pytest.raises(NoWay):
        engine.route(places)


def test_a_place_far_from_every_road_is_refused_by_name(engine: RoadEngine) -> None:
    """Bad input: a position in the sea is never snapped to the nearest pier."""
    with pytest.raises(OffRoads) as caught:
        engine.table([crossing((0, 0)), Point(0.0, 0.0)])
    assert caught.value.where == "points[1]"


@pytest.mark.parametrize("points", [[], [Point(-73.6, 45.5)], [Point(-73.6, 95.0), Point(-73.6, 45.5)]])
def test_unusable_positions_are_refused(engine: RoadEngine, points: list[Point]) -> None:
    """Bad input: a route needs two positions on Earth."""
    with pytest.raises(BadPoints):
        engine.route(points)


def test_a_killed_worker_is_replaced(network: RoadNetwork) -> None:
    """Planning: a crash of native code costs one new process, not the answer."""
    with RoadEngine(network) as engine:
        places = [crossing((0, 0)), crossing((3, 3))]
        before = engine.table(places)
        pid = engine.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert engine.table(places) == before
        assert engine.worker_pid != pid


def test_a_worker_that_hangs_is_replaced(network: RoadNetwork) -> None:
    """Planning: a limit on every answer; nobody waits for a process that stands still."""
    with RoadEngine(network, timeout_s=2.0) as engine:
        places = [crossing((0, 0)), crossing((3, 3))]
        before = engine.table(places)
        pid = engine.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        assert engine.table(places) == before
        assert engine.worker_pid != pid


def test_closing_ends_the_worker_and_a_question_starts_another(network: RoadNetwork) -> None:
    """Planning: an engine leaves no process behind."""
    engine = RoadEngine(network)
    places = [crossing((0, 0)), crossing((3, 3))]
    before = engine.table(places)
    pid = engine.worker_pid
    assert pid is not None
    engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert engine.worker_pid is None
    with engine:
        assert engine.table(places) == before


def test_threads_share_one_engine(engine: RoadEngine) -> None:
    """Planning: questions wait for each other and never mix their answers."""
    pairs = [[crossing((row, 0)), crossing((4, column))] for row in range(4) for column in range(1, 5)]
    expected = [engine.route(pair).distance_m for pair in pairs]
    with ThreadPoolExecutor(max_workers=8) as threads:
        assert [route.distance_m for route in threads.map(engine.route, pairs)] == expected


def test_a_broken_network_is_a_clear_problem(town: Path, tmp_path: Path) -> None:
    """Bad input: what the engine cannot open names the folder and the remedy."""
    network = build_network(town, tmp_path / "net")
    for file in network.folder.glob("network.osrm.*"):
        file.write_bytes(b"")
    with RoadEngine(network) as engine, pytest.raises(EngineDown) as caught:
        engine.table([crossing((0, 0)), crossing((1, 1))])
    assert str(network.folder) in caught.value.where
    assert "roads build" in caught.value.detail.fr


def test_building_again_changes_nothing(town: Path, tmp_path: Path) -> None:
    """Planning: same extract, same profile, same engine: the network stands as it is."""
    first = build_network(town, tmp_path / "net")
    written = {file.name: file.stat().st_mtime_ns for file in first.folder.iterdir()}
    steps: list[BuildStep] = []
    assert build_network(town, tmp_path / "net", on_progress=steps.append) == first
    assert {file.name: file.stat().st_mtime_ns for file in first.folder.iterdir()} == written
    assert steps == [BuildStep.CHECK, BuildStep.DONE]


def test_a_new_truck_class_replaces_the_network(town: Path, tmp_path: Path) -> None:
    """Planning: the folder always holds one whole network."""
    first = build_network(town, tmp_path / "net", truck_class=DELIVERY_TRUCK)
    second = build_network(town, tmp_path / "net", truck_class=VAN)
    assert first.network_id != second.network_id
    assert open_network(tmp_path / "net") == second
    assert [file.name for file in tmp_path.iterdir()] == ["net"]


def test_osm_xml_is_read_like_pbf(tmp_path: Path, engine: RoadEngine) -> None:
    """Planning: the format is read from the content, not from the name."""
    drawn = draw_small_map(tmp_path / "ville.osm")
    with RoadEngine(build_network(drawn.rename(tmp_path / "carte"), tmp_path / "net")) as xml_engine:
        places = [crossing((0, 0)), crossing((3, 4))]
        assert np.array_equal(xml_engine.table(places).distances_m, engine.table(places).distances_m)


@pytest.mark.parametrize(
    "content",
    [b"", b"ceci n'est pas une carte", b"\x00\x00\x00\x0d\x0a\x09OSMHeader", b"<?xml version='1.0'?><osm>"],
    ids=["empty", "text", "header-only", "half-xml"],
)
def test_a_bad_extract_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    """Bad input: clear problem with the file's name; nothing half-written."""
    extract = tmp_path / "mauvais.osm.pbf"
    extract.write_bytes(content)
    with pytest.raises(BadExtract) as caught:
        build_network(extract, tmp_path / "net")
    assert "mauvais.osm.pbf" in caught.value.detail.fr
    assert "mauvais.osm.pbf" in caught.value.detail.en
    assert [file.name for file in tmp_path.iterdir()] == ["mauvais.osm.pbf"]


def test_a_truncated_extract_leaves_the_old_network_alone(town: Path, tmp_path: Path) -> None:
    """Bad input: a failed rebuild costs nothing."""
    standing = build_network(town, tmp_path / "net")
    cut = tmp_path / "coupé.osm.pbf"
    cut.write_bytes(town.read_bytes()[:-40])
    with pytest.raises(BadExtract):
        build_network(cut, tmp_path / "net")
    assert open_network(tmp_path / "net") == standing


def test_an_extract_without_roads_is_refused(tmp_path: Path) -> None:
    """Bad input: a map of benches builds no network."""
    with pytest.raises(BadExtract) as caught:
        build_network(small_map.draw_map_without_roads(tmp_path / "banc.osm.pbf"), tmp_path / "net")
    assert "route" in caught.value.detail.fr


def test_a_missing_extract_is_refused(tmp_path: Path) -> None:
    """Bad input: a wrong path is said to be one."""
    with pytest.raises(BadExtract):
        build_network(tmp_path / "absent.osm.pbf", tmp_path / "net")


def test_a_folder_of_something_else_is_never_overwritten(town: Path, tmp_path: Path) -> None:
    """Bad input: a slip in the folder's name destroys nothing."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "chat.jpg").write_bytes(b"miaou")
    with pytest.raises(FolderTaken):
        build_network(town, tmp_path / "photos")
    assert (tmp_path / "photos" / "chat.jpg").read_bytes() == b"miaou"


def test_an_empty_folder_is_no_network(tmp_path: Path) -> None:
    """Bad input: the remedy stands in the problem."""
    with pytest.raises(NoNetwork) as caught:
        open_network(tmp_path)
    assert "roads build" in caught.value.detail.en


def test_the_real_extract_gives_plausible_times(tmp_path: Path) -> None:
    """Planning: on a real city, when one is at hand, times lie between 10 and 90 km/h."""
    extract = os.environ.get("TOURNEE_OSM_EXTRACT")
    if not extract:
        pytest.skip("TOURNEE_OSM_EXTRACT names no extract")
    with RoadEngine(build_network(Path(extract), tmp_path / "net")) as engine:
        matrix = engine.table([Point(-73.5673, 45.5017), Point(-73.5826, 45.5253), Point(-73.6210, 45.5280)])
    apart = ~np.eye(matrix.size, dtype=bool)
    kmh = 3.6 * matrix.distances_m[apart] / matrix.durations_s[apart]
    assert ((kmh > 10) & (kmh < 90)).all()
