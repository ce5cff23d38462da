"""A tablet that the office lost with a restore comes back by the office's own word, and by nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import text

from server.core import clock
from server.core.database import IDENTITY_ORG
from server.core.keys import revoke, rotate, server_key, server_keys
from server.core.transaction import transaction
from server.delivery.jobs import ask_about_tablet
from server.identity.model import OrganisationKind, Role
from server.identity.service import make_enrolment_code
from server.identity.service.limits import ATTESTED_ADDRESS
from server.parties import service as parties
from server.sync.board import queue
from server.sync.service.streams import epoch_began
from shared.canonical import canonical_bytes
from shared.ids import new_id
from shared.sealing import key_id, public_bytes, sign
from shared.wire.enrol import Attestation
from tests.conftest import Database
from tests.factories.web import Organisation, browser_of, enrol_request, make_member, now_stamp, token_request

CARRIER = Organisation(OrganisationKind.DISTRIBUTOR, name="Distribution Boréale")


@dataclass(frozen=True)
class Lost:
    """A tablet as it was enrolled; the office has no row of it any more."""

    app: Flask
    key: Ed25519PrivateKey
    device_id: str
    attestation: Attestation

    def come_back(self, attestation: Attestation | None, *, device_id: str = "", key: Any = None) -> Any:
        """Ask for a token."""
        device_id = device_id or self.device_id
        nonce = post(self.app, "challenge", {"device_id": device_id}).json["nonce"]
        asked = token_request(key or self.key, device_id, nonce)
        return post(self.app, "token", msgspec.structs.replace(asked, attestation=attestation))

    def said(self, *, by: Ed25519PrivateKey, kind: str = "enrolled", **changes: Any) -> Attestation:
        """Return an attestation that says something else, under some key."""
        body = canonical_bytes(msgspec.json.decode(self.attestation.body) | changes)
        return Attestation(body=body.decode(), signature=sign(by, kind, hashlib.sha256(body).digest()).hex())


def post(app: Flask, path: str, message: msgspec.Struct | dict[str, Any]) -> Any:
    return app.test_client().post(f"/api/v1/devices/{path}", data=msgspec.json.encode(message))


@pytest.fixture
def driver(app: Flask) -> Any:
    return make_member(CARRIER, Role.DRIVER)


@pytest.fixture
def lost(app: Flask, driver: Any) -> Lost:
    key = Ed25519PrivateKey.generate()
    with transaction(CARRIER.id) as session:
        code = make_enrolment_code(session, driver=driver, stamp=now_stamp()).code
    told = post(app, "enrol", enrol_request(key, code)).json
    with transaction(CARRIER.id) as session:
        session.execute(text("DELETE FROM device"))
    restored()
    return Lost(app, key, told["device_id"], msgspec.convert(told["attestation"], Attestation))


def restored(at: datetime | None = None) -> None:
    """Note when the office was restored, as a restore does; now, if not said."""
    with transaction(IDENTITY_ORG, as_owner=True) as session:
        session.execute(text("UPDATE server_epoch SET started_at = :at"), {"at": at or clock.now()})


def devices() -> list[Any]:
    with transaction(CARRIER.id) as session:
        return list(session.execute(text("SELECT id, name, public_key, driver_id, owner_id, revoked_at FROM device")))


def test_the_same_tablet_comes_back_and_a_dispatcher_is_asked(app: Flask, driver: Any, lost: Lost) -> None:
    """G5, M1: same id, key, carrier and driver; its token is good, and the next one needs no attestation."""
    assert lost.come_back(None).status_code == 401
    token = lost.come_back(lost.attestation).json["token"]
    (row,) = devices()
    assert (str(row.id), row.public_key, row.name) == (lost.device_id, public_bytes(lost.key), "Tablette 1")
    assert (row.driver_id, row.owner_id, row.revoked_at) == (driver.user_id, CARRIER.id, None)
    pull = app.test_client().get("/api/v1/sync/pull", headers={"Authorization": f"Bearer {token}"})
    assert pull.status_code == 200
    assert lost.come_back(None).status_code == 200


def test_a_dispatcher_is_asked_once(lost: Lost) -> None:
    """G5: on the day board, with the tablet's page; a revocation since the backup is lost as well."""
    assert lost.come_back(lost.attestation).status_code == 200
    for _ in range(2):
        ask_about_tablet(owner_id=str(CARRIER.id), subject_id=lost.device_id)
    with transaction(CARRIER.id) as session:
        parties.create_organisation(
            session, org_id=CARRIER.id, kind=CARRIER.kind, name=CARRIER.name, legal_name="", code="DB", street="",
            city="", postal_code="", email="", stamp=now_stamp(),
        )  # fmt: skip
        (asked,) = queue(session, day=clock.now().date(), now=clock.now())
    assert "révoquez-la de nouveau" in asked.text.fr
    assert asked.link == f"/tablettes/{lost.device_id}"
    dispatcher = browser_of(lost.app, make_member(CARRIER, Role.DISPATCHER))
    assert f'href="{asked.link}"' in dispatcher.get(asked.decide).text


