"""What search looks through: words without case and accents, each behind the letter of its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

MAX_WORDS: Final = 8
FIELDS: Final[Mapping[str, str]] = {
    "order": "o", "client": "c", "seller": "v", "signer": "s", "reason": "r", "lot": "l", "text": "t",
}  # fmt: skip
_PARTS = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")


def plain_words(text: str) -> list[str]:
    """Return the words of a text in lower case without accents; numbers keep their dashes, dots and slashes.

    >>> plain_words("Dépanneur Chez Maïté, C-2026/00012")
    ['depanneur', 'chez', 'maite', 'c-2026/00012']
    """
    unmarked = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return _PARTS.findall(unmarked.lower())


def search_words(fields: Mapping[str, Iterable[str]]) -> str:
    """Return all words as `` o:c-12 s:luce `` with a blank on both sides; ``fields`` are named as in ``FIELDS``."""
    found = dict.fromkeys(
        f"{FIELDS[name]}:{word}" for name, texts in fields.items() for text in texts for word in plain_words(text)
    )
    return f" {' '.join(found)} " if found else ""


def patterns(field: str | None, asked: str) -> list[str]:
    """Return the LIKE patterns, all of which the words of an entry must match.

    Words of a field match by their beginning, words of any field (None) anywhere. Only the first ``MAX_WORDS`` count;
    what has no word at all finds nothing.
    """
    words = plain_words(asked)[:MAX_WORDS]
    if not words:
        return ["-"] if asked.strip() else []
    start = "%" if field is None else f"% {FIELDS[field]}:"
    return [f"{start}{word}%" for word in words]
