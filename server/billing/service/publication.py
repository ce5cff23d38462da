"""Publication: numbers, chain and postings of everything that a transaction wants published, at its very end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy import event, inspect, text
from sqlalchemy.orm import InstanceState, Session

from server.billing import events
from server.billing.billed import credit_billed, invoice_billed
from server.billing.frozen import credit_bytes, invoice_bytes
from server.billing.letterhead import letterhead, series_code
from server.billing.model import CreditNote, Invoice, NumberSeries
from server.billing.numbering import Series, document_number, issue_day, lock_counter, lock_counters
from server.billing.queries import load_lines
from server.billing.service.application import Waiting, apply_credits, credits_waiting_for
from server.billing.service.joining import Placed, join
from server.core import facts
from server.core.acting import acting_for
from server.core.each_owner import as_array
from server.core.gathering import held_back, write_now
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.ledger import service as ledger
from shared.sealing import chain_hash
from shared.states import CreditState, InvoiceState

PENDING: Final = "publications"
_COVERED: Final = text("SELECT invoice, covered FROM own_covered(CAST(:owners AS uuid[]), CAST(:invoices AS text[]))")
_WAITING: Final = text("SELECT own_waiting(CAST(:owners AS uuid[]), CAST(:buyers AS text[]))")

type _Covered = dict[UUID, list[UUID]]


class Unpublished(Problem):
    """A transaction was about to commit with documents that nobody numbered."""

    slug = "unpublished-documents"
    status = 500
    title = Text("Documents non publiés", "Documents not published")


@dataclass(slots=True)
class _Wanted:
    issuer_id: UUID
    series: Series
    document: Invoice | CreditNote
    by_agent: bool
    placed: Placed | None = None
    elsewhere_cents: int = 0


def want_published(session: Session, document: Invoice | CreditNote, *, by_agent: bool) -> None:
    """Note a document that the transaction publishes at its end, once; forgotten when the savepoint around it fails.

    Raises:
        MissingCode: the issuer has no prefix for its numbers.
    """
    series_code(session, issuer_id=document.owner_id)  # a missing one is refused here, not for the whole batch
    series = Series.INVOICE if isinstance(document, Invoice) else Series.CREDIT_NOTE
    pending: list[_Wanted] = session.info.setdefault(PENDING, [])
    if is_wanted(session, document):  # a visit and its correction in one batch: the bill that stands at its end
        return
    pending.append(_Wanted(document.owner_id, series, document, by_agent))


def spare_for_others(session: Session, note: CreditNote, *, elsewhere_cents: int) -> None:
    """Note how much of a wanted credit its own invoice leaves, because its writer sets it against others (R082)."""
    for one in session.info.get(PENDING, ()):
        if one.document is note:
            one.elsewhere_cents = elsewhere_cents


def want_no_more(session: Session, document: Invoice | CreditNote) -> None:
    """Forget that a document was to be published: it was let go before it had a number."""
    pending: list[_Wanted] = session.info.get(PENDING, [])
    pending[:] = [one for one in pending if one.document is not document]


def is_wanted(session: Session, document: Invoice | CreditNote) -> bool:
    """Say whether the transaction publishes the document at its end."""
    return any(one.document is document for one in session.info.get(PENDING, ()))


def count_pending(session: Session) -> int:
    """Return how many documents the transaction has yet to publish."""
    return len(session.info.get(PENDING, ()))


def count_follow_ups(session: Session) -> int:
    """Return how many of them credit or supplement what is published."""
    return sum(_follows_up(one.document) for one in session.info.get(PENDING, ()))


def publish_follow_ups(session: Session, *, stamp: Stamp) -> int:
    """Number what credits or supplements a published document, and return how many there are.

    Another correction can only credit those once they are published. The bill of a delivery goes on waiting: it is
    still billed as corrected, to the cent that is signed.
    """
    pending: list[_Wanted] = session.info.pop(PENDING, [])
    session.info[PENDING] = [one for one in pending if _follows_up(one.document)]
    published = publish_pending(session, stamp=stamp)
    session.info[PENDING] = [one for one in pending if not _follows_up(one.document)]
    return len(published)


def _follows_up(document: Invoice | CreditNote) -> bool:
    return isinstance(document, CreditNote) or document.supplements_id is not None


def publish_pending(
    session: Session, *, stamp: Stamp, written_with: Collection[object] = ()
) -> tuple[Invoice | CreditNote, ...]:
    """Number, chain and post every document wanted so far, and return them in the order of their numbers.

    The last work of a transaction: accounts are locked first, then each counter, in ascending (issuer, series), so
    that two transactions cannot deadlock; within a series numbers follow the order in which documents were wanted, so
    that the same log told again gives the same numbers; agent invoices of one stop are sections of one number (C15).
    There are no gaps; a rollback gives none. Credits are applied to their own invoice, and what waits to the new
    invoices of its customer.

    All that is read, and all other rows that wait, come before the first counter. A gathering session then writes each
    document once, with its number; ``written_with`` are objects that wait for the numbers too.

    Raises:
        MissingCode: an issuer has no prefix for its numbers.

    Source: design of numbers; R083, C11, C15; laws 2, 11, 17.
    """
    wanted: list[_Wanted] = session.info.pop(PENDING, [])
    if not wanted:
        return ()
    ordered = _together(sorted(wanted, key=lambda one: (one.issuer_id, one.series)))
    with held_back(session, written_with):
        _publish_all(session, ordered, stamp)
    return tuple(one.document for one in ordered)


def _publish_all(session: Session, ordered: Sequence[_Wanted], stamp: Stamp) -> None:
    write_now(session, but=[one.document for one in ordered])
    _read_lines_again(session, ordered)
    of_issuer = {issuer_id: list(mine) for issuer_id, mine in groupby(ordered, key=_issuer)}
    covered = _covered_orders(session, of_issuer)
    ledger.lock_accounts(session, pairs=((one.issuer_id, one.document.buyer_id) for one in ordered))
    cases = _cases(session, of_issuer, covered, stamp)
    lock_counters(session, wanted=dict.fromkeys((one.issuer_id, one.series) for one in ordered))
    for case in cases:
        with acting_for(session, case.issuer_id):
            _publish(session, case, stamp)
    if any(case.has_credits for case in cases):
        write_now(session)
    for case in cases:
        if case.has_credits:
            with acting_for(session, case.issuer_id):
                apply_credits(
                    session,
                    issuer_id=case.issuer_id,
                    documents=case.documents,
                    waiting=case.waiting,
                    stamp=stamp,
                    elsewhere={one.document.id: one.elsewhere_cents for one in case.wanted if one.elsewhere_cents},
                )


def _read_lines_again(session: Session, ordered: Sequence[_Wanted]) -> None:
    """Read the lines of documents that a step changed which was undone: they are forgotten with its savepoint."""
    for one in ordered:
        state: InstanceState[Invoice | CreditNote] = inspect(one.document)
        if "lines" in state.unloaded:
            with acting_for(session, one.issuer_id):
                load_lines(session, one.document)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one issuer publishes, and all that it takes beside its counters."""

    issuer_id: UUID
    code: str
    today: date
    wanted: list[_Wanted]
    covered: _Covered
    waiting: Waiting

    @property
    def documents(self) -> list[Invoice | CreditNote]:
        """The documents, credit notes first."""
        return [one.document for one in self.wanted]

    @property
    def has_credits(self) -> bool:
        """Whether something may be set against an invoice."""
        return bool(self.waiting) or any(isinstance(one, CreditNote) for one in self.documents)


