"""Who may open which paper, beside the row's own readers."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from server.core.problems import NotFound, Text
from server.core.web import Actor
from server.documents import queries
from server.documents.model import DocumentKind
from server.documents.queries import Ridden
from server.identity.model import Role
from server.identity.permissions import Permission

_P, _K = Permission, DocumentKind

NEEDS = {
    _K.PURCHASE_ORDER: _P.ORDER_READ,
    _K.DELIVERY_SLIP: _P.ORDER_READ,
    _K.VARIANCE_NOTICE: _P.ORDER_READ,
    _K.INVOICE: _P.INVOICE_READ,
    _K.PROVISIONAL_INVOICE: _P.INVOICE_READ,
    _K.CREDIT_NOTE: _P.INVOICE_READ,
    _K.RUN_SHEET: _P.RUN_DOCUMENTS,
    _K.LOAD_LIST: _P.RUN_DOCUMENTS,
    _K.RUN_PACKET: _P.RUN_DOCUMENTS,
    _K.PROOF_PDF: _P.PROOF_READ,
    _K.PROOF_FILE: _P.PROOF_READ,
}
"""Which permission opens a paper of each kind; the row's readers are another fence."""


def kinds_for(who: Actor) -> Iterable[DocumentKind]:
    """Return the kinds of papers whose permission the caller holds."""
    return [kind for kind in NEEDS if may_open(who, kind)]


def may_open(who: Actor, kind: DocumentKind) -> bool:
    """Say whether the caller's permissions open papers of a kind; a driver has slips, which carry no prices (C29)."""
    is_hidden = who.only(Role.DRIVER, permission=NEEDS[kind]) and kind is DocumentKind.PURCHASE_ORDER
    return who.may(NEEDS[kind]) and not is_hidden


def require_ridden(session: Session, who: Actor, order_id: UUID) -> None:
    """Let a driver reach what belongs to orders on own runs alone; everybody else passes.

    Raises:
        NotFound: the order rides on no run of the driver.
    """
    driver_id = driver_of(who)
    if driver_id is not None and not queries.rides_with(session, order_id=order_id, driver_id=driver_id):
        raise NotFound(Text("Cette commande n’existe pas.", "There is no such order."), where=str(order_id))


def driver_of(who: Actor) -> UUID | None:
    """Return the caller when it reads orders as a driver alone: what belongs to own runs (section 3)."""
    return who.user_id if who.only(Role.DRIVER, permission=Permission.ORDER_READ) else None


def ridden_for(who: Actor) -> Ridden | None:
    """Return the papers that the caller opens as a driver alone, so that they must be of own runs; None without any."""
    kinds = frozenset(
        kind for kind, needed in NEEDS.items() if who.may(needed) and who.only(Role.DRIVER, permission=needed)
    )
    return Ridden(who.user_id, kinds) if kinds else None
