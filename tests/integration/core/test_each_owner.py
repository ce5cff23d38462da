"""One statement for many owners: each step is done, and fenced, as if the session acted for that owner."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from server.core import facts
from server.core.acting import acting_for
from server.core.facts import Fact, first_break
from server.core.rows import document_of
from server.core.stamp import Stamp
from server.core.transaction import transaction
from shared.ids import new_id

STAMP = Stamp(None, datetime(2026, 11, 24, 12, tzinfo=UTC))
WRITE = text("SELECT write_facts(CAST(:owners AS uuid[]), CAST(:written AS json))")
ACTING = text("SELECT current_setting('tournee.acting')")


def test_facts_of_many_owners_extend_each_owners_chain(database):
    """Architecture rule 3: each owner's chain goes on by itself, and the session acts for whom it did before."""
    owners = sorted(new_id() for _ in range(3))
    for _turn in range(2):
        with transaction(owners[0]) as session:
            for owner_id in reversed(owners):
                with acting_for(session, owner_id):
                    facts.record(session, "tested", new_id(), STAMP)
            facts.write_pending(session)
            assert session.scalar(ACTING) == str(owners[0])
    for owner_id in owners:
        with transaction(owner_id) as session:
            assert first_break(session, owner_id) is None
            assert session.query(Fact).count() == 2


def test_a_row_of_another_owner_is_refused_inside(database):
    """Architecture rule 7: a step for one owner cannot write under another's name."""
    ours, theirs = new_id(), new_id()
    row = {
        "id": new_id(), "owner_id": theirs, "party_ids": [], "position": 1, "name": "tested", "subject_id": new_id(),
        "at": STAMP.at, "by": None, "device_id": None, "prev_hash": bytes(32), "hash": bytes(32),
    }  # fmt: skip
    with pytest.raises(DBAPIError, match="row-level security"), transaction(ours) as session:
        session.execute(WRITE, {"owners": [ours], "written": f"[{document_of(Fact, [row])}]"})
