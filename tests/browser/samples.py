"""Which pages there are, who may open each, and an address of each with something to show.

The list is the URL map's own: a page that asks for a number in its address needs a sample here, and whatever is no page
says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from server.billing.model import CreditLine, CreditNote, Invoice
from server.catalog.model import Product
from server.catalog.prices.model import PriceRule
from server.core.database import Owned
from server.core.transaction import transaction
from server.core.web.access import Public, Required, marks
from server.delivery.model import Delivery
from server.delivery.papers.model import PaperProof
from server.delivery.sharing.model import ProofEntry
from server.documents.model import PaperLink
from server.documents.service.linking import link_token
from server.identity.model import Device, Invitation, OrganisationKind, Role
from server.identity.permissions import permissions_of
from server.identity.service.invitations import token_of
from server.notifications.model import WebhookEndpoint
from server.notifications.service.choices import unsubscribe_token
from server.orders.model import DistributionMethod, Order
from server.parties.model import CustomerGroup, Organisation, Site
from server.planning.model import Run
from server.receivables.model import Payment
from server.stock.model import ContainerEntry
from shared.states import InvoiceState, OrderState
from tests.browser.world import BrowserDay

PEOPLE: Final = {
    "dispatcher": (Role.DISPATCHER, OrganisationKind.DISTRIBUTOR),
    "supplier": (Role.OWNER, OrganisationKind.SUPPLIER),
    "retailer": (Role.OWNER, OrganisationKind.RETAILER),
    "driver": (Role.DRIVER, OrganisationKind.DISTRIBUTOR),
}
ANYONE: Final = "anyone"
"""Somebody who is not signed in."""

NO_PAGES: Final = {
    "assets.send": "files of the pages",
    "contests.evidence_file": "a picture",
    "dashboard.fetch_export": "a ZIP",
    "dashboard.fetch_papers": "a ZIP",
    "dashboard.paper_archive": "a row of the archives' page, fetched by it while one is made",
    "dashboard.paper_picture": "a picture",
    "dashboard.proof_export": "a row of the archives' page, fetched by it while one is made",
    "dashboard.run_documents": "a part of a run's page, fetched by it",
    "dashboard.scanned": "leads to another page",
    "dashboard.tiles": "the map's roads",
    "documents.linked_paper": "a PDF",
    "documents.order_file": "a file",
    "documents.payable_statement": "a PDF",
    "documents.send": "a PDF or a proof",
    "documents.statement": "a PDF",
    "operations.health": "for programs",
    "operations.metrics": "for programs",
    "operations.readiness": "for programs",
    "operations.release": "for programs",
    "planning.show_plan": "a part of the planning page, fetched by it",
    "sync_pages.attachment": "a picture",
    "sync_pages.to_look_at": "a part of the day's board, fetched by it",
}
SHOWN_ELSEWHERE: Final = {
    "off_truck.show": "test_a_driver_drafts_what_is_on_its_truck",
    "sync_pages.parked": "test_a_dispatcher_applies_a_parked_visit_and_corrects_it",
    "sync_pages.discrepancy": "test_a_dispatcher_applies_a_parked_visit_and_corrects_it",
}
"""Pages of what the day does not have: the test that sees them, by axe too."""

FOUND_BY: Final = {
    "billing_pages.why_deposits": {"supplier"},
    "by_hand.form": {"dispatcher", "supplier"},
    "by_hand.recorded": {"supplier", "retailer"},
    "catalog.products": {"supplier", "dispatcher"},
    "corrections_pages.form": {"dispatcher"},
    "dashboard.paper_proof": {"dispatcher"},
    "dashboard.run": {"dispatcher", "driver"},
    "parties.client_places": {"supplier"},
    "parties.client_settings": {"supplier"},
    "parties.group": {"supplier", "dispatcher"},
    "parties.place": {"retailer", "dispatcher"},
    "receivables.payable": {"retailer"},
    "receivables.payable_statement": {"retailer"},
    "receivables.payment": {"supplier", "retailer"},
    "receivables.why_payable": {"retailer"},
    "receivables.why_payable_statement": {"retailer"},
    "sync_pages.tablet": {"dispatcher"},
    "webhooks.webhook": {"supplier"},
}
"""Pages of what only these people have on this day, although the door opens for others too."""


@dataclass(frozen=True)
class Shown:
    """One page as one person opens it."""

    endpoint: str
    who: str
    path: str


class Ids:
    """What the day holds, as each person's organisation sees it."""

    def __init__(self, day: BrowserDay) -> None:
        """Look at this day."""
        self.world = day.world
        carrier_id = day.world.carrier_id
        self.orgs = {"dispatcher": carrier_id, "driver": carrier_id}
        self.orgs |= {"supplier": day.world.seller.id, "retailer": day.world.buyer.id}

    def first(self, who: str, model: type[Owned], *where: Any) -> Any:
        """Return the oldest row that somebody's organisation sees."""
        with transaction(self.orgs[who]) as session:
            found = session.scalars(select(model).where(*where).order_by(model.id)).first()
            assert found is not None, (who, model.__name__)
            session.expunge_all()
            return found

    def id(self, who: str, model: type[Owned], *where: Any) -> UUID:
        """Return its id."""
        found: UUID = self.first(who, model, *where).id
        return found


