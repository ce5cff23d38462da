"""Members, browsers, programs and tablets for tests of the doors."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.core.database import IDENTITY_ORG
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.identity.api.callers import DEVICE_PREFIX, PROGRAM_PREFIX, SESSION_COOKIE
from server.identity.model import Membership, OrganisationKind, Role, UserAccount
from server.identity.passwords import hash_password
from server.identity.service import (
    add_member,
    add_user,
    challenge_device,
    enrol_device,
    issue_device_token,
    make_enrolment_code,
    open_session,
)
from shared.ids import new_id
from shared.sealing import public_bytes, sign
from shared.wire.enrol import EnrolRequest, TokenRequest

PASSWORD = "houblon-orge-et-eau"
_password_hash: list[str] = []


def now_stamp() -> Stamp:
    """Return the stamp of the system, now."""
    return Stamp(by=None, at=datetime.now(UTC))


def password_hash() -> str:
    """Return the hash of PASSWORD, computed once a process."""
    if not _password_hash:
        _password_hash.append(hash_password(PASSWORD))
    return _password_hash[0]


@dataclass(frozen=True)
class Organisation:
    """An organisation as the doors know it; the row of parties is not needed."""

    kind: OrganisationKind
    id: UUID = field(default_factory=new_id)
    name: str = "Brasserie du Canal"


def make_account(email: str = "", *, language: str = "fr") -> UserAccount:
    """Make an account whose password is PASSWORD."""
    with transaction(IDENTITY_ORG) as session:
        return add_user(
            session,
            email=email or f"{new_id()}@exemple.test",
            display_name="Camille Roy",
            password_hash=password_hash(),
            language="en" if language == "en" else "fr",
            stamp=now_stamp(),
        )


def make_member(
    organisation: Organisation,
    role: Role = Role.OWNER,
    account: UserAccount | None = None,
    *,
    also: tuple[Role, ...] = (),
) -> Membership:
    """Give an account, a new one by default, a role in the organisation, and others beside it."""
    person = account or make_account()
    with transaction(organisation.id) as session:
        return add_member(
            session,
            organisation_id=organisation.id,
            organisation_kind=organisation.kind,
            organisation_name=organisation.name,
            account=person,
            roles=(role, *also),
            stamp=now_stamp(),
        )


@dataclass
class Client:
    """A browser (cookie and form token), a program or a tablet (bearer token), or a stranger."""

    flask: FlaskClient
    member: Membership | None = None
    csrf_token: str = ""
    bearer: str = ""

    def open(self, path: str, method: str = "GET", **options: Any) -> TestResponse:
        """Send a request as this caller; a browser adds what its pages add."""
        headers = dict(options.pop("headers", {}))
        if self.bearer:
            headers["Authorization"] = f"Bearer {self.bearer}"
        elif method not in {"GET", "HEAD", "OPTIONS"}:
            headers |= {"Origin": "http://localhost", "X-CSRF-Token": self.csrf_token}
        return self.flask.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET as this caller."""
        return self.open(path, "GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        """POST as this caller."""
        return self.open(path, "POST", **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE as this caller."""
        return self.open(path, "DELETE", **options)


@pytest.fixture
def app(database: object) -> Flask:
    """The whole application on a fresh database; whoever changes it makes one of their own."""
    return application()


@functools.cache
def application() -> Flask:
    """Return the one application of this worker, which nobody changes: making it takes longer than most requests."""
    from server.app import create_app  # late: tests without doors stay quick

    return create_app()


@pytest.fixture
def stranger(app: Flask) -> Client:
    """A browser in which nobody is signed in."""
    return Client(app.test_client())


def browser_of(app: Flask, membership: Membership) -> Client:
    """Return a browser in which the member is signed in."""
    opened = _open(membership, for_browser=True)
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, opened[0])
    return Client(client, membership, csrf_token=opened[1])


def program_of(app: Flask, membership: Membership) -> Client:
    """Return a program that carries the member's bearer token."""
    return Client(app.test_client(), membership, bearer=PROGRAM_PREFIX + _open(membership, for_browser=False)[0])


@pytest.fixture
def client_as(app: Flask) -> Callable[..., Client]:
    """Return a maker of browsers: ``client_as(role, organisation)``."""

    def make(role: Role, organisation: Organisation) -> Client:
        return browser_of(app, make_member(organisation, role))

    return make


@dataclass(frozen=True)
class Tablet:
    """An enrolled tablet: its id, its key and a program that carries its token."""

    device_id: UUID
    key: Ed25519PrivateKey
    client: Client


def tablet_of(app: Flask, driver: Membership) -> Tablet:
    """Enrol a tablet of the driver, through the services, and get it a token."""
    key = Ed25519PrivateKey.generate()
    at = datetime.now(UTC)
    with transaction(driver.owner_id) as session:
        code = make_enrolment_code(session, driver=driver, stamp=now_stamp()).code
    with transaction(IDENTITY_ORG) as session:
        device_id = enrol_device(session, enrol_request(key, code), at=at).id
        nonce = challenge_device(session, device_id, at=at)
        token = issue_device_token(session, token_request(key, str(device_id), nonce), at=at)
    return Tablet(device_id, key, Client(app.test_client(), driver, bearer=DEVICE_PREFIX + token))


def enrol_request(key: Ed25519PrivateKey, code: str) -> EnrolRequest:
    """Return what a tablet with ``key`` sends for ``code``."""
    public = public_bytes(key)
    digest = hashlib.sha256(bytes.fromhex(code) + public).digest()
    return EnrolRequest(code=code, public_key=public.hex(), name="Tablette 1", proof=sign(key, "enrol", digest).hex())


def token_request(key: Ed25519PrivateKey, device_id: str, nonce: str) -> TokenRequest:
    """Return what a tablet with ``key`` answers to a nonce."""
    digest = hashlib.sha256(bytes.fromhex(nonce)).digest()
    return TokenRequest(device_id=device_id, nonce=nonce, signature=sign(key, "token", digest).hex())


def _open(membership: Membership, *, for_browser: bool) -> tuple[str, str]:
    with transaction(IDENTITY_ORG) as session:
        account = session.get_one(UserAccount, membership.user_id)
        opened = open_session(
            session, account=account, membership=membership, for_browser=for_browser, at=datetime.now(UTC)
        )
        return opened.token, opened.session.csrf_token
