"""« Why this number » of what a dispatcher decides about: what was signed, what is billed, and the difference."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from server.core.transaction import transaction
from server.delivery.model import Delivery, Discrepancy
from server.delivery.service import open_discrepancy
from server.identity.model import OrganisationKind, Role
from shared.ids import new_id
from shared.problems import Text
from tests.factories.billing import Counted, publish, short_day
from tests.factories.corrections import billed_cents
from tests.factories.unfolding import unfolded
from tests.factories.web import Organisation, browser_of, make_member, program_of
from tests.factories.world import CREDIT, World, make_order, make_world, stamp


def asked_about(world: World, order_id: Any, **details: int) -> Discrepancy:
    """Put a difference between signed and billed before the dispatcher, as a correction does."""
    with transaction(world.carrier_id) as session:
        delivery = session.scalars(select(Delivery).where(Delivery.order_id == order_id)).one()
        differ = Text("Le montant signé et le montant facturé diffèrent.", "The amounts differ.")
        open_discrepancy(
            session, kind="amount_differs", subject_id=delivery.id, text=differ, stamp=stamp(),
            details={"shown": "credit"} | details,
        )  # fmt: skip
        session.flush()
        found = session.scalars(select(Discrepancy).where(Discrepancy.subject_id == delivery.id)).one()
        session.expunge_all()
        return found


def test_a_discrepancy_s_amounts_unfold_to_what_was_signed_and_billed(app: Flask) -> None:
    """Issue, « why this number »; G6, laws 4, 33: invoice less credit, by page and API; others see none."""
    world = make_world([CREDIT])
    order_id = make_order(world, cases=7, kegs=2)
    publish(world, order_id)
    credit = short_day(world, order_id, {1: Counted(4, lost=3, reason="broken")}).credit
    with transaction(world.seller.id) as session:
        billed = billed_cents(session, order_id=order_id)
    asked = asked_about(world, order_id, signed_cents=billed + 50, billed_cents=billed)
    carrier = Organisation(OrganisationKind.DISTRIBUTOR, world.carrier_id)
    dispatcher = make_member(carrier, Role.DISPATCHER)
    door = f"/api/v1/discrepancies/{asked.id}/explanation"
    told = program_of(app, dispatcher).get(door).json
    whole = {one["label"]["fr"]: one for one in told["totals"]}
    assert whole["Montant facturé"]["amount_cents"] == billed
    assert [one["amount_cents"] for one in whole["Montant facturé"]["parts"]][1:] == [-credit.total_cents]
    assert {"order", "delivery"} <= {one["kind"] for one in told["sources"]}
    assert unfolded(browser_of(app, dispatcher), f"/ecarts/{asked.id}") == [billed + 50, billed]
    assert program_of(app, make_member(carrier, Role.DRIVER)).get(door).status_code == 403
    other = make_member(Organisation(OrganisationKind.DISTRIBUTOR, new_id()), Role.DISPATCHER)
    assert program_of(app, other).get(door).status_code == 404
