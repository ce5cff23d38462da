"""The way in of people: counted first, checked outside any transaction, opened last."""

from __future__ import annotations

from uuid import UUID

from flask import request

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.core.web.limits import is_printable
from server.identity import queries
from server.identity.passwords import is_password
from server.identity.service import count_try, open_session
from server.identity.service.limits import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS
from server.identity.service.people import plain_email
from server.identity.service.sessions import Opened, refused
from server.identity.sign_in import choose_membership


def sign_in_with_password(
    *, email: str, password: str, organisation_id: UUID | None = None, for_browser: bool
) -> Opened:
    """Open a session for who knows the password.

    Raises:
        SignInRefused: account, password or place are not good.
        TooManyTries: too many tries for this account or from this address.
    """
    if not is_printable(email) or not is_printable(password):
        raise refused()  # nobody's: neither can be kept
    at = clock.now()
    with transaction(IDENTITY_ORG) as session:
        count_try(session, SIGN_IN_ADDRESS, request.remote_addr or "", at=at)
        count_try(session, SIGN_IN_ACCOUNT, plain_email(email), at=at)
        account = queries.account_by_email(session, email)
    if not is_password(account.password_hash if account else None, password) or account is None:
        raise refused()
    with transaction(IDENTITY_ORG) as session:
        membership = choose_membership(queries.memberships_of(session, account.id), organisation_id)
        return open_session(session, account=account, membership=membership, for_browser=for_browser, at=at)
