"""Corrections of one stop that come together: each meets documents that have their number already."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.billing.service import count_follow_ups, publish_follow_ups
from server.core.gathering import Uncertain, is_gathering
from server.core.stamp import Stamp
from shared.wire.event import Envelope


@dataclass(slots=True)
class InTurn:
    """Numbers what one correction of a stop issued before the next one of it is applied, as decisions do.

    What a visit was about to bill is billed as last corrected, and needs no number before. What a second correction
    credits, or bills beside, is what the first one issued, and only a published document can be credited.
    """

    session: Session
    stamp: Stamp
    numbered: int = 0
    _corrected: set[str] = field(default_factory=set)

    def before(self, envelope: Envelope) -> None:
        """Get ready for an event that is about to be applied. What fails here is the batch's, not the event's.

        Raises:
            Uncertain: rows are gathered, and numbers are given once all of them are there: one by one, then.
        """
        if not envelope.payload.get("corrects"):
            return
        if envelope.stop_id in self._corrected and count_follow_ups(self.session):
            if is_gathering(self.session):
                raise Uncertain
            self.numbered += publish_follow_ups(self.session, stamp=self.stamp)
        self._corrected.add(envelope.stop_id)
