"""Clients from a file: found by the seller's own numbers, so that the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_for, acting_org
from server.core.csv_rows import Row, RowFault, Sheet
from server.core.imports import Difference, ImportReport, Note, RowChange, Verdict, quietly, require_faultless
from server.core.problems import Text
from server.core.stamp import Stamp
from server.parties import events
from server.parties.model import (
    Client,
    CustomerGroup,
    Equipment,
    Organisation,
    OrganisationKind,
    Relation,
    RelationState,
    Site,
)
from server.parties.service.cards import CARD_FIELDS, is_kept, revise_card
from server.parties.service.client_rows import BY_KEY, EQUIPMENT, GROUP
from server.parties.service.deals import open_card
from server.parties.service.organisations import create_organisation
from server.parties.service.places import create_site, revise_site
from shared.ids import new_id

_PLACE: Final = (
    "street", "city", "postal_code", "lat_e7", "lon_e7", "windows", "access_note", "equipment",
    "permit_number", "permit_expires_on",
)  # fmt: skip
_OWN: Final = ("external_id", "group_id", "net_days", "credit_limit_cents")
_LISTS: Final = frozenset({"windows", "equipment"})
_NOTHING: Final = frozenset({"net_days", "credit_limit_cents", "permit_expires_on", "group_id", "lat_e7", "lon_e7"})
_ADDRESS: Final = ("street", "city", "postal_code")
_KEEPS_ITSELF: Final = Text(
    "A un compte et tient sa propre fiche\u00a0: nom, adresse et lieu ne changent pas d’ici.",
    "Has an account and keeps its own card: name, address and place do not change from here.",
)
_NO_PLACE: Final = Text(
    "Sans position\u00a0: ajouter le lieu sur la carte, à la page du client.",
    "No position: add the place on the map, at the client’s page.",
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A client that is there, its card and its first place."""

    client: Client
    card: Organisation
    site: Site | None


@dataclass(frozen=True, slots=True)
class _Step:
    """What one row does: the columns that move, by the row that holds them."""

    row: Row
    known: _Known | None
    card: Mapping[str, Any]
    place: Mapping[str, Any]
    own: Mapping[str, Any]
    change: RowChange


def preview_clients(session: Session, *, sheet: Sheet) -> ImportReport:
    """Return what ``import_clients`` would do now, and do nothing.

    Raises:
        FaultyRows: a row names a group that is not there.
    """
    return ImportReport(changes=tuple(step.change for step in _steps(session, sheet)))


def import_clients(session: Session, *, sheet: Sheet, stamp: Stamp, note: Note = quietly) -> ImportReport:
    """Make and change the acting seller's clients as the sheet says, all of it or nothing; return what was done.

    A column that the sheet lacks leaves its values alone; an empty cell empties its value. Two imports of one seller
    wait for each other. ``note`` is called for each row that is done.

    Raises:
        FaultyRows: a row names a group that is not there.

    Source: C26 (clients without an account are kept by their seller).
    """
    session.get_one(Organisation, acting_org(session), with_for_update=True)
    steps = _steps(session, sheet)
    joined: list[Client] = []
    for step in steps:
        if step.known is None:
            joined.append(_join(session, step, stamp))
        elif step.change.verdict is not Verdict.UNCHANGED:
            _change_known(session, step, step.known, stamp)
        note()
    _welcome(session, joined, stamp)
    return ImportReport(changes=tuple(step.change for step in steps))


def _steps(session: Session, sheet: Sheet) -> list[_Step]:
    groups = {
        group.name.casefold(): group
        for group in session.scalars(select(CustomerGroup).where(CustomerGroup.owner_id == acting_org(session)))
    }
    require_faultless(_unknown_groups(sheet, groups))
    known = _known_clients(session)
    names = {group.id: group.name for group in groups.values()}
    return [_step(session, row, known.get(row.values["external_id"]), _own(row, groups), names) for row in sheet.rows]


def _unknown_groups(sheet: Sheet, groups: Mapping[str, CustomerGroup]) -> Iterator[RowFault]:
    for row in sheet.rows:
        name = row.values.get("group")
        if name and name.casefold() not in groups:
            yield RowFault(
                line=row.line,
                column=GROUP.title,
                text=Text(
                    f"Le groupe «\u00a0{name}\u00a0» n’existe pas. Le créer d’abord, ou corriger le nom.",
                    f"There is no group “{name}”. Create it first, or correct the name.",
                ),
            )


def _known_clients(session: Session) -> dict[str, _Known]:
    rows = session.execute(
        select(Client, Organisation)
        .join(Organisation, Organisation.id == Client.buyer_id)
        .where(Client.owner_id == acting_org(session), Client.external_id.is_not(None))
    ).all()
    first: dict[UUID, Site] = {}
    for site in session.scalars(select(Site).where(Site.owner_id.in_([card.id for _, card in rows])).order_by(Site.id)):
        first.setdefault(site.owner_id, site)
    return {str(client.external_id): _Known(client, card, first.get(card.id)) for client, card in rows}


def _own(row: Row, groups: Mapping[str, CustomerGroup]) -> dict[str, Any]:
    """Return what a row says of the client as its seller keeps it; « Tous » is no group of its own."""
    own = {name: row.values[name] for name in _OWN if name in row.values}
    if "group" in row.values:
        group = groups[row.values["group"].casefold()] if row.values["group"] else None
        own["group_id"] = group.id if group and not group.is_everyone else None
    return own


