"""What the tablet runs, under the tablet's own lock: ``make tablet-lock``.

Makes an environment of requirements/tablet.lock alone in .cache/tablet, anew when lock or interpreter changed, and runs
the tests of ``shared``, of the tablet's store, actions and sync in it: what these import, a tablet can have.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements" / "tablet.lock"
HOME: Final = ROOT / ".cache" / "tablet"
TESTS: Final = ("tests/unit/shared", "tests/property/shared", "tests/unit/driver_app")
OF_THE_SERVER: Final = ("test_codes.py", "test_protocol_page.py")
"""Tests of ``shared`` that hold it against the server, which no tablet has."""


def main(arguments: list[str]) -> int:
    """Run the tests under the lock; return pytest's exit code."""
    python = _environment()
    ignored = [f"--ignore=tests/unit/shared/{name}" for name in OF_THE_SERVER]
    # The suite's own settings and conftest need what the server has: xdist, SQLAlchemy, a database.
    alone = ["-c", os.devnull, "--rootdir", str(ROOT), "-o", "pythonpath=.", "-o", "timeout=180", "--noconftest"]
    plain = ["-q", "--import-mode=importlib", "-p", "no:cacheprovider"]
    environment = os.environ | {"CI": "1", "KIVY_NO_ARGS": "1"}  # CI: Hypothesis sets no deadline
    command = [str(python), "-m", "pytest", *alone, *plain, *ignored, *TESTS, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _environment() -> Path:
    python, stamp = HOME / "bin" / "python", HOME / "lock.sha256"
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return python
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    _run(str(base), "-m", "venv", "--clear", str(HOME))
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    _run(str(python), *install, "-r", str(LOCK))
    _run(str(python), "-m", "pip", "check", "--disable-pip-version-check")
    stamp.write_text(wanted, encoding="ascii")
    return python


def _run(*command: str) -> None:
    with tempfile.TemporaryFile("w+") as words:
        if subprocess.run(command, cwd=ROOT, stdout=words, stderr=words, check=False).returncode:
            words.seek(0)
            sys.exit(f"{' '.join(command[:4])} …\n{words.read()[-2000:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
