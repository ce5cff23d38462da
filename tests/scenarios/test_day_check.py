"""The proof of a day holds for an honest one and fails for each kind of corruption, corrections or not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from server.core.embedded.address import PostgresAddress
from server.core.settings import reload_settings, settings
from server.core.transaction import forget_engine
from server.example.check import Drills, Finding, Scope, check_day, read_books
from tests.conftest import Database
from tests.factories.stops import JOINED
from tests.factories.world import ADJUST, CREDIT, EXTERNAL, RUN_DAY
from tests.scenarios.office import Office
from tests.scenarios.stories import drive_alone, make_ready, recounted

CASES = 4
KILL_POINT = "set_line:after_commit"
NOT_SENT = 3

type Corrupt = Callable[[str, Office], None]
"""Corrupts the database at an address of the superuser, or the office's store."""


def _day(open_one) -> Office:
    """A small day: five suppliers at one stop, two of them billed together; cases lost, a keg too many, empties."""
    office = open_one([ADJUST, CREDIT, EXTERNAL, JOINED, JOINED])
    for seller in office.world.sellers:
        office.order(seller=seller, cases=CASES, kegs=1)
    lines = {f"#{at}": {"lost": 1, "reason": "missing"} for at in (0, 2, 4)} | {"#1": {"extra": 1}}
    empties = {f"can_public+{office.world.carrier_id}": 24}
    stop = {"position": 1, "outcome": "short", "lines": lines, "containers": empties, "kill_at": KILL_POINT}
    make_ready(office)
    drive_alone(office, stop, code=-signal.SIGKILL, network=False)
    drive_alone(office, stop, code=NOT_SENT, network=False)
    office.drive({"pull": False, "runs": [], "push": True})
    office.jobs()
    return office


def _correct_two(office: Office) -> None:
    """Correct two deliveries at the office, one of them twice: of each the last revision counts."""
    for seller, lost in ((0, 0), (0, 2), (1, 2)):
        orders = office.program_of(office.world.sellers[seller]).orders()
        (order_id,) = (UUID(order.id) for order in orders if order.supplement_of_id is None)
        recounted(office, order_id, CASES - lost, "Recompté")


def _find(office: Office, *, late_runs: tuple[str, ...] = ()) -> Iterator[Finding]:
    tablets = next(iter(office.tablets.values())).parent
    drills = Drills(kill_points=(KILL_POINT,), late_runs=late_runs)
    scope = Scope(carrier_id=office.world.carrier_id, runs_on=RUN_DAY, tablets=tablets, drills=drills)
    return check_day(read_books(scope))


def _tamper(url: str, statement: str) -> None:
    """Change rows as only somebody with the whole server in hand can: past the fences and the write-once triggers."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        changed = connection.execute(text(statement)).rowcount
    engine.dispose()
    assert changed, "nothing was corrupted"


@contextmanager
def _copied(database: Database, postgres: PostgresAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Point the product to a copy of the database inside the block and yield the superuser's address of it."""
    name = f"{database.name}_copy"
    server = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection, monkeypatch.context() as patched:
        leave = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(leave, {"name": database.name})
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{database.name}"'))
        patched.setenv("TOURNEE_DATABASE_URL", postgres.url(name, user="tournee_app"))
        reload_settings()
        try:
            yield postgres.url(name)
        finally:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    server.dispose()
    forget_engine()
    reload_settings()


def _corrupt_posting(url: str, _: Office) -> None:
    _tamper(url, "UPDATE posting SET amount_cents = amount_cents + 1 WHERE account = 'revenue'")


def _corrupt_invoice(url: str, _: Office) -> None:
    _tamper(url, "UPDATE invoice SET net_cents = net_cents + 100, total_cents = total_cents + 100")


def _corrupt_delivery(url: str, _: Office) -> None:
    _tamper(
        url,
        "UPDATE delivery_line SET delivered = delivered - 1, returned = returned + 1 WHERE lost = 0 AND extra = 0",
    )


def _double_delivery(url: str, _: Office) -> None:
    _tamper(
        url,
        "INSERT INTO delivery SELECT (d2.r).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object("
        "'id', gen_random_uuid(), 'revision', 9)) AS r FROM delivery d LIMIT 1) d2",
    )


def _lose_notice(url: str, _: Office) -> None:
    _tamper(url, "DELETE FROM variance_notice")


def _lose_proof(url: str, _: Office) -> None:
    _tamper(url, "DELETE FROM proof WHERE id = (SELECT min(id::text)::uuid FROM proof)")


def _lose_return(url: str, _: Office) -> None:
    _tamper(url, "UPDATE container_return SET quantity = quantity + 1")


def _swap_proofs(url: str, _: Office) -> None:
    """Hand the first supplier's file to the second: a leak that hashes alone do not show."""
    _tamper(
        url,
        "UPDATE proof SET (file_sha256, pdf_sha256) = (other.file_sha256, other.pdf_sha256) FROM proof other "
        "WHERE proof.id = (SELECT min(id::text)::uuid FROM proof) "
        "AND other.id = (SELECT max(id::text)::uuid FROM proof)",
    )


