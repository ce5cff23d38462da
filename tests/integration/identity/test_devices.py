"""Tablets: one code, one key, short tokens, and revocation at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import text

from server.core.keys import server_key
from server.core.transaction import transaction
from server.identity.model import OrganisationKind, Role
from server.identity.service.limits import ENROL_ADDRESS
from shared.sealing import public_bytes
from tests.factories.web import (
    Client,
    Organisation,
    browser_of,
    enrol_request,
    make_member,
    program_of,
    tablet_of,
    token_request,
)

CARRIER = Organisation(OrganisationKind.DISTRIBUTOR, name="Distribution Boréale")


@pytest.fixture
def driver(app: Flask):
    return make_member(CARRIER, Role.DRIVER)


@pytest.fixture
def dispatcher(app: Flask) -> Client:
    return browser_of(app, make_member(CARRIER, Role.DISPATCHER))


def make_code(dispatcher: Client, driver) -> dict:
    answer = dispatcher.post("/api/v1/devices/codes", json={"driver_id": str(driver.user_id)})
    assert answer.status_code == 201
    return answer.json


def post(app: Flask, path: str, message: msgspec.Struct | dict):
    return app.test_client().post(f"/api/v1/devices/{path}", data=msgspec.json.encode(message))


def enrol(app: Flask, key: Ed25519PrivateKey, code: str):
    return post(app, "enrol", enrol_request(key, code))


def test_the_qr_code_says_where_and_which_code(dispatcher: Client, driver) -> None:
    """Platform: a QR with a one-time code of 128 bits, good for ten minutes."""
    made = make_code(dispatcher, driver)
    payload = msgspec.json.decode(made["payload"])
    assert payload == {"u": "http://localhost:8000", "c": made["code"]}
    assert len(bytes.fromhex(made["code"])) == 16
    remaining = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=9) < remaining <= timedelta(minutes=10)
    assert made["svg"].lstrip().startswith(("<?xml", "<svg"))


def test_a_program_finds_whom_to_give_a_tablet(app: Flask, dispatcher: Client, driver) -> None:
    """R015, architecture rule 7: who plans sees the carrier's own drivers under the id that codes and runs take."""
    drivers = dispatcher.get("/api/v1/drivers").json
    assert drivers == [{"id": str(driver.user_id), "display_name": driver.display_name}]
    foreigner = program_of(app, make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DISPATCHER))
    assert foreigner.get("/api/v1/drivers").json == []
    assert program_of(app, driver).get("/api/v1/drivers").status_code == 403


def test_only_the_codes_hash_is_kept(dispatcher: Client, driver) -> None:
    """Platform: secrets never stand in the database."""
    made = make_code(dispatcher, driver)
    with transaction(CARRIER.id) as session:
        row = session.execute(text("SELECT * FROM enrolment_code")).one()
    assert made["code"] not in str(row)


def test_a_tablet_becomes_known_and_gets_a_token(app: Flask, dispatcher: Client, driver) -> None:
    """Platform: Ed25519 key made on the tablet, challenge, token of fifteen minutes."""
    key = Ed25519PrivateKey.generate()
    answer = enrol(app, key, make_code(dispatcher, driver)["code"])
    assert answer.status_code == 200
    known = answer.json
    assert (known["carrier_id"], known["carrier_name"]) == (str(CARRIER.id), "Distribution Boréale")
    assert known["driver_id"] == str(driver.user_id)
    assert known["server_key"] == public_bytes(server_key()).hex()
    nonce = post(app, "challenge", {"device_id": known["device_id"]}).json["nonce"]
    token = post(app, "token", token_request(key, known["device_id"], nonce)).json
    assert token["expires_in_s"] == 900
    listed = dispatcher.get("/api/v1/devices").json
    assert [(one["id"], one["driver_name"]) for one in listed] == [(known["device_id"], driver.display_name)]


def test_a_lost_answer_can_be_asked_for_again(app: Flask, dispatcher: Client, driver) -> None:
    """Sync: the same code with the same key gets the same answer; a second tablet gets none."""
    key, code = Ed25519PrivateKey.generate(), make_code(dispatcher, driver)["code"]
    assert enrol(app, key, code).json["device_id"] == enrol(app, key, code).json["device_id"]
    assert enrol(app, Ed25519PrivateKey.generate(), code).status_code == 403


def test_a_code_without_its_keys_proof_is_refused(app: Flask, dispatcher: Client, driver) -> None:
    """Platform: who has read the code over a shoulder cannot bind another's key."""
    code = make_code(dispatcher, driver)["code"]
    theirs = enrol_request(Ed25519PrivateKey.generate(), code)
    ours = msgspec.structs.replace(theirs, public_key=public_bytes(Ed25519PrivateKey.generate()).hex())
    assert post(app, "enrol", ours).status_code == 403


