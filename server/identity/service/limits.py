"""How often something may be tried; counted in PostgreSQL, for all web processes together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import Problem, Text
from server.identity.model import RateWindow
from shared.ids import new_id


class TooManyTries(Problem):
    """The same was tried too often in a short time."""

    slug = "too-many-tries"
    status = 429
    title = Text("Trop d’essais", "Too many tries")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``tries`` in each window of ``window_s`` seconds."""

    name: str
    tries: int
    window_s: int


SIGN_IN_ACCOUNT = Limit("sign-in-account", 10, 15 * 60)
SIGN_IN_ADDRESS = Limit("sign-in-address", 60, 15 * 60)
ENROL_ADDRESS = Limit("enrol-address", 20, 10 * 60)
PAPER_ADDRESS = Limit("paper-address", 120, 10 * 60)
JOIN_ADDRESS = Limit("join-address", 30, 10 * 60)
INVITE_ORG = Limit("invite-organisation", 60, 24 * 3600)
PARTNER_CODE = Limit("partner-code", 30, 3600)
ATTESTED_ADDRESS = Limit("attested-address", 120, 10 * 60)
TOKEN_DEVICE = Limit("token-device", 60, 10 * 60)


def count_try(session: Session, limit: Limit, subject: str, *, at: datetime) -> None:
    """Count one try of ``subject``; the door commits it before it goes on, so that a failure counts, too.

    Raises:
        TooManyTries: the window is full; ``retry_after_s`` says when the next one begins.
    """
    starts_s = int(at.timestamp()) // limit.window_s * limit.window_s
    bucket = f"{limit.name}:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    count = _count(session, bucket, datetime.fromtimestamp(starts_s, UTC))
    if count > limit.tries:
        wait_s = max(1, starts_s + limit.window_s - int(at.timestamp()))
        minutes = -(-wait_s // 60)
        raise TooManyTries(
            Text(f"Réessayez dans {minutes} min.", f"Try again in {minutes} min."),
            where=limit.name,
            retry_after_s=wait_s,
        )


def _count(session: Session, bucket: str, starts_at: datetime) -> int:
    row = insert(RateWindow).values(
        id=new_id(), owner_id=acting_org(session), party_ids=[], bucket=bucket, window_starts_at=starts_at, count=1
    )
    counted = row.on_conflict_do_update(
        index_elements=["owner_id", "bucket", "window_starts_at"], set_={"count": RateWindow.count + 1}
    ).returning(RateWindow.count)
    return session.execute(counted).scalar_one()
