"""The generated documents say what the code says today."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from tests.architecture.sources import ROOT
from tools.docs import GENERATED
from tools.refusals.__main__ import FILE, text
from tools.shown import NothingShows, lost_rows, named_in


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_generated_document_is_up_to_date(name: str) -> None:
    """House style: every state, setting and permission is documented; `make docs` writes the page again."""
    text = GENERATED[name]()
    assert len(text.splitlines()) > 10
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text


def test_the_table_of_refusals_is_up_to_date() -> None:
    """API: what the document says of refusals is read from today's code; `python -m tools.refusals` writes it again."""
    assert FILE.read_text(encoding="utf-8") == text(), "run `python -m tools.refusals` and commit refusals.json"


def test_make_alone_lists_its_targets() -> None:
    """House style: `make` alone lists the targets that people and CI use."""
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  make ([a-z-]+) ", done.stdout, flags=re.MULTILINE))
    assert listed >= {"run", "serve", "check", "test", "shots", "nightly", "lock", "docs", "clean"}


def test_docstrings_name_requirements_and_laws_one_by_one_and_in_ranges() -> None:
    """House style: « R015-R017, laws 8, 9 and 11 » names all of them, and other numbers name nothing."""
    assert named_in("R004, R015-R017: papers. Law 19, laws 8, 9 and 11; laws 1 to 3; RC101, C14, R12") == {
        *("R004", "R015", "R016", "R017"),
        *("L01", "L02", "L03", "L08", "L09", "L11", "L19"),
    }


def test_a_row_that_lost_its_tests_is_told() -> None:
    """House style: a requirement that tests showed stays shown; one that nothing showed yet may wait."""
    before = "| R001 | text | [test_a](../tests/a.py) |\n| R002 | text | – |\n| R003 | a | [test_b](../tests/b.py) |\n"
    after = "| R001 | text | – |\n| R002 | text | – |\n"
    assert lost_rows(before, after) == ["R001", "R003"]
    assert lost_rows(before, before) == []
    assert lost_rows(before, after.replace("–", "comes with another feature")) == ["R001", "R003"]


def test_a_law_is_shown_or_says_with_which_feature_it_comes() -> None:
    """House style: no law is left empty; one about a feature that is not built says so."""
    kept = (ROOT / "docs" / "laws.md").read_text(encoding="utf-8")  # up to date, says the test above
    rows = [line for line in kept.splitlines() if line.startswith("| L")]
    assert len(rows) == 35
    assert [row for row in rows if "](../tests/" not in row and "| comes with " not in row] == []


def test_a_law_that_tests_show_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """House style: the page is refused while a law that has tests still says that it comes with something."""
    kept = tomllib.loads((ROOT / "tools" / "laws.toml").read_text(encoding="utf-8"))
    monkeypatch.setattr("tools.shown._read", lambda _name: kept | {"comes_with": kept["comes_with"] | {"L01": "x"}})
    with pytest.raises(NothingShows, match="L01"):
        GENERATED["laws.md"]()
