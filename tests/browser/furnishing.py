"""What else the pages of the day show: prices, stock, clients without an account, payments, credits, files, links."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from PIL import Image

from server.app import create_app
from server.billing.service import publish_pending
from server.catalog.prices.model import RuleKind
from server.catalog.prices.service import RuleTerms, allocate, set_rule
from server.catalog.service import Audience
from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.contests import evidence
from server.delivery.contests.model import Contest
from server.documents.archives.service import ask_archive
from server.documents.filing.service import add_file, take_in
from server.documents.model import DocumentKind
from server.fulfilment.service import by_hand, told_lines
from server.identity.model import OrganisationKind, Role
from server.identity.service.invitations import invite
from server.orders import queries as orders
from server.orders import service as placing
from server.orders.model import DistributionMethod
from server.parties import service as parties
from server.parties.model import Emission
from server.stock.model import StockReason
from server.stock.service.adjusting import Adjustment, adjust
from server.stock.service.transferring import Sent, send_transfer
from shared.ids import new_id
from tests.factories.accounts import answered, today
from tests.factories.web import Organisation, make_member, now_stamp, program_of
from tests.factories.world import Buyer, World, items_of, make_order

PLACE = {
    "name": "Bar Léo", "street": "12, rue Beaubien Est", "city": "Montréal", "postal_code": "H2S 1P7",
    "lat_e7": 455300000, "lon_e7": -736000000, "equipment": [],
}  # fmt: skip


def furnish(world: World) -> None:
    """Add what the first supplier, its client without an account and the carrier would have after a while."""
    _price(world)
    _keep_stock(world)
    _pay(world)
    _invite(world)
    make_order(world, buyer=_client_without_account(world), planned_on=None)
    order_id = make_order(world, planned_on=None, accepted=False)
    _file(world, order_id)
    _bring_evidence(world)
    _hand_over(world)


def _hand_over(world: World) -> None:
    """One order waits at the brewery's counter, another was picked up there in part."""
    for is_told in (False, True):
        with transaction(world.seller.id) as session:
            order = placing.create_order(
                session,
                parties_of=placing.OrderParties(
                    seller_id=world.seller.id, buyer_id=world.buyer.id, site_id=world.buyer.site_id
                ),
                items=items_of(world.seller, cases=3, kegs=1),
                distribution=DistributionMethod.PICKUP,
                stamp=now_stamp(),
            )
            placing.submit(session, order=order, stamp=now_stamp())
            placing.accept(session, order=order, stamp=now_stamp())
            by_hand.ship_by_hand(session, order=order, stamp=now_stamp())
            if is_told:
                counted = [
                    told_lines.Counted(
                        line_id=line.id, ordered=line.quantity, delivered=line.quantity - 1, reason="forgotten"
                    )
                    for line in order.lines
                ]
                told = told_lines.Told(key=new_id(), by_name="Béatrice Houle, Brasserie 1", lines=counted)
                by_hand.deliver_by_hand(session, order=order, told=told, stamp=now_stamp())
                publish_pending(session, stamp=now_stamp())


def _price(world: World) -> None:
    from_day, last_day = today(), today() + timedelta(days=30)
    terms = {
        "name_fr": "Bienvenue à l’automne",
        "name_en": "Welcome to fall",
        "valid_from": from_day,
        "valid_until": last_day,
    }
    with transaction(world.seller.id) as session:
        set_rule(session, terms=RuleTerms(kind=RuleKind.PROMOTION, percent_off=Decimal(10), **terms), stamp=now_stamp())
        prices = {world.seller.case_id: Decimal("41.1250")}
        set_rule(session, terms=RuleTerms(kind=RuleKind.LIST, prices=prices, **terms), stamp=now_stamp())
        allocate(
            session, format_id=world.seller.keg_id, audience=Audience(), quantity=12, valid_from=from_day,
            valid_until=last_day, stamp=now_stamp(),
        )  # fmt: skip
        parties.create_group(session, name="Dépanneurs", terms=parties.GroupTerms(min_items=4), stamp=now_stamp())
        parties.change_group(
            session, terms=parties.GroupTerms(balance_visible=True, emission=Emission.ON_RUN_DOCUMENTS),
            stamp=now_stamp(),
        )  # fmt: skip


def _keep_stock(world: World) -> None:
    seller, said = world.seller, {"keeper_id": None, "reason": StockReason.RECEIVED, "quantity": 240}
    with transaction(seller.id) as session:
        adjust(session, seller_id=seller.id, said=Adjustment(format_id=seller.case_id, **said), stamp=now_stamp())
        sent = Sent(source_keeper_id=None, target_keeper_id=world.carrier_id, quantities={seller.case_id: 48})
        send_transfer(session, seller_id=seller.id, sent=sent, stamp=now_stamp())


def _pay(world: World) -> None:
    """Record a payment and write two credits by hand, as the supplier's program does."""
    seller = program_of(create_app(), make_member(Organisation(OrganisationKind.SUPPLIER, world.seller.id)))
    told = {"buyer_id": str(world.buyer.id)}
    paid = told | {"key": str(new_id()), "method": "cheque", "amount_cents": 12_345, "received_on": str(today())}
    answered(seller.post("/api/v1/payments", json=paid), 201)
    line = {"description_fr": "Geste", "description_en": "Gesture", "net_cents": 1_234, "taxed": True}
    written = told | {"key": str(new_id()), "reason_fr": "Caisse abîmée en réserve", "lines": [line]}
    answered(seller.post("/api/v1/credit-notes", json=written), 201)
    kegs = [{"class_id": str(world.seller.keg_class_id), "quantity": 2}]
    emptied = told | {"key": str(new_id()), "reason_fr": "Fûts revenus au quai", "containers": kegs}
    answered(seller.post("/api/v1/credit-notes", json=emptied), 201)


def _invite(world: World) -> None:
    with transaction(world.seller.id) as session:
        invite(
            session, email="nouveau@exemple.test", roles=(Role.OWNER,), org_id=world.seller.id,
            kind=OrganisationKind.SUPPLIER, name="Brasserie 1", inviter_name="Béatrice Houle", language="fr",
            stamp=now_stamp(), inviter_roles=(Role.OWNER,),
        )  # fmt: skip


def _client_without_account(world: World) -> Buyer:
    with transaction(world.seller.id) as session:
        client = parties.add_client(session, name="Bar Léo", email="leo@bar.test", stamp=now_stamp())
        site = parties.add_place(session, org_id=client.buyer_id, told=PLACE, stamp=now_stamp())
        return Buyer(client.buyer_id, site.id)


def _file(world: World, order_id: UUID) -> None:
    """Add a file to an order, and ask for an archive of its papers."""
    brought = take_in(blob_store(), world.seller.id, name="permis.pdf", payload=b"%PDF-1.7\n%%EOF\n")
    with transaction(world.seller.id) as session:
        order = orders.order(session, order_id=order_id)
        add_file(session, order=order, brought=brought, by_name="Béatrice Houle", stamp=now_stamp())
        ask_archive(
            session, order_ids=[order_id], kinds=[DocumentKind.PURCHASE_ORDER], by_name="Béatrice Houle",
            stamp=now_stamp(),
        )  # fmt: skip


def _bring_evidence(world: World) -> None:
    brought = evidence.keep_picture(blob_store(), world.seller.id, name="palette.png", payload=_picture())
    with transaction(world.seller.id) as session:
        contest_id = session.query(Contest.id).scalar()
        evidence.bring(session, contest_id=contest_id, brought=brought, by_name="Béatrice Houle", stamp=now_stamp())


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 90, 60)).save(written, "PNG")
    return written.getvalue()
