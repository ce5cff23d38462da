"""The people who sign in: accounts with one password, made at the first start and kept where only its user reads."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from server.core.database import IDENTITY_ORG
from server.core.transaction import transaction
from server.example import cast
from server.example.cast import PEOPLE, Person
from server.example.places import PLACES
from server.example.stamping import stamp
from server.identity.model import Membership, OrganisationKind
from server.identity.passwords import hash_password
from server.identity.queries import account_by_email
from server.identity.service import add_member, add_user

FILE: Final = "users.txt"


@dataclass(frozen=True, slots=True)
class Users:
    """Where the users of the example stand, and the password that all of them have."""

    path: Path
    password: str


def open_accounts(folder: Path) -> Users:
    """Give each person of the example an account and a place in its organisation; twice is once."""
    users = _users(folder)
    password_hash = hash_password(users.password)
    for person in PEOPLE:
        _employ(person, password_hash)
    return users


def _users(folder: Path) -> Users:
    """Return the users' file, written first: an account whose password nobody knows would be of no use."""
    path = folder / FILE
    if path.exists():
        return Users(path, path.read_text().splitlines()[0].rpartition(" ")[2])
    users = Users(path, secrets.token_urlsafe(12))
    rows = [f"mot de passe · password: {users.password}", ""]
    rows += [f"{person.email:<40} {person.role.value:<12} {_works_at(person)[1]}" for person in PEOPLE]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    return users


def _employ(person: Person, password_hash: str) -> None:
    kind, name = _works_at(person)
    org_id = cast.org_id(person.org_code)
    with transaction(acting=IDENTITY_ORG) as session:
        account = account_by_email(session, person.email) or add_user(
            session,
            email=person.email,
            display_name=person.name,
            password_hash=password_hash,
            language="fr",
            stamp=stamp(),
        )
    with transaction(acting=org_id) as session:
        employed = select(Membership.id).where(Membership.owner_id == org_id, Membership.user_id == account.id)
        if session.scalar(employed) is None:
            add_member(
                session,
                organisation_id=org_id,
                organisation_kind=kind,
                organisation_name=name,
                account=account,
                roles=(person.role,),
                stamp=stamp(),
            )


def _works_at(person: Person) -> tuple[OrganisationKind, str]:
    if person.org_code == cast.CARRIER_CODE:
        return OrganisationKind.DISTRIBUTOR, cast.CARRIER_NAME
    if person.org_code in cast.SUPPLIER_OF:
        return OrganisationKind.SUPPLIER, cast.SUPPLIER_OF[person.org_code].name
    return OrganisationKind.RETAILER, next(p.name for p in PLACES if cast.retailer_code(p.name) == person.org_code)
