"""Which files an event names: its signature, the picture of it, and its photos; read even where nothing else can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from shared.wire.event import SealedEvent

# Canonical JSON has one form, and what is not canonical is kept as well: names are looked for, not parsed.
_SIGNED: Final = re.compile(r'"(?:signature|picture)_sha256"\s*:\s*"([0-9a-f]{64})"')
_HASH: Final = re.compile(r'"([0-9a-f]{64})"')
_NO_PHOTOS: Final = '"photos":[]'


def files_named(*events: SealedEvent) -> list[str]:
    """Return the sha256 of every file that these events name, each once; of any bytes at all."""
    return list(dict.fromkeys(name for sealed in events for name in _names(sealed)))


def _names(sealed: SealedEvent) -> Iterator[str]:
    yield from _SIGNED.findall(sealed.body)
    for group in sealed.groups:
        for leaf in group.leaves:
            if '"photo' in leaf and _NO_PHOTOS not in leaf:  # no other hash stands in a leaf of photos
                yield from _HASH.findall(leaf)