def _damage_document(_url: str, office: Office) -> None:
    folder = Path(settings().store_path) / str(office.world.seller.id)
    path = next(path for path in sorted(folder.glob("??/*")) if path.is_file())
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def _cut_stream(url: str, _: Office) -> None:
    _tamper(url, "DELETE FROM device_event WHERE seq = (SELECT max(seq) FROM device_event)")


def _lose_message(url: str, _: Office) -> None:
    """Leave one proof sealed and its supplier unaware, as when the chain of its news is broken."""
    _tamper(
        url,
        "DELETE FROM inbox_message WHERE id = (SELECT m.id FROM inbox_message m JOIN proof p ON p.id = m.subject_id "
        "AND p.seller_id = m.owner_id ORDER BY m.id LIMIT 1)",
    )


def _corrupt_tax(url: str, _: Office) -> None:
    """A cent of tax too much on one invoice, and its total with it; nets and deposits are right."""
    _tamper(
        url,
        "UPDATE invoice SET tax_cents = tax_cents + 1, total_cents = total_cents + 1 WHERE id = "
        "(SELECT id FROM invoice WHERE state = 'published' ORDER BY id LIMIT 1)",
    )


def _swap_taxes(url: str, _: Office) -> None:
    """A cent of one tax counted as the other: every total is right."""
    _tamper(
        url,
        "UPDATE invoice SET taxes = jsonb_set(jsonb_set(taxes, '{0,amount_cents}', "
        "to_jsonb((taxes->0->>'amount_cents')::int + 1)), '{1,amount_cents}', "
        "to_jsonb((taxes->1->>'amount_cents')::int - 1)) WHERE jsonb_array_length(taxes) = 2",
    )


def _corrupt_credit(url: str, _: Office) -> None:
    _tamper(
        url,
        "UPDATE credit_note SET tax_cents = tax_cents + 1, total_cents = total_cents + 1 WHERE invoice_id IS NOT NULL",
    )


def _tax_empties(url: str, _: Office) -> None:
    _tamper(
        url,
        "UPDATE credit_note SET tax_cents = tax_cents + 1, total_cents = total_cents + 1 WHERE invoice_id IS NULL",
    )


def _part_sections(url: str, _: Office) -> None:
    """Take a section of a joined invoice away from the other: each amount stays right."""
    _tamper(url, "UPDATE invoice SET joined_id = gen_random_uuid() WHERE section = 2")


def _journal(office: Office) -> Path:
    (journal,) = office.folder.glob("*-starts.jsonl")
    return journal


def _rewrite_starts(office: Office, old: str, new: str) -> None:
    journal = _journal(office)
    kept = journal.read_text()
    assert old in kept, "nothing was corrupted"
    journal.write_text(kept.replace(old, new))


def _survive(_url: str, office: Office) -> None:
    """Let the killed tablet have ended by itself: it bears the mark of its drill and never died."""
    _rewrite_starts(office, f'"code": {-signal.SIGKILL}', '"code": 1')


def _reach(_url: str, office: Office) -> None:
    """Let the tablet have had a network on the road."""
    _rewrite_starts(office, '"ending": "offline"', '"ending": "done"')


CORRUPTIONS: dict[str, tuple[Corrupt, str]] = {
    "a posting": (_corrupt_posting, "books"),
    "an invoice": (_corrupt_invoice, "amounts"),
    "a tax alone": (_corrupt_tax, "amounts"),
    "one tax for the other": (_swap_taxes, "amounts"),
    "a credit note": (_corrupt_credit, "amounts"),
    "one invoice for a stop": (_part_sections, "joined"),
    "a tax on empties": (_tax_empties, "containers"),
    "a delivered quantity": (_corrupt_delivery, "amounts"),
    "a second delivery": (_double_delivery, "delivered-once"),
    "a lost notice": (_lose_notice, "external"),
    "a lost proof": (_lose_proof, "proofs"),
    "a message": (_lose_message, "news"),
    "another supplier’s proof": (_swap_proofs, "proofs"),
    "a return": (_lose_return, "containers"),
    "an event": (_cut_stream, "tablets"),
    "a kill": (_survive, "drills"),
    "a network": (_reach, "drills"),
    "a document’s bytes": (_damage_document, "documents"),  # the last: the store is not copied
}


@pytest.mark.timeout(600)  # one day, then a dozen copies of it, each proven whole
def test_an_honest_day_is_proven_and_each_corruption_is_found(
    module_database, postgres, open_office, monkeypatch, subtests
):
    """G4, laws 19 and 20: every check holds, and none of them holds whatever is done to the day."""
    office = _day(open_office)
    _correct_two(office)
    assert [(one.slug, one.faults) for one in _find(office) if not one.holds] == []
    alone = [one.slug for one in _find(office, late_runs=("Camion 1",)) if not one.holds]
    assert alone == ["drills"], "nobody else synced before it"
    for name, (corrupt, slug) in CORRUPTIONS.items():
        with subtests.test(name), _copied(module_database, postgres, monkeypatch) as url:
            kept = _journal(office).read_text()
            corrupt(url, office)
            assert not next(one for one in _find(office) if one.slug == slug).holds  # what comes after it is not asked
            _journal(office).write_text(kept)
