"""Builds a road network for a truck class out of an OpenStreetMap extract."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from importlib import metadata, resources
from pathlib import Path
from typing import Final

import msgspec

from server.planning.roads.extract import BadExtract, check_has_roads, damaged, extract_sha256, extract_suffix
from server.planning.roads.network import BASE_NAME, CARD_FILE, NetworkCard, NoNetwork, RoadNetwork, open_network
from server.planning.roads.truck_class import DELIVERY_TRUCK, TruckClass
from shared.problems import Problem, Text

_LOG_TAIL: Final = 800


class BuildStep(StrEnum):
    """The steps of a build, in order."""

    CHECK = "check"
    EXTRACT = "extract"
    PARTITION = "partition"
    CUSTOMIZE = "customize"
    DONE = "done"

    @property
    def label(self) -> Text:
        """Return the words for people."""
        return _LABELS[self]


_LABELS = {
    BuildStep.CHECK: Text("vérification de l’extrait", "checking the extract"),
    BuildStep.EXTRACT: Text("lecture des routes", "reading the roads"),
    BuildStep.PARTITION: Text("découpage du réseau", "partitioning the network"),
    BuildStep.CUSTOMIZE: Text("calcul des temps", "computing travel times"),
    BuildStep.DONE: Text("réseau prêt", "network ready"),
}

type OnProgress = Callable[[BuildStep], None]


class BuildFailed(Problem):
    """The road engine's own builder gave up."""

    slug = "roads-build-failed"
    status = 500
    title = Text("Construction du réseau routier interrompue", "Road network build failed")


class FolderTaken(Problem):
    """The folder holds something else than a road network."""

    slug = "roads-folder-taken"
    status = 409
    title = Text("Dossier déjà utilisé", "Folder already in use")


def build_network(
    extract: Path,
    folder: Path,
    *,
    truck_class: TruckClass = DELIVERY_TRUCK,
    on_progress: OnProgress = lambda _step: None,
) -> RoadNetwork:
    """Build the network of ``extract`` into ``folder`` and return it; ``on_progress`` hears each step begin.

    The folder appears whole or not at all: the work is done beside it and renamed. A folder that already holds the same
    network (same extract, profile and engine) is left as it is.

    Raises:
        BadExtract: the file is empty, truncated, no OpenStreetMap file, or without roads.
        FolderTaken: the folder holds something else, which a build would overwrite.
        BuildFailed: the builder stopped for another reason; its last words are in ``log``.
    """
    on_progress(BuildStep.CHECK)
    suffix = extract_suffix(extract)
    check_has_roads(extract, suffix)
    card = _card(extract, truck_class)
    if (standing := _standing(folder, card)) is not None:
        on_progress(BuildStep.DONE)
        return standing
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        _build_in(Path(scratch) / "network", extract, suffix, truck_class, on_progress)
        (Path(scratch) / "network" / CARD_FILE).write_bytes(msgspec.json.encode(card))
        _put_in_place(Path(scratch), folder)
    on_progress(BuildStep.DONE)
    return open_network(folder)


def network_id(extract: Path, truck_class: TruckClass) -> str:
    """Return the sha256 over extract, profile and engine version: the same figures come from the same identity."""
    engine = metadata.version("osrm-bindings")
    parts = (extract_sha256(extract), hashlib.sha256(truck_class.profile().encode()).hexdigest(), engine)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _card(extract: Path, truck_class: TruckClass) -> NetworkCard:
    return NetworkCard(network_id=network_id(extract, truck_class), truck_class=truck_class.name, extract=extract.name)


def _standing(folder: Path, card: NetworkCard) -> RoadNetwork | None:
    try:
        network = open_network(folder)
    except NoNetwork:
        _refuse_foreign(folder)
        return None
    return network if network.network_id == card.network_id else None


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())) or (folder / CARD_FILE).exists():
        return
    raise FolderTaken(
        Text(
            "Cet endroit contient autre chose qu’un réseau routier\N{NO-BREAK SPACE}: choisissez un dossier vide.",
            "This place holds something else than a road network: choose an empty folder.",
        ),
        where=str(folder),
    )


def _build_in(scratch: Path, extract: Path, suffix: str, truck_class: TruckClass, on_progress: OnProgress) -> None:
    # The builder fails on accents in paths and Lua on « ; »: it works inside the folder and sees short names only.
    scratch.mkdir()
    source, engine, profile = scratch / f"source{suffix}", scratch / "engine", scratch / "truck.lua"
    source.symlink_to(extract.resolve())
    engine.symlink_to(Path(str(resources.files("osrm"))) / "share" / "profiles")
    profile.write_text(truck_class.profile(), "utf-8")
    on_progress(BuildStep.EXTRACT)
    _run(extract, scratch, "extract", "-p", profile.name, "-o", BASE_NAME, source.name)
    on_progress(BuildStep.PARTITION)
    _run(extract, scratch, "partition", BASE_NAME)
    on_progress(BuildStep.CUSTOMIZE)
    _run(extract, scratch, "customize", BASE_NAME)
    source.unlink()
    engine.unlink()


def _run(extract: Path, scratch: Path, command: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "osrm", command, *arguments],
        cwd=scratch,
        env=os.environ | {"LUA_PATH": "engine/?.lua;;"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise _failure(extract, command, done.stdout.decode("utf-8", "replace"))


def _failure(extract: Path, command: str, log: str) -> BadExtract | BuildFailed:
    if "PBF error" in log or "XML parsing error" in log or "unexpected EOF" in log or "bzip2 error" in log:
        return damaged(extract)
    return BuildFailed(
        Text(
            f"L’étape «\N{NO-BREAK SPACE}{command}\N{NO-BREAK SPACE}» a échoué. Vérifiez l’espace disque et la mémoire"
            ", puis recommencez; rien n’a été écrit.",
            f"Step “{command}” failed. Check disk space and memory, then try again; nothing was written.",
        ),
        where=str(extract),
        log=log[-_LOG_TAIL:],
    )


def _put_in_place(scratch: Path, folder: Path) -> None:
    if folder.exists():
        folder.rename(scratch / "previous")
    (scratch / "network").rename(folder)
    shutil.rmtree(scratch / "previous", ignore_errors=True)
