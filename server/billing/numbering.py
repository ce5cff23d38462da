"""Gapless numbers: one counter for each issuer, series and year, locked last in the publishing transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.billing.model import CreditNote, Invoice, NumberSeries
from server.core.gathering import write_now
from server.core.memory import remembered
from server.core.problems import Conflict, Text
from shared.ids import new_id
from shared.sealing import GENESIS

_MARKS = {"credit_note": "-NC", "invoice": ""}
_COUNTERS: Final = "counters"
_LOCK_ALL = text("SELECT * FROM latest_counters(CAST(:owners AS uuid[]), CAST(:series AS text[]))")


class NotNumbered(Conflict):
    """Only publication gives a number and a date."""

    slug = "not-numbered"
    title = Text("Document sans numéro", "Document without number")


class Series(StrEnum):
    """The series of an issuer, in the order in which they are locked."""

    CREDIT_NOTE = "credit_note"
    INVOICE = "invoice"


def document_number(*, code: str, series: Series, year: int, sequence: int, section: int = 0) -> str:
    """Return the printed number: ``BDB-2026-000123``, its section ``BDB-2026-000123-2``, or ``BDB-NC-2026-000004``."""
    return f"{code}{_MARKS[series]}-{year}{number_tail(sequence, section)}"


def number_tail(sequence: int, section: int) -> str:
    """Return how a printed number ends, behind its year."""
    return f"-{sequence:06}-{section}" if section else f"-{sequence:06}"


def issue_day(document: Invoice | CreditNote) -> date:
    """Return the issue date of a numbered document.

    Raises:
        NotNumbered: it has none yet.
    """
    if document.issued_on is None:
        raise NotNumbered(
            Text("Ce document n’est pas encore publié.", "This document is not published yet."), where=str(document.id)
        )
    return document.issued_on


def lock_counter(session: Session, *, issuer_id: UUID, series: Series, on: date) -> NumberSeries:
    """Return the counter under which a document of that business day is numbered, locked until the transaction ends.

    Its ``last_issued_on`` is the issue date to use: the day itself, or the last one used when the clock went back,
    so that issue dates never go backwards. A new year's counter continues the chain of the old one, which is closed
    by the new day: who waited for it finds its way to the new one.

    Source: law 17; the page on numbers of documents.
    """
    counter = remembered(session, _COUNTERS).pop((issuer_id, series.value), None)
    while True:
        counter = counter or _latest(session, issuer_id, series)
        if counter is None:
            _open_year(session, issuer_id, series, on, GENESIS)
            continue
        counter.last_issued_on = max(on, counter.last_issued_on)
        if counter.last_issued_on.year == counter.year:
            return counter
        write_now(session)
        _open_year(session, issuer_id, series, counter.last_issued_on, counter.last_hash)
        counter = None


def lock_counters(session: Session, *, wanted: Iterable[tuple[UUID, Series]]) -> None:
    """Lock the counters of many issuers by one statement, each for its next ``lock_counter``.

    In the order in which they are wanted, which is ascending (issuer, series) for everyone. From the first series on
    that has no number yet, or whose year is closed, they are left to ``lock_counter``, one by one in the same order.
    """
    pairs = list(wanted)
    asked = {"owners": [issuer_id for issuer_id, _series in pairs], "series": [series.value for _id, series in pairs]}
    found = session.scalars(
        select(NumberSeries).from_statement(_LOCK_ALL).execution_options(populate_existing=True), asked
    )
    remembered(session, _COUNTERS).update({(one.owner_id, one.series): one for one in found})


def hold_counters(session: Session, *, issuer_id: UUID) -> bool:
    """Wait for whoever numbers a document of an issuer, keep others from it, and say whether any was ever numbered.

    Taken in the order in which publication takes them. No day is closed: ``lock_counter`` does that.
    """
    held = [_latest(session, issuer_id, series) for series in Series]
    return any(one is not None for one in held)


def _latest(session: Session, issuer_id: UUID, series: Series) -> NumberSeries | None:
    return session.scalars(
        select(NumberSeries)
        .where(NumberSeries.owner_id == issuer_id, NumberSeries.series == series.value)
        .order_by(NumberSeries.year.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _open_year(session: Session, issuer_id: UUID, series: Series, on: date, last_hash: bytes) -> None:
    row = {
        "id": new_id(),
        "owner_id": issuer_id,
        "party_ids": [],
        "series": series.value,
        "year": on.year,
        "last": 0,
        "last_hash": last_hash,
        "last_issued_on": on,
    }
    session.execute(insert(NumberSeries).values(row).on_conflict_do_nothing())