def _step(session: Session, row: Row, known: _Known | None, own: Mapping[str, Any], names: Mapping[UUID, str]) -> _Step:
    keeps = known is None or is_kept(session, known.card)
    card = _moved(known.card if known else None, _values(row, CARD_FIELDS)) if keeps else {}
    place = _moved(known.site if known else None, _values(row, _PLACE)) if keeps else {}
    has_place = known is not None and known.site is not None
    if not has_place and not _is_whole_place(row):
        place = {}
    moved_own = _moved(known.client if known else None, own)
    change = _change(row, known, {**place, **card, **moved_own}, names)
    note = _KEEPS_ITSELF if not keeps else None if has_place or place else _NO_PLACE
    return _Step(row, known, card, place, moved_own, replace(change, note=note))


def _values(row: Row, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the row's values of some columns as the tables keep them: an empty text, an empty list, nothing."""
    found = {}
    for name in names:
        if name in row.values:
            empty: Any = None if name in _NOTHING else [] if name in _LISTS else ""
            value = row.values[name]
            found[name] = empty if value is None else value
    if not found.get("legal_name", " "):
        found["legal_name"] = found["name"]
    if not found.get("language", " "):
        found["language"] = "fr"
    if found.get("lat_e7", 0) is None:
        del found["lat_e7"], found["lon_e7"]  # a place stays where it is
    return found


def _moved(there: object | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if there is None or getattr(there, name) != value}


def _is_whole_place(row: Row) -> bool:
    return row.values.get("lat_e7") is not None and all(row.values.get(name) for name in _ADDRESS)


def _change(row: Row, known: _Known | None, moved: Mapping[str, Any], names: Mapping[UUID, str]) -> RowChange:
    verdict = Verdict.NEW if known is None else Verdict.CHANGED if moved else Verdict.UNCHANGED
    return RowChange(
        line=row.line,
        key=row.values["external_id"],
        name=row.values["name"],
        verdict=verdict,
        differences=tuple(_differences(known, moved, names)) if known else (),
    )


def _differences(known: _Known, moved: Mapping[str, Any], names: Mapping[UUID, str]) -> Iterator[Difference]:
    for name, after in moved.items():
        column = BY_KEY["group" if name == "group_id" else name]
        holder = next(one for one in (known.client, known.card, known.site) if one is None or hasattr(one, name))
        before = getattr(holder, name, None)
        yield Difference(field=column.title, before=_written(name, before, names), after=_written(name, after, names))


def _written(name: str, value: Any, names: Mapping[UUID, str]) -> str:
    """Return a value as the file would say it."""
    if value is None or value == "":
        return ""
    if name == "group_id":
        return names.get(value, "")
    return _WRITTEN.get(name, str)(value)


_WRITTEN: Final[Mapping[str, Callable[[Any], str]]] = {
    "credit_limit_cents": lambda value: f"{value / 100:.2f}",
    "lat_e7": lambda value: f"{value / 10_000_000:.7f}",
    "lon_e7": lambda value: f"{value / 10_000_000:.7f}",
    "windows": lambda value: ", ".join(f"{a // 60}:{a % 60:02}-{b // 60}:{b % 60:02}" for a, b in value),
    "equipment": lambda value: ", ".join(EQUIPMENT[Equipment(one)].fr for one in value),
}


def _change_known(session: Session, step: _Step, known: _Known, stamp: Stamp) -> None:
    client = known.client
    if step.card:
        revise_card(session, org_id=client.buyer_id, changes=step.card, stamp=stamp)
    if step.place:
        _set_place(session, client.buyer_id, step, stamp)
    for name, value in step.own.items():
        setattr(client, name, value)
    if step.own:
        session.flush()
        facts.record(session, events.CLIENT_CHANGED, client.id, stamp)


def _join(session: Session, step: _Step, stamp: Stamp) -> Client:
    """Write a new client's card and place, each its own; what its seller keeps of it is written for all at once."""
    seller_id = acting_org(session)
    buyer = create_organisation(
        session,
        kind=OrganisationKind.RETAILER,
        code="",
        kept_by_id=seller_id,
        reader_ids=(seller_id,),
        stamp=stamp,
        **{"legal_name": step.card["name"], **step.card},
    )
    if step.place:
        _set_place(session, buyer.id, step, stamp)
    return Client(id=new_id(), owner_id=seller_id, party_ids=[], buyer_id=buyer.id, since=stamp.at, **step.own)


def _welcome(session: Session, joined: list[Client], stamp: Stamp) -> None:
    seller_id = acting_org(session)
    relations = [
        Relation(
            id=new_id(), owner_id=seller_id, party_ids=[one.buyer_id], buyer_id=one.buyer_id, state=RelationState.ACTIVE
        )
        for one in joined
    ]
    session.add_all([*relations, *joined])
    session.flush()
    open_card(session, {one.buyer_id for one in joined})
    for relation in relations:
        facts.record(session, events.RELATION_OPENED, relation.id, stamp, readers=(relation.buyer_id,))
    for client in joined:
        facts.record(session, events.CLIENT_CHANGED, client.id, stamp)


def _set_place(session: Session, buyer_id: UUID, step: _Step, stamp: Stamp) -> None:
    seller_id = acting_org(session)
    with acting_for(session, buyer_id):
        if step.known and step.known.site:
            revise_site(session, site_id=step.known.site.id, changes=step.place, stamp=stamp)
            return
        place = {**step.place, "equipment": [Equipment(one) for one in step.place.get("equipment", ())]}
        name, phone = step.row.values["name"], step.row.values.get("phone") or ""
        create_site(session, name=name, phone=phone, reader_ids=(seller_id,), stamp=stamp, **place)
