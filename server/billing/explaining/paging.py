"""Long lists of an explanation, a page at a time: what stands on the pages before and after is one step each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, func, or_, select

from server.billing.explaining.steps import Source, Step
from shared.problems import Text

A_PAGE: Final = 100
_BEFORE: Final = Text("{} précédents", "{} before")
_AFTER: Final = Text("{} suivants", "{} after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which page of every list, from 1, of so many rows."""

    number: int = 1
    size: int = A_PAGE

    @property
    def skipped(self) -> int:
        """How many rows stand on the pages before."""
        return (self.number - 1) * self.size


FIRST: Final = Page()


def placed(
    found: Subquery, *, by: ColumnElement[Any], cents: ColumnElement[Any], order: Any, page: Page
) -> Select[Any]:
    """Return the query of a page of each list ``by`` and of each list's first row, so that none is forgotten.

    To the columns come ``place``, ``up_to_cents`` (with the rows before), ``all_cents`` and ``count`` of the list.
    """
    every = select(
        found,
        func.row_number().over(partition_by=by, order_by=order).label("place"),
        func.sum(cents).over(partition_by=by, order_by=order).label("up_to_cents"),
        func.sum(cents).over(partition_by=by).label("all_cents"),
        func.count().over(partition_by=by).label("count_"),
    ).subquery()
    first = page.skipped + 1
    wanted = or_(every.c.place == 1, every.c.place.between(first, first + page.size - 1))
    return select(every).where(wanted).order_by(every.c[by.name], every.c.place)


def listed(rows: Sequence[Any], *, page: Page, link: str, step: Callable[[Any], Step], cents: str) -> list[Step]:
    """Return a list's steps of this page, with one for what stands before and one for what stands after, if any.

    ``rows`` are one list's of ``placed``, ``cents`` names their amount. The steps sum to all of the list.
    """
    count, all_cents = int(rows[0].count_), int(rows[0].all_cents)
    shown = [row for row in rows if row.place > page.skipped]
    before_cents = int(shown[0].up_to_cents) - int(getattr(shown[0], cents)) if shown else all_cents
    before, after = min(page.skipped, count), max(0, count - page.skipped - len(shown))
    steps = [step(row) for row in shown]
    if before:
        steps.insert(0, _left_out(_BEFORE, before, before_cents, _at(link, page.number - 1)))
    if after:
        following = (page.skipped + len(shown)) // A_PAGE + 1
        after_cents = all_cents - int(shown[-1].up_to_cents)
        steps.append(_left_out(_AFTER, after, after_cents, _at(link, following)))
    return steps


def _at(link: str, number: int) -> str:
    return f"{link}{'&' if '?' in link else '?'}page={number}"


def _left_out(words: Text, count: int, amount_cents: int, link: str) -> Step:
    label = Text(words.fr.format(count), words.en.format(count))
    return Step(
        label=label, amount_cents=amount_cents, source=Source(kind="page", id=UUID(int=0), text=label, link=link)
    )
