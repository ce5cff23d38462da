"""What follows for proofs that were given out."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from server.core.jobs import AGAIN, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.sharing.service import reseen_proofs


@queue.task(name="delivery.say_proofs_anew", retry=AGAIN)
def say_proofs_anew(*, owner_id: str, subject_id: str) -> None:
    """Say anew what the proofs of an order say, after its lots were noted."""
    with transaction(UUID(owner_id)) as session:
        reseen_proofs(session, order_id=UUID(subject_id), stamp=Stamp(None, datetime.now(UTC)))
