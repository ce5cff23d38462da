"""Container classes and their dated deposits, the owner's word on whether they are taxed (C17, C30)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import events
from server.catalog.model import ContainerClass, ContainerKind, ContainerPrice
from server.catalog.service.bounds import bad, require_words
from server.core import facts
from server.core.acting import acting_org
from server.core.problems import NotFound, Problem, Text
from server.core.stamp import Stamp
from server.core.uniqueness import add_unique
from server.parties import queries as parties

MAX_DEPOSIT_CENTS: Final = 100_000
MAX_NOTE: Final = 200
_CODE: Final = re.compile(r"[a-z0-9_]{1,40}")


class ContainerTaken(Problem):
    """A container class of this code, or its deposit of this day, is there already."""

    slug = "container-taken"
    status: ClassVar[int] = 409
    title = Text("Contenant déjà présent", "Container already there")


def create_container_class(
    session: Session,
    *,
    code: str,
    kind: ContainerKind,
    name_fr: str,
    name_en: str,
    unit_cents: int,
    valid_from: date,
    stamp: Stamp,
    taxable: bool = False,
    decided_by: str = "",
) -> ContainerClass:
    """Return a container class of the acting organisation with its first deposit; its partners read both.

    A supplier owns its kegs, a carrier the public containers (C30). ``code`` is lower-case letters, digits and ``_``.

    Raises:
        BadFormat: a name or code that cannot be, or a taxed class without who decided it.
        ContainerTaken: the code is used already.
    """
    require_words(name_fr=name_fr, name_en=name_en)
    _require_code(code)
    _require_decision(taxable=taxable, decided_by=decided_by)
    container = ContainerClass(
        owner_id=acting_org(session),
        party_ids=parties.partner_ids(session),
        code=code,
        kind=kind,
        name_fr=name_fr,
        name_en=name_en,
        taxable=taxable,
        decided_by=decided_by,
    )
    add_unique(session, container, taken=_taken("code", code))
    facts.record(session, events.CONTAINER_CLASS_MADE, container.id, stamp)
    price_container(session, class_id=container.id, unit_cents=unit_cents, valid_from=valid_from, stamp=stamp)
    return container


def price_container(
    session: Session, *, class_id: UUID, unit_cents: int, valid_from: date, stamp: Stamp
) -> ContainerPrice:
    """Return the deposit of a class of the acting organisation from a day on; earlier days keep theirs."""
    container = own_class(session, class_id=class_id)
    if not 0 <= unit_cents <= MAX_DEPOSIT_CENTS:
        raise bad(
            "unit_cents", f"La consigne va de 0 à {MAX_DEPOSIT_CENTS}.", f"A deposit is 0 to {MAX_DEPOSIT_CENTS}."
        )
    price = ContainerPrice(**container.kin(), class_id=class_id, unit_cents=unit_cents, valid_from=valid_from)
    add_unique(session, price, taken=_taken("valid_from", f"{valid_from}"))
    facts.record(session, events.CONTAINER_PRICED, class_id, stamp)
    return price


def change_container_class(
    session: Session, *, class_id: UUID, name_fr: str, name_en: str, taxable: bool, decided_by: str, stamp: Stamp
) -> ContainerClass:
    """Return a class of the acting organisation with these words and this tax setting; lines keep what they had.

    Raises:
        BadFormat: a name that cannot be, or a taxed class without who decided it.
        NotFound: it is no class of the acting organisation.

    Source: law 21; billing.md (keg taxability is a setting with a note of who decided it).
    """
    require_words(name_fr=name_fr, name_en=name_en)
    _require_decision(taxable=taxable, decided_by=decided_by)
    container = own_class(session, class_id=class_id)
    container.name_fr, container.name_en = name_fr, name_en
    container.taxable, container.decided_by = taxable, decided_by
    session.flush()
    facts.record(session, events.CONTAINER_CLASS_CHANGED, container.id, stamp)
    return container


def own_class(session: Session, *, class_id: UUID) -> ContainerClass:
    """Return a container class of the acting organisation, locked.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    container = session.scalars(
        select(ContainerClass)
        .where(ContainerClass.id == class_id, ContainerClass.owner_id == acting_org(session))
        .with_for_update()
    ).one_or_none()
    if container is None:
        raise NotFound(Text("Cette classe de contenant n’existe pas.", "There is no such container class."))
    return container


def share_classes(session: Session, *, reader_ids: Iterable[UUID]) -> None:
    """Let new partners of the acting organisation read its container classes and their deposits."""
    readers = set(reader_ids) - {acting_org(session)}
    rows = [
        *session.scalars(select(ContainerClass).where(ContainerClass.owner_id == acting_org(session))),
        *session.scalars(select(ContainerPrice).where(ContainerPrice.owner_id == acting_org(session))),
    ]
    for row in rows:
        if not readers <= set(row.party_ids):
            row.party_ids = sorted(readers | set(row.party_ids))
    session.flush()


def _require_code(code: str) -> None:
    if not _CODE.fullmatch(code):
        raise bad(
            "code",
            "Un code a de 1 à 40 lettres minuscules, chiffres et traits bas.",
            "A code is 1 to 40 lower-case letters, digits and underscores.",
        )


def _require_decision(*, taxable: bool, decided_by: str) -> None:
    if len(decided_by) > MAX_NOTE or (taxable and not decided_by.strip()):
        raise bad(
            "decided_by",
            f"Dire qui a décidé que la consigne est taxable, en {MAX_NOTE} caractères au plus.",
            f"Say who decided that the deposit is taxed, in {MAX_NOTE} characters at most.",
        )


def _taken(where: str, value: str) -> ContainerTaken:
    return ContainerTaken(
        Text(f"«\u00a0{value}\u00a0» existe déjà. En choisir un autre.", f"“{value}” already exists. Choose another."),
        where=where,
    )
