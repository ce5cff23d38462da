"""The verify page and the keys are there for strangers, under a policy of their own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from server.core.keys import rotate, server_key, server_keys
from server.core.transaction import transaction
from server.identity.model import Device
from shared.ids import new_id
from shared.keyring import read_list
from shared.sealing import public_bytes
from tests.factories.world import NOW

NOW_MS = int(NOW.timestamp() * 1000)


def tablet(owner_id: UUID, number: int, *, revoked: bool = False) -> Device:
    return Device(
        owner_id=owner_id,
        party_ids=[],
        name=f"Tablette {number}",
        public_key=bytes([number]) * 32,
        driver_id=new_id(),
        driver_name="Maude",
        enrolled_at=NOW,
        revoked_at=NOW if revoked else None,
    )


def test_a_stranger_gets_the_page_under_a_strict_policy(app) -> None:
    """M1: no account; only the page's own script and style run, and nothing can be sent anywhere."""
    answer = app.test_client().get("/verifier")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert re.findall(r"(?:script|style)-src '(sha256-[^']+)';", policy)
    assert "unsafe" not in policy
    assert "'self'" not in policy
    assert public_bytes(server_key()).hex() in answer.text
    assert not re.search(r"""(?:src|href)=["'](?!data:)""", answer.text)


def test_the_page_follows_a_rotation(app) -> None:
    """M1: after `tournee keys rotate` the served page knows both keys, and so does the signed list."""
    client, old = app.test_client(), public_bytes(server_key()).hex()
    client.get("/verifier")
    new = rotate(at=datetime.now(UTC)).link.public_key
    assert all(key in client.get("/verifier").text for key in (old, new))
    listed = read_list(client.get("/api/v1/keys").data, anchor=old)
    assert [one.link.public_key for one in listed.server_keys] == [old, new]
    assert (listed.carrier_id, listed.server_keys) == ("", server_keys())


def test_a_carriers_list_names_its_revoked_tablets_alone(app) -> None:
    """M1, G10: revoked tablets with their times; not how many are in service, nor anybody else's."""
    client, carrier_id, other_id = app.test_client(), new_id(), new_id()
    for owner_id, number in ((carrier_id, 1), (other_id, 2)):
        with transaction(owner_id) as session:
            session.add_all([tablet(owner_id, number), tablet(owner_id, 10 + number, revoked=True)])
    listed = read_list(client.get(f"/api/v1/keys/{carrier_id}").data)
    assert listed.carrier_id == str(carrier_id)
    assert [(one.public_key, one.revoked_ms) for one in listed.revoked_devices] == [("0b" * 32, NOW_MS)]
    assert read_list(client.get(f"/api/v1/keys/{new_id()}").data).revoked_devices == ()
