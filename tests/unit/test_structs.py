"""Message types are learnt while one thread runs, and not again."""

from __future__ import annotations

import msgspec

from server.core.structs import all_structs, make_ready

learnt: list[str] = []


def counted() -> type[int]:
    """Note that the decoder reads the fields' types."""
    learnt.append("field")
    return int


class Told(msgspec.Struct):
    """A message whose only field says when its type is read."""

    amount: counted()  # type: ignore[valid-type]  # evaluated by the decoder, once


class Unreadable(msgspec.Struct):
    """No JSON says this."""

    either: bytes | bytearray


def test_a_message_type_is_learnt_before_it_is_decoded() -> None:
    """Platform: a type that is ready is not learnt again by whoever decodes it first; others are passed over."""
    assert Told in set(all_structs())
    make_ready([Unreadable, Told])
    known = len(learnt)
    assert known >= 1
    assert msgspec.json.decode(b'{"amount": 3}', type=Told).amount == 3
    assert len(learnt) == known
