"""What a tablet sealed and the database cannot keep blocks nothing: it waits for a person, as it was sealed."""

from __future__ import annotations

from collections.abc import Callable

from shared.visit import VisitCollection
from tests.factories.corrections import office
from tests.factories.hand_tablet import Yard
from tests.factories.world import CREDIT

NUL = "Luce\x00"


def test_a_nul_in_a_sealed_text_parks_its_event_and_no_other(make_day: Callable[..., Yard]) -> None:
    """G6: in a signer's name or a cheque's number; the push is answered and what follows is applied."""
    yard = make_day(CREDIT, shops=3)
    tablet, stops = yard.tablet, yard.tablet.run.stops
    cheque = VisitCollection(
        issuer_id=stops[1].orders[0].goods.seller_id, method="cheque", amount_cents=100, reference=NUL
    )
    tablet.depart()
    tablet.visit(stops[0], payload={"signer_name": NUL})
    tablet.visit(stops[1], collections=[cheque])
    tablet.visit(stops[2])
    tablet.come_back()
    said = tablet.push()
    assert [one["status"] for one in said["results"]] == ["applied", "parked", "parked", "applied", "applied"]
    assert said["last_seq"] == len(tablet.events)
    waiting = office(yard).get("/api/v1/sync/parked")
    assert [one["event_id"] for one in waiting.json] == [one["event_id"] for one in said["results"][1:3]]