def test_a_tablet_of_a_former_key_comes_back(lost: Lost) -> None:
    """G5: the office's key was rotated since the enrolment."""
    rotate(at=clock.now())
    assert lost.come_back(lost.attestation).status_code == 200


def test_a_key_that_was_rotated_out_vouches_for_nobody_after_that(lost: Lost) -> None:
    """G5: whoever steals it later enrols no tablet; in its own time it was the office's."""
    former = server_key()
    told = msgspec.json.decode(lost.attestation.body)
    rotate(at=clock.now())
    after = int(clock.now().timestamp() * 1000) + 1
    restored(clock.now() + timedelta(seconds=1))
    assert lost.come_back(lost.said(by=former, enrolled_ms=after)).status_code == 401
    assert (
        lost.come_back(lost.said(by=server_key(), enrolled_ms=told["enrolled_ms"] - 2 * 3_600_000)).status_code == 401
    )
    assert devices() == []
    assert lost.come_back(lost.said(by=server_key(), enrolled_ms=after)).status_code == 200


def test_an_answer_that_was_asked_for_again_after_a_rotation_counts(lost: Lost) -> None:
    """G5: the tablet was enrolled under the former key, and got its answer under the next one."""
    rotate(at=clock.now())
    assert lost.come_back(lost.said(by=server_key())).status_code == 200


def test_an_office_that_was_not_restored_since_takes_nobody_back(lost: Lost) -> None:
    """G5: it lost no tablet, whoever says so, under whichever key; its first life is as old as time."""
    enrolled = datetime.fromtimestamp(msgspec.json.decode(lost.attestation.body)["enrolled_ms"] / 1000, UTC)
    for at in (datetime(1970, 1, 1, tzinfo=UTC), enrolled - timedelta(days=1), enrolled):
        restored(at)
        assert lost.come_back(lost.attestation).status_code == 401
    assert devices() == []
    restored()
    assert lost.come_back(lost.attestation).status_code == 200


def test_an_office_was_not_restored_when_it_was_installed(database: Database) -> None:
    """G5: its first epoch began before any tablet was enrolled."""
    with transaction(IDENTITY_ORG) as session:
        assert epoch_began(session) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_key_that_was_revoked_vouches_for_nobody(lost: Lost) -> None:
    """G5: whoever stole it could enrol any tablet of any carrier."""
    revoke(key_id(bytes.fromhex(server_keys()[-1].link.public_key)), at=clock.now())
    assert lost.come_back(lost.attestation).status_code == 401
    assert devices() == []


def test_a_driver_who_is_gone_leaves_a_revoked_tablet(lost: Lost, driver: Any) -> None:
    """G6: what it hands in is kept for a person, who is asked; nothing comes down."""
    with transaction(CARRIER.id) as session:
        session.execute(text("DELETE FROM membership WHERE id = :id"), {"id": driver.id})
    make_member(CARRIER, Role.DISPATCHER)
    token = lost.come_back(lost.attestation).json["token"]
    assert devices()[0].revoked_at is not None
    pull = lost.app.test_client().get("/api/v1/sync/pull", headers={"Authorization": f"Bearer {token}"})
    assert pull.status_code == 403
    ask_about_tablet(owner_id=str(CARRIER.id), subject_id=lost.device_id)
    with transaction(CARRIER.id) as session:
        assert "reprise comme révoquée" in session.execute(text("SELECT text_fr FROM discrepancy")).scalar_one()