def test_an_old_code_is_refused(app: Flask, dispatcher: Client, driver) -> None:
    """Platform: ten minutes."""
    code = make_code(dispatcher, driver)["code"]
    with transaction(CARRIER.id) as session:
        session.execute(text("UPDATE enrolment_code SET expires_at = now() - interval '1 second'"))
    answer = enrol(app, Ed25519PrivateKey.generate(), code)
    assert (answer.status_code, answer.json["slug"]) == (403, "enrolment-refused")


def test_guessing_codes_ends_soon(app: Flask) -> None:
    """Platform: enrolment is limited in PostgreSQL."""
    key = Ed25519PrivateKey.generate()
    for _ in range(ENROL_ADDRESS.tries):
        assert enrol(app, key, "0" * 32).status_code == 403
    answer = enrol(app, key, "0" * 32)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("fault", ["replayed", "another key", "another tablet", "stale"])
def test_a_challenge_is_good_once_for_its_tablet(app: Flask, driver, fault: str) -> None:
    """Platform: a nonce is spent by its first use, belongs to one tablet, and lives a minute."""
    tablet, other = tablet_of(app, driver), tablet_of(app, driver)
    nonce = post(app, "challenge", {"device_id": str(tablet.device_id)}).json["nonce"]
    key, device_id = tablet.key, str(tablet.device_id)
    if fault == "replayed":
        assert post(app, "token", token_request(key, device_id, nonce)).status_code == 200
    if fault == "another key":
        key = other.key
    if fault == "another tablet":
        key, device_id = other.key, str(other.device_id)
    if fault == "stale":
        from server.core.database import IDENTITY_ORG

        with transaction(IDENTITY_ORG) as session:
            session.execute(text("UPDATE device_challenge SET expires_at = now() - interval '1 second'"))
    answer = post(app, "token", token_request(key, device_id, nonce))
    assert (answer.status_code, answer.json["slug"]) == (401, "device-refused")


def test_an_unknown_tablets_challenge_looks_like_any_other(app: Flask) -> None:
    """Platform: nobody learns which tablets exist."""
    answer = post(app, "challenge", {"device_id": "01a203b8-6460-7124-9f6b-161ba3efbd87"})
    assert answer.status_code == 200
    assert len(answer.json["nonce"]) == 64


def test_a_revoked_tablet_gets_nothing_more_at_once(app: Flask, dispatcher: Client, driver) -> None:
    """Platform, G6: revocation does not wait for the token to end; what is left to hand in is still taken."""
    tablet = tablet_of(app, driver)
    hello = {"data": b"{}", "content_type": "application/json"}
    assert tablet.client.get("/api/v1/sync/pull").status_code == 200
    assert dispatcher.delete(f"/api/v1/devices/{tablet.device_id}").status_code == 200
    assert tablet.client.get("/api/v1/sync/pull").status_code == 403
    assert tablet.client.post("/api/v1/sync/hello", **hello).status_code == 422


def test_a_tablets_token_opens_nothing_else(app: Flask, driver) -> None:
    """Platform: least privilege."""
    tablet = tablet_of(app, driver)
    assert tablet.client.get("/api/v1/session").status_code == 403
    assert tablet.client.get("/api/v1/devices").status_code == 403


def test_another_carriers_tablets_do_not_exist(app: Flask, driver) -> None:
    """Architecture rule 7: foreign ids answer 404."""
    tablet = tablet_of(app, driver)
    foreigner = program_of(app, make_member(Organisation(OrganisationKind.DISTRIBUTOR), Role.DISPATCHER))
    assert foreigner.get("/api/v1/devices").json == []
    assert foreigner.delete(f"/api/v1/devices/{tablet.device_id}").status_code == 404
    assert foreigner.post("/api/v1/devices/codes", json={"driver_id": str(driver.user_id)}).status_code == 404


def test_a_tablet_enrolled_in_the_evening_is_of_that_day(app: Flask, driver, dispatcher: Client) -> None:
    """Pages: ten in the evening in Montréal is the next day in UTC, and not on the page."""
    evening = datetime(2021, 5, 13, 2, 0, tzinfo=UTC)
    tablet = tablet_of(app, driver)
    with transaction(driver.owner_id) as session:
        session.execute(
            text("UPDATE device SET enrolled_at = :at WHERE id = :id"), {"at": evening, "id": tablet.device_id}
        )
    shown = dispatcher.get("/tablettes").text
    assert "12 mai" in shown
    assert "13 mai" not in shown


def test_the_dispatchers_page_enrols_and_revokes(app: Flask, dispatcher: Client, driver) -> None:
    """Pages: the code as a QR code, the list, and an empty state."""
    assert "Aucune tablette inscrite" in dispatcher.get("/tablettes").text
    page = dispatcher.post("/tablettes/code", data={"driver_id": str(driver.user_id)}).text
    assert "<svg" in page
    tablet = tablet_of(app, driver)
    assert "en service" in dispatcher.get("/tablettes").text
    assert dispatcher.post(f"/tablettes/{tablet.device_id}/revoquer").status_code == 303
    assert "révoquée" in dispatcher.get("/tablettes").text
