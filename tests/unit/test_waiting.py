"""A suite that cannot hang: what fails or waits for ever ends, and says where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HANGING = """
import threading
import pytest

@pytest.fixture
def stuck():
    yield
    threading.Event().wait()

def test_fails_and_is_never_torn_down(stuck):
    assert False

@pytest.mark.timeout(0.5)
def test_waits_again_once_it_was_interrupted():
    try:
        threading.Event().wait()
    finally:
        threading.Event().wait()

def test_ends():
    pass
"""
DEAF = """
import collections
import itertools

def test_hears_no_bell():
    collections.deque(itertools.repeat(0), maxlen=0)  # counts for ever, and never looks up
"""


def ended(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_hanging.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.factories.bounded", "-c", os.devnull, "--timeout", "0.5",
         "--rootdir", str(folder), "-p", "no:cacheprovider", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TOURNEE_TEST_AFTERMATH_S": "0.2"},
    )  # fmt: skip


def test_nothing_waits_for_ever(tmp_path: Path) -> None:
    """A teardown after a failure and a wait after an interruption end by themselves, and the next test runs."""
    said = ended(tmp_path, HANGING)
    assert said.returncode == 1
    assert "2 failed, 1 passed, 1 error" in said.stdout, said.stdout
    assert "threading.Event().wait()" in said.stdout


def test_a_process_that_hears_no_bell_ends_with_its_stacks(tmp_path: Path) -> None:
    """What hangs in foreign code is ended, and the line that called it is written down."""
    said = ended(tmp_path, DEAF)
    assert said.returncode == 1
    assert "test_hears_no_bell" in said.stderr
