"""Sessions of browsers and programs; all of it runs for the identity organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.core.database import IDENTITY_ORG
from server.core.problems import Language, NotFound, Problem, Text
from server.identity.model import Membership, UserAccount, UserSession
from server.identity.tokens import new_token, token_hash

LONGEST = timedelta(days=7)
IDLE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)


class SignInRefused(Problem):
    """The account, its password or its place in an organisation is not good; which one is not said."""

    slug = "sign-in-refused"
    status = 401
    title = Text("Connexion refusée", "Sign-in refused")


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and the token that only its bearer knows."""

    session: UserSession
    token: str


def refused() -> SignInRefused:
    """Return the one refusal of every failed sign-in."""
    return SignInRefused(
        Text(
            "Le courriel et le mot de passe ne vont pas ensemble. Vérifiez-les, puis réessayez.",
            "The e-mail address and the password do not go together. Check them, then try again.",
        ),
        where="email",
    )


def open_session(
    session: Session, *, account: UserAccount, membership: Membership, for_browser: bool, at: datetime
) -> Opened:
    """Open a session under a new token, in the account's language; a browser's gets a token for its forms."""
    token = new_token()
    opened = UserSession(
        owner_id=IDENTITY_ORG,
        token_hash=token_hash(token),
        csrf_token=new_token() if for_browser else "",
        user_id=account.id,
        membership_id=membership.id,
        language=account.language,
        created_at=at,
        seen_at=at,
        expires_at=at + LONGEST,
    )
    session.add(opened)
    session.flush()
    return Opened(opened, token)


def find_session(session: Session, token: str, *, at: datetime) -> tuple[UserSession, Membership] | None:
    """Return the live session of a token with the membership as it is now, or None; notes that it was seen."""
    found = session.execute(
        select(UserSession, Membership)
        .join(Membership, Membership.id == UserSession.membership_id)
        .join(UserAccount, UserAccount.id == UserSession.user_id)
        .where(
            UserSession.token_hash == token_hash(token),
            UserSession.expires_at > at,
            UserSession.seen_at > at - IDLE,
            Membership.disabled_at.is_(None),
            UserAccount.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    if found[0].seen_at < at - SEEN_EVERY:
        found[0].seen_at = at
    return found[0], found[1]


def renew_session(session: Session, session_id: UUID) -> str:
    """Give the session new tokens and return the bearer's; the old ones are good no more."""
    kept = session.get_one(UserSession, session_id)
    token = new_token()
    kept.token_hash = token_hash(token)
    kept.csrf_token = new_token() if kept.csrf_token else ""
    return token


def switch_membership(session: Session, session_id: UUID, membership_id: UUID) -> str:
    """Let the session act in another organisation of the same person; returns the bearer's new token.

    Raises:
        NotFound: the membership is not this person's, or is disabled.
    """
    kept = session.get_one(UserSession, session_id)
    membership = session.get(Membership, membership_id)
    if membership is None or membership.user_id != kept.user_id or membership.disabled_at is not None:
        raise NotFound(
            Text("Vous n’avez pas de place dans cette organisation.", "You have no place in this organisation."),
            where="membership_id",
        )
    kept.membership_id = membership.id
    return renew_session(session, session_id)


def switch_language(session: Session, session_id: UUID, language: Language) -> None:
    """Keep the language with the session and the account."""
    kept = session.get_one(UserSession, session_id)
    kept.language = language
    session.get_one(UserAccount, kept.user_id).language = language


def close_session(session: Session, session_id: UUID | None) -> None:
    """End the session: its token is good no more."""
    session.execute(delete(UserSession).where(UserSession.id == session_id))
