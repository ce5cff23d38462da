"""Following a series from its first number: no gap, no broken link, no date that goes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from server.billing.model import CreditNote, Invoice, NumberSeries
from server.billing.numbering import Series, number_tail
from server.billing.revaluing.model import DepositRevaluation
from server.core.problems import Text
from server.ledger.audit import LedgerFault
from shared.sealing import GENESIS, chain_hash
from shared.states import CreditState, InvoiceState

type Document = Invoice | CreditNote


@dataclass(slots=True)
class Walk:
    """How far a series was followed; the chain goes on from year to year."""

    series: Series
    year: int = 0
    sequence: int = 0
    last_hash: bytes = GENESIS
    issued_on: date = date.min
    before: Document | None = None

    def start(self, year: int) -> None:
        """Go on with the numbers of another year."""
        self.year, self.sequence = year, 0

    def step(self, document: Document, body: bytes) -> Iterator[LedgerFault]:
        """Yield what is wrong with the next document, whose canonical bytes are ``body``, and go on behind it."""
        yield from self._section_faults(document)
        if section_of(document) <= 1:
            self.sequence += 1
        if document.sequence != self.sequence:
            number = self.sequence
            yield fault_of("missing-number", document, f"suit un trou au numéro {number}", f"follows a gap at {number}")
        yield from self._link_faults(document, body)
        if not document.number.endswith(f"-{document.year}{number_tail(document.sequence or 0, section_of(document))}"):
            yield fault_of("number-differs", document, "n’a pas le numéro de sa série", "has not its series’ number")
        if document.state not in {InvoiceState.PUBLISHED, CreditState.ISSUED}:
            yield fault_of("state-differs", document, "a un numéro sans être publié", "has a number unpublished")
        self.sequence = document.sequence or 0
        self.last_hash, self.issued_on = document.hash or b"", document.issued_on or date.min
        self.before = document

    def counter_faults(self, session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
        """Yield a fault when the year's counter does not end where its documents do."""
        counters = select(NumberSeries.last, NumberSeries.last_hash, NumberSeries.last_issued_on).where(
            NumberSeries.owner_id == issuer_id,
            NumberSeries.series == self.series.value,
            NumberSeries.year == self.year,
        )
        if self.year and not self._ends_at(
            session.execute(counters).one_or_none(), self._closed_on(session, issuer_id)
        ):
            name = f"{self.series.value} {self.year}"
            text = Text(
                f"Le compteur {name} ne finit pas à son dernier document. Des documents manquent, ou il a changé.",
                f"The counter {name} does not end at its last document. Documents are missing, or it was changed.",
            )
            yield LedgerFault("counter-differs", issuer_id, name, text)

    def _closed_on(self, session: Session, issuer_id: UUID) -> date:
        """Return the last day of the year on which deposits were revalued: it closed the days before it."""
        days = select(func.max(DepositRevaluation.as_of)).where(
            DepositRevaluation.owner_id == issuer_id, func.extract("year", DepositRevaluation.as_of) == self.year
        )
        return session.scalar(days) or date.min

    def _ends_at(self, counter: Row[int, bytes, date] | None, closed_on: date) -> bool:
        """Say whether a counter is where its documents end; one whose year is closed has the day that closed it."""
        if counter is None or (counter[0], counter[1]) != (self.sequence, self.last_hash):
            return False
        last_on = counter[2]
        return last_on == max(self.issued_on, closed_on) if last_on.year == self.year else last_on > self.issued_on

    def lost_faults(self, session: Session, issuer_id: UUID) -> Iterator[LedgerFault]:
        """Yield a fault for each later year that gave numbers of which no document is left."""
        lost = select(NumberSeries.year).where(
            NumberSeries.owner_id == issuer_id,
            NumberSeries.series == self.series.value,
            NumberSeries.year > self.year,
            NumberSeries.last > 0,
        )
        for year in session.scalars(lost.order_by(NumberSeries.year)):
            name = f"{self.series.value} {year}"
            text = Text(
                f"Le compteur {name} a donné des numéros dont aucun document ne reste.",
                f"The counter {name} gave numbers of which no document is left.",
            )
            yield LedgerFault("documents-lost", issuer_id, name, text)

    def _section_faults(self, document: Document) -> Iterator[LedgerFault]:
        """Yield a fault when a joined invoice is not its sections 1..n, all to one client, by one day (C15)."""
        before, section = self.before, section_of(document)
        if section > 1:
            fits = before is not None and _shared(before) == _shared(document) and section_of(before) == section - 1
        else:
            fits = before is None or section_of(before) == _sections_of(before)
        if not fits or section > _sections_of(document) or (section > 0) != (_joined_of(document) is not None):
            yield fault_of("section-differs", document, "n’est pas la section attendue", "is not the section expected")

    def _link_faults(self, document: Document, body: bytes) -> Iterator[LedgerFault]:
        if document.prev_hash != self.last_hash:
            yield fault_of("broken-chain", document, "ne suit pas le précédent", "does not follow the one before")
        elif document.hash != chain_hash(self.last_hash, body):
            yield fault_of("altered-document", document, "n’est plus ce qui fut publié", "is not what was published")
        if document.issued_on is None or document.issued_on < self.issued_on:
            yield fault_of("date-goes-back", document, "a une date avant le précédent", "is dated before the last one")


def section_of(document: Document) -> int:
    """Return which section of a joined invoice a document is, 0 when it stands alone."""
    return document.section if isinstance(document, Invoice) else 0


def _sections_of(document: Document) -> int:
    return document.sections if isinstance(document, Invoice) else 0


def _joined_of(document: Document) -> UUID | None:
    return document.joined_id if isinstance(document, Invoice) else None


def _shared(document: Document) -> tuple[object, ...]:
    """What all sections of a joined invoice have alike."""
    if not isinstance(document, Invoice):
        return (document.id,)
    return (
        document.joined_id, document.sections, document.year, document.sequence, document.kind, document.buyer_id,
        document.currency, document.issued_on, document.due_on, document.tax_on, document.net_days,
    )  # fmt: skip


def fault_of(kind: str, document: Document, fr: str, en: str) -> LedgerFault:
    """Return a fault of one document, named by its number."""
    name = document.number or str(document.id)
    return LedgerFault(kind, document.owner_id, name, Text(f"Le document {name} {fr}.", f"Document {name} {en}."))
