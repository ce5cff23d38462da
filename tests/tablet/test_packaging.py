"""The Android package: what can be known without an SDK."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from pathlib import Path

import pytest

from driver_app import APP_VERSION

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "driver_app" / "packaging" / "buildozer.spec"
STANDARD = sys.stdlib_module_names
OURS = {"driver_app", "shared"}
THIRD_PARTY = {
    "PIL": "pillow",
    "kivy": "kivy",
    "msgspec": "msgspec",
    "cryptography": "cryptography",
    "certifi": "certifi",
}


@pytest.fixture
def app() -> configparser.SectionProxy:
    """The package's settings."""
    spec = configparser.ConfigParser(interpolation=None)
    spec.read(SPEC, encoding="utf-8")
    return spec["app"]


def test_pins_are_those_that_the_tests_run_under(app: configparser.SectionProxy) -> None:
    """Pins equal the tablet's lock, and everything that the app imports is packaged."""
    lock = dict(
        re.findall(r"^([a-z0-9_-]+)==([^\s\\]+)", (ROOT / "requirements" / "tablet.lock").read_text(), re.MULTILINE)
    )
    wanted = dict(part.partition("==")[::2] for part in app["requirements"].split(","))
    assert {name: pin for name, pin in wanted.items() if pin} == {
        name: lock[name] for name, pin in wanted.items() if pin
    }
    assert set(THIRD_PARTY.values()) <= set(wanted)


def test_the_package_keeps_its_data_to_itself(app: configparser.SectionProxy) -> None:
    """Backups stay off, since the store names people; the target is Android 14."""
    assert app["android.allow_backup"] == "False"
    assert app["android.api"] == "34"
    assert re.search(app["version.regex"], (ROOT / "driver_app" / "__init__.py").read_text()).group(1) == APP_VERSION


def test_the_app_imports_only_what_a_tablet_has() -> None:
    """Import guards: Kivy in ui and main alone, jnius and plyer in platform alone, nothing else from outside."""
    foreign: set[tuple[str, str]] = set()
    files = list((ROOT / "driver_app").rglob("*.py"))
    assert len(files) > 50
    for path in files:
        place = path.relative_to(ROOT / "driver_app")
        for name in _imports(path) - STANDARD - OURS:
            allowed = name in THIRD_PARTY and (name != "kivy" or place.parts[0] in ("ui", "main.py"))
            if not allowed and not (name in ("jnius", "plyer") and place.parts[0] == "platform"):
                foreign.add((str(place), name))
    assert foreign == set()


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
