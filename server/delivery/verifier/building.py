"""Making the page: styles, scripts, shapes and words in one file, under a policy that lets nothing in or out."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from server.core.web.assets import INSTALLED, OWN
from server.delivery.proofs import words as proof_words
from server.delivery.proofs.contents import (
    ProofEvent,
    ProofKeys,
    ProofLeaves,
    ProofManifest,
    ProofReceipt,
    ProofSeal,
)
from server.delivery.proofs.day import DayInclusion, DayRoot
from server.delivery.proofs.office import ProofOffice
from server.delivery.reasons import FAILURES, REASONS
from server.delivery.verifier.joining import join_modules
from server.delivery.verifier.refusals import REFUSALS
from server.delivery.verifier.words import OUTCOMES, UNITS, WORDS
from shared.keyring import FORMAT, KeyList, ServerKey, SignedKeyList
from shared.problems import Text
from shared.sealing import key_id
from shared.wire.event import ContainersLeaf, Envelope, LineLeaf, OrderLeaf, VisitFinished
from shared.wire.terms import Goods, Prices

_SOURCES: Final = Path(__file__).parent / "page"
_SHAPES: Final[tuple[type[msgspec.Struct], ...]] = (
    ProofManifest, ProofSeal, ProofEvent, ProofLeaves, ProofKeys, ProofOffice, ProofReceipt, Envelope, VisitFinished,
    OrderLeaf, LineLeaf, ContainersLeaf, Goods, Prices, KeyList, SignedKeyList, DayInclusion, DayRoot,
)  # fmt: skip
_POLICY: Final = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data: blob:; connect-src 'none'; "
    "form-action 'none'; base-uri 'none'"
)


@dataclass(frozen=True, slots=True)
class VerifierPage:
    """The page's bytes, and the policy that a server sends with them: only this script and this style run."""

    html: bytes
    policy: str

    @property
    def sha256(self) -> str:
        """The hash of the page, 64 hex digits: the same keys always give the same page."""
        return hashlib.sha256(self.html).hexdigest()


@lru_cache(maxsize=4)
def verifier_page(keys: Sequence[ServerKey]) -> VerifierPage:
    """Return the page that knows these keys of the office, oldest first; none make a page that knows no key.

    Raises:
        PageUnbuildable: a file that it is made of is missing.
    """
    script = join_modules(_SOURCES / "main.js", _locate)
    style = (OWN / "tokens.css").read_text(encoding="utf-8") + (_SOURCES / "page.css").read_text(encoding="utf-8")
    policy = _POLICY.format(script=_hash(script), style=_hash(style))
    parts = {
        "@POLICY@": policy,
        "@ICON@": base64.b64encode((OWN / "mark.svg").read_bytes()).decode(),
        "@STYLE@": style,
        "@TOLD@": json.dumps(_told(keys), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "@SCRIPT@": script,
    }
    html = (_SOURCES / "page.html").read_text(encoding="utf-8")
    for mark, text in parts.items():
        html = html.replace(mark, text)
    return VerifierPage(html.encode(), f"{policy}; frame-ancestors 'none'")


def _locate(place: str, importer: Path) -> Path:
    if place.startswith("."):
        return importer.parent / place
    package, _, rest = place.removeprefix("@noble/").partition("/")
    return INSTALLED / "@noble" / package / (rest or "index.js")


def _told(keys: Sequence[ServerKey]) -> dict[str, Any]:
    _, shapes = msgspec.json.schema_components(_SHAPES)
    words = {**WORDS, "office_word": proof_words.OFFICE_WORD}
    listed = KeyList(
        format=FORMAT, issued_ms=0, carrier_id="", server_keys=tuple(keys), revoked_devices=()
    )  # as old as time: it says nothing of revocations
    return {
        "words": {"fr": {name: text.fr for name, text in words.items()}, "en": _english(words)},
        "checks": _both(proof_words.CHECKS),
        "failures_of": _both(proof_words.FAILURES_OF),
        "doubts": _both(proof_words.DOUBTS),
        "refusals": {english: {"fr": french, "en": english} for english, french in REFUSALS.items()},
        "outcomes": _both(OUTCOMES),
        "units": _both(UNITS),
        "containers": {},
        "reasons": {one.code: {"fr": one.name_fr, "en": one.name_en} for one in (*REASONS, *FAILURES)},
        "shapes": shapes,
        "list": msgspec.to_builtins(listed) if keys else None,
        "key_names": [key_id(bytes.fromhex(key.link.public_key)) for key in keys],
    }


def _english(words: Mapping[str, Text]) -> dict[str, str]:
    return {name: text.en for name, text in words.items()}


def _both(words: Mapping[Any, Text]) -> dict[str, dict[str, str]]:
    return {str(code): {"fr": text.fr, "en": text.en} for code, text in words.items()}


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
