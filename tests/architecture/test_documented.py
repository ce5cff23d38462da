"""The generated documents say what the code says today."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.architecture.sources import ROOT
from tools.docs import GENERATED


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_generated_document_is_up_to_date(name: str) -> None:
    """House style: every state, setting and permission is documented; `make docs` writes the page again."""
    text = GENERATED[name]()
    assert len(text.splitlines()) > 10
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text


def test_make_alone_lists_its_targets() -> None:
    """House style: `make` alone lists the targets that people and CI use."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  make ([a-z-]+) ", done.stdout, flags=re.MULTILINE))
    assert listed >= {"run", "serve", "check", "test", "shots", "nightly", "lock", "docs", "clean"}
