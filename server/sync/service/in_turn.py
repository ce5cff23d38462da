"""When what a batch issues gets its numbers: at its end; before a stop's second correction; or with each event."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from server.billing.service import count_follow_ups, publish_follow_ups, publish_pending
from server.core.gathering import Uncertain, is_gathering
from server.core.stamp import Stamp
from server.sync.service.parking import POISON
from shared.problems import Problem
from shared.wire.event import Envelope


class Unnumbered(Exception):  # no error of its own: it says that the batch is to be taken anew, numbered event by event
    """What the events of a batch issued could not be numbered together."""


@dataclass(slots=True)
class InTurn:
    """Numbers what a batch issues; ``with_each`` event at once, while it can still be undone alone, or together.

    Together, what one correction of a stop issued is numbered before the next one of it is applied, as decisions do.
    What a visit was about to bill is billed as last corrected, and needs no number before. What a second correction
    credits, or bills beside, is what the first one issued, and only a published document can be credited.
    """

    session: Session
    stamp: Stamp
    with_each: bool = False
    numbered: int = 0
    _corrected: set[str] = field(default_factory=set)

    def before(self, envelope: Envelope) -> None:
        """Get ready for an event that is about to be applied. What fails here is the batch's, not the event's.

        Raises:
            Uncertain: rows are gathered, and numbers are given once all of them are there: one by one, then.
            Unnumbered: what was issued before cannot be numbered.
        """
        if not envelope.payload.get("corrects"):
            return
        if envelope.stop_id in self._corrected and count_follow_ups(self.session):
            if is_gathering(self.session):
                raise Uncertain
            with self._of_the_batch():
                self.numbered += publish_follow_ups(self.session, stamp=self.stamp)
        self._corrected.add(envelope.stop_id)

    def after(self) -> None:
        """Number what an event has just issued, if each is to be numbered; what fails here is the event's."""
        if self.with_each:
            self.numbered += len(publish_pending(self.session, stamp=self.stamp))

    def finish(self, *, written_with: Collection[object]) -> None:
        """Number what is left, in ascending (issuer, series).

        Raises:
            Unnumbered: some of it cannot be numbered.
        """
        with self._of_the_batch():
            publish_pending(self.session, stamp=self.stamp, written_with=written_with)

    @contextmanager
    def _of_the_batch(self) -> Iterator[None]:
        try:
            yield
        except (Problem, *POISON) as error:
            raise Unnumbered from error
