"""What is kept in the repository: nothing of one machine, nothing of a registry, nothing that an install brings."""

from __future__ import annotations

import re
from pathlib import Path

from tests.architecture.sources import ROOT, kept_files

# Written in halves, so that this file does not find itself.
REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + r"hosted\.", "registry\\.npm" + "js", "deb\\.deb" + "ian"))
)
MACHINE_PATHS = re.compile(r"(?<![\w.}])/(?:" + "work|ro" + "ot|home/[a-z]+" + r")/[\w.]|/tmp" + r"/plan")
PICTURES_AND_SUCH = {".png", ".jpg", ".pdf", ".ttf", ".otf", ".woff2", ".pbf", ".ico", ".bin"}
LARGEST_BYTES = 2_000_000


def written(path: Path) -> str:
    return "" if path.suffix in PICTURES_AND_SUCH else (ROOT / path).read_text(encoding="utf-8")


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in kept_files()
        for number, line in enumerate(written(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    """Ground: locks hold names and hashes; where packages come from is the machine's own setting."""
    assert len(kept_files()) > 50
    assert found(REGISTRIES) == []


def test_no_file_names_a_folder_of_one_machine() -> None:
    """Ground: the checkout works wherever it stands."""
    assert found(MACHINE_PATHS) == []


def test_what_an_install_brings_is_not_kept() -> None:
    """Ground: third-party browser files come at install time, results of runs stay in var."""
    brought = {"node_modules", ".venv", "var", "__pycache__"}
    assert [str(path) for path in kept_files() if brought & set(path.parts)] == []
    assert [str(path) for path in kept_files() if (ROOT / path).stat().st_size > LARGEST_BYTES] == []


def test_what_holds_tests_is_run_by_make() -> None:
    """Ground: a folder of tests that no target names would be green for ever."""
    named = set(re.findall(r"tests/([a-z]+)", (ROOT / "Makefile").read_text(encoding="utf-8")))
    holding = {path.parts[1] for path in kept_files() if path.parts[0] == "tests" and path.name.startswith("test_")}
    assert len(holding) > 8
    assert holding - named == set()


def test_decisions_have_numbers_of_their_own() -> None:
    """Documentation: a decision is named by its number, so that no two share one and none is left out."""
    names = sorted(path.name for path in kept_files() if path.parts[:2] == ("docs", "adr"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    titles = [(ROOT / "docs" / "adr" / name).read_text(encoding="utf-8").split(":")[0] for name in names]
    assert titles == [f"# ADR {name[:4]}" for name in names]


def test_every_locked_package_has_a_hash() -> None:
    """Ground: dependencies are locked by hash."""
    for name in ("dev", "server", "tablet"):
        lock = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        entries = re.findall(r"^([a-z0-9][^\s=]*)==.*(?:\n    --hash=sha256:.*)*", lock, flags=re.MULTILINE)
        assert len(entries) > 20
        assert len(re.findall(r"^[a-z0-9].*==.*\\\n    --hash=sha256:[0-9a-f]{64}", lock, flags=re.MULTILINE)) == len(
            entries
        )


def test_the_tablet_lock_stands_at_the_recipes_versions() -> None:
    """Driver app: kivy and pillow at the versions that the tablet's build has recipes for."""
    lock = (ROOT / "requirements" / "tablet.lock").read_text(encoding="utf-8")
    assert "\nkivy==2.3.1 " in lock
    assert "\npillow==11.3.0 " in lock
