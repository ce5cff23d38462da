"""Every supplier's proofs are complete, verify with the server's key, and hold no byte of another supplier's lines."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from pypdf import PdfReader
from sqlalchemy import select

from server.core.blobs import blob_store
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof
from server.delivery.proofs import VerifiedProof, read_proof, verify_proof
from server.delivery.published import published_keys
from server.delivery.sharing.editions import files_of
from server.example.check.books import Books
from server.example.check.finding import Finding, finding
from server.orders.model import Order
from shared.keyring import KeyList, read_list
from shared.problems import Problem, Text

_UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Secrets:
    """What betrays a supplier: the ids of its orders and lines, and its words: name, numbers, descriptions, prices."""

    books: Books

    @cached_property
    def keys(self) -> KeyList:
        """The server's published keys: an earlier one may have sealed."""
        return read_list(published_keys(None, issued_at=datetime.now(UTC)))

    @cached_property
    def ids(self) -> Mapping[UUID, frozenset[bytes]]:
        """The ids of each seller's orders and lines, as text."""
        return {seller_id: frozenset(_ids(self._orders(seller_id))) for seller_id in self.books.sellers}

    @cached_property
    def words(self) -> Mapping[UUID, frozenset[str]]:
        """The words of each seller."""
        return {
            seller_id: frozenset((self.books.names[seller_id], *_words(self._orders(seller_id))))
            for seller_id in self.books.sellers
        }

    def foreign_ids(self, seller_id: UUID) -> frozenset[bytes]:
        """Return the ids of everybody else's orders and lines."""
        return frozenset().union(*(ids for other, ids in self.ids.items() if other != seller_id))

    def foreign_words(self, seller_id: UUID) -> frozenset[str]:
        """Return everybody else's words that the seller does not use as well."""
        others = (words for other, words in self.words.items() if other != seller_id)
        return frozenset[str]().union(*others) - self.words[seller_id]

    def _orders(self, seller_id: UUID) -> Iterator[Order]:
        return (order for order in self.books.orders.values() if order.owner_id == seller_id)


def check_proofs(books: Books) -> Finding:
    """One proof for each delivery's revision, readable by its supplier, untouched, about its own order alone."""
    secrets = Secrets(books)
    faults = [*_count_faults(books)]
    for proof in books.proofs:
        faults += [f"{books.orders[proof.order_id].number}: {fault}" for fault in _proof_faults(secrets, proof)]
    size_mb = sum(proof.file_size_bytes for proof in books.proofs) / 1_000_000
    suppliers = len({proof.seller_id for proof in books.proofs})
    return finding(
        "proofs",
        Text("Preuves complètes, intactes et étanches", "Proofs complete, untouched and tight"),
        Text(
            f"{len(books.proofs)} preuves, {suppliers} fournisseurs, {size_mb:.1f} Mo".replace(".", ","),
            f"{len(books.proofs)} proofs, {suppliers} suppliers, {size_mb:.1f} MB",
        ),
        faults,
    )


def _count_faults(books: Books) -> Iterator[str]:
    proven = [proof.delivery_id for proof in books.proofs]
    for delivery in books.deliveries:
        if (count := proven.count(delivery.id)) != 1:
            yield f"{books.orders[delivery.order_id].number}: {count} preuves · proofs"
    for seller_id in books.sellers:
        with transaction(acting=seller_id) as session:
            seen = set(session.scalars(select(Proof.delivery_id).where(Proof.seller_id == seller_id)))
        wanted = {one.id for one in books.deliveries if one.seller_id == seller_id}
        if not wanted <= seen:
            yield f"{books.names[seller_id]}: {len(wanted - seen)} preuves invisibles · proofs not seen"


def _proof_faults(secrets: Secrets, proof: Proof) -> Iterator[str]:
    try:
        with transaction(acting=proof.owner_id) as session:
            files = files_of(session, proof)
        payload = blob_store().get(proof.owner_id, files.file_sha256)
        paper = blob_store().get(proof.owner_id, files.pdf_sha256)
        verified = verify_proof(payload, keys=secrets.keys)
    except Problem as problem:
        yield f"{problem.title.fr} · {problem.title.en}"
        return
    delivery = next(one for one in secrets.books.deliveries if one.id == proof.delivery_id)
    if verified.order.order_id != str(proof.order_id) or not _says(verified, delivery):
        yield "autre commande ou autres quantités · another order or other quantities"
    if proof.missing_attachments:
        yield f"{len(proof.missing_attachments)} pièces manquent · attachments missing"
    yield from _leaks(secrets, proof, payload, paper)


def _says(verified: VerifiedProof, delivery: Delivery) -> bool:
    """A proof says its own revision: what was signed, or what the office's statements in it make of that."""
    if len(verified.said.orders) != 1:
        return False
    counted = {line_id: (count.delivered, count.extra) for line_id, count in verified.counted.items()}
    return counted == {str(line.order_line_id): (line.delivered, line.extra) for line in delivery.lines}


def _leaks(secrets: Secrets, proof: Proof, payload: bytes, paper: bytes) -> Iterator[str]:
    """Name what is another supplier's in the proof's bytes, those of its files included, and in its paper's text."""
    bare = {one.replace(b"-", b"") for one in secrets.foreign_ids(proof.seller_id)}
    found = {one for one in _UUID.findall(payload) if one.replace(b"-", b"") in bare}
    plain = _text_of(paper)
    words = secrets.foreign_words(proof.seller_id)
    for word in sorted(words):
        if word.encode() in payload or word in plain:
            yield f"fuite · leak: {word}"
    for one in sorted(found):
        yield f"fuite · leak: {one.decode()}"
    contents = read_proof(payload)[0]
    groups = {leaves.key for leaves in contents.leaves}
    foreign = {key for key in groups if key not in {f"order:{proof.order_id}", f"containers:{proof.seller_id}"}}
    for key in sorted(foreign):
        yield f"fuite · leak: {key}"


def _text_of(paper: bytes) -> str:
    """Return the words of a PDF, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())


def _ids(orders: Iterable[Order]) -> Iterator[bytes]:
    for order in orders:
        yield str(order.id).encode()
        yield from (str(line.id).encode() for line in order.lines)


def _words(orders: Iterable[Order]) -> Iterator[str]:
    for order in orders:
        yield order.number
        for line in order.lines:
            yield from (line.description_fr, line.description_en, f"{line.unit_price:.4f}")
