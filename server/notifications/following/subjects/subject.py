"""What a fact of the table is about, as its rows are filled and sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from server.notifications.following.lines import Line, Part
from server.notifications.service.telling import News
from server.parties import queries as parties
from server.parties.model import BillingType
from server.parties.wording import with_badge
from shared.money import format_money
from shared.problems import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the lines of a fact are filled with, and whom they may reach.

    ``id`` is what its page and papers are about. ``state`` is what a line's ``when`` asks for. ``billed`` is how its
    order is billed, if it has one, which its title and its webhook say (R008).

    The key of its news names ``about``, or the ``id``, and ``once``, which tells apart what may happen again; each fact
    is told for itself where it is None. What a tablet told comes again to an office that was restored, under new
    identifiers: its news has the same key all the same, and so names what was sealed. A place in a chain or series
    names nothing, since such an office gives it out again.
    """

    id: UUID
    link: str
    parts: Mapping[Part, frozenset[UUID]]
    words: Mapping[str, Text]
    members: dict[str, Any]
    state: str = ""
    about: str = ""
    once: str | None = None
    billed: BillingType | None = None

    def told(self, line: Line) -> frozenset[UUID]:
        """Return the organisations that a line is for."""
        if line.when and self.state not in line.when:
            return frozenset()
        return frozenset().union(*(self.parts.get(part, frozenset()) for part in line.to))

    def news(self, line: Line, *, happened: UUID) -> News:
        """Return what a line says of this subject; ``happened`` is what its fact is called, over restores."""
        once = str(happened) if self.once is None else self.once
        return News(
            key=f"{line.kind}:{self.about or self.id}:{once}",
            kind=line.kind,
            subject_id=self.id,
            title=with_badge(_filled(line.title, self.words), self.billed),
            text=_filled(line.text, self.words),
            link=self.link,
            members=self.members | ({"billing_type": self.billed.value} if self.billed else {}),
            calls_out=line.calls_out,
        )


def owned(owner_id: UUID, buyer_id: UUID | None, reader_ids: Iterable[UUID] = ()) -> dict[Part, frozenset[UUID]]:
    """Return the parts of a row with an owner, a buyer and other readers."""
    buyers = some(buyer_id)
    return {
        Part.OWNER: frozenset({owner_id}),
        Part.BUYER: buyers,
        Part.READER: frozenset(reader_ids) - buyers - {owner_id},
    }


def some(*org_ids: UUID | None) -> frozenset[UUID]:
    """Return those organisations that there are."""
    return frozenset(one for one in org_ids if one is not None)


def plain(word: str) -> Text:
    """Return a word that is the same in both languages."""
    return Text(word, word)


def amount(cents: int, currency: str) -> Text:
    """Return an amount as it is written in each language."""
    return Text(format_money(cents, currency, "fr"), format_money(cents, currency, "en"))


def named(session: Session, **org_ids: UUID) -> dict[str, Text]:
    """Return the names of organisations by what they are to the subject."""
    names = parties.names(session, org_ids=org_ids.values())
    return {role: plain(names.get(org_id, "–")) for role, org_id in org_ids.items()}


def _filled(text: Text, words: Mapping[str, Text]) -> Text:
    return Text(
        text.fr.format_map({name: one.fr for name, one in words.items()}),
        text.en.format_map({name: one.en for name, one in words.items()}),
    )