def _issuer(one: _Wanted) -> UUID:
    return one.issuer_id


def _cases(session: Session, of_issuer: Mapping[UUID, list[_Wanted]], covered: _Covered, stamp: Stamp) -> list[_Case]:
    waiting = _who_holds_credits(session, of_issuer)
    return [_case(session, issuer_id, mine, covered, stamp, waits=issuer_id in waiting)
            for issuer_id, mine in of_issuer.items()]  # fmt: skip


def _case(
    session: Session, issuer_id: UUID, wanted: list[_Wanted], covered: _Covered, stamp: Stamp, *, waits: bool
) -> _Case:
    code = series_code(session, issuer_id=issuer_id)
    today = letterhead(session, org_id=issuer_id).day_of(stamp.at)
    waiting: Waiting = ()
    if waits:
        with acting_for(session, issuer_id):
            waiting = credits_waiting_for(session, issuer_id=issuer_id, documents=[one.document for one in wanted])
    return _Case(issuer_id, code, today, wanted, covered, waiting)


def _publish(session: Session, case: _Case, stamp: Stamp) -> None:
    for series, of_series in groupby(case.wanted, key=lambda one: one.series):
        counter = lock_counter(session, issuer_id=case.issuer_id, series=series, on=case.today)
        for one in of_series:
            _number(one, counter, case.code, stamp)
            _freeze(one.document, counter, case.covered)
            _post(session, one, stamp)
            _tell(session, one, stamp)


