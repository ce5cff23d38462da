"""The accounting chat: one thread for each issuer and customer, apart from the chats of orders (R087)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from server.conversations.model import Message, ThreadSubject
from server.conversations.queries import messages
from server.conversations.service import say
from server.core.acting import acting_for, acting_org
from server.core.problems import Text
from server.core.stamp import Stamp
from server.receivables.service.customers import no_account, require_customer

_ACCOUNTS: Final = UUID("2c6f2e0a-2f5e-5d0c-9a52-6f0d3b1c7e55")


def account_id(*, issuer_id: UUID, buyer_id: UUID) -> UUID:
    """Return the name of the account of a customer at an issuer, the same for both of them."""
    return uuid5(_ACCOUNTS, f"{issuer_id}:{buyer_id}")


def say_on_account(
    session: Session,
    *,
    issuer_id: UUID,
    buyer_id: UUID,
    words: str,
    author_name: str,
    stamp: Stamp,
    key: UUID | None = None,
) -> Message:
    """Return what the acting issuer or customer says about its account; both read it, and nobody else.

    Said again with its author's ``key``, it is there once.

    Raises:
        NoAccount: the two share no account, or a third organisation acts.
        BadMessage: nothing is said, or too much.

    Source: R087.
    """
    _require_party(session, issuer_id, buyer_id)
    said = words.replace("\x00", "").strip()
    with acting_for(session, issuer_id):
        return say(
            session,
            subject=ThreadSubject.ACCOUNT,
            subject_id=account_id(issuer_id=issuer_id, buyer_id=buyer_id),
            text=Text(said, said),
            readers=[buyer_id],
            author_name=author_name,
            key=key,
            stamp=stamp,
        )


def note_on_account(session: Session, *, issuer_id: UUID, buyer_id: UUID, text: Text, stamp: Stamp) -> Message:
    """Return what the product itself says to both sides of an account, e.g. that they have something to settle."""
    with acting_for(session, issuer_id):
        return say(
            session,
            subject=ThreadSubject.ACCOUNT,
            subject_id=account_id(issuer_id=issuer_id, buyer_id=buyer_id),
            text=text,
            readers=[buyer_id],
            stamp=stamp,
        )


def account_messages(session: Session, *, issuer_id: UUID, buyer_id: UUID) -> Sequence[Message]:
    """Return what was said on an account, oldest first.

    Raises:
        NoAccount: the two share no account, or a third organisation acts.
    """
    _require_party(session, issuer_id, buyer_id)
    return messages(
        session, subject=ThreadSubject.ACCOUNT, subject_id=account_id(issuer_id=issuer_id, buyer_id=buyer_id)
    )


def _require_party(session: Session, issuer_id: UUID, buyer_id: UUID) -> None:
    if acting_org(session) not in {issuer_id, buyer_id}:
        raise no_account(buyer_id)
    with acting_for(session, issuer_id):
        require_customer(session, issuer_id=issuer_id, buyer_id=buyer_id)
