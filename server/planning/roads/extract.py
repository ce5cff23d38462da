"""OpenStreetMap extracts as people hand them in: refused early and clearly when they are none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import osmium
from osmium.filter import KeyFilter

from shared.problems import Problem, Text

_SNIFF_BYTES: Final = 64
_SUFFIXES: Final = {"pbf": ".osm.pbf", "bz2": ".osm.bz2", "xml": ".osm"}


class BadExtract(Problem):
    """The file is not an OpenStreetMap extract with roads."""

    slug = "roads-bad-extract"
    title = Text("Extrait OpenStreetMap inutilisable", "Unusable OpenStreetMap extract")


def extract_suffix(extract: Path) -> str:
    """Return the suffix by which the engine knows the format, read from the content and not from the name.

    Raises:
        BadExtract: missing, empty, or neither PBF nor OSM XML.
    """
    try:
        with extract.open("rb") as file:
            head = file.read(_SNIFF_BYTES)
    except OSError as error:
        raise _refused(extract, "le fichier est illisible", f"the file cannot be read ({error.strerror})") from error
    if not head:
        raise _refused(extract, "le fichier est vide", "the file is empty")
    if b"OSMHeader" in head:
        return _SUFFIXES["pbf"]
    if head.startswith(b"BZh"):
        return _SUFFIXES["bz2"]
    if head.lstrip().startswith((b"<?xml", b"<osm")):
        return _SUFFIXES["xml"]
    raise _refused(
        extract,
        "ce n'est ni un fichier PBF ni un fichier XML d'OpenStreetMap",
        "it is neither an OpenStreetMap PBF file nor OpenStreetMap XML",
    )


def check_has_roads(extract: Path, suffix: str) -> None:
    """Accept a file in which at least one road can be read; ``suffix`` is its format, from ``extract_suffix``.

    Raises:
        BadExtract: it breaks before the first road, or has none.
    """
    try:
        roads = osmium.FileProcessor(osmium.io.File(str(extract), suffix[1:]), osmium.osm.WAY).with_filter(
            KeyFilter("highway")
        )
        found = next(iter(roads), None) is not None
    except RuntimeError as error:
        raise damaged(extract) from error
    if not found:
        raise _refused(extract, "il ne contient aucune route", "it contains no road")


def damaged(extract: Path) -> BadExtract:
    """Return the problem of a file that breaks while it is read."""
    return _refused(
        extract,
        "le fichier est tronqué ou endommagé\N{NO-BREAK SPACE}; téléchargez-le de nouveau",
        "the file is truncated or damaged; download it again",
    )


def extract_sha256(extract: Path) -> str:
    """Return the sha256 of the file's bytes, in hexadecimal."""
    with extract.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(extract: Path, why_fr: str, why_en: str) -> BadExtract:
    return BadExtract(
        Text(
            f"«\N{NO-BREAK SPACE}{extract.name}\N{NO-BREAK SPACE}» ne peut pas servir\N{NO-BREAK SPACE}: {why_fr}. "
            "Rien n’a été écrit.",
            f"“{extract.name}” cannot be used: {why_en}. Nothing was written.",
        ),
        where=str(extract),
    )
