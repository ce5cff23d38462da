"""``tournee ledger check`` against every column and row of the books, touched one at a time by the database's owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.billing import service as billing
from server.billing.revaluing.service import revalue_deposits
from server.catalog import service as catalog
from server.core.acting import KEY
from server.core.fences import APP_ROLE
from server.core.transaction import transaction
from server.receivables import service as receivables
from server.receivables.audit import book_faults
from server.receivables.model import PaymentMethod
from shared.ids import new_id
from shared.problems import Text
from tests.factories.billing import Counted, publish, short_day
from tests.factories.world import CREDIT, World, make_order, make_world, stamp

TABLES = (
    "number_series", "invoice", "invoice_line", "invoice_order", "credit_note", "credit_line", "journal_entry",
    "posting", "allocation", "payment", "deposit_revaluation",
)  # fmt: skip

# Columns on which no amount and no document depends, each with its reason.
OUTSIDE_THE_BOOKS = {
    "party_ids": "who may read the row: the fences' word, not the books'",
    "credit_note.created_at": "when it was proposed; issued, it has its own instant of publication",
    "invoice.created_at": "when a draft was begun; a document has its own instant of publication",
    "invoice.key": "the key that keeps a command told twice from billing twice",
    "invoice.run_id": "the run whose papers brought the invoice forth",
    "invoice_order.id": "a row's own name, to which nothing refers",
    "number_series.id": "a row's own name, to which nothing refers",
    "posting.id": "a row's own name, to which nothing refers",
    "payment.cause_id": "the key that keeps a command told twice from paying twice",
    "payment.reference": "what the payer wrote on the cheque",
    "payment.invoice_id": "the invoice from which a payer asked to pay; what a payment pays is its allocations'",
    "payment.provider_ref": "the provider's name of a payment, whose own state decides (ADR 0030)",
    "payment.pay_url": "the provider's page on which a payer pays",
}
CHANGES = {
    "text": "{0} || 'X'", "character varying": "{0} || 'X'", "integer": "{0} + 1", "bigint": "{0} + 1",
    "smallint": "{0} + 1", "numeric": "{0} + 0.0001", "date": "{0} + 1",
    "timestamp with time zone": "{0} + interval '1 microsecond'", "boolean": "NOT {0}",
    "bytea": "set_byte({0}, 5, (get_byte({0}, 5) + 1) % 256)", "uuid": "gen_random_uuid()",
    "jsonb": "CASE WHEN jsonb_typeof({0}) = 'array' THEN {0} || '[7]'::jsonb ELSE {0} || '{{\"x\": 1}}'::jsonb END",
    "ARRAY": "array_append({0}, gen_random_uuid())",
}  # fmt: skip
WHERE_NULL = {"uuid": "gen_random_uuid()", "date": "DATE '2026-01-01'", "bytea": "'\\x00'::bytea"}


def a_day_of_books() -> World:
    """Invoices, a credit, a void, a payment in cash with its rounding, allocations of both kinds."""
    world = make_world([CREDIT])
    order_ids = [make_order(world, cases=2 + at, kegs=1) for at in range(3)]
    for order_id in order_ids:
        publish(world, order_id)
    short_day(world, order_ids[0], {1: Counted(1, lost=1, reason="broken")})
    short_day(world, order_ids[1], {1: Counted(0, returned=3), 2: Counted(0, returned=1)})
    with transaction(acting=world.seller.id) as session:
        receivables.record_payment(
            session,
            issuer_id=world.seller.id,
            paid=receivables.NewPayment(
                buyer_id=world.buyer.id,
                method=PaymentMethod.CASH,
                amount_cents=10_003,
                received_on=date(2026, 11, 18),
            ),
            key=new_id(),
            stamp=stamp(),
        )
    bill_empties_again(world)
    revalue_kegs(world)
    return world


def bill_empties_again(world: World) -> None:
    """Two kegs came back, and one of them was counted too many."""
    why, now = Text("Retour", "Return"), stamp()
    with transaction(acting=world.seller.id) as session:
        note = billing.credit_empties(
            session, issuer_id=world.seller.id, buyer_id=world.buyer.id, counted={world.seller.keg_class_id: 2},
            reason=why, key=new_id(), stamp=now,
        )  # fmt: skip
        assert note is not None
        billing.publish_pending(session, stamp=now)
        units = {note.lines[0].id: 1}
        billing.recharge_deposits(session, note=note, units=units, reason="Recompté", key=new_id(), stamp=now)
        billing.publish_pending(session, stamp=now)


def revalue_kegs(world: World) -> None:
    """The deposit of the seller's kegs changes, and what is still owed on them with it."""
    with transaction(acting=world.seller.id) as session:
        keg, on = world.seller.keg_class_id, date(2026, 11, 21)
        catalog.price_container(session, class_id=keg, unit_cents=4500, valid_from=on, stamp=stamp())
        assert revalue_deposits(session, stamp=stamp(datetime(2026, 11, 21, 17, tzinfo=UTC)))


