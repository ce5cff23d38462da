"""Threads on orders, for the parties of the order."""

from __future__ import annotations

import pytest

from server.conversations import queries
from server.conversations import service as conversations
from server.conversations.model import ThreadSubject
from server.core.transaction import transaction
from shared.problems import Text
from tests.factories.world import CREDIT, make_order, make_world, stamp

pytestmark = pytest.mark.usefixtures("database")


def test_seller_and_buyer_talk_on_an_order_and_a_stranger_reads_nothing() -> None:
    """R022, R046: each order has a conversation open to its parties."""
    world = make_world([CREDIT, CREDIT])
    order_id = make_order(world)
    for author, reader, words in (
        (world.seller.id, world.buyer.id, "Il manque une caisse."),
        (world.buyer.id, world.seller.id, "Entendu."),
    ):
        with transaction(acting=author) as session:
            conversations.say(
                session,
                subject=ThreadSubject.ORDER,
                subject_id=order_id,
                text=Text(words, words),
                readers=(reader,),
                stamp=stamp(),
            )
    for org_id, count in ((world.seller.id, 2), (world.buyer.id, 2), (world.sellers[1].id, 0)):
        with transaction(acting=org_id) as session:
            found = queries.messages(session, subject=ThreadSubject.ORDER, subject_id=order_id)
            assert len(found) == count


@pytest.mark.parametrize("words", ["", "   ", "x" * 4001])
def test_an_empty_or_endless_message_is_refused(words: str) -> None:
    """Bad input: a clear problem."""
    world = make_world()
    with pytest.raises(conversations.BadMessage), transaction(acting=world.seller.id) as session:
        conversations.say(
            session,
            subject=ThreadSubject.ORDER,
            subject_id=make_order(world),
            text=Text(words, words),
            stamp=stamp(),
        )
