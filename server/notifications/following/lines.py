"""One row of the table of news: who is told what of a fact, and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.problems import Text


class Part(StrEnum):
    """What an organisation is to a subject.

    Who owns the row; who sells the goods, with its agent and its issuer; who buys them, who carries them; or somebody
    else whom the subject names.
    """

    OWNER = "owner"
    SELLER = "seller"
    BUYER = "buyer"
    CARRIER = "carrier"
    READER = "reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What some parts are told of a fact; names in braces are the subject's words, see ``subjects``.

    It is told while the subject is in one of the states ``when``; always where none is named. Who did it at a desk is
    not told of it, unless ``own``. A fact that only repeats the one before it is not told where ``turns`` (the account
    was on hold already); where ``newest``, of several such facts that nobody was told of yet the last one alone is.
    """

    to: tuple[Part, ...]
    kind: str
    title: Text
    text: Text
    when: tuple[str, ...] = ()
    own: bool = False
    turns: bool = False
    newest: bool = False
    calls_out: bool = True  # news about a webhook itself goes by the other ways


type Rows = dict[str, tuple[Line, ...]]
"""Fact name → what each part is told of it."""

ALL: Final = (Part.OWNER, Part.BUYER, Part.READER)
BOTH: Final = (Part.OWNER, Part.BUYER)
DEAL: Final = (Part.SELLER, Part.BUYER)