def first_fault(connection: Connection, issuer_id: UUID) -> str:
    """Return the first fault that the walk names as the product's own role, fences and all."""
    connection.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))
    with Session(connection, info={KEY: issuer_id}) as session:
        fault = next(book_faults(session, issuer_id=issuer_id), None)
        session.rollback()
    return f"{fault.kind} {fault.where}" if fault else ""


def touched(connection: Connection, issuer_id: UUID, statement: str) -> str:
    """What is found after one statement that is undone again; ``refused`` when the database takes it from nobody."""
    around = connection.begin_nested()
    try:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        if not connection.execute(text(statement)).rowcount:
            return "nothing there"
        return first_fault(connection, issuer_id)
    except DBAPIError as error:
        return f"refused: {error.orig}"
    finally:
        around.rollback()


def columns_of(connection: Connection) -> list[tuple[str, str, str]]:
    """Every column of the books with its type."""
    rows = connection.execute(
        text(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = ANY(:tables) ORDER BY table_name, ordinal_position"
        ),
        {"tables": list(TABLES)},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def one_row(table: str, condition: str) -> str:
    return f"(SELECT id FROM {table} WHERE {condition} ORDER BY id LIMIT 1)"


def test_every_column_of_the_books_that_is_touched_is_found(database) -> None:
    """Laws 1, 2, 3, 4, 6, 8, 11, 17: of one row at a time, each column changed is named, or the database refuses it."""
    world = a_day_of_books()
    unnoticed, tried = [], 0
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        connection.begin()
        assert first_fault_free(connection, world.seller.id)
        for table, column, kind in columns_of(connection):
            for condition, value in changes(column, kind):
                where = f"id = {one_row(table, condition)}"
                found = touched(connection, world.seller.id, f"UPDATE {table} SET {column} = {value} WHERE {where}")
                tried += found != "nothing there"
                if not found and not {column, f"{table}.{column}"} & OUTSIDE_THE_BOOKS.keys():
                    unnoticed.append(f"{table}.{column} where {condition}")
    engine.dispose()
    assert not unnoticed, "\n".join(unnoticed)
    assert tried > 150


def test_every_row_of_the_books_that_is_gone_is_found(database) -> None:
    """Laws 1, 2, 11, 17: a row deleted from any table of the books is named, whichever it is."""
    world = a_day_of_books()
    engine = create_engine(database.superuser_url)
    with engine.connect() as connection:
        connection.begin()
        rows = [(table, one) for table in TABLES for one in connection.scalars(text(f"SELECT id FROM {table}")).all()]
        unnoticed = [
            f"{table} {row_id}"
            for table, row_id in rows
            if not touched(connection, world.seller.id, f"DELETE FROM {table} WHERE id = '{row_id}'")
        ]
    engine.dispose()
    assert not unnoticed, "\n".join(unnoticed)
    assert len(rows) > 60


def first_fault_free(connection: Connection, issuer_id: UUID) -> bool:
    around = connection.begin_nested()
    found = first_fault(connection, issuer_id)
    around.rollback()
    return not found


def changes(column: str, kind: str) -> Iterator[tuple[str, str]]:
    yield f"{column} IS NOT NULL", CHANGES[kind].format(column)
    if kind in WHERE_NULL:
        yield f"{column} IS NULL", WHERE_NULL[kind]
