"""The database refuses by itself what a forgotten filter would give away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError

from server.conversations.model import Thread, ThreadSubject
from server.core import facts
from server.core.acting import acting_for, savepoint
from server.core.facts import Fact, first_break
from server.core.stamp import Stamp
from server.core.transaction import transaction
from shared.ids import new_id

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAMP = Stamp(None, NOW)


def a_thread(owner_id, *parties):
    return Thread(
        owner_id=owner_id, party_ids=list(parties), subject=ThreadSubject.ORDER, subject_id=new_id(), opened_at=NOW
    )


def _note_and_fail(session, subject):
    facts.record(session, "undone", subject, STAMP)
    raise RuntimeError


def test_an_unfiltered_query_shows_only_own_and_shared_rows(database):
    """A query without any filter returns what the acting organisation owns or was made party to."""
    ours, theirs, stranger = new_id(), new_id(), new_id()
    with transaction(ours) as session:
        session.add_all([a_thread(ours), a_thread(ours, theirs)])
    with transaction(theirs) as session:
        assert len(session.scalars(select(Thread)).all()) == 1
    with transaction(stranger) as session:
        assert session.scalars(select(Thread)).all() == []


def test_a_row_for_another_owner_is_refused(database):
    """Writing under somebody else's name fails in the database."""
    with pytest.raises(DBAPIError, match="row-level security"), transaction(new_id()) as session:
        session.add(a_thread(new_id()))


def test_a_party_cannot_change_what_it_reads(database):
    """Being party to a row gives reading, never writing."""
    ours, theirs = new_id(), new_id()
    with transaction(ours) as session:
        session.add(a_thread(ours, theirs))
    with transaction(theirs) as session:
        assert session.execute(text("UPDATE thread SET topic = 'x'")).rowcount == 0


def test_without_an_acting_organisation_nothing_is_answered(database):
    """An unset acting organisation is an error, never an empty answer."""
    ours = new_id()
    with transaction(ours) as session:
        session.add(a_thread(ours))
    engine = create_engine(database.url)
    with pytest.raises(DBAPIError, match=r"tournee\.acting"), engine.connect() as connection:
        connection.execute(text("SELECT * FROM thread")).all()
    engine.dispose()


def test_acting_for_another_owner_ends_with_the_block(database):
    """A verb that writes for two owners changes its acting organisation and back."""
    ours, theirs = new_id(), new_id()
    with transaction(ours) as session:
        with acting_for(session, theirs):
            session.add(a_thread(theirs))
        session.add(a_thread(ours))
    with transaction(theirs) as session:
        assert len(session.scalars(select(Thread)).all()) == 1


def test_facts_are_chained_per_owner_at_commit_and_undone_with_their_savepoint(database):
    """Facts noted in a failed savepoint vanish with it; the others are chained without a gap."""
    ours = new_id()
    subject = new_id()
    with transaction(ours) as session:
        facts.record(session, "first", subject, STAMP)
        with pytest.raises(RuntimeError), savepoint(session):
            _note_and_fail(session, subject)
        facts.record(session, "second", subject, STAMP)
    with transaction(ours) as session:
        assert session.scalars(select(Fact.name).order_by(Fact.position)).all() == ["first", "second"]
        assert first_break(session, ours) is None


def test_what_is_written_once_cannot_be_changed(database):
    """A fact cannot be edited or removed, even by its owner."""
    ours = new_id()
    with transaction(ours) as session:
        facts.record(session, "first", new_id(), STAMP)
    for statement in ("UPDATE fact SET name = 'other'", "DELETE FROM fact"):
        with pytest.raises(DBAPIError, match="written once"), transaction(ours) as session:
            session.execute(text(statement))
