"""A revoked tablet hands in what it sealed; nothing of it is applied before a person decided, and nothing is lost."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Visit
from server.identity.service import revoke_device
from server.sync.board import queue
from server.sync.model import DeviceEvent
from tests.factories.hand_tablet import STROKES, Yard
from tests.factories.world import stamp


def revoke(yard: Yard) -> None:
    with transaction(yard.world.carrier_id) as session:
        revoke_device(session, yard.tablet.tablet.device_id, stamp=stamp())


def test_what_a_revoked_tablet_sends_is_kept_and_parked_with_the_reason(yard: Yard) -> None:
    """G6, protocol 10: events before the revocation stay applied; those after it are stored, chained and parked."""
    tablet = yard.tablet
    tablet.depart()
    assert tablet.push()["standing"] == "ok"
    revoke(yard)
    tablet.visit(tablet.stop())
    tablet.come_back()
    assert tablet.hello(acked=1)["standing"] == "revoked"
    answer = tablet.push(2)
    assert (answer["standing"], answer["last_seq"]) == ("revoked", 3)
    assert [one["refusal"]["slug"] for one in answer["results"]] == ["tablet-revoked"] * 2
    assert all(one["refusal"][language] for one in answer["results"] for language in ("fr", "en"))
    assert [one["status"] for one in tablet.push()["results"]] == ["known", "parked", "parked"]
    with transaction(yard.world.carrier_id) as session:
        assert session.scalars(select(Visit)).all() == []
        events = session.scalars(select(DeviceEvent).order_by(DeviceEvent.seq)).all()
        assert [bytes(event.body).decode() for event in events] == [event.body for event in tablet.events]
        waiting = queue(session, day=stamp().at.date(), now=stamp().at)
        assert sum("révocation" in one.text.fr for one in waiting) == 2


def test_a_revoked_tablet_gives_its_photos_and_gets_nothing(yard: Yard) -> None:
    """Protocol, 10: attachments are taken as ever; runs and documents stay out of reach."""
    tablet = yard.tablet
    revoke(yard)
    assert tablet.upload(STROKES, Upload_Type="application/vnd.tournee.strokes").status_code == 200
    assert tablet.offset(hashlib.sha256(STROKES).hexdigest()) == len(STROKES)
    shut = [
        tablet.client.get("/api/v1/sync/pull?cursor=0").status_code,
        tablet.client.get(f"/api/v1/sync/files/{'0' * 64}").status_code,
        tablet.client.get("/api/v1/runs?runs_on=2026-11-24").status_code,
    ]
    assert shut == [403, 403, 403]