def _of_another_key(lost: Lost) -> Any:
    return lost.come_back(lost.said(by=Ed25519PrivateKey.generate()))


def _of_its_own_key(lost: Lost) -> Any:
    return lost.come_back(lost.said(by=lost.key))


def _of_another_kind(lost: Lost) -> Any:
    return lost.come_back(lost.said(by=server_key(), kind="device"))


def _for_another_tablet(lost: Lost) -> Any:
    return lost.come_back(lost.attestation, device_id=str(new_id()))


def _to_another_carrier(lost: Lost) -> Any:
    other = make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DRIVER)
    changed = lost.said(by=lost.key, carrier_id=str(other.owner_id))
    return lost.come_back(msgspec.structs.replace(lost.attestation, body=changed.body))


def _with_another_public_key(lost: Lost) -> Any:
    theirs = Ed25519PrivateKey.generate()
    changed = lost.said(by=theirs, public_key=public_bytes(theirs).hex())
    return lost.come_back(msgspec.structs.replace(lost.attestation, body=changed.body), key=theirs)


def _without_the_tablets_key(lost: Lost) -> Any:
    return lost.come_back(lost.attestation, key=Ed25519PrivateKey.generate())


def _of_a_carrier_that_is_gone(lost: Lost) -> Any:
    return lost.come_back(lost.said(by=server_key(), carrier_id=str(new_id())))


def _unreadable(lost: Lost) -> Any:
    return lost.come_back(Attestation(body="[]", signature="0" * 128))


def _whose_key_is_enrolled_anew(lost: Lost) -> Any:
    assert lost.come_back(lost.attestation).status_code == 200
    again = str(new_id())
    answer = lost.come_back(lost.said(by=server_key(), device_id=again), device_id=again)
    with transaction(CARRIER.id) as session:
        session.execute(text("DELETE FROM device WHERE id = :id"), {"id": lost.device_id})
    return answer


@pytest.mark.parametrize(
    "attempt",
    [
        _of_another_key,
        _of_its_own_key,
        _of_another_kind,
        _for_another_tablet,
        _to_another_carrier,
        _with_another_public_key,
        _without_the_tablets_key,
        _of_a_carrier_that_is_gone,
        _unreadable,
        _whose_key_is_enrolled_anew,
    ],
)
def test_nothing_else_brings_a_tablet_back(lost: Lost, attempt: Callable[[Lost], Any]) -> None:
    """Platform: the office's signature, the tablet's own key and its carrier; what is wrong is not said."""
    answer = attempt(lost)
    assert (answer.status_code, answer.json["slug"]) == (401, "device-refused")
    assert devices() == []


def test_a_revoked_tablet_that_the_office_still_has_stays_revoked(lost: Lost) -> None:
    """G6: an attestation changes nothing about a tablet that is known."""
    assert lost.come_back(lost.attestation).status_code == 200
    with transaction(CARRIER.id) as session:
        session.execute(text("UPDATE device SET revoked_at = now()"))
    token = lost.come_back(lost.attestation).json["token"]
    pull = lost.app.test_client().get("/api/v1/sync/pull", headers={"Authorization": f"Bearer {token}"})
    assert pull.status_code == 403


def test_guessing_attestations_ends_soon(lost: Lost) -> None:
    """Platform: limited in PostgreSQL by address, like enrolment."""
    forged = Attestation(body="{}", signature="0" * 128)
    asked = msgspec.structs.replace(token_request(lost.key, lost.device_id, "0" * 64), attestation=forged)
    answers = [post(lost.app, "token", asked).status_code for _ in range(ATTESTED_ADDRESS.tries + 1)]
    assert (answers[-2], answers[-1]) == (401, 429)
