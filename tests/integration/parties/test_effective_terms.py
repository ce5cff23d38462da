"""Which settings hold, and where they come from."""

from __future__ import annotations

import pytest

from server.core.transaction import transaction
from server.parties import queries
from server.parties import service as parties
from server.parties.model import BillingType, DeliverWith, Emission, SettlementPolicy
from server.parties.terms import ChosenTerms, EffectiveTerms, NoBillingAgent, Source, effective_terms
from tests.factories.world import CREDIT, World, make_order, make_world, stamp

pytestmark = pytest.mark.usefixtures("database")


def terms_of(world: World, chosen: ChosenTerms | None = None, *, buyer: int = 0) -> EffectiveTerms:
    with transaction(acting=world.seller.id) as session:
        return effective_terms(
            session,
            seller_id=world.seller.id,
            buyer_id=world.buyers[buyer].id,
            carrier_id=world.carrier_id,
            chosen=chosen,
        )


def put_in_group(world: World, terms: parties.GroupTerms, *, buyer: int = 0) -> None:
    with transaction(acting=world.seller.id) as session:
        group = parties.create_group(session, name="Payeurs à risque", terms=terms, stamp=stamp())
        parties.keep_client(session, buyer_id=world.buyers[buyer].id, group_id=group.id, stamp=stamp())


def test_the_order_wins_over_the_client_over_the_group_over_everyone() -> None:
    """R001: order > customer > group > « Tous »."""
    world = make_world()
    assert (terms_of(world).emission, terms_of(world).sources["emission"]) == (
        Emission.ON_RUN_DOCUMENTS,
        Source.EVERYONE,
    )
    put_in_group(world, parties.GroupTerms(emission=Emission.ON_ACCEPT))
    assert (terms_of(world).emission, terms_of(world).sources["emission"]) == (Emission.ON_ACCEPT, Source.GROUP)
    with transaction(acting=world.seller.id) as session:
        parties.keep_client(session, buyer_id=world.buyer.id, emission=Emission.MANUAL, stamp=stamp())
    assert (terms_of(world).emission, terms_of(world).sources["emission"]) == (Emission.MANUAL, Source.CLIENT)
    chosen = terms_of(world, ChosenTerms(emission=Emission.ON_DELIVERED))
    assert (chosen.emission, chosen.sources["emission"]) == (Emission.ON_DELIVERED, Source.ORDER)


def test_a_group_leaves_unset_fields_to_everyone_and_touches_no_other_client() -> None:
    """R070, R071: field by field; changing « Tous » moves only what the group left unset."""
    world = make_world(buyers=2)
    put_in_group(world, parties.GroupTerms(net_days=7))
    with transaction(acting=world.seller.id) as session:
        parties.change_group(session, terms=parties.GroupTerms(net_days=45, min_items=12), stamp=stamp())
    mine, other = terms_of(world), terms_of(world, buyer=1)
    assert (mine.net_days, mine.min_items) == (7, 12)
    assert (other.net_days, other.min_items) == (45, 12)


def test_policy_comes_from_the_agreement_unless_the_group_overrides_it() -> None:
    """C1: policy per supplier-distributor agreement, group override."""
    world = make_world([CREDIT])
    assert (terms_of(world).settlement_policy, terms_of(world).sources["settlement_policy"]) == (
        SettlementPolicy.CREDIT,
        Source.AGREEMENT,
    )
    put_in_group(world, parties.GroupTerms(settlement_policy=SettlementPolicy.ADJUST))
    assert terms_of(world).settlement_policy is SettlementPolicy.ADJUST


def test_external_billing_always_delivers_with_the_purchase_order() -> None:
    """R009: whatever was chosen."""
    chosen = ChosenTerms(billing_type=BillingType.EXTERNAL, deliver_with=DeliverWith.INVOICE)
    assert terms_of(make_world(), chosen).deliver_with is DeliverWith.PO


def test_emission_by_run_documents_presets_the_invoice_and_nothing_more() -> None:
    """C2: it beats the agreement's default, not a choice."""
    world = make_world()
    with transaction(acting=world.seller.id) as session:
        parties.agree(
            session,
            carrier_id=world.carrier_id,
            starts_on=stamp().at.date(),
            deliver_with=DeliverWith.PO,
            stamp=stamp(),
        )
    assert terms_of(world).deliver_with is DeliverWith.INVOICE
    assert terms_of(world, ChosenTerms(deliver_with=DeliverWith.PO)).deliver_with is DeliverWith.PO


def test_agent_billing_needs_an_agent_in_the_agreement() -> None:
    """C28: a distributor without that agreement never issues."""
    world = make_world()
    chosen = ChosenTerms(billing_type=BillingType.AGENT)
    with pytest.raises(NoBillingAgent):
        terms_of(world, chosen)
    with transaction(acting=world.seller.id) as session:
        parties.agree(
            session,
            carrier_id=world.carrier_id,
            starts_on=stamp().at.date(),
            billing_agent_id=world.carrier_id,
            stamp=stamp(),
        )
    assert terms_of(world, chosen).issuer_id == world.carrier_id


def test_partners_read_each_others_cards_and_a_stranger_none() -> None:
    """Architecture, rule 7: rows are read by the parties of a deal; R030 needs the client's name."""
    world = make_world([CREDIT, CREDIT])
    make_order(world)
    with transaction(acting=world.buyer.id) as session:
        assert len(queries.names(session, org_ids=[world.seller.id, world.carrier_id])) == 2
    with transaction(acting=world.sellers[1].id) as session:
        assert not queries.names(session, org_ids=[world.seller.id])
        assert not queries.registrations(session, org_id=world.sellers[1].id, on=stamp().at.date().replace(year=2019))


@pytest.mark.parametrize(
    "place",
    [
        {"lat_e7": 910000000, "lon_e7": 0},
        {"lat_e7": 0, "lon_e7": 0, "windows": ((600, 500),)},
        {"lat_e7": 0, "lon_e7": 0, "service_s": -1},
    ],
)
def test_a_place_that_cannot_be_is_refused(place: dict) -> None:
    """Bad input: a clear problem with its field."""
    world = make_world()
    with pytest.raises(parties.BadPlace) as refused, transaction(acting=world.buyer.id) as session:
        parties.create_site(
            session, name="Quai", street="1, rue X", city="Montréal", postal_code="H2X 1Y6", stamp=stamp(), **place
        )
    assert refused.value.where
