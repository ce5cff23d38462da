"""Identifiers made without asking anyone."""

import time

from shared.ids import new_id


def test_an_id_is_a_uuid_of_version_7():
    """RFC 9562, section 5.7: version, variant, and the time of its making in milliseconds."""
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= after


def test_ids_of_one_moment_differ():
    """R025: records made offline never collide."""
    assert len({new_id() for _ in range(2000)}) == 2000
