"""Downloads OpenStreetMap extracts by name, for people with internet."""

from __future__ import annotations

import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Final

from server.planning.roads.extract import check_has_roads, extract_suffix
from shared.problems import Problem, Text

SOURCE: Final = "https://download.geofabrik.de"
TIMEOUT_S: Final = 60.0
MAX_BYTES: Final = 20_000_000_000
_CHUNK_BYTES: Final = 1 << 20

EXTRACTS: Final = {
    "alberta": "north-america/canada/alberta",
    "british-columbia": "north-america/canada/british-columbia",
    "canada": "north-america/canada",
    "manitoba": "north-america/canada/manitoba",
    "new-brunswick": "north-america/canada/new-brunswick",
    "newfoundland-and-labrador": "north-america/canada/newfoundland-and-labrador",
    "nova-scotia": "north-america/canada/nova-scotia",
    "ontario": "north-america/canada/ontario",
    "prince-edward-island": "north-america/canada/prince-edward-island",
    "quebec": "north-america/canada/quebec",
    "saskatchewan": "north-america/canada/saskatchewan",
}
"""Names a person may ask for, and where Geofabrik keeps them."""

type OnDownload = Callable[[int, int], None]


class UnknownExtract(Problem):
    """No extract of that name is known."""

    slug = "roads-unknown-extract"
    status = 404
    title = Text("Extrait inconnu", "Unknown extract")


class DownloadFailed(Problem):
    """The extract could not be downloaded whole."""

    slug = "roads-download-failed"
    status = 502
    title = Text("Téléchargement impossible", "Download failed")


def fetch_extract(
    name: str,
    folder: Path,
    *,
    source: str = SOURCE,
    on_progress: OnDownload = lambda _done, _total: None,
) -> Path:
    """Download the extract ``name`` into ``folder`` and return its path; ``on_progress`` hears bytes done and in all.

    The file appears whole or not at all; a file of that name is replaced.

    Raises:
        UnknownExtract: the name is not in ``EXTRACTS``.
        DownloadFailed: no internet, or the server refused or broke off.
        BadExtract: what came is not an extract with roads.
    """
    if name not in EXTRACTS:
        raise _unknown(name)
    address = f"{source}/{EXTRACTS[name]}-latest.osm.pbf"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        arriving = Path(scratch) / f"{name}.osm.pbf"
        try:
            _download(address, arriving, on_progress)
        except (OSError, HTTPException, ValueError) as error:
            raise _failed(address, error) from error
        check_has_roads(arriving, extract_suffix(arriving))
        arriving.replace(folder / arriving.name)
    return folder / f"{name}.osm.pbf"


def _download(address: str, target: Path, on_progress: OnDownload) -> None:
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer, target.open("wb") as file:  # noqa: S310 — our own table of addresses
        total_bytes = int(answer.headers.get("Content-Length") or 0)
        done_bytes = 0
        while chunk := answer.read(_CHUNK_BYTES):
            done_bytes += len(chunk)
            if done_bytes > MAX_BYTES:
                raise ValueError("larger than any extract")
            file.write(chunk)
            on_progress(done_bytes, total_bytes)
        if total_bytes and done_bytes < total_bytes:
            raise ValueError("the connection broke off")


def _unknown(name: str) -> UnknownExtract:
    names = ", ".join(sorted(EXTRACTS))
    return UnknownExtract(
        Text(
            f"Aucun extrait «\N{NO-BREAK SPACE}{name}\N{NO-BREAK SPACE}». Noms connus\N{NO-BREAK SPACE}: {names}. "
            "Pour un autre lieu, donnez votre fichier à «\N{NO-BREAK SPACE}tournee roads build\N{NO-BREAK SPACE}».",
            f"No extract “{name}”. Known names: {names}. For another place, give your file to “tournee roads build”.",
        ),
        where=name,
    )


def _failed(address: str, error: Exception) -> DownloadFailed:
    reason: object = error
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        reason = error.reason  # without the class's own decoration
    return DownloadFailed(
        Text(
            f"L’extrait n’a pas pu être téléchargé ({reason}). Vérifiez l’accès à internet, ou copiez le fichier "
            "autrement puis lancez «\N{NO-BREAK SPACE}tournee roads build FICHIER.osm.pbf\N{NO-BREAK SPACE}».",
            f"The extract could not be downloaded ({reason}). Check internet access, or copy the file by other means "
            "and run “tournee roads build FILE.osm.pbf”.",
        ),
        where=address,
    )
