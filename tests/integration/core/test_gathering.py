"""Rows that wait in memory and go out together, each under its owner."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select

from server.conversations.model import Message, Thread
from server.core.acting import acting_for, savepoint
from server.core.facts import Fact, first_break, record
from server.core.gathering import Uncertain, at_once, gathered, held_back, is_gathering, write_now
from server.core.memory import remembered
from server.core.transaction import transaction
from shared.ids import new_id
from tests.integration.core.test_fences import NOW, STAMP, a_thread


def a_message(thread: Thread) -> Message:
    return Message(
        id=new_id(), owner_id=thread.owner_id, party_ids=[], thread_id=thread.id, author_id=None,
        author_name="Tournée", text_fr="Bonjour", text_en="Hello", said_at=NOW,
    )  # fmt: skip


def _gather_and_fail(session, owner_id) -> None:
    with savepoint(session), gathered(session):
        session.add(a_thread(owner_id))
        record(session, "undone", owner_id, STAMP)
        with savepoint(session):
            raise LookupError


def _look_and_fail(session) -> None:
    with savepoint(session):
        assert session.scalar(select(func.count()).select_from(Thread)) == 0
        raise LookupError


def _change_what_went_away(owner_id, thread_id) -> None:
    with transaction(owner_id) as session, gathered(session):
        held = session.get_one(Thread, thread_id)
        session.execute(delete(Thread).where(Thread.id == thread_id).execution_options(synchronize_session=False))
        held.topic = "other"


def threads_of(owner_id) -> int:
    with transaction(owner_id) as session:
        return session.scalar(select(func.count()).select_from(Thread).where(Thread.owner_id == owner_id))


def test_gathered_rows_are_written_under_their_owners_and_after_what_they_refer_to(database):
    """Rule 7: nothing is written before the end; then each owner's rows, parents first, however they were added."""
    ours, theirs = new_id(), new_id()
    with transaction(ours) as session:
        with gathered(session):
            for owner_id in (theirs, ours, theirs):
                with acting_for(session, owner_id):
                    thread = a_thread(owner_id)
                    thread.id = new_id()
                    session.add(a_message(thread))
                    session.add(thread)
            session.flush()
            assert session.scalar(select(func.count()).select_from(Message)) == 0
        assert not is_gathering(session)
        assert session.scalar(select(func.count()).select_from(Message)) == 1
    assert (threads_of(ours), threads_of(theirs)) == (1, 2)


def test_a_gathered_row_of_an_owner_for_whom_nobody_acted_is_refused(database):
    """Rule 8: gathering loosens no fence; the database refuses the row and nothing of the transaction stays."""
    ours, theirs = new_id(), new_id()
    with pytest.raises(Uncertain) as refused, transaction(ours) as session, gathered(session):
        session.add_all([a_thread(ours), a_thread(theirs)])
    assert "row-level security" in str(refused.value.__cause__)
    assert (threads_of(ours), threads_of(theirs)) == (0, 0)


def test_a_step_that_fails_while_rows_are_gathered_undoes_all_of_them(database):
    """ADR 0012: there is nothing to go back to, so that the whole gathering is done again; facts are forgotten too."""
    ours = new_id()
    with transaction(ours) as session:
        remembered(session, "topic")["key"] = 1
        with pytest.raises(Uncertain):
            _gather_and_fail(session, ours)
        assert remembered(session, "topic") == {}
        session.add(a_thread(ours))
        record(session, "done", ours, STAMP)
    assert threads_of(ours) == 1
    with transaction(ours) as session:
        assert list(session.scalars(select(Fact.name))) == ["done"]
        assert first_break(session, ours) is None


def test_what_must_be_seen_at_once_is_written_at_once(database):
    """ADR 0012: a step that reads what waits writes it first; after it, rows wait again."""
    ours = new_id()
    with transaction(ours) as session, gathered(session):
        session.add(a_thread(ours))
        with at_once(session):
            assert session.scalar(select(func.count()).select_from(Thread)) == 1
            session.add(a_thread(ours))
            assert session.scalar(select(func.count()).select_from(Thread)) == 2
        session.add(a_thread(ours))
        assert session.scalar(select(func.count()).select_from(Thread)) == 2
        write_now(session)
        assert session.scalar(select(func.count()).select_from(Thread)) == 3


def test_what_is_held_back_waits_whoever_writes(database):
    """ADR 0012: what is not ready waits through every writing inside the block, and goes out once afterwards."""
    ours = new_id()
    with transaction(ours) as session, gathered(session):
        unready = a_thread(ours)
        session.add_all([unready, a_thread(ours)])
        with held_back(session, [unready]):
            write_now(session)
            assert session.scalar(select(func.count()).select_from(Thread)) == 1
        unready.topic = "ready"
    with transaction(ours) as session:
        assert sorted(session.scalars(select(Thread.topic))) == ["", "ready"]


def test_the_database_knows_who_acts_after_a_savepoint_went_back(database):
    """Rule 8: a setting made inside a failed savepoint is gone with it; the next statement says it again."""
    ours, theirs = new_id(), new_id()
    with transaction(theirs) as session:
        session.add(a_thread(theirs))
    with transaction(ours) as session:
        with acting_for(session, theirs):
            assert session.scalar(select(func.count()).select_from(Thread)) == 1
        with pytest.raises(LookupError):
            _look_and_fail(session)
        assert session.scalar(select(func.count()).select_from(Thread)) == 0
        session.add(a_thread(ours))
    assert threads_of(ours) == 1


def test_a_gathered_change_of_a_row_that_went_away_is_not_taken_for_done(database):
    """Rule 8: a change that meets no row of its owner's undoes the gathering, as the mapper's own count does."""
    ours = new_id()
    with transaction(ours) as session:
        session.add(thread := a_thread(ours))
    with pytest.raises(Uncertain):
        _change_what_went_away(ours, thread.id)


def test_what_was_gathered_stands_in_the_session_as_if_it_had_been_read(database):
    """ADR 0012: written objects are the session's own: found again by id, not written twice, changed as ever."""
    ours = new_id()
    with transaction(ours) as session:
        with gathered(session):
            session.add(thread := a_thread(ours))
        assert session.get_one(Thread, thread.id) is thread
        assert not session.new
        thread.topic = "changed after"
    with transaction(ours) as session:
        assert session.get_one(Thread, thread.id).topic == "changed after"
