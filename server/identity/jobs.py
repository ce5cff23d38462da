"""Every hour: sessions, tokens, nonces and counts whose time is over go."""

from __future__ import annotations

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.jobs import AGAIN, queue
from server.core.logs import log
from server.core.transaction import transaction
from server.identity.service.sweeping import AT_ONCE, sweep_once


@queue.task(name="identity.sweep", queueing_lock="identity.sweep", retry=AGAIN)
def sweep(timestamp: int) -> None:
    """Delete what is over, in bounded transactions; ``timestamp`` is the hour that asked, and decides nothing."""
    total: dict[str, int] = {}
    while True:
        with transaction(IDENTITY_ORG) as session:
            gone = sweep_once(session, at=clock.now())
        total = {name: total.get(name, 0) + count for name, count in gone.items()}
        if max(gone.values()) < AT_ONCE:
            break
    log(__name__).info("swept", asked_at=timestamp, **total)
