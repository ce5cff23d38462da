"""Digits that flip beside the chain: in a visit's signature, leaves, keys or padding: no hash covers them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from server.rehearsal.injected import Chance
from server.rehearsal.surroundings import Surroundings

_DIGITS: Final = "0123456789abcdef"

type _Place = tuple[Any, Any]
"""A list or an object of a message, and where in it a text stands."""


class Damage:
    """Flips a digit of a push now and then, from a chance of its own, so that days without it stay as they were."""

    def __init__(self, around: Surroundings, chance: Chance) -> None:
        """Take the weather of the day, and where to draw from."""
        self._around, self._chance = around, chance

    def of(self, path: str, body: bytes) -> bytes | None:
        """Return what arrives of a push's body, None where it arrives as it was sent."""
        if not path.endswith("/push") or not self._chance.hits(self._around.weather.damaged):
            return None
        message = json.loads(body)
        places = [place for event in message["events"] for place in _beside(event)]
        if not places:
            return None
        holder, key = self._chance.random.choice(places)
        holder[key] = self._flipped(holder[key])
        self._around.injected.count("digit flipped")
        return json.dumps(message, ensure_ascii=False).encode()

    def _flipped(self, text: str) -> str:
        random = self._chance.random
        at = random.choice([at for at, letter in enumerate(text) if letter in _DIGITS])
        return text[:at] + random.choice(_DIGITS.replace(text[at], "")) + text[at + 1 :]


def _beside(event: dict[str, Any]) -> Iterator[_Place]:
    """Yield each text that travels with an event and is in none of its hashes."""
    if event.get("signature"):
        yield event, "signature"
    for group in event.get("groups", ()):
        yield group, "key"
        yield from ((group[name], at) for name in ("leaves", "padding") for at in range(len(group[name])))
    padding = event.get("group_padding", ())
    yield from ((padding, at) for at in range(len(padding)))
