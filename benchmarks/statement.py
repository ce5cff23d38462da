"""A customer's account of many invoices: statement, transactions and what unfolds them, and the same reads sent bare.

    python -m benchmarks.statement [--invoices 10000] [--others 20000] [--turns 20]

One issuer has a customer with ``--invoices`` invoices of two years, nine of ten paid by a tenth as many payments, every
fiftieth with a credit of its own, and ``--others`` invoices of 300 other customers. All is copied by plain SQL from one
invoice, one payment and one credit that the services made. Prints one JSON object: the 95th percentile of what a page,
a PDF, the API and « why this number » read, and how much of that the bare statements take.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.copies import copy_rows
from benchmarks.publish import database
from benchmarks.reads import afresh, bare_ms, heard, percentile_ms, timed_ms
from server.billing import service as billing
from server.billing.service.free_amounts import FreeLine
from server.core.heap import keep_loaded
from server.core.transaction import engine, transaction
from server.ledger.model import Allocation, JournalEntry
from server.receivables import service as receivables
from server.receivables import statements
from server.receivables.accounts import Age
from server.receivables.explaining import Asked, Page, Period, explain_account, explain_statement
from server.receivables.model import PaymentMethod
from server.receivables.service.crediting import Amounts, NewCredit, write_credit
from shared.problems import Text
from tests.factories.world import CREDIT, NOW, World, make_order, make_world, stamp

TO_REACH_MS = 150
_TODAY = NOW.date()
_LINES_A_PAGE = 500
_DAYS = 730
_WHY = "why, "


def main() -> None:
    """Make the account, read it, and print the figures."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in (("invoices", 10_000), ("others", 20_000), ("turns", 20)):
        wanted.add_argument(f"--{name}", type=int, default=usual)
    asked = wanted.parse_args()
    with database() as address:
        world = make_world([CREDIT])
        patterns = make_patterns(world)
        engine().dispose()
        plain = address.url("bench").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain, autocommit=True) as rows:
            copy_account(rows, patterns, count=asked.invoices, buyers="%(buyer)s::uuid", mark="", buyer=world.buyer.id)
            others = "md5('buyer' || at %% 300)::uuid"
            copy_account(rows, patterns, count=asked.others, buyers=others, mark="other ", buyer=world.buyer.id)
            rows.execute("VACUUM ANALYZE")
            found = {name: _ask(rows, world, read, asked.turns) for name, read in reads(world).items()}
            lines = _lines(world)
    whole, bare = found["statement, whole"]
    figures = {
        "lines": lines,
        "p95_ms": percentile_ms(whole, 0.95),
        "p50_ms": percentile_ms(whole, 0.5),
        "goal_ms": TO_REACH_MS,
        "ratio_to_bare": round(sum(bare) / sum(whole), 3),
        "unfolded_p95_ms": max(percentile_ms(one[0], 0.95) for name, one in found.items() if name.startswith(_WHY)),
        "reads": {
            name: {"p95_ms": percentile_ms(times[0], 0.95), "bare_p95_ms": percentile_ms(times[1], 0.95)}
            for name, times in found.items()
        },
    }
    print(json.dumps(vars(asked) | {"at": datetime.now(UTC).isoformat()} | figures, indent=1))


def reads(world: World) -> dict[str, Callable[[Session], object]]:
    """Return what is read of the account, by name."""
    buyer_id = world.buyer.id

    def statement(session: Session, days: int = _DAYS + 30) -> statements.Statement:
        return statements.statement(
            session, buyer_id=buyer_id, currency="CAD", first_day=_TODAY - timedelta(days=days), last_day=_TODAY
        )

    def page(session: Session) -> object:
        found = statement(session)
        ids = {one.invoice_id for one in found.lines[:_LINES_A_PAGE] if one.invoice_id}
        return found.closing_cents, statements.proofs_of_invoices(session, ids)

    def transactions(offset: int) -> Callable[[Session], object]:
        return lambda session: statements.transactions(
            session, buyer_id=buyer_id, currency="CAD", limit=50, offset=offset
        )

    return unfolded(buyer_id) | {
        "statement, whole": statement,
        "statement, whole, as a page": page,
        "statement, 90 days": lambda session: statement(session, 90),
        "statement, 30 days": lambda session: statement(session, 30),
        "transactions": transactions(0),
        "transactions, 20th page": transactions(950),
    }


def unfolded(buyer_id: UUID) -> dict[str, Callable[[Session], object]]:
    """Return what « why this number » reads of the account, by name."""

    def balance(*, on: date = _TODAY, age: Age | None = None, page: int = 1) -> Callable[[Session], object]:
        asked = Asked(on=on, link="/comptes/pourquoi", age=age, page=Page(number=page))
        return lambda session: explain_account(session, buyer_id=buyer_id, currency="CAD", asked=asked)

    def moved(*, days: int, page: int = 1) -> Callable[[Session], object]:
        period = Period(
            first_day=_TODAY - timedelta(days=days), last_day=_TODAY, page=Page(number=page),
            link="/comptes/releve/pourquoi", statement_link="/comptes/releve", account_link="/comptes/pourquoi",
        )  # fmt: skip
        return lambda session: explain_statement(session, buyer_id=buyer_id, currency="CAD", period=period)

    return {
        f"{_WHY}balance": balance(),
        f"{_WHY}balance a year ago": balance(on=_TODAY - timedelta(days=365)),
        f"{_WHY}oldest debts": balance(age=Age.OLDER),
        f"{_WHY}balance, 8th page": balance(page=8),
        f"{_WHY}whole statement": moved(days=_DAYS + 30),
        f"{_WHY}whole statement, 80th page": moved(days=_DAYS + 30, page=80),
        f"{_WHY}statement of 30 days": moved(days=30),
    }


