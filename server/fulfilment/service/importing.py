"""Orders from a file: made as any other, all of them or none; an order that is there already is left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.model import ProductFormat
from server.core.acting import acting_for, acting_org, savepoint
from server.core.csv_rows import Row, RowFault
from server.core.imports import ImportReport, Note, RowChange, Verdict, quietly, require_faultless
from server.core.problems import Problem, Text
from server.core.stamp import Stamp
from server.fulfilment.service.order_rows import CARRIER, CLIENT, FORMAT, OrderRows
from server.fulfilment.service.orders import submit_order
from server.orders import service as orders
from server.orders.model import DistributionMethod, Order
from server.orders.service.numbering import hold_numbers
from server.orders.service.stock_cover import lock_counted
from server.parties import queries as parties
from server.parties.model import Agreement, Client, Organisation, RelationState, Site
from server.receivables.service import lock_limited
from shared.money import format_money
from shared.states import LABELS

_THERE: Final = Text("Déjà importée\u00a0: rien ne change.", "Imported before: nothing changes.")


class _Undone(Exception):
    """A trial is taken back whole; what it would have done is told."""

    def __init__(self, report: ImportReport) -> None:
        """Keep the report."""
        super().__init__("trial")
        self.report = report


def _take_back(report: ImportReport) -> NoReturn:
    raise _Undone(report)


class _Faulty(Exception):
    """An order that cannot be made as its rows say."""

    def __init__(self, row: Row, column: Text | None, text: Text) -> None:
        """Keep the fault."""
        super().__init__(text.en)
        self.fault = RowFault(line=row.line, column=column, text=text)


@dataclass(frozen=True, slots=True)
class _Book:
    """What the rows name: clients with their place, formats, carriers, orders that are there."""

    clients: Mapping[str, tuple[UUID, UUID | None]]
    formats: Mapping[str, ProductFormat]
    carriers: Mapping[str, UUID]
    there: Mapping[str, Order]
    faults: list[RowFault] = field(default_factory=list)


def preview_orders(session: Session, *, found: Sequence[OrderRows], stamp: Stamp, note: Note = quietly) -> ImportReport:
    """Return what ``import_orders`` would do now: every order is made, priced and submitted, and taken back.

    Raises:
        FaultyRows: orders that cannot be, each with its line and column.
    """
    try:
        with savepoint(session):
            _take_back(import_orders(session, found=found, stamp=stamp, note=note))
    except _Undone as undone:
        return undone.report


def import_orders(session: Session, *, found: Sequence[OrderRows], stamp: Stamp, note: Note = quietly) -> ImportReport:
    """Make and submit the acting seller's orders of a file, all of them or none; return what was done.

    An order is known by the reference of the seller's own system: the same file again makes nothing. Prices are the
    client's own unless a row says one; groups accept by themselves as ever. ``note`` is called for each order. The door
    ends with ``billing.service.publish_pending``.

    Raises:
        FaultyRows: orders that cannot be, each with its line and column.

    Source: R035, R036; the CSV import promises a dry run and errors by row.
    """
    session.get_one(Organisation, acting_org(session), with_for_update=True)
    book = _open_book(session, found)
    _hold(session, found, book, stamp)
    changes = []
    for one in found:
        if (change := _take(session, one, book, stamp)) is not None:
            changes.append(change)
        note()
    require_faultless(book.faults)
    return ImportReport(changes=tuple(changes))


def _open_book(session: Session, found: Sequence[OrderRows]) -> _Book:
    me = acting_org(session)
    kept = session.execute(
        select(Client.external_id, Client.buyer_id).where(
            Client.owner_id == me, Client.external_id.in_([one.said("client") for one in found])
        )
    ).all()
    places = _first_places(session, [row.buyer_id for row in kept])
    sold = session.scalars(
        select(ProductFormat).where(ProductFormat.owner_id == me, ProductFormat.reference != "")
    ).all()
    references = [one.reference for one in found]
    there = session.scalars(select(Order).where(Order.owner_id == me, Order.external_id.in_(references))).all()
    return _Book(
        {str(row.external_id): (row.buyer_id, places.get(row.buyer_id)) for row in kept},
        {one.reference: one for one in sold},
        _carriers(session, me),
        {str(one.external_id): one for one in there},
    )


def _hold(session: Session, found: Sequence[OrderRows], book: _Book, stamp: Stamp) -> None:
    """Lock what the orders of the file would lock one by one, in the order that everyone keeps.

    That is numbers, goods by format, accounts with a limit: two files, or a file and a form, cannot deadlock.
    """
    me = acting_org(session)
    if all(one.reference in book.there for one in found):
        return
    hold_numbers(session, seller_id=me, year=stamp.at.astimezone(parties.zone_of(session, org_id=me)).year)
    rows = (row for one in found for row in one.rows)
    named = (book.formats.get(row.values["format"]) for row in rows)
    lock_counted(session, format_ids={one.id for one in named if one is not None})
    agreed = select(Agreement.billing_agent_id).where(Agreement.owner_id == me, Agreement.billing_agent_id.is_not(None))
    issuers = {me, *(agent for agent in session.scalars(agreed) if agent is not None)}
    lock_limited(session, issuer_ids=issuers, buyer_ids={buyer_id for buyer_id, _place in book.clients.values()})


def _first_places(session: Session, buyer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return each client's first place; one that the seller does not read yet is asked for as its owner's.

    An order lets the seller and the carrier read it.
    """
    found: dict[UUID, UUID] = {}
    for buyer_id in sorted(set(buyer_ids)):
        with acting_for(session, buyer_id):
            first = session.scalar(select(Site.id).where(Site.owner_id == buyer_id).order_by(Site.id).limit(1))
        if first is not None:
            found[buyer_id] = first
    return found


