"""Reading the pages' forms: empty means inherited, and what cannot be read says where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from server.core.csv_cells import cents, exact, one_of, whole
from server.core.csv_rows import BadCell
from server.core.problems import Problem, Text
from server.core.web.limits import is_printable
from server.parties.service.clients import (
    MAX_DISCOUNT_BP,
    MAX_MINIMUM_CENTS,
    MAX_MINIMUM_ITEMS,
    MAX_NET_DAYS,
    MAX_WORDS,
    GroupTerms,
)
from server.parties.wording import ENUMS, SWITCHES, TEXTS


class BadField(Problem):
    """A field of a form cannot be read."""

    slug = "bad-field"
    title = Text("Champ à corriger", "Field to correct")


def read_field[T](form: Mapping[str, str], name: str, read: Callable[[str], T], *, most: int = 4_000) -> T | None:
    """Return a field's value, None when it is empty.

    Raises:
        BadField: the text cannot be read; ``where`` is the field.
    """
    raw = form.get(name, "").strip()
    if not raw:
        return None
    if len(raw) > most or not is_printable(raw):
        raise BadField(Text("Ce texte est trop long. Le raccourcir.", "This text is too long. Shorten it."), where=name)
    try:
        return read(raw)
    except BadCell as bad:
        raise BadField(bad.text, where=name) from bad


def required[T](value: T | None, name: str) -> T:
    """Return a field's value.

    Raises:
        BadField: the field is empty.
    """
    if value is None:
        raise BadField(Text("Ce champ est obligatoire. Le remplir.", "This field is required. Fill it in."), where=name)
    return value


def read_terms(form: Mapping[str, str]) -> GroupTerms:
    """Return the settings of a form; a field left empty is inherited, and so is the one named by ``revert``.

    Raises:
        BadField: a field cannot be read.
    """
    kept = {name: value for name, value in form.items() if name != form.get("revert")}
    read = {name: read_field(kept, name, reader) for name, reader in _READERS.items()}
    return GroupTerms(**read)


def terms_of(kept: object) -> GroupTerms:
    """Return the own settings of a group or client."""
    return GroupTerms(**{name: getattr(kept, name) for name in asdict(GroupTerms())})


def _percent(cell: str) -> int:
    return int(exact(2, Decimal(0), Decimal(MAX_DISCOUNT_BP) / 100)(cell) * 100)


def _lines(cell: str) -> str:
    if len(cell) > MAX_WORDS:
        raise BadCell(
            f"Ce texte dépasse {MAX_WORDS} caractères. Le raccourcir.",
            f"This text is over {MAX_WORDS} characters. Shorten it.",
        )
    return cell.replace("\r\n", "\n")


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    **{name: one_of({one.value: one for one in kind}) for name, kind in ENUMS.items()},
    "net_days": whole(0, MAX_NET_DAYS),
    "min_items": whole(0, MAX_MINIMUM_ITEMS),
    "min_value_cents": cents(MAX_MINIMUM_CENTS),
    "discount_bp": _percent,
    **dict.fromkeys(SWITCHES, one_of({"yes": True, "no": False})),
    **dict.fromkeys(TEXTS, _lines),
}
