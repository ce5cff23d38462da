"""The days of a statement."""

from __future__ import annotations

from datetime import date

from server.core.problems import Problem, Text


class BadPeriod(Problem):
    """A statement ends before it begins."""

    slug = "bad-period"
    status = 422
    title = Text("Période invalide", "Invalid period")


def period_of(first_day: date | None, last_day: date | None, *, today: date) -> tuple[date, date]:
    """Return a statement's first and last day: what is asked, else from the first of the last day's month to today.

    Raises:
        BadPeriod: the last day is before the first.
    """
    last = last_day or (today if first_day is None else max(first_day, today))
    first = first_day or last.replace(day=1)
    if first > last:
        raise BadPeriod(
            Text(
                f"La période finit le {last}, avant de commencer le {first}.",
                f"The period ends on {last}, before it begins on {first}.",
            ),
            where="last_day",
        )
    return first, last
