"""The whole URL map, as every role of every kind of organisation, as a tablet and as a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from server.core.transaction import transaction
from server.core.web.access import Public, Required, marks
from server.identity.model import Membership, OrganisationKind, Role
from server.identity.permissions import (
    REVOKED_TABLET_PERMISSIONS,
    TABLET_PERMISSIONS,
    Permission,
    column_of,
    permissions_of,
)
from server.identity.service import revoke_device
from tests.factories.web import Client, Organisation, browser_of, make_member, now_stamp, program_of, tablet_of

ID = UUID("01a203b8-6460-7124-9f6b-161ba3efbd87")
MEMBERS = [(role, kind) for kind in OrganisationKind for role in Role if column_of(role, kind) is not None]


@dataclass(frozen=True)
class Door:
    """One view under one method, at an address that leads to nothing of anyone's."""

    endpoint: str
    method: str
    path: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_page_for_reading(self) -> bool:
        return not self.is_api and self.method in {"GET", "HEAD"}

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.endpoint})"


def doors(app: Flask) -> Iterator[Door]:
    for rule in app.url_map.iter_rules():
        path = app.url_map.bind("localhost").build(rule.endpoint, _values(rule), method=_methods(rule)[0])
        yield from (Door(rule.endpoint, method, path) for method in _methods(rule))


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"OPTIONS"})


def _values(rule: Rule) -> dict[str, object]:
    samples = {"UUIDConverter": ID, "IntegerConverter": 1, "UnicodeConverter": "0" * 64, "PathConverter": "x"}
    return {name: samples.get(type(kind).__name__, "2026-11-24") for name, kind in rule._converters.items()}


def walk(app: Flask, opener: Callable[[Door], Client]) -> Iterator[tuple[Door, Required | Public, TestResponse]]:
    """Knock at every door; each knock that may change something has a caller of its own."""
    known = list(doors(app))
    assert len(known) > 20
    for door in known:
        yield door, marks(app)[door.endpoint], opener(door).open(door.path, door.method)


def faults(app: Flask, held: frozenset[Permission], opener: Callable[[Door], Client]) -> list[str]:
    """Return each door that did not do what the matrix says for someone who holds ``held``."""
    found = []
    for door, access, answer in walk(app, opener):
        if answer.status_code >= 500:
            found.append(f"{door}: {answer.status_code}")
        elif isinstance(access, Required):
            opens = not held.isdisjoint(access.permissions)
            if opens == (answer.status_code in {401, 403}):
                found.append(f"{door}: {'shut' if opens else 'open'} ({answer.status_code})")
    return found


@pytest.mark.parametrize(("role", "kind"), MEMBERS, ids=[f"{role}-of-{kind}" for role, kind in MEMBERS])
def test_doors_open_as_the_matrix_says(app: Flask, role: Role, kind: OrganisationKind) -> None:
    """Requirements, section 3, on every view: allowed is never 401 or 403, and not allowed is always 403."""
    member = make_member(Organisation(kind), role)
    wrong = faults(app, permissions_of((role,), kind), _callers(app, member))
    assert wrong == [], "\n".join(wrong)


def test_a_tablet_finds_the_sync_doors_alone(app: Flask) -> None:
    """Platform: a tablet's token opens what is marked for tablets."""
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DRIVER)
    client = tablet_of(app, driver).client
    pages = [door for door in doors(app) if not door.is_api]
    assert pages
    assert faults(app, TABLET_PERMISSIONS, lambda _door: client) == []


def test_a_revoked_tablet_finds_alone_the_doors_that_take_what_it_sealed(app: Flask) -> None:
    """Protocol, 10: hello, push and attachments; no run, no document, nothing of anybody's comes down."""
    driver = make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DRIVER)
    tablet = tablet_of(app, driver)
    with transaction(driver.owner_id) as session:
        revoke_device(session, tablet.device_id, stamp=now_stamp())
    opened = {
        endpoint
        for endpoint, mark in marks(app).items()
        if isinstance(mark, Required) and not REVOKED_TABLET_PERMISSIONS.isdisjoint(mark.permissions)
    }
    assert opened == {f"sync.{name}" for name in ("hello", "push", "attachment_offset", "attachment_chunk")}
    assert faults(app, REVOKED_TABLET_PERMISSIONS, lambda _door: tablet.client) == []


def test_a_stranger_finds_every_door_shut_that_is_not_public(app: Flask) -> None:
    """Platform: 401 for programs, the sign-in page for people; nothing fails."""
    wrong = []
    for door, access, answer in walk(app, lambda _door: Client(app.test_client())):
        is_open = isinstance(access, Required) and not _sends_away(door, answer)
        if answer.status_code >= 500 or is_open:
            wrong.append(f"{door}: {answer.status_code}")
        elif isinstance(access, Public) and (answer.status_code == 401 or _leads_to_sign_in(answer)):
            wrong.append(f"{door}: not public ({answer.status_code})")
    assert wrong == []


def test_a_role_where_it_does_not_exist_opens_nothing(app: Flask) -> None:
    """Requirements, section 3: accountants, dispatchers, drivers and admins work inside companies."""
    elsewhere = [(role, kind) for kind in OrganisationKind for role in Role if column_of(role, kind) is None]
    assert elsewhere
    assert all(permissions_of((role,), kind) == frozenset() for role, kind in elsewhere)


def test_no_permission_of_the_views_is_unknown_to_the_matrix(app: Flask) -> None:
    """Architecture rule 8: views name permissions of the matrix, and give a reason where they name none."""
    known = marks(app).values()
    assert {one for mark in known if isinstance(mark, Required) for one in mark.permissions} <= set(Permission)
    assert all(len(mark.reason) > 10 for mark in known if isinstance(mark, Public))


def _callers(app: Flask, member: Membership) -> Callable[[Door], Client]:
    kept = {True: program_of(app, member), False: browser_of(app, member)}

    def choose(door: Door) -> Client:
        if door.method in {"GET", "HEAD"}:
            return kept[door.is_api]
        return program_of(app, member) if door.is_api else browser_of(app, member)

    return choose


def _sends_away(door: Door, answer: TestResponse) -> bool:
    if door.is_page_for_reading:
        return _leads_to_sign_in(answer)
    return answer.status_code == 401


def _leads_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 303 and (answer.location or "").startswith("/connexion?")