def _lines(world: World) -> int:
    with transaction(world.seller.id) as session:
        found: Any = reads(world)["statement, whole"](session)
        return len(found.lines)


def _ask(
    rows: psycopg.Connection[Any], world: World, read: Callable[[Session], object], turns: int
) -> tuple[list[float], list[float]]:
    keep_loaded()  # as a web process does once it stands
    with transaction(world.seller.id) as session:
        ours = timed_ms(lambda: afresh(session, read), turns=turns)
        with heard() as said:
            read(session)
    return ours, bare_ms(rows, said, turns=turns)


def make_patterns(world: World) -> dict[str, UUID]:
    """Make an invoice, the payment that pays it and a credit, and return the ids of them and of their entries."""
    order_id = make_order(world)
    with transaction(world.carrier_id) as session:
        invoice = billing.publish_orders(session, order_ids=[order_id], stamp=stamp())[0]
    with transaction(world.seller.id) as session:
        paid = receivables.NewPayment(
            buyer_id=world.buyer.id, method=PaymentMethod.CHEQUE, amount_cents=invoice.total_cents,
            received_on=_TODAY, reference="Chèque 12",
        )  # fmt: skip
        payment = receivables.record_payment(session, issuer_id=world.seller.id, paid=paid, key=uuid4(), stamp=stamp())
        given = Amounts([FreeLine(Text("Geste", "Goodwill"), net_cents=500, taxed=False)])
        new = NewCredit(buyer_id=world.buyer.id, of=given, reason=Text("Bris", "Breakage"))
        credit = write_credit(session, new=new, key=uuid4(), stamp=stamp())
        session.flush()
        made = {"invoice": invoice.id, "payment": payment.id, "credit": credit.id}
        made["allocation"] = session.scalars(select(Allocation.id).where(Allocation.invoice_id == invoice.id)).one()
        entries = session.execute(select(JournalEntry.document_id, JournalEntry.id)).all()
    return made | {
        f"{name} entry": entry_id for about, entry_id in entries for name, id_ in made.items() if id_ == about
    }


_MADE = "%(now)s::timestamptz - make_interval(mins => at * (1440 * %(days)s / %(count)s))"
_DAY = f"({_MADE})::date"


def copy_account(
    rows: psycopg.Connection[Any], patterns: dict[str, UUID], *, count: int, buyers: str, mark: str, buyer: UUID
) -> None:
    """Write so many invoices of the customers that ``buyers`` says in SQL, and what pays them."""
    asked = {"mark": mark, "now": NOW, "days": _DAYS, "count": count, "buyer": buyer, "some": max(1, count // 10)}
    for name, part in (("invoice", 1), ("payment", 10), ("credit", 50)):
        _copy(rows, patterns, name, asked | {"count": max(1, count // part)}, buyers)
    _copy(rows, patterns, "allocation", asked | {"count": max(1, count * 9 // 10)}, buyers)
    covering = {
        "id": "gen_random_uuid()", "invoice_id": _id("invoice"), "order_id": _id("order"), "live_final": "true",
    }  # fmt: skip
    copy_rows(rows, "invoice_order", ("invoice_id", patterns["invoice"]), count=count, changed=covering, asked=asked)


_TABLES = {"invoice": "invoice", "payment": "payment", "credit": "credit_note", "allocation": "allocation"}


def _copy(
    rows: psycopg.Connection[Any], patterns: dict[str, UUID], name: str, asked: dict[str, Any], buyers: str
) -> None:
    """Copy a document, its entry and the entry's postings, each of the same customer."""
    count, entry_id = asked["count"], patterns[f"{name} entry"]
    named = {"paid": str(patterns["payment"]), "billed": str(patterns["invoice"]), "given": str(patterns["credit"])}
    document = {
        "id": _id(name), "buyer_id": buyers, "number": "one.number || '-' || %(mark)s || at", "sequence": "NULL",
        "issued_on": _DAY, "due_on": f"{_DAY} + 30", "published_at": _MADE, "created_at": _MADE, "recorded_at": _MADE,
        "received_on": _DAY, "allocated_on": _DAY, "cause_id": "gen_random_uuid()", "source_id": _id("payment", "some"),
    }  # fmt: skip
    document["invoice_id"] = _id("invoice") if name == "allocation" else 'one."invoice_id"'
    copy_rows(rows, _TABLES[name], ("id", patterns[name]), count=count, changed=document, asked=asked)
    entry = {"id": _id(f"{name} entry"), "document_id": _id(name), "posted_on": _DAY, "recorded_at": _MADE}
    copy_rows(rows, "journal_entry", ("id", entry_id), count=count, changed=entry, asked=asked)
    detail = (
        f"CASE one.detail WHEN %(billed)s THEN {_id('invoice')}::text WHEN %(given)s THEN {_id('credit')}::text"
        f" WHEN %(paid)s THEN {_id('payment', 'some') if name == 'allocation' else _id('payment')}::text"
        " ELSE one.detail END"
    )
    posting = {"id": "gen_random_uuid()", "entry_id": _id(f"{name} entry"), "customer_id": buyers, "detail": detail}
    copy_rows(rows, "posting", ("entry_id", entry_id), count=count, changed=posting, asked=asked | named)


def _id(name: str, among: str = "") -> str:
    """Return the SQL of the id that a copy has: always the same for the same copy, so that others may name it."""
    at = f"(1 + at %% %({among})s)" if among else "at"
    return f"md5(%(mark)s || '{name} ' || {at})::uuid"


if __name__ == "__main__":
    main()
