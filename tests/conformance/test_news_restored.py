"""What is told again after a restore: under the same key where a tablet told it, and never under another news' key."""

from __future__ import annotations

from collections import Counter

from server.core import facts
from server.core.jobs import queue
from server.core.transaction import transaction
from server.notifications.following.jobs import tell_fact
from server.orders.events import ORDER_REVISED
from server.receivables.model import Payment
from server.receivables.service.payments import confirm_collected
from tests.conformance.both import Ours, Told
from tests.conformance.conftest import Office, came_in
from tests.conformance.driving import drive, line
from tests.factories.web import now_stamp

_TOLD_BY_A_DAY = {
    "shipment.shipped", "shipment.delivered", "shipment.not_delivered", "order.message", "proof.sealed",
    "delivery.variance", "delivery.corrected", "invoice.published", "credit_note.issued",
    "payment.receipt", "payment.received",
}  # fmt: skip


def work(office: Office) -> None:
    """Run the jobs that seal and tell until none waits."""
    while True:
        waiting = office.run_sql(
            "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE status = 'todo' AND (task_name LIKE 'sync.seal%' "
            "OR task_name = 'notifications.tell_fact') RETURNING task_name, args"
        )
        for name, arguments in waiting:
            queue.tasks[name](**arguments)
        if not waiting:
            return


def bank(office: Office) -> None:
    """Count the money of the truck, as an accountant does."""
    for payment_id, owner_id in office.run_sql("SELECT id, owner_id FROM payment WHERE state = 'pending'"):
        with transaction(owner_id) as session:
            confirm_collected(session, payment=session.get_one(Payment, payment_id), stamp=now_stamp())


def keys(office: Office) -> Counter[tuple[str, str]]:
    """Return who was told what, by its key."""
    return Counter((str(owner), key) for owner, key in office.run_sql("SELECT owner_id, key FROM inbox_message"))


def mailed(office: Office) -> dict[tuple[str, str], tuple[str, str]]:
    """Return each e-mail's Message-ID and page by its owner and key."""
    told = office.run_sql(
        "SELECT owner_id, key, message_id, substring(body FROM 'https?://[^[:space:]]+') FROM email_message"
    )
    return {(str(owner), key): (message_id, page) for owner, key, message_id, page in told}


def test_what_a_tablet_told_is_told_again_under_the_same_keys(office: Office) -> None:
    """G5: receivers that drop a known key, and mail readers that know a Message-ID, see a restored day once."""
    client = came_in(Ours, office)
    before = keys(office)
    restore = office.backup()
    run = drive(client, office)
    first = run["stops"][0]
    client.correct(run, first, Told(lines={line(first, 0): {"lost": 2, "reason": "breakage"}}))
    assert client.sync() == "done"
    bank(office)
    work(office)
    told, first = keys(office) - before, mailed(office)
    assert {key.partition(":")[0] for _, key in told} >= _TOLD_BY_A_DAY
    restore()
    assert client.sync() == "done"
    bank(office)
    work(office)
    again = keys(office) - before
    assert sorted(again - told) == sorted(told - again) == []
    second = mailed(office)
    assert first
    assert sorted(first) == sorted(second)
    same = {key: first[key][0] == second[key][0] for key in first}
    assert same == {key: first[key][1] == second[key][1] for key in first}
    assert set(same.values()) == {True, False}
    work(office)
    assert keys(office) - before == again


def test_a_place_in_the_chain_that_is_given_out_again_hides_no_news(office: Office) -> None:
    """docs/webhooks.md: who has a key does nothing; what the office did after the restore is another thing."""
    (seller,) = {seller.id for seller in office.world.sellers[:1]}
    [(order_id,)] = office.run_sql(f"SELECT id FROM \"order\" WHERE owner_id = '{seller}' ORDER BY number LIMIT 1")
    restore = office.backup()
    told = []
    for _life in range(2):
        with transaction(seller) as session:
            facts.record(session, ORDER_REVISED, order_id, now_stamp())
        [(place,)] = office.run_sql(
            f"SELECT position FROM fact WHERE owner_id = '{seller}' AND name = 'order.revised'"
            " ORDER BY position DESC LIMIT 1"
        )
        before = keys(office)
        tell_fact(owner_id=str(seller), subject_id=str(order_id))
        told.append((place, [key for _, key in keys(office) - before if key.startswith("order.revised")]))
        if not _life:
            restore()
    (one_place, one_key), (same_place, other_key) = told
    assert one_place == same_place
    assert one_key != other_key
    assert len(one_key) == len(other_key) == 1
