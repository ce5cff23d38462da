"""A visit is signed as it says, or a person looks at it: R019, R025."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.core.transaction import transaction
from server.delivery.model import Delivery
from tests.factories.corrections import office
from tests.factories.hand_tablet import Yard
from tests.factories.world import CREDIT

NOBODY = {"signer_name": "", "signer_role": "", "signature_sha256": "", "picture_sha256": ""}
VISITS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "nobody": ({}, NOBODY, "unsigned-delivery"),
    "no name": ({}, {"signer_name": "  "}, "unsigned-delivery"),
    "no strokes": ({}, {"signature_sha256": ""}, "unsigned-delivery"),
    "nothing taken, no failure": ({"unmet": "refused"}, {"failure": ""}, "unsigned-delivery"),
    "a failure that delivers": ({}, {"failure": "closed"}, "failure-delivered"),
    "a failure, unsigned, that delivers": ({}, {"failure": "closed", **NOBODY}, "failure-delivered"),
    "a failure": ({"unmet": "failed"}, {"failure": "closed"}, ""),
}


def test_a_visit_that_is_not_signed_as_it_says_waits_for_a_person(make_day: Callable[..., Yard]) -> None:
    """G6, R025: with its reason in both languages; the stops beside it go on, and a person's word applies it."""
    yard = make_day(CREDIT, shops=len(VISITS))
    tablet = yard.tablet
    tablet.depart()
    for stop, (said, payload, _) in zip(tablet.run.stops, VISITS.values(), strict=True):
        tablet.visit(stop, payload=payload, **said)
    results = tablet.push()["results"][1:]
    slugs = {
        name: result["refusal"]["slug"] if result["refusal"] else ""
        for name, result in zip(VISITS, results, strict=True)
    }
    assert slugs == {name: slug for name, (_, _, slug) in VISITS.items()}
    assert all(result["refusal"][language] for result in results[:-1] for language in ("fr", "en"))
    with transaction(yard.world.carrier_id) as session:
        assert session.query(Delivery).count() == 1
    path = f"/api/v1/sync/parked/{results[0]['event_id']}/decision"
    decided = office(yard).post(path, json={"choice": "apply", "reason": "Signé sur papier, dit la cliente."})
    assert decided.status_code == 200, decided.json
    with transaction(yard.world.carrier_id) as session:
        assert session.query(Delivery).count() == 2
