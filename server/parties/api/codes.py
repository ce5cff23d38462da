"""Proposing by a code, as the caller: how often codes may be tried."""

from __future__ import annotations

from server.core.transaction import transaction
from server.core.web import actor, stamp
from server.identity.service import count_try
from server.identity.service.limits import PARTNER_CODE


def count_codes() -> None:
    """Count one code that the caller's organisation tries, before it is looked up: a wrong one counts, too.

    Raises:
        TooManyTries: the organisation tried too many.
    """
    with transaction(actor().org_id) as session:
        count_try(session, PARTNER_CODE, str(actor().org_id), at=stamp().at)
