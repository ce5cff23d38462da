"""``tournee plan`` and ``tournee roads`` as people type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.planning.cli import plan, roads
from server.planning.roads import open_network
from server.planning.solver import encode_problem
from tests.factories.planning_problems import line_problem, stop_at, truck
from tests.factories.small_map import draw_small_map

SOLOMON = """T101

VEHICLE
NUMBER     CAPACITY
  {trucks}         50

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0          0          0          0        200          0
    1      3          4         20          0        100         10
    2      6          8         20         50        100         10
    3      0          3         20          0        200         10
"""


def typed(*arguments: object) -> Result:
    return CliRunner().invoke(plan, [str(argument) for argument in arguments])


@pytest.fixture
def solomon(tmp_path: Path) -> Path:
    file = tmp_path / "T101.txt"
    file.write_text(SOLOMON.format(trucks=3), "utf-8")
    return file


def answer(result: Result) -> dict[str, Any]:
    return json.loads(result.stdout)


def test_a_legal_plan_ends_with_0_and_tells_its_cost_in_the_convention(solomon: Path) -> None:
    """Issue: keys cost, feasible, routes; cost by the file's rounding convention."""
    result = typed(solomon, "--iterations", 100, "--seed", 1, "--json")
    document = answer(result)
    assert result.exit_code == 0
    assert document["feasible"] is True
    assert document["violations"] == []
    assert document["cost"] == document["distance"] == 26.0
    assert sorted(stop for route in document["routes"] for stop in route) == [1, 2, 3]
    assert document["convention"] == "dimacs"


def test_the_same_seed_and_iterations_print_the_same(solomon: Path) -> None:
    """Planning: reproducible with --iterations."""
    first, second = (typed(solomon, "--iterations", 50, "--seed", 7, "--json").stdout for _ in range(2))
    assert first == second


def test_seconds_are_the_default_rule(solomon: Path) -> None:
    """Issue: tournee plan FILE --seconds S --seed N --json."""
    result = typed(solomon, "--seconds", 0.1, "--seed", 1, "--json")
    assert result.exit_code == 0
    assert answer(result)["iterations"] > 0


def test_an_illegal_plan_ends_with_1_and_says_what_was_left_out(tmp_path: Path) -> None:
    """Planning: feasibility is the checker's word."""
    file = tmp_path / "T101.txt"
    file.write_text(SOLOMON.format(trucks=1), "utf-8")
    result = typed(file, "--iterations", 50, "--json")
    document = answer(result)
    assert result.exit_code == 1
    assert document["feasible"] is False
    assert [one["reason"] for one in document["unassigned"]] == ["no_room"]
    assert document["violations"][0]["kind"] == "missing"
    assert document["violations"][0]["fr"]


def test_our_own_json_is_planned_with_times(tmp_path: Path) -> None:
    """Issue: or the project's own JSON problem."""
    file = tmp_path / "jour.json"
    file.write_bytes(encode_problem(line_problem([stop_at(100, "bar"), stop_at(200, "bistro")], vehicles=[truck("A")])))
    document = answer(typed(file, "--iterations", 50, "--json"))
    assert document["cost"] == 400
    assert sorted(document["routes"][0]) == ["bar", "bistro"]
    assert document["timetable"][0]["duration_s"] == 40
    assert document["roads"] == "given"


def test_people_read_routes_cost_and_verdict(solomon: Path) -> None:
    """Planning: without --json the answer is text."""
    result = typed(solomon, "--iterations", 50)
    assert result.exit_code == 0
    assert "Coût · Cost: 26.0 (dimacs)" in result.stdout
    assert "légal" in result.stdout


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"", []),
        (b"n'importe quoi", []),
        (b'{"format": "tournee-problem/1"}', []),
        (SOLOMON.format(trucks=3).encode(), ["--seconds", "0"]),
        (SOLOMON.format(trucks=3).encode(), ["--iterations", "-5"]),
    ],
)
def test_bad_input_ends_with_2_and_a_problem_in_two_languages(
    tmp_path: Path, content: bytes, options: list[str]
) -> None:
    """Bad input: what, where and what to do; French first."""
    file = tmp_path / "mauvais.txt"
    file.write_bytes(content)
    result = typed(file, *options, "--json")
    assert result.exit_code == 2
    assert set(answer(result)["details"]) == {"fr", "en"}
    assert "mauvais.txt" in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_file_ends_with_2(tmp_path: Path) -> None:
    """Bad input: a wrong path is said to be one."""
    result = typed(tmp_path / "absent.vrp")
    assert result.exit_code == 2
    assert result.stderr.count("absent.vrp") == 1


def test_the_french_of_a_wrong_field_quotes_no_english(tmp_path: Path) -> None:
    """Bad input: the field is named once, in its own line; the decoder's English words stay in the English text."""
    file = tmp_path / "mauvais.json"
    file.write_bytes(b'{"format": "tournee-problem/1", "locations": "x"}')
    result = typed(file)
    french, english, _file, place = result.stderr.splitlines()
    assert result.exit_code == 2
    assert "Expected" not in french
    assert "Expected" in english
    assert place == "→ $.locations"


def test_roads_are_built_from_the_command_line(tmp_path: Path) -> None:
    """Issue: tournee roads build FILE.osm.pbf."""
    extract = draw_small_map(tmp_path / "ville.osm.pbf")
    result = CliRunner().invoke(roads, ["build", str(extract), "--into", str(tmp_path / "net")])
    assert result.exit_code == 0
    assert open_network(tmp_path / "net").network_id in result.stdout
    assert "© OpenStreetMap contributors" in result.stdout


def test_a_bad_extract_ends_with_2(tmp_path: Path) -> None:
    """Bad input: nothing half-written."""
    (tmp_path / "vide.osm.pbf").touch()
    result = CliRunner().invoke(roads, ["build", str(tmp_path / "vide.osm.pbf"), "--into", str(tmp_path / "net")])
    assert result.exit_code == 2
    assert "vide.osm.pbf" in result.stderr
    assert not (tmp_path / "net").exists()


def test_an_unknown_name_ends_with_2_and_lists_the_known_ones(tmp_path: Path) -> None:
    """Issue: tournee roads fetch NAME."""
    result = CliRunner().invoke(roads, ["fetch", "atlantis", "--to", str(tmp_path)])
    assert result.exit_code == 2
    assert "quebec" in result.stderr


def test_the_map_is_drawn_from_the_command_line(tmp_path: Path) -> None:
    """Planning: roads for the dispatcher's map as PMTiles."""
    extract = draw_small_map(tmp_path / "ville.osm.pbf")
    result = CliRunner().invoke(roads, ["tiles", str(extract), "--to", str(tmp_path / "carte" / "roads.pmtiles")])
    assert result.exit_code == 0
    assert (tmp_path / "carte" / "roads.pmtiles").read_bytes().startswith(b"PMTiles")