type Sample = Callable[[Ids, str], dict[str, object]]


def _of(name: str, model: type[Owned], *where: Any) -> Sample:
    return lambda ids, who: {name: ids.id(who, model, *where)}


_TO_RECORD: Final = {
    "supplier": (Order.state == OrderState.SHIPPED, Order.distribution == DistributionMethod.PICKUP),
    "dispatcher": (Order.state == OrderState.ACCEPTED, Order.distribution == DistributionMethod.DISTRIBUTOR),
}


def _containers(ids: Ids, who: str) -> dict[str, object]:
    entry = ids.first(who, ContainerEntry, ContainerEntry.holder_id == ids.world.buyer.id)
    return {"owner_id": entry.owner_id, "class_id": entry.class_id, "holder_id": entry.holder_id}


def _to_bill_again(ids: Ids, who: str) -> dict[str, object]:
    line = ids.first(who, CreditLine, CreditLine.unit_cents > 0, CreditLine.owner_id == ids.orgs[who])
    return {"credit_id": line.credit_note_id, f"u-{line.id}": 1}


SAMPLES: Final[dict[str, Sample]] = {
    "billing_pages.why_deposits": lambda ids, _who: {"class_id": ids.world.seller.keg_class_id},
    "by_hand.form": lambda ids, who: {"order_id": ids.id(who, Order, *_TO_RECORD[who])},
    "by_hand.recorded": _of("delivery_id", Delivery, Delivery.hand_record_id.is_not(None)),
    "catalog.new_format": _of("product_id", Product),
    "catalog.new_rule": lambda _ids, _who: {"kind": "promotion"},
    "catalog.price_rule": _of("rule_id", PriceRule),
    "catalog.product": _of("product_id", Product),
    "catalog.sold_format": lambda ids, _who: {"format_id": ids.world.seller.case_id},
    "choices.ask_unsubscribe": lambda ids, _who: {
        "owner_id": ids.world.buyer.id,
        "reader_id": ids.world.buyer.id,
        "event": "order.",
        "jeton": unsubscribe_token(owner_id=ids.world.buyer.id, reader_id=ids.world.buyer.id, event="order."),
    },
    "corrections_pages.form": _of("delivery_id", Delivery),
    "dashboard.client": lambda ids, _who: {"client_id": ids.world.buyer.id},
    "dashboard.credit": _of("credit_id", CreditNote),
    "dashboard.invoice": _of("invoice_id", Invoice),
    "dashboard.order": _of("order_id", Order),
    "dashboard.paper_proof": _of("paper_id", PaperProof),
    "dashboard.proof": lambda ids, who: {"proof_id": ids.first(who, ProofEntry).proof_id},
    "dashboard.run": _of("run_id", Run),
    "documents.linked_papers": lambda ids, _who: {"token": link_token(_link(ids).id)},
    "order_forms.edit": _of("order_id", Order, Order.state == OrderState.PENDING),
    "parties.client_places": lambda ids, who: {"org_id": _leo(ids, who)},
    "parties.client_settings": lambda ids, who: {"buyer_id": _leo(ids, who)},
    "parties.group": _of("group_id", CustomerGroup),
    "parties.invitation": lambda ids, _who: {"token": token_of(ids.id("supplier", Invitation))},
    "parties.new_place": lambda ids, who: {"org_id": ids.orgs[who]},
    "parties.place": lambda ids, who: {"site_id": ids.id(who, Site, Site.owner_id == ids.orgs[who])},
    "receivables.account": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "receivables.credit_form": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "receivables.items_form": _of("invoice_id", Invoice, Invoice.state == InvoiceState.PUBLISHED),
    "receivables.payable": lambda ids, _who: {"issuer_id": ids.world.seller.id},
    "receivables.payable_statement": lambda ids, _who: {"issuer_id": ids.world.seller.id},
    "receivables.payment": _of("payment_id", Payment),
    "receivables.payment_form": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "receivables.why_balance": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "receivables.why_payable": lambda ids, _who: {"issuer_id": ids.world.seller.id},
    "receivables.why_payable_statement": lambda ids, _who: {"issuer_id": ids.world.seller.id},
    "receivables.why_statement_of": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "receivables.statement": lambda ids, _who: {"buyer_id": ids.world.buyer.id},
    "recharges.form": _to_bill_again,
    "stock.why_containers": _containers,
    "sync_pages.run_tablets": _of("run_id", Run),
    "sync_pages.tablet": _of("device_id", Device),
    "webhooks.webhook": _of("endpoint_id", WebhookEndpoint),
}


