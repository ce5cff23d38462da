"""Each setting of a group or client: its own value, what it inherits else, and from where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.acting import acting_org
from server.core.problems import NotFound, Text
from server.parties.model import Agreement, Client, CustomerGroup, Organisation, RelationState
from server.parties.terms import FIELDS, Defaults, Source

_AGREED: Final = frozenset({"deliver_with", "settlement_policy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field: ``own`` is None when it is inherited; ``inherited`` is what holds without it, from ``source``.

    ``inherited`` is None where each agreement says it for its carrier.
    """

    name: str
    own: Any
    inherited: Any
    source: Source

    @property
    def is_own(self) -> bool:
        """Say whether the value is set here."""
        return self.own is not None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group and how many clients are in it; « Tous » counts those in no other group."""

    group: CustomerGroup
    clients: int


def group_rows(session: Session) -> list[GroupRow]:
    """Return the acting seller's groups, « Tous » first."""
    me = acting_org(session)
    counted = session.execute(
        select(Client.group_id, func.count()).where(Client.owner_id == me).group_by(Client.group_id)
    )
    counts: dict[UUID | None, int] = {row[0]: row[1] for row in counted}
    groups = session.scalars(
        select(CustomerGroup)
        .where(CustomerGroup.owner_id == me)
        .order_by(CustomerGroup.is_everyone.desc(), CustomerGroup.name)
    )
    return [GroupRow(group, counts.get(None if group.is_everyone else group.id, 0)) for group in groups]


def group(session: Session, *, group_id: UUID) -> CustomerGroup:
    """Return a group of the acting seller.

    Raises:
        NotFound: there is none, or it is another's.
    """
    found = session.scalars(
        select(CustomerGroup).where(CustomerGroup.id == group_id, CustomerGroup.owner_id == acting_org(session))
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Ce groupe n’existe pas.", "There is no such group."), where="group_id")
    return found


def client(session: Session, *, buyer_id: UUID) -> Client:
    """Return a client of the acting seller.

    Raises:
        NotFound: there is none, or it is another's.
    """
    found = session.scalars(
        select(Client).where(Client.buyer_id == buyer_id, Client.owner_id == acting_org(session))
    ).one_or_none()
    if found is None:
        raise NotFound(Text("Ce client n’existe pas.", "There is no such client."), where="buyer_id")
    return found


def settings_of(session: Session, kept: CustomerGroup | Client) -> list[Setting]:
    """Return every setting of a group or client, field by field (R071, C2)."""
    above = _above(session, kept)
    return [_setting(name, getattr(kept, name), above) for name in FIELDS]


def _above(session: Session, kept: CustomerGroup | Client) -> Sequence[tuple[Source, object]]:
    everyone = session.scalars(
        select(CustomerGroup).where(CustomerGroup.owner_id == kept.owner_id, CustomerGroup.is_everyone)
    ).one()
    layers: list[tuple[Source, object]] = []
    if isinstance(kept, Client) and kept.group_id is not None:
        layers.append((Source.GROUP, session.get_one(CustomerGroup, kept.group_id)))
    if kept is not everyone:
        layers.append((Source.EVERYONE, everyone))
    agreed = select(Agreement.id).where(Agreement.owner_id == kept.owner_id, Agreement.state == RelationState.ACTIVE)
    if session.scalars(agreed).first() is not None:
        layers.append((Source.AGREEMENT, Agreement))
    return [*layers, (Source.SELLER, session.get_one(Organisation, kept.owner_id)), (Source.DEFAULT, Defaults())]


def _setting(name: str, own: Any, above: Sequence[tuple[Source, object]]) -> Setting:
    for source, layer in above:
        if source is Source.AGREEMENT and name in _AGREED:
            return Setting(name=name, own=own, inherited=None, source=source)
        if source is not Source.AGREEMENT and (value := getattr(layer, name, None)) is not None:
            return Setting(name=name, own=own, inherited=value, source=source)
    raise LookupError(name)
