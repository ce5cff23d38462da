"""``tools/setup`` on machines that lack something: stand-ins on the PATH, nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = ("bash", "dirname", "mkdir", "awk", "cat", "grep")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the script alone, and a PATH with what every machine has."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup", tmp_path / "tools" / "setup")
    (tmp_path / "bin").mkdir()
    for name in BASE:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def stand_in(checkout: Path, name: str, body: str) -> None:
    path = checkout / "bin" / name
    path.write_text(f"#!{shutil.which('bash')}\n{body}\n")
    path.chmod(0o755)


def run(checkout: Path, *, instead_of_main: str = "") -> subprocess.CompletedProcess[str]:
    script = checkout / "tools" / "setup"
    if instead_of_main:
        script.write_text(script.read_text().replace('\nmain "$@"\n', f"\n{instead_of_main}\n"))
    own = {"PATH": str(checkout / "bin"), "HOME": str(checkout / "home")}
    return subprocess.run(["bash", str(script)], env=own, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("has_node", [False, True])
def test_a_missing_or_old_node_is_named_in_both_languages(checkout: Path, *, has_node: bool) -> None:
    """Two commands: what the machine lacks is said before anything is downloaded, with the version that was found."""
    if has_node:
        stand_in(checkout, "npm", "exit 0")
        stand_in(checkout, "node", '[ "$1" = --version ] && echo v16.20.2 || exit 1')
    said = run(checkout)
    assert said.returncode == 2
    assert "Il faut Node.js 18 ou plus récent" in said.stderr
    assert "Node.js 18 or later with npm is needed" in said.stderr
    assert f"Here: {'v16.20.2' if has_node else '-'}." in said.stderr
    assert not (checkout / ".cache").exists()


def test_a_python_without_pip_names_its_package(checkout: Path) -> None:
    """Two commands: Debian's bare python3 cannot fetch uv; the package that it lacks is named in both languages."""
    stand_in(checkout, "python3", "exit 1")
    said = run(checkout, instead_of_main="find_uv")
    assert said.returncode == 1
    assert "il faut python3 avec pip : « apt-get install python3-pip python3-venv »" in said.stderr
    assert "python3 with pip is needed" in said.stderr
    assert not (checkout / ".cache").exists()


def test_every_cache_stays_inside_the_checkout(checkout: Path) -> None:
    """README: nothing outside the checkout is touched, the caches of pip, npm and uv included."""
    said = run(checkout, instead_of_main='echo "$PIP_CACHE_DIR $npm_config_cache $UV_CACHE_DIR"')
    assert [Path(one).parent for one in said.stdout.split()] == [checkout / ".cache"] * 3
