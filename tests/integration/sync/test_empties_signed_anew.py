"""Empties that a correcting visit signs at another deposit than the visit before it: a credit, or a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import func, select

from server.billing.model import CreditKind, CreditNote
from server.catalog import service as catalog
from server.conversations.model import Message
from server.core.transaction import transaction
from server.delivery.model import Discrepancy
from server.identity.model import OrganisationKind, Role
from server.receivables.audit import book_faults
from server.stock.model import ContainerEntry
from server.sync.service.bundles import build_bundle
from shared.wire.bundle import BundleRun
from tests.factories.corrections import correction_of, empties_and_cash, event_id_of, first_event
from tests.factories.hand_tablet import Yard
from tests.factories.unfolding import unfolded
from tests.factories.web import Organisation, browser_of, make_member
from tests.factories.world import CREDIT, RUN_DAY, stamp


def sign(yard: Yard, kegs: int, *, corrects: int = 0) -> None:
    """Seal a visit of so many kegs at the deposit that the tablet has; it corrects an event, if one is named."""
    said = empties_and_cash(yard.tablet, kegs=kegs, cents=0)
    if corrects:
        correction_of(yard.tablet, event_id_of(yard.tablet, corrects), **said)
    else:
        yard.tablet.visit(yard.tablet.stop(), **said)


def price_keg(yard: Yard, unit_cents: int, *, days_before: int) -> None:
    """Give the seller's keg another deposit, and the tablet the newer version of the run."""
    with transaction(yard.world.seller.id) as session:
        catalog.price_container(
            session,
            class_id=yard.world.seller.keg_class_id,
            unit_cents=unit_cents,
            valid_from=RUN_DAY - timedelta(days=days_before),
            stamp=stamp(),
        )
    with transaction(yard.world.carrier_id) as session:
        yard.tablet.run = msgspec.json.decode(build_bundle(session, yard.run_id, stamp=stamp()).body, type=BundleRun)


def credited(yard: Yard) -> list[int]:
    """Return what the seller's credits of containers give back, oldest first."""
    of_containers = select(CreditNote.deposit_cents).where(CreditNote.kind == CreditKind.CONTAINER_DEPOSIT)
    with transaction(yard.world.seller.id) as session:
        assert list(book_faults(session, issuer_id=yard.world.seller.id)) == []
        return list(session.scalars(of_containers.order_by(CreditNote.sequence)))


def asked(yard: Yard) -> list[tuple[str, int | None, int | None]]:
    """Return the questions about containers, each with what was signed and what is credited."""
    with transaction(yard.world.carrier_id) as session:
        rows = session.scalars(select(Discrepancy).where(Discrepancy.kind.like("deposit%")).order_by(Discrepancy.id))
        return [(one.kind, one.facts.get("signed_deposit_cents"), one.facts.get("credited_cents")) for one in rows]


def kegs_lent(yard: Yard) -> int:
    """Return how many of the seller's kegs its shop holds."""
    held = select(func.sum(ContainerEntry.quantity)).where(ContainerEntry.holder_id == yard.world.buyer.id)
    with transaction(yard.world.seller.id) as session:
        return session.scalar(held) or 0


@pytest.mark.parametrize(
    ("kegs", "notes", "question"),
    [
        (10, [30_000], (35_000, 30_000)),
        (12, [30_000, 7_000], (42_000, 37_000)),
        (8, [30_000], (28_000, 30_000)),
    ],
)
def test_empties_signed_anew_at_another_deposit_are_asked_about(
    make_day: Callable[..., Yard], kegs: int, notes: list[int], question: tuple[int, int]
) -> None:
    """C30, law 20: what came back more is credited as it was signed; a person is asked once for what differs then."""
    yard = make_day(CREDIT)
    sign(yard, 10)
    yard.tablet.push()
    before = kegs_lent(yard)
    price_keg(yard, 3_500, days_before=1)
    sign(yard, kegs, corrects=1)
    (result,) = yard.tablet.push(2)["results"]
    assert result["status"] == "applied"
    assert credited(yard) == notes
    assert asked(yard) == [("deposit_differs", *question)]
    assert kegs_lent(yard) == before - (kegs - 10)


def test_the_question_has_both_amounts_and_tells_both_sides(make_day: Callable[..., Yard]) -> None:
    """C30, G6: signed and credited are unfolded on its page; the account's chat tells creditor and client."""
    yard = make_day(CREDIT)
    sign(yard, 10)
    price_keg(yard, 3_500, days_before=1)
    sign(yard, 12, corrects=1)
    yard.tablet.push()
    carrier = Organisation(OrganisationKind.DISTRIBUTOR, yard.world.carrier_id)
    with transaction(yard.world.carrier_id) as session:
        [found] = session.scalars(select(Discrepancy).where(Discrepancy.kind == "deposit_differs"))
        assert ["420,00" in found.text_fr, "370,00" in found.text_fr, "50,00" in found.text_fr] == [True] * 3
        assert UUID(found.facts["creditor_id"]) == yard.world.seller.id
    page = browser_of(yard.app, make_member(carrier, Role.DISPATCHER))
    assert unfolded(page, f"/ecarts/{found.id}") == [42_000, 37_000]
    with transaction(yard.world.buyer.id) as session:
        [said] = session.scalars(select(Message).where(Message.text_fr.contains("370,00"))).all()
        assert said.owner_id == yard.world.seller.id


def test_a_difference_that_stays_is_asked_about_once(make_day: Callable[..., Yard]) -> None:
    """C30: one more at the deposit that was asked about is credited; nothing else is left to ask."""
    yard = make_day(CREDIT)
    sign(yard, 10)
    price_keg(yard, 3_500, days_before=1)
    sign(yard, 10, corrects=1)
    sign(yard, 11, corrects=2)
    yard.tablet.push()
    assert credited(yard) == [30_000, 3_500]
    assert asked(yard) == [("deposit_differs", 35_000, 30_000)]


def test_signed_back_at_the_former_deposit_the_former_question_is_taken_back(make_day: Callable[..., Yard]) -> None:
    """C30: ten at 30.00, at 35.00, then at 30.00 after all: what was asked for is not to be credited any more."""
    yard = make_day(CREDIT)
    sign(yard, 10)
    price_keg(yard, 3_500, days_before=2)
    sign(yard, 10, corrects=1)
    price_keg(yard, 3_000, days_before=1)
    sign(yard, 10, corrects=2)
    yard.tablet.push()
    assert credited(yard) == [30_000]
    assert asked(yard) == [("deposit_differs", 35_000, 30_000), ("deposit_differs", 30_000, 30_000)]


def test_an_equal_count_at_an_equal_deposit_says_nothing(make_day: Callable[..., Yard]) -> None:
    """G8: a correction that says the same of empties credits and asks nothing."""
    yard = make_day(CREDIT)
    sign(yard, 10)
    correction_of(yard.tablet, first_event(yard.tablet), **empties_and_cash(yard.tablet, kegs=10, cents=0))
    yard.tablet.push()
    assert (credited(yard), asked(yard)) == ([30_000], [])