JOINED_PAGE: Final = ("dispatcher", "retailer")
"""Who has one invoice for several orders: its page looks otherwise, at the address of any other invoice."""


def _joined(ids: Ids, who: str) -> UUID:
    found: Invoice = ids.first(who, Invoice, Invoice.section > 0, Invoice.state == InvoiceState.PUBLISHED)
    assert found.joined_id is not None
    return found.joined_id


def _link(ids: Ids) -> PaperLink:
    found: PaperLink = ids.first("supplier", PaperLink)
    return found


def _leo(ids: Ids, who: str) -> UUID:
    found: UUID = ids.id(who, Organisation, Organisation.name == "Bar Léo")
    return found


def page_rules(app: Flask) -> list[Rule]:
    """Return every rule of the URL map that a browser reads, files and parts of pages too."""
    return [
        one for one in app.url_map.iter_rules() if "GET" in (one.methods or ()) and not one.rule.startswith("/api/")
    ]


def who_may(app: Flask, endpoint: str) -> list[str]:
    """Return who may open a page; of a public one, somebody who is not signed in."""
    mark = marks(app)[endpoint]
    if isinstance(mark, Public):
        return [ANYONE]
    assert isinstance(mark, Required)
    return [
        who for who, (role, kind) in PEOPLE.items() if not permissions_of((role,), kind).isdisjoint(mark.permissions)
    ]


def shown_pages(app: Flask, day: BrowserDay) -> Iterator[Shown]:
    """Yield every page as everyone who may open it does."""
    ids, addresses = Ids(day), app.url_map.bind("localhost")
    for rule in page_rules(app):
        if rule.endpoint in NO_PAGES or rule.endpoint in SHOWN_ELSEWHERE:
            continue
        everyone = who_may(app, rule.endpoint)
        for who in [one for one in everyone if one in FOUND_BY.get(rule.endpoint, everyone)]:
            values = SAMPLES[rule.endpoint](ids, who) if rule.arguments else {}
            yield Shown(rule.endpoint, who, addresses.build(rule.endpoint, values))
    for who in JOINED_PAGE:
        path = addresses.build("dashboard.invoice", {"invoice_id": _joined(ids, who)})
        yield Shown("dashboard.joined_invoice", who, path)
