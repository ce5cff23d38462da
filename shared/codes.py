"""What the QR codes on papers say: one place writes them and reads them back, from a phone as from a scanned page.

A paper's code is an address, so that any phone follows it; whoever matches a picture to its order reads the path alone,
because the office may have moved to another address since the paper was printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

from shared.problems import Problem, Text

MAX_CODE_BYTES: Final = 512
MAX_ORDER_NUMBER: Final = 40
_PATH: Final = re.compile(r"(?:.*/)?q/([a-z]{2,20})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_PROOF_PAGE: Final = "verifier"
_HEX: Final = {"p": 64, "k": 16}


class PaperKind(StrEnum):
    """What a printed paper is; the word stands in the code's path."""

    PURCHASE_ORDER = "commande"
    DELIVERY_SLIP = "bon"
    INVOICE = "facture"
    CREDIT_NOTE = "credit"
    RUN_SHEET = "tournee"
    LOAD_LIST = "chargement"
    VARIANCE_NOTICE = "avis"


class UnreadableCode(Problem):
    """A bar code that is none of ours, or one that was cut."""

    slug = "unreadable-code"
    title = Text("Code QR étranger", "Foreign QR code")


@dataclass(frozen=True, slots=True)
class PaperCode:
    """Whose paper it is: the order of a purchase order or a slip, the invoice, the credit note, the run, the notice."""

    kind: PaperKind
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class ProofCode:
    """Which proof file a printed proof belongs to: what is needed to recognise it without a network.

    ``manifest_sha256`` is the hash that the seal signs (64 hex digits), ``key_id`` the sealing key's short name.
    """

    manifest_sha256: str
    key_id: str
    order_number: str


def paper_code(public_url: str, kind: PaperKind, subject_id: UUID) -> str:
    """Return the text of the QR code of a paper: the address of its page, at most ``MAX_CODE_BYTES``."""
    return f"{public_url}/q/{kind}/{subject_id}"


def read_paper_code(text: str) -> PaperCode:
    """Return what a scanned code names; the office's address in it is not looked at, and nothing is believed of it.

    Whoever reads it still asks whether the reader may see that order: a code is a name, never a permission.

    Raises:
        UnreadableCode: the text is no code of a paper of ours.
    """
    address = _split(text)
    found = _PATH.fullmatch(address.path)
    if found is None or address.query or found[1] not in PaperKind:
        raise _foreign()
    return PaperCode(PaperKind(found[1]), UUID(found[2]))


def proof_code(public_url: str, code: ProofCode) -> str:
    """Return the text of a printed proof's QR code: the page that verifies, with the file's fingerprint behind ``#``.

    What stands behind ``#`` never leaves the phone; the page, from the office or from a disk, compares it.
    """
    behind = {"p": code.manifest_sha256, "k": code.key_id, "n": code.order_number[:MAX_ORDER_NUMBER]}
    return f"{public_url}/{_PROOF_PAGE}#{urlencode(behind, quote_via=quote)}"


def read_proof_code(text: str) -> ProofCode:
    """Return the fingerprint that a printed proof's code holds.

    Raises:
        UnreadableCode: the text is no code of a printed proof.
    """
    said = parse_qs(_split(text).fragment, max_num_fields=8)
    for name, digits in _HEX.items():
        if not re.fullmatch(f"[0-9a-f]{{{digits}}}", said.get(name, [""])[0]):
            raise _foreign()
    return ProofCode(said["p"][0], said["k"][0], said.get("n", [""])[0][:MAX_ORDER_NUMBER])


def _split(text: str) -> _Address:
    try:
        if len(text.encode()) > MAX_CODE_BYTES:
            raise _foreign()
        found = urlsplit(text)
    except ValueError as error:  # half a character, or brackets that are no address
        raise _foreign() from error
    return _Address(found.path, found.query, found.fragment)


@dataclass(frozen=True, slots=True)
class _Address:
    path: str
    query: str
    fragment: str


def _foreign() -> UnreadableCode:
    return UnreadableCode(
        Text(
            "Ce code n’est pas celui d’un papier de Tournée. Reprenez la photo de plus près, ou choisissez la "
            "commande à la main.",
            "This code is not that of a paper of Tournée. Take the picture again from nearer, or choose the order "
            "by hand.",
        )
    )
