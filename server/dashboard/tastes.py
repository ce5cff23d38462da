"""Remembering how a person looks at a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.dashboard.model import ListTaste, SavedView
from shared.ids import new_id

ORDERS: Final = "orders"
COLUMNS: Final = {
    "delivery": Text("Livraison", "Delivery"),
    "progress": Text("Progression", "Progress"),
    "billing": Text("Facturation", "Invoicing"),
    "total": Text("Total", "Total"),
}
MAX_VIEWS: Final = 30
MAX_NAME: Final = 60
MAX_QUERY: Final = 500


class BadView(Problem):
    """A view has no name, or there are too many."""

    slug = "bad-view"
    title = Text("Vue invalide", "Invalid view")


def hidden_columns(session: Session, *, user_id: UUID, list_name: str = ORDERS) -> frozenset[str]:
    """Return the columns that a person put away (R032)."""
    mine = select(ListTaste.hidden).where(
        ListTaste.owner_id == acting_org(session), ListTaste.user_id == user_id, ListTaste.list_name == list_name
    )
    return frozenset(session.scalar(mine) or ()) & COLUMNS.keys()


def hide_columns(session: Session, *, user_id: UUID, shown: Collection[str], list_name: str = ORDERS) -> None:
    """Remember which columns a person wants to see; the others are put away until they come back."""
    hidden = sorted(COLUMNS.keys() - set(shown))
    row = {
        "id": new_id(), "owner_id": acting_org(session), "party_ids": [], "user_id": user_id,
        "list_name": list_name, "hidden": hidden,
    }  # fmt: skip
    session.execute(
        insert(ListTaste)
        .values(row)
        .on_conflict_do_update(index_elements=["owner_id", "user_id", "list_name"], set_={"hidden": hidden})
    )


def views(session: Session, *, user_id: UUID, list_name: str = ORDERS) -> Sequence[SavedView]:
    """Return the views of a person, and those that others of the organisation share, by name."""
    wanted = select(SavedView).where(
        SavedView.owner_id == acting_org(session),
        SavedView.list_name == list_name,
        or_(SavedView.user_id == user_id, SavedView.shared),
    )
    return session.scalars(wanted.order_by(SavedView.name, SavedView.id).limit(2 * MAX_VIEWS)).all()


def keep_view(
    session: Session,
    *,
    user_id: UUID,
    name: str,
    choices: Mapping[str, str],
    shared: bool,
    stamp: Stamp,
    list_name: str = ORDERS,
) -> None:
    """Keep a list's choices under a name, in place of the person's view of the same name.

    Raises:
        BadView: no name, or too many views.
    """
    tidy = " ".join(name.split())
    if not 1 <= len(tidy) <= MAX_NAME:
        raise BadView(
            Text("Nommer la vue, en 60 caractères au plus.", "Name the view, in 60 characters at most."), where="name"
        )
    mine = [one for one in views(session, user_id=user_id, list_name=list_name) if one.user_id == user_id]
    if len(mine) >= MAX_VIEWS and tidy not in {one.name for one in mine}:
        raise BadView(
            Text(f"Au plus {MAX_VIEWS} vues. Retirez-en une.", f"At most {MAX_VIEWS} views. Remove one."), where="name"
        )
    query = urlencode(sorted((key, value) for key, value in choices.items() if value))[:MAX_QUERY]
    row = {
        "id": new_id(), "owner_id": acting_org(session), "party_ids": [], "user_id": user_id, "list_name": list_name,
        "name": tidy, "query": query, "shared": shared, "kept_at": stamp.at,
    }  # fmt: skip
    session.execute(
        insert(SavedView)
        .values(row)
        .on_conflict_do_update(
            index_elements=["owner_id", "user_id", "list_name", "name"], set_={"query": query, "shared": shared}
        )
    )


def drop_view(session: Session, *, user_id: UUID, view_id: UUID) -> None:
    """Remove a view of the person's own.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(
        select(SavedView).where(
            SavedView.id == view_id, SavedView.owner_id == acting_org(session), SavedView.user_id == user_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Cette vue n’existe pas.", "There is no such view."), where=str(view_id))
    session.delete(found)


def _bad(fr: str, en: str) -> BadView:
    return BadView(Text(fr, en), where="name")


def choices_of(arguments: Iterable[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """Return the choices of an address that belong to a list."""
    return {name: value[:100] for name, value in arguments if name in known and value}
