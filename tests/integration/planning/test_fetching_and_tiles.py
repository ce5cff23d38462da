"""Extracts by name over a real (loopback) connection, and the dispatcher's map drawn by the real tile builder."""

from __future__ import annotations

import gzip
import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.planning.roads.extract import BadExtract
from server.planning.roads.fetching import EXTRACTS, DownloadFailed, UnknownExtract, fetch_extract
from server.planning.roads.tiles import LAYER, export_tiles
from tests.factories.small_map import draw_map_without_roads, draw_small_map


class Mirror(ThreadingHTTPServer):
    """Serves one body for Québec's extract, and claims ``claimed_bytes`` of it."""

    body: bytes = b""
    claimed_bytes: int = 0


class MirrorHandler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        if self.path != f"/{EXTRACTS['quebec']}-latest.osm.pbf":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.claimed_bytes))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the standard library's name
        """Stay quiet."""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's proxy must not stand between the test and its own machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Mirror(("127.0.0.1", 0), MirrorHandler) as server:
        server.body = draw_small_map(tmp_path / "servi.osm.pbf").read_bytes()
        server.claimed_bytes = len(server.body)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address(mirror: Mirror) -> str:
    return f"http://127.0.0.1:{mirror.server_address[1]}"


def test_an_extract_arrives_whole(mirror: Mirror, tmp_path: Path) -> None:
    """Issue: tournee roads fetch NAME."""
    seen: list[tuple[int, int]] = []
    fetched = fetch_extract(
        "quebec", tmp_path / "roads", source=address(mirror), on_progress=lambda *step: seen.append(step)
    )
    assert fetched.read_bytes() == mirror.body
    assert seen[-1] == (len(mirror.body), len(mirror.body))
    assert [file.name for file in (tmp_path / "roads").iterdir()] == ["quebec.osm.pbf"]


def test_a_broken_connection_leaves_nothing(mirror: Mirror, tmp_path: Path) -> None:
    """Bad input: nothing half-written."""
    mirror.claimed_bytes = len(mirror.body) + 10
    with pytest.raises(DownloadFailed) as caught:
        fetch_extract("quebec", tmp_path / "roads", source=address(mirror))
    assert "roads build" in caught.value.detail.fr
    assert list((tmp_path / "roads").iterdir()) == []


def test_a_page_instead_of_a_map_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    """Bad input: a hotel's sign-in page is no extract."""
    mirror.body = b"<html>connectez-vous</html>"
    mirror.claimed_bytes = len(mirror.body)
    with pytest.raises(BadExtract):
        fetch_extract("quebec", tmp_path / "roads", source=address(mirror))
    assert list((tmp_path / "roads").iterdir()) == []


def test_a_refusal_of_the_server_is_told(mirror: Mirror, tmp_path: Path) -> None:
    """Bad input: what the server said stands in the problem."""
    with pytest.raises(DownloadFailed) as caught:
        fetch_extract("ontario", tmp_path / "roads", source=address(mirror))
    assert "404" in caught.value.detail.en


def test_no_connection_is_a_clear_problem(tmp_path: Path) -> None:
    """Issue: a clear bilingual problem when there is no internet."""
    with Mirror(("127.0.0.1", 0), MirrorHandler) as closed:
        nobody_there = address(closed)
    with pytest.raises(DownloadFailed) as caught:
        fetch_extract("quebec", tmp_path / "roads", source=nobody_there)
    assert "internet" in caught.value.detail.fr
    assert "internet" in caught.value.detail.en


def test_an_unknown_name_is_refused_before_any_connection(tmp_path: Path) -> None:
    """Bad input: the known names stand in the problem."""
    with pytest.raises(UnknownExtract) as caught:
        fetch_extract("../quebec", tmp_path)
    assert "quebec" in caught.value.detail.fr


def tiles_card(file: Path) -> dict[str, object]:
    """The metadata of a PMTiles file (version 3)."""
    content = file.read_bytes()
    offset, size = struct.unpack_from("<QQ", content, 24)
    return json.loads(gzip.decompress(content[offset : offset + size]))


def test_the_map_has_one_layer_of_roads_and_names_its_source(tmp_path: Path) -> None:
    """Planning: © OpenStreetMap contributors on every map; roads with class and name."""
    drawn = export_tiles(draw_small_map(tmp_path / "ville é.osm.pbf"), tmp_path / "carte" / "roads.pmtiles")
    card = tiles_card(drawn)
    (layer,) = card["vector_layers"]
    assert "© OpenStreetMap contributors" in card["attribution"]
    assert layer["id"] == LAYER
    assert set(layer["fields"]) == {"class", "name"}


def test_a_map_without_roads_draws_nothing(tmp_path: Path) -> None:
    """Bad input: nothing half-written."""
    with pytest.raises(BadExtract):
        export_tiles(draw_map_without_roads(tmp_path / "banc.osm.pbf"), tmp_path / "roads.pmtiles")
    assert not (tmp_path / "roads.pmtiles").exists()
