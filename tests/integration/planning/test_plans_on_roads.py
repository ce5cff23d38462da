"""Planning on a real road network, with legs that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from server.core.settings import settings
from server.core.transaction import transaction
from server.planning import queries, service
from server.planning.jobs import draw_run
from server.planning.model import MatrixSource, RoadLeg
from server.planning.roads import DELIVERY_TRUCK, RoadEngine, build_network
from tests.factories.small_map import crossing, draw_small_map
from tests.factories.world import World, make_order, make_plan, make_runs, make_vehicle, make_world, stamp

CORNERS = ((4, 4), (4, 0), (0, 4))


def position(place: tuple[int, int]) -> tuple[int, int]:
    point = crossing(place)
    return round(point.lat * 10_000_000), round(point.lon * 10_000_000)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn town's network, built once."""
    folder = tmp_path_factory.mktemp("roads") / DELIVERY_TRUCK.name
    build_network(draw_small_map(tmp_path_factory.mktemp("carte") / "ville.osm.pbf"), folder)
    return folder


@pytest.fixture
def town(database: object, network: Path) -> World:
    """A day of three corners of the drawn town, its network in place."""
    roads = Path(settings().roads_path)
    roads.mkdir(parents=True)
    (roads / DELIVERY_TRUCK.name).symlink_to(network, target_is_directory=True)
    world = make_world(buyers=3, places=[position(corner) for corner in CORNERS], depot=position((0, 0)))
    for buyer in world.buyers[:2]:
        make_order(world, buyer=buyer)
    make_vehicle(world)
    return world


def legs_of(world: World) -> int:
    with transaction(acting=world.carrier_id) as session:
        return session.scalar(select(func.count()).select_from(RoadLeg)) or 0


def test_a_plan_drives_on_roads_and_keeps_its_legs(town: World) -> None:
    """Planning: the site × site matrix is kept for each network; new sites add their own legs only."""
    make_plan(town)
    assert legs_of(town) == 3 * 2
    make_order(town, buyer=town.buyers[2])
    make_plan(town)
    assert legs_of(town) == 4 * 3


def test_known_sites_ask_the_engine_for_no_matrix(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning: customers are stable, so a click pays no matrix."""
    make_plan(town)
    asked: list[int] = []
    real = RoadEngine.table
    monkeypatch.setattr(RoadEngine, "table", lambda engine, points: (asked.append(1), real(engine, points))[1])
    make_plan(town)
    assert asked == []


def test_runs_show_roads_and_a_moved_run_is_drawn_along_them_again(town: World) -> None:
    """Planning: distances and lines come from roads, and say so; the drawing waits for no transaction."""
    (run_id,) = make_runs(town)
    with transaction(acting=town.carrier_id) as session:
        run = queries.run(session, run_id=run_id)
        drawn, first = len(run.route_e5), run.stops[0].id
        assert run.matrix_source is MatrixSource.ROADS
    with transaction(acting=town.carrier_id) as session:
        service.move_stop(session, run_id=run_id, stop_id=first, position=2, stamp=stamp())
    with transaction(acting=town.carrier_id) as session:
        assert len(queries.run(session, run_id=run_id).route_e5) == 4
    draw_run(owner_id=str(town.carrier_id), subject_id=str(run_id))
    with transaction(acting=town.carrier_id) as session:
        run = queries.run(session, run_id=run_id)
        assert (len(run.route_e5) > 4, drawn > 4) == (True, True)
        assert run.matrix_source is MatrixSource.ROADS
        assert run.distance_m >= 4 * 4 * 195