def _together(ordered: Sequence[_Wanted]) -> list[_Wanted]:
    """Put the invoices that are joined behind the first of their document (C15)."""
    of_document = {one.document.id: one for one in ordered}
    return [replace(of_document[placed.document.id], placed=placed) for placed in join(one.document for one in ordered)]


def _number(one: _Wanted, counter: NumberSeries, code: str, stamp: Stamp) -> None:
    document = one.document
    section = _take_place(one)
    if section <= 1:  # the later sections of a joined invoice have its number
        counter.last += 1
    document.series, document.year, document.sequence = one.series.value, counter.year, counter.last
    document.number = document_number(
        code=code, series=one.series, year=counter.year, sequence=counter.last, section=section
    )
    document.issued_on = counter.last_issued_on
    document.published_at = stamp.at


def _take_place(one: _Wanted) -> int:
    """Make an invoice the section that it is, if of a joined one; return its number in it, 0 of any other document."""
    document, placed = one.document, one.placed
    if not isinstance(document, Invoice) or placed is None:
        return 0
    document.joined_id, document.section, document.sections = placed.joined_id, placed.section, placed.sections
    return placed.section


def _freeze(document: Invoice | CreditNote, counter: NumberSeries, covered: dict[UUID, list[UUID]]) -> None:
    document.prev_hash = counter.last_hash
    if isinstance(document, Invoice):
        document.move_to(InvoiceState.PUBLISHED)
        body = invoice_bytes(document, document.lines, covered[document.id])
    else:
        document.move_to(CreditState.ISSUED)
        body = credit_bytes(document, document.lines)
    document.hash = counter.last_hash = chain_hash(document.prev_hash, body)


def _post(session: Session, one: _Wanted, stamp: Stamp) -> None:
    document, posted_on = one.document, issue_day(one.document)
    if isinstance(document, Invoice):
        billed = invoice_billed(document, document.lines)
        ledger.post_invoice(session, billed=billed, posted_on=posted_on, stamp=stamp)
    else:
        billed = credit_billed(document, document.lines, by_agent=one.by_agent)
        ledger.post_credit(session, billed=billed, posted_on=posted_on, stamp=stamp)


def _tell(session: Session, one: _Wanted, stamp: Stamp) -> None:
    name = events.INVOICE_PUBLISHED if one.series is Series.INVOICE else events.CREDIT_ISSUED
    facts.record(session, name, one.document.id, stamp, readers=tuple(one.document.party_ids))


def _covered_orders(session: Session, of_issuer: Mapping[UUID, list[_Wanted]]) -> _Covered:
    """Return the orders that each invoice covers, read by one statement for all issuers."""
    invoices = {
        issuer_id: [one.document.id for one in mine if one.series is Series.INVOICE]
        for issuer_id, mine in of_issuer.items()
    }
    covered: _Covered = {invoice_id: [] for mine in invoices.values() for invoice_id in mine}
    asked = {"owners": list(invoices), "invoices": [as_array(mine) for mine in invoices.values()]}
    for invoice_id, order_id in session.execute(_COVERED, asked) if covered else ():
        covered[invoice_id].append(order_id)
    return covered


def _who_holds_credits(session: Session, of_issuer: Mapping[UUID, list[_Wanted]]) -> set[UUID]:
    """Return the issuers that hold a credit of one of these customers; most hold none, and are not asked further."""
    buyers = [as_array({one.document.buyer_id for one in mine}) for mine in of_issuer.values()]
    return set(session.scalars(_WAITING, {"owners": list(of_issuer), "buyers": buyers}))


@event.listens_for(Session, "before_commit")
def _refuse_to_forget(session: Session) -> None:
    """A document without number must never be committed as if it were published."""
    if session.info.get(PENDING) and not session.in_nested_transaction():
        raise Unpublished(
            Text(
                "Des factures ou crédits attendent encore leur numéro. Appeler la publication avant la fin.",
                "Invoices or credits still wait for their number. Publish them before the end.",
            )
        )
