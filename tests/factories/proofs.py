"""Proof files for tests, sealed by the product from a visit of two suppliers."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw

from server.delivery.proofs import ProofContents, ProofKeys, ProofOffice, ProofSubject, write_proof
from server.delivery.proofs.contents import ATTESTATION_KIND, ProofEvent, ProofLeaves, attestation_digest
from shared.canonical import canonical_bytes
from shared.delivery import DeliveredLine
from shared.disclosure import VisitTree, seal_tree
from shared.keyring import KeyLink, endorse
from shared.sealing import public_bytes, sign
from shared.sealing_event import seal_event
from shared.signature import pack_strokes
from shared.visit import build_visit_records
from shared.wire.terms import half_hash, terms_hash
from tests.factories.terms import LineTermsDraft, make_terms, named_id
from tests.factories.visits import TABLET, make_order, make_visit

SERVER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NEXT = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
SERVER_KEY = public_bytes(SERVER).hex()
CARRIER_ID = named_id("carrier")
RECEIVED_MS, SEALED_MS = 1_700_007_380_000, 1_700_007_980_000
CONSENT = "Je confirme avoir reçu les quantités affichées."


def _picture(colour: str, form: str) -> bytes:
    buffer = io.BytesIO()
    picture = Image.new("RGB", (48, 32), colour)
    ImageDraw.Draw(picture).ellipse((8, 4, 40, 28), fill="white")
    picture.save(buffer, form)
    return buffer.getvalue()


PHOTO, PICTURE = _picture("brown", "JPEG"), _picture("navy", "PNG")
STROKES = pack_strokes(
    600, 200, [[(40 + 4 * t, 100 + (t * t * 7) % 61 - 30) for t in range(120)], [(60, 170), (540, 165)]]
)
NAMES = tuple(hashlib.sha256(payload).hexdigest() for payload in (PHOTO, STROKES, PICTURE))


@dataclass(frozen=True)
class Signed:
    """A signed visit of two orders, and the contents of the first one's proof."""

    tree: VisitTree
    contents: ProofContents

    def file(self, **changes: object) -> bytes:
        """Return the proof file, with changed contents if asked."""
        return write_proof(replace_contents(self.contents, **changes), key=SERVER)


def replace_contents(contents: ProofContents, **changes: object) -> ProofContents:
    """Return the same contents but for ``changes``."""
    return msgspec.structs.replace(contents, **changes)


def make_rotated() -> tuple[bytes, bytes]:
    """Return the proof sealed by the next key behind a receipt of the former: with the endorsement, without."""
    contents = make_signed().contents
    keys, new = contents.keys, public_bytes(NEXT).hex()
    digest = attestation_digest(device_id=keys.device_id, carrier_id=keys.carrier_id, device_key=keys.device_key)
    link = KeyLink(public_key=new, from_ms=SEALED_MS - 3_600_000)
    fresh = {"server_key": new, "attestation": sign(NEXT, ATTESTATION_KIND, digest).hex()}
    files = []
    for succession in ((endorse(link, SERVER),), (link,)):
        changed = replace_contents(keys, **fresh, succession=succession)
        files.append(write_proof(replace_contents(contents, keys=changed), key=NEXT))
    return files[0], files[1]


def make_signed() -> Signed:
    """Return a visit whose first order is short by three broken cases, with a photo."""
    goods, prices = make_terms(LineTermsDraft(name="first"), order_id=named_id("first"))
    line = DeliveredLine(goods.lines[0].line_id, 10, 7, lost=3, reason="breakage")
    cited = terms_hash(half_hash(goods), half_hash(prices))
    tree = seal_tree(
        build_visit_records(
            orders=[
                make_order("first", line, terms_hash=cited, photos={line.line_id: [NAMES[0]]}),
                make_order("second"),
            ]
        )
    )
    envelope, _ = make_visit(tree)
    envelope = msgspec.structs.replace(
        envelope,
        payload=envelope.payload
        | {
            "signature_sha256": NAMES[1],
            "picture_sha256": NAMES[2],
            "consent_sha256": hashlib.sha256(CONSENT.encode()).hexdigest(),
            "place": {"lat_e7": 455_484_210, "lon_e7": -735_731_180, "accuracy_m": 12},
        },
    )
    sealed = seal_event(envelope, TABLET, tree=tree)
    contents = ProofContents(
        subject=_subject(envelope.seq),
        event=ProofEvent(body=sealed.body, hash=sealed.hash, signature=sealed.signature),
        leaves=(ProofLeaves.of(tree.disclose(f"order:{named_id('first')}")),),
        goods=canonical_bytes(msgspec.to_builtins(goods)),
        prices=canonical_bytes(msgspec.to_builtins(prices)),
        attachments=dict(zip(NAMES, (PHOTO, STROKES, PICTURE), strict=True)),
        missing=(),
        keys=_keys(envelope.device_id, envelope.seq, sealed.hash),
        office=ProofOffice(
            driver_name="Maïka Côté",
            run_name="Plateau",
            place_name="Dépanneur Chez Maïté",
            place_lines=("4021, rue Saint-Denis", "Montréal H2W 2M5"),
            timezone="America/Toronto",
            delivered_ms=RECEIVED_MS - 7_380_000,
            uncertainty_s=2,
            skewed=False,
            received_ms=RECEIVED_MS,
            consent=CONSENT,
        ),
        sealed_ms=SEALED_MS,
    )
    return Signed(tree, contents)


def _subject(event_seq: int) -> ProofSubject:
    return ProofSubject(
        order_id=named_id("first"),
        order_number="C-0001",
        seller_id=named_id("seller"),
        seller_name="Brasserie du Plateau",
        buyer_id=named_id("buyer"),
        buyer_name="Dépanneur Chez Maïté",
        event_seq=event_seq,
    )


def _keys(device_id: str, last_seq: int, head: str) -> ProofKeys:
    device_key, carrier_id = public_bytes(TABLET).hex(), CARRIER_ID
    digest = attestation_digest(device_id=device_id, carrier_id=carrier_id, device_key=device_key)
    body = canonical_bytes(
        {"device_id": device_id, "epoch": "1-1-a", "last_seq": last_seq, "head": head, "server_ms": RECEIVED_MS}
    )
    return ProofKeys(
        carrier_id=carrier_id,
        carrier_name="Distribution Boréale",
        device_id=device_id,
        device_name="Tablette 7",
        device_key=device_key,
        server_key=SERVER_KEY,
        receipt_key=SERVER_KEY,
        attestation=sign(SERVER, ATTESTATION_KIND, digest).hex(),
        receipt_body=body.decode(),
        receipt_signature=sign(SERVER, "receipt", hashlib.sha256(body).digest()).hex(),
    )