def _carriers(session: Session, me: UUID) -> dict[str, UUID]:
    """Return the seller's carriers by code and by name, in small letters."""
    rows = session.scalars(
        select(Organisation)
        .join(Agreement, Agreement.carrier_id == Organisation.id)
        .where(Agreement.owner_id == me, Agreement.state == RelationState.ACTIVE)
    ).all()
    return {name.casefold(): one.id for one in rows for name in (one.code, one.name) if name}


def _take(session: Session, one: OrderRows, book: _Book, stamp: Stamp) -> RowChange | None:
    if (known := book.there.get(one.reference)) is not None:
        return _told(one, known, Verdict.UNCHANGED, _THERE)
    try:
        with savepoint(session):
            order = _make(session, one, book, stamp)
    except _Faulty as wrong:
        book.faults.append(wrong.fault)
    except Problem as problem:
        book.faults.append(RowFault(line=one.rows[0].line, column=None, text=problem.detail))
    else:
        return _told(one, order, Verdict.NEW, None)
    return None


def _make(session: Session, one: OrderRows, book: _Book, stamp: Stamp) -> Order:
    buyer_id, site_id = _client(one, book)
    order = orders.create_order(
        session,
        parties_of=orders.OrderParties(
            seller_id=acting_org(session), buyer_id=buyer_id, site_id=site_id, carrier_id=_carrier(session, one, book)
        ),
        items=[
            orders.OrderItem(
                format_id=_format(row, book).id,
                quantity=row.values["quantity"],
                unit_price=row.values.get("unit_price"),
            )
            for row in one.rows
        ],
        distribution=DistributionMethod.DISTRIBUTOR,
        planned_on=one.said("planned_on"),
        note=one.said("note") or "",
        stamp=stamp,
    )
    order.external_id = one.reference
    submit_order(session, order=order, stamp=stamp)
    return order


def _client(one: OrderRows, book: _Book) -> tuple[UUID, UUID]:
    buyer_id, site_id = book.clients.get(one.said("client"), (None, None))
    if buyer_id is None:
        raise _Faulty(
            one.rows[0], CLIENT.title,
            Text(
                f"Aucun client n’a le numéro «\u00a0{one.said('client')}\u00a0». L’importer ou corriger le numéro.",
                f"No client has the number “{one.said('client')}”. Import it, or correct the number.",
            ),
        )  # fmt: skip
    if site_id is None:
        raise _Faulty(
            one.rows[0], CLIENT.title,
            Text("Ce client n’a pas de lieu de livraison. L’ajouter à sa page.",
                 "This client has no delivery place. Add it at the client’s page."),
        )  # fmt: skip
    return buyer_id, site_id


def _format(row: Row, book: _Book) -> ProductFormat:
    sold = book.formats.get(row.values["format"])
    if sold is None or sold.archived_at is not None:
        raise _Faulty(
            row, FORMAT.title,
            Text(
                f"Aucun format en vente n’a la référence «\u00a0{row.values['format']}\u00a0».",
                f"No format for sale has the reference “{row.values['format']}”.",
            ),
        )  # fmt: skip
    return sold


def _carrier(session: Session, one: OrderRows, book: _Book) -> UUID:
    """Return the carrier that the rows name, or the only one; a seller without one delivers itself."""
    name, known = one.said("carrier"), set(book.carriers.values())
    if name is None and not known:
        return acting_org(session)
    if name is None and len(known) == 1:
        return next(iter(known))
    if name is None or name.casefold() not in book.carriers:
        listed = ", ".join(sorted(book.carriers)) or "–"
        raise _Faulty(
            one.rows[0], CARRIER.title,
            Text(f"Nommer un distributeur parmi\u00a0: {listed}.", f"Name a distributor of: {listed}."),
        )  # fmt: skip
    return book.carriers[name.casefold()]


def _told(one: OrderRows, order: Order, verdict: Verdict, note: Text | None) -> RowChange:
    amounts = [format_money(order.total_cents, order.currency, language) for language in ("fr", "en")]
    state = LABELS[order.state]
    return RowChange(
        line=one.rows[0].line,
        key=one.reference,
        name=order.number,
        verdict=verdict,
        note=note or Text(f"{state.fr}, {amounts[0]}", f"{state.en}, {amounts[1]}"),
    )
