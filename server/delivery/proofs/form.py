"""The one form of a proof's entries: which there are, and how their JSON is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from server.delivery.proofs.archive import BrokenArchive
from shared.canonical import is_canonical
from shared.problems import Text

_FORMER: Final = re.compile(r"former/(?:0|[1-9][0-9]?)/(?:manifest|seal|keys|office)\.json")


def entry_names(*, event_seq: int, groups: Iterable[str], attachments: Iterable[str]) -> set[str]:
    """Return the name of every entry of such a proof, but for manifest, seal and former seals."""
    names = {f"events/{event_seq}.json", "terms/goods.json", "terms/prices.json", "keys.json", "office.json"}
    return names | {leaves_name(key) for key in groups} | {f"attachments/{sha256}" for sha256 in attachments}


def leaves_name(key: str) -> str:
    """Return the name of a group's entry."""
    return f"leaves/{key.replace(':', '-')}.json"


def check_entries(names: Iterable[str], called_for: set[str]) -> None:
    """Go on where these are the entries that the contents call for, and files of former seals, counted elsewhere.

    Raises:
        BrokenArchive: naming what is one too many.
    """
    for name in sorted(set(names) - called_for):
        if not _FORMER.fullmatch(name):
            raise _refuse("Un fichier est de trop.", "There is a file too many.", name)


def check_written(files: Mapping[str, bytes]) -> None:
    """Go on where every JSON entry is in its canonical bytes: no other spacing, order of keys, or key said twice.

    Raises:
        BrokenArchive: naming the entry that is not.
    """
    for name in sorted(files):
        if name.endswith(".json") and not is_canonical(files[name]):
            raise _refuse("Un fichier n’est pas dans sa forme canonique.", "A file is not in its canonical form.", name)


def _refuse(fr: str, en: str, where: str) -> BrokenArchive:
    return BrokenArchive(
        Text(f"{fr} Demandez une nouvelle copie au transporteur.", f"{en} Ask the carrier for a new copy."), where=where
    )
