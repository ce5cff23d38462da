"""Days as people read them."""

from __future__ import annotations

from datetime import date

import pytest

from server.core.days import written_day


@pytest.mark.parametrize(
    ("on", "form", "french", "english"),
    [
        (date(2026, 11, 1), "medium", "1er novembre 2026", "November 1, 2026"),
        (date(2026, 11, 11), "medium", "11 novembre 2026", "November 11, 2026"),
        (date(2026, 8, 1), "long", "samedi 1er août 2026", "Saturday, August 1, 2026"),
        (date(2026, 12, 31), "short", "31 déc.", "Dec 31"),
    ],
)
def test_the_first_of_a_month_is_premier_in_french(on: date, form: str, french: str, english: str) -> None:
    """Platform: pages, papers and e-mails write a day alike, in French as in Québec, in English as in Canada."""
    assert (written_day(on, "fr", form), written_day(on, "en", form)) == (french, english)
