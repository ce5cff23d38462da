"""``tournee ledger check`` against every column and row of the books, touched one at a time by the database's owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.billing import service as billing
from server.billing.model import Invoice
from server.billing.revaluing.service import revalue_deposits
from server.catalog import service as catalog
from server.core.acting import KEY
from server.core.database import Owned
from server.core.fences import APP_ROLE
from server.core.transaction import transaction
from server.delivery.model import Collection
from server.ledger.entries import EntryKind
from server.ledger.model import Allocation
from server.ledger.queries import open_cents
from server.receivables import service as receivables
from server.receivables.audit import book_faults
from server.receivables.model import Payment, PaymentMethod
from shared.ids import new_id
from shared.problems import Text
from shared.states import PaymentState
from tests.conftest import Database
from tests.factories.billing import Counted, publish, short_day
from tests.factories.world import CREDIT, World, make_order, make_world, stamp

# Every table of these rooms, and every other one with an amount, is of the books but for these, each with its reason.
ROOMS = ("server.ledger.", "server.billing.", "server.receivables.")
NOT_BOOKS = {
    "agreement": "a threshold that two companies agreed to",
    "client": "a limit and a minimum that a seller set",
    "collection": "what a driver or a slip says was taken: the payment that rests on it is of the books",
    "container_price": "the table of deposits: what was charged by it stands on the documents",
    "container_return": "what came back at a door: the credit that rests on it is of the books",
    "customer_account": "a limit, and whether orders wait",
    "customer_group": "a minimum that a seller set",
    "delivery": "what a signer saw, under the seals of its proof",
    "order": "what is asked for: what is billed of it stands on the invoice",
    "order_line": "what is asked for: what is billed of it stands on the invoice",
    "provider_account": "an issuer's sealed keys at its provider",
    "provider_event": "notices: a reason to look, never the truth (ADR 0030)",
    "reminder": "what was open when a letter went out",
    "reminder_plan": "whether letters go out by themselves",
}


def money_tables() -> dict[str, str]:
    """Every table that holds money, by name, with the room of its model."""
    return {
        str(mapper.local_table.name): mapper.class_.__module__
        for mapper in Owned.registry.mappers
        if mapper.class_.__module__.startswith(ROOMS)
        or any(column.name.endswith("_cents") for column in mapper.local_table.columns)
    }


TABLES = tuple(sorted(money_tables().keys() - NOT_BOOKS.keys()))

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
    "refund.cause_id": "the key that keeps a command told twice from refunding twice",
    "refund.is_chargeback": "why a provider's money went back; that it did is posted",
    "refund.provider_ref": "the provider's name of a refund, whose own state decides (ADR 0030)",
    "refund.reason": "words beside the figures, in no document",
}
CHANGES = {
    "text": "{0} || 'X'", "character varying": "{0} || 'X'", "integer": "{0} + 1", "bigint": "{0} + 1",
    "smallint": "{0} + 1", "numeric": "{0} + 0.0001", "date": "{0} + 1",
    "timestamp with time zone": "{0} + interval '1 microsecond'", "boolean": "NOT {0}",
    "bytea": "set_byte({0}, 5, (get_byte({0}, 5) + 1) % 256)", "uuid": "gen_random_uuid()",
    "jsonb": "CASE WHEN jsonb_typeof({0}) = 'array' THEN {0} || '[7]'::jsonb ELSE {0} || '{{\"x\": 1}}'::jsonb END",
    "ARRAY": "array_append({0}, gen_random_uuid())",
}  # fmt: skip
MONEY_ENTRIES = (EntryKind.PAYMENT_BANKED, EntryKind.PAYMENT_FAILED, EntryKind.REFUND_FAILED)
WHERE_NULL = {"uuid": "gen_random_uuid()", "date": "DATE '2026-01-01'", "bytea": "'\\x00'::bytea"}


@pytest.fixture(scope="module")
def world(module_database: Database) -> World:
    """One day of books for all tests: whatever they touch is rolled back."""
    del module_database
    return a_day_of_books()


def a_day_of_books() -> World:
    """Invoices, a credit, a void, a payment in cash with its rounding, allocations; one of each way that money goes."""
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
    money_of_every_kind(world)
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


def money_of_every_kind(world: World) -> None:
    """Cash of a truck that waits, was banked, or was lost before or after; refunds that went and one that came back.

    A cheque of which a part was refunded bounced; of two write-offs one is undone.
    """
    issuer_id, on = world.seller.id, date(2026, 11, 18)
    with transaction(acting=issuer_id) as session:
        waiting, banked, lost, bounced = (_collected(session, world) for _ in range(4))
        for one in (banked, bounced):
            receivables.confirm_payment(session, payment=one, stamp=stamp())
        for one in (lost, bounced):
            receivables.fail_payment(session, payment=one, stamp=stamp())
        assert waiting.state is PaymentState.PENDING
        for refunds, fails in ((1, True), (2, False)):
            paid = receivables.NewPayment(
                buyer_id=world.buyer.id, method=PaymentMethod.CHEQUE, amount_cents=900, received_on=on, parts=[]
            )
            cheque = receivables.record_payment(session, issuer_id=issuer_id, paid=paid, key=new_id(), stamp=stamp())
            for _ in range(refunds):
                wish = receivables.Wish(amount_cents=250, method=PaymentMethod.CHEQUE, reason="Trop payé")
                given = receivables.refund(session, source=cheque, wish=wish, key=new_id(), stamp=stamp())
            if fails:
                receivables.fail_by_hand(session, payment=cheque, stamp=stamp())
            else:
                receivables.finish_refund(session, refund=given, arrived=False, stamp=stamp())
    with transaction(acting=issuer_id) as session:
        invoices = session.scalars(select(Invoice).where(Invoice.owner_id == issuer_id).order_by(Invoice.number)).all()
        still = open_cents(session, issuer_id=issuer_id, document_ids=[one.id for one in invoices])
        owing = next(one for one in invoices if still[one.id] > 30)
        for cents in (10, 20):
            receivables.write_off(
                session, invoice=owing, amount_cents=cents, reason="Perdu", key=new_id(), stamp=stamp()
            )
        undone = session.scalars(select(Allocation).where(Allocation.amount_cents == 20)).one()
        receivables.undo_allocation(session, allocation_id=undone.id, stamp=stamp())


def _collected(session: Session, world: World) -> Payment:
    taken = Collection(
        id=new_id(), owner_id=world.carrier_id, issuer_id=world.seller.id, buyer_id=world.buyer.id, method="cash",
        amount_cents=1_002, rounding_cents=-2, reference="",
    )  # fmt: skip
    return receivables.record_collection(session, collection=taken, stamp=stamp())


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


def test_every_column_of_the_books_that_is_touched_is_found(module_database: Database, world: World) -> None:
    """Laws 1, 2, 3, 4, 6, 8, 11, 17: of one row at a time, each column changed is named, or the database refuses it."""
    unnoticed, tried = [], 0
    engine = create_engine(module_database.superuser_url)
    with engine.connect() as connection:
        connection.begin()
        assert first_fault_free(connection, world.seller.id)
        for table, column, kind in columns_of(connection):
            for condition, value in changes(table, column, kind):
                where = f"id = {one_row(table, condition)}"
                found = touched(connection, world.seller.id, f"UPDATE {table} SET {column} = {value} WHERE {where}")
                tried += found != "nothing there"
                if not found and not {column, f"{table}.{column}"} & OUTSIDE_THE_BOOKS.keys():
                    unnoticed.append(f"{table}.{column} where {condition}")
    engine.dispose()
    assert not unnoticed, "\n".join(unnoticed)
    assert tried > 150


def test_no_table_with_money_is_forgotten() -> None:
    """Law 2: a table of the books, or one with an amount, is walked, or is named with the reason why it is not."""
    assert NOT_BOOKS.keys() <= money_tables().keys()
    assert {"write_off", "refund", "payment", "posting", "credit_line"} <= set(TABLES)


def test_a_payment_that_says_another_state_is_found(module_database: Database, world: World) -> None:
    """Laws 2, 13, 15: what a payment came to is what its postings and allocations say, whatever its row says."""
    engine = create_engine(module_database.superuser_url)
    with engine.connect() as connection:
        connection.begin()
        rows = connection.execute(text("SELECT id, state FROM payment ORDER BY id")).all()
        unnoticed = [
            f"{state} as {other.value}"
            for payment_id, state in rows
            for other in PaymentState
            if other.value not in {state, "initiated"}
            and not touched(
                connection, world.seller.id, f"UPDATE payment SET state = '{other.value}' WHERE id = '{payment_id}'"
            )
        ]
    engine.dispose()
    assert len({state for _, state in rows}) >= 4
    assert not unnoticed, "\n".join(unnoticed)


def test_every_row_of_the_books_that_is_gone_is_found(module_database: Database, world: World) -> None:
    """Laws 1, 2, 11, 17: a row deleted from any table of the books is named, whichever it is."""
    engine = create_engine(module_database.superuser_url)
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


def changes(table: str, column: str, kind: str) -> Iterator[tuple[str, str]]:
    """A change of the first row that has a value, of the first of each kind of entry, and of one that has none."""
    of_entry = {"journal_entry": "id", "posting": "entry_id"}.get(table)
    kind_of = f" AND {of_entry} IN (SELECT id FROM journal_entry WHERE document_kind = '%s')"
    kinds = [kind_of % one.value for one in MONEY_ENTRIES]
    for row in ["", *(kinds if of_entry else ())]:
        yield f"{column} IS NOT NULL{row}", CHANGES[kind].format(column)
    if kind in WHERE_NULL:
        yield f"{column} IS NULL", WHERE_NULL[kind]
