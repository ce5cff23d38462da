"""How each line of the permission matrix is tried at its door: with which subject, and what each cell answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from werkzeug.test import TestResponse

from server.identity.permissions import ACTIONS, MATRIX, Column, Permission
from shared.lifecycles import RunState
from tests.factories import account_doors as accounts
from tests.factories import knocks
from tests.factories.matrix import Ground, House
from tests.factories.web import Client
from tests.factories.world import Seller

PEOPLE: Final = tuple(column for column in Column if column is not Column.TABLET)
_LAST: Final = list(MATRIX).index(Permission.DEVICE_ADMINISTER)
SECTION_3: Final = tuple(action.permission for action in ACTIONS[: _LAST + 1])
"""The lines of section 3: « Order chat / accounting chat » and « Users …, devices » are two permissions each."""

WORKS: Final = frozenset({200, 201, 202, 204})
SHUT: Final = frozenset({403})
STRANGE: Final = frozenset({403, 404})
_NO_SUCH: Final = frozenset({404})


@dataclass(frozen=True)
class Trial:
    """How one line is tried. ``knock`` acts on what ``subject`` made; ``look`` tells how the subject stands.

    ``limited`` says, for the ○ cells, what the answer is inside the plain deal; ``house`` where the inner roles work.
    """

    knock: Callable[[Ground, Client, Any], TestResponse]
    subject: Callable[[Ground, Seller], Any]
    house: House = "seller"
    look: Callable[[Ground, Any], Any] | None = None
    limited: Mapping[Column, frozenset[int]] = field(default_factory=dict)
    answers: Mapping[Column, frozenset[int]] = field(default_factory=dict)
    """What a ● cell says to this very subject, where it is not just done."""
    billed: frozenset[int] = frozenset()
    """Where « agent billing » limits the distributor: what it hears for the plain seller; for the billed it works."""
    works: frozenset[int] = WORKS
    refused: frozenset[int] = SHUT
    foreign: Callable[[Ground, Client, Any], TestResponse] | None = None
    of: Callable[[Ground], Seller] = lambda ground: ground.plain


_OPEN: Final = WORKS
TRIALS: Final[Mapping[Permission, Trial]] = {
    Permission.ORDER_CREATE: Trial(knocks.create, lambda *_: None, limited={Column.DRIVER: SHUT}, house="carrier"),
    Permission.ORDER_EDIT: Trial(knocks.content, knocks.fresh, look=knocks.order, limited={Column.DISPATCHER: SHUT}),
    Permission.ORDER_RELIEVE: Trial(
        knocks.relieve, knocks.fresh, look=knocks.order, limited={Column.ACCOUNTANT: WORKS}, billed=SHUT
    ),
    Permission.ORDER_EDIT_PUBLISHED: Trial(
        knocks.content, lambda ground, seller: ground.invoiced(seller)[0], look=knocks.order, refused=SHUT | {409}
    ),
    Permission.ORDER_ACCEPT: Trial(
        knocks.post("/api/v1/orders/{}/accept", {}), knocks.fresh, look=knocks.order, billed=SHUT
    ),
    Permission.ORDER_CANCEL: Trial(
        knocks.post("/api/v1/orders/{}/cancel", knocks.REASON), knocks.fresh, look=knocks.order, billed=SHUT
    ),
    Permission.TERMS_SET: Trial(
        knocks.group,
        lambda *_: None,
        look=knocks.settings,
        foreign=knocks.sellers_group,
        limited={Column.DISTRIBUTOR: _OPEN, Column.AGENT: _OPEN, Column.ACCOUNTANT: _OPEN},
    ),
    Permission.DELIVER_WITH_CHOOSE: Trial(
        knocks.deliver_with, knocks.accepted, house="carrier", look=knocks.order, limited={Column.SUPPLIER: _OPEN}
    ),
    Permission.RUN_PLAN: Trial(
        knocks.post("/api/v1/plans", {"runs_on": "2026-12-01", "seconds": 1}),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        foreign=knocks.post("/api/v1/runs/{}/cancel"),
        limited={Column.SUPPLIER: _OPEN},
    ),
    Permission.RUN_DOCUMENTS: Trial(
        knocks.post("/api/v1/runs/{}/documents"),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        limited={Column.SUPPLIER: STRANGE, Column.DRIVER: SHUT},
    ),
    # an order of the carrier's without a run; a driver's tablet has it signed, and nobody drives by this door
    Permission.DELIVERY_RECORD: Trial(
        knocks.post("/api/v1/orders/{}/deliver", {"words": "Tablette en panne"}),
        knocks.accepted,
        house="carrier",
        look=knocks.order,
        answers={Column.DRIVER: SHUT},
    ),
    Permission.STOP_CORRECT: Trial(
        knocks.correct,
        lambda *_: None,
        house="carrier",
        of=lambda ground: ground.above,
        limited={Column.DRIVER: SHUT, Column.ADMIN: _OPEN},
    ),
    Permission.RUN_CLOSE: Trial(
        knocks.settle_and_close, lambda ground, _: ground.run(RunState.BACK), house="carrier", look=knocks.run_state
    ),
    Permission.PROOF_READ: Trial(
        knocks.get("/api/v1/proofs/{}"),
        lambda ground, _: ground.proof_id,
        house="carrier",
        of=lambda ground: ground.above,
        limited={
            Column.RETAILER: _OPEN,
            Column.SUPPLIER: _OPEN,
            Column.AGENT: _OPEN,
            Column.DRIVER: STRANGE,  # this one drove another run
        },
    ),
    Permission.PROOF_UPLOAD: Trial(
        knocks.upload, lambda *_: None, house="carrier", foreign=knocks.match, limited={Column.SUPPLIER: SHUT}
    ),
    Permission.DISPUTE: Trial(
        knocks.contest,
        lambda *_: None,
        of=lambda ground: ground.above,
        answers={
            Column.DISTRIBUTOR: frozenset({409}),  # who answers for a proof corrects it instead
        },
    ),
    Permission.INVOICE_PUBLISH: Trial(
        knocks.post("/api/v1/orders/{}/invoice"), knocks.accepted, look=knocks.order, billed=SHUT
    ),
    Permission.INVOICE_VOID: Trial(
        knocks.post("/api/v1/invoices/{}/void", knocks.REASON),
        knocks.invoice,
        look=knocks.invoice_state,
        billed=SHUT,
    ),
    Permission.CREDIT_APPROVE: Trial(
        knocks.post("/api/v1/credit-notes/{}/decision", {"approve": True, "reason": ""}),
        lambda ground, _: next(ground.credits),
        of=lambda ground: ground.above,
        limited={Column.DISTRIBUTOR: STRANGE, Column.AGENT: STRANGE},
    ),
    # accounts are their issuer's (R011), and a representative never issues (C28): an agent finds none of its own
    Permission.CREDIT_CREATE: Trial(accounts.credit, accounts.owed, look=accounts.stands, billed=SHUT),
    Permission.PAYMENT_RECORD: Trial(
        accounts.record,
        accounts.owed,
        look=accounts.stands,
        billed=frozenset({404, 409}),  # no account of its own there, or one that is not the invoice's (law 12)
        limited={Column.AGENT: STRANGE, Column.DRIVER: SHUT},  # a driver's money comes with a tablet's events
    ),
    Permission.PAYMENT_ONLINE: Trial(accounts.pay_online, accounts.owed, look=accounts.stands),
    Permission.BALANCE_READ: Trial(
        accounts.see_balance, accounts.owed, look=accounts.stands, billed=STRANGE, limited={Column.AGENT: STRANGE}
    ),
    Permission.ACCOUNTING_CHAT: Trial(
        accounts.chat, accounts.owed, look=accounts.stands, billed=STRANGE, limited={Column.AGENT: STRANGE}
    ),
    Permission.RECEIVABLES_RUN: Trial(accounts.run, accounts.owed, look=accounts.stands, billed=SHUT),
    Permission.ORDER_CHAT: Trial(
        knocks.get("/api/v1/orders/{}/messages"), knocks.fresh, limited={Column.DRIVER: STRANGE}
    ),
    Permission.DEVICE_ADMINISTER: Trial(
        knocks.code,
        lambda *_: None,
        house="carrier",
        foreign=knocks.foreign_code,
        limited={Column.SUPPLIER: _OPEN, Column.DISTRIBUTOR: _OPEN, Column.DISPATCHER: _OPEN},
    ),
    Permission.MEMBER_ADMINISTER: Trial(
        knocks.invite,
        lambda *_: None,
        foreign=knocks.foreign_member,
        limited={Column.SUPPLIER: _OPEN, Column.DISTRIBUTOR: _OPEN},
    ),
    # what section 3 leaves to the reader, and every other permission that a view names
    Permission.ORDER_READ: Trial(
        knocks.get("/api/v1/orders/{}"), knocks.fresh, house="carrier", limited={Column.DRIVER: STRANGE}
    ),
    Permission.RUN_READ: Trial(
        knocks.get("/api/v1/runs/{}"),
        lambda ground, _: ground.yard.run_id,
        house="carrier",
        limited={Column.SUPPLIER: STRANGE, Column.DRIVER: STRANGE},
    ),
    Permission.RUN_WAIVE: Trial(
        knocks.post("/api/v1/runs/{}/waive", knocks.LOST),
        lambda ground, _: ground.run(RunState.UNDER_WAY),
        house="carrier",
        look=knocks.run_state,
    ),
    Permission.INVOICE_READ: Trial(knocks.get("/api/v1/invoices/{}"), knocks.invoice),
    Permission.PARTY_READ: Trial(knocks.get("/api/v1/places/{}"), lambda ground, _: ground.world.buyer.site_id),
    Permission.PARTY_EDIT: Trial(knocks.place, lambda *_: None, foreign=knocks.shops_place),
    Permission.STOCK_KEEP: Trial(knocks.stock, lambda *_: None, house="carrier", look=knocks.levels),
    # a company's own catalogue; who keeps none reads what a seller offers to it
    Permission.CATALOG_READ: Trial(
        knocks.get("/api/v1/products/{}"),
        lambda ground, _: knocks.first_product(ground)["id"],
        limited={Column.RETAILER: _NO_SUCH, Column.DISTRIBUTOR: STRANGE, Column.AGENT: _NO_SUCH},
    ),
    Permission.CATALOG_EDIT: Trial(knocks.product, lambda *_: None, foreign=knocks.sellers_product),
    Permission.PAYMENT_KEEP: Trial(accounts.bounce, accounts.owed, billed=STRANGE, limited={Column.AGENT: STRANGE}),
    Permission.PROOF_EXPORT: Trial(
        lambda _ground, client, _: client.get("/api/v1/proof-exports"),
        lambda *_: None,
        foreign=lambda _ground, client, _: client.post("/api/v1/proof-exports"),  # 404: not one proof is theirs
    ),
    Permission.WEBHOOK_ADMINISTER: Trial(
        lambda _ground, client, _: client.get("/api/v1/webhooks"),
        knocks.endpoint,
        foreign=knocks.get("/api/v1/webhooks/{}"),
    ),
}
TABLETS: Final = frozenset({Permission.DEVICE_SYNC, Permission.DEVICE_SEND})
"""A tablet's doors: nobody of the eight enters there; ``tests/integration/sync`` knocks with tablets."""
EVERYBODYS: Final = {Permission.INBOX_READ: "/api/v1/inbox", Permission.ACCOUNT_USE: "/api/v1/session"}
"""Doors at which everyone finds what is theirs alone."""
CELLS: Final = [(permission, column) for permission in TRIALS for column in PEOPLE]
