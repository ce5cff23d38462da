"""What the server's keys say inside a proof: whose tablet it was, that its event came, and by which keys since."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.delivery.proofs import ProofKeys
from server.delivery.proofs.contents import ATTESTATION_KIND, attestation_digest
from server.identity.model import Device
from server.parties.model import Organisation
from server.sync.model import SignedReceipt
from shared.keyring import KeyLink, links_between
from shared.problems import Problem, Text
from shared.sealing import is_signed_by, public_bytes, sign


class ReceiptUnsigned(Problem):
    """The receipt that covers a visit was signed by none of the keys that the server still has."""

    slug = "receipt-unsigned"
    status = 500
    title = Text("Clé du reçu introuvable", "Receipt’s key not found")


def vouched(
    carrier: Organisation,
    device: Device,
    receipt: SignedReceipt,
    *,
    key: Ed25519PrivateKey,
    links: Sequence[KeyLink],
) -> ProofKeys:
    """Return the keys of a proof that ``key``, the newest of ``links``, is about to seal.

    Raises:
        ReceiptUnsigned: none of the server's keys gave the receipt.
    """
    receipt_key = _receipt_key(receipt, links)
    keys = ProofKeys(
        carrier_id=str(carrier.id),
        carrier_name=carrier.name,
        device_id=str(device.id),
        device_name=device.name,
        device_key=device.public_key.hex(),
        server_key=receipt_key,
        attestation="0" * 128,
        receipt_key=receipt_key,
        receipt_body=receipt.body,
        receipt_signature=receipt.signature,
    )
    return vouched_anew(keys, key=key, links=links)


def vouched_anew(keys: ProofKeys, *, key: Ed25519PrivateKey, links: Sequence[KeyLink]) -> ProofKeys:
    """Return a proof's keys under the newest: it vouches for the tablet, every key since the receipt is endorsed."""
    server = public_bytes(key).hex()
    digest = attestation_digest(device_id=keys.device_id, carrier_id=keys.carrier_id, device_key=keys.device_key)
    return msgspec.structs.replace(
        keys,
        server_key=server,
        attestation=sign(key, ATTESTATION_KIND, digest).hex(),
        succession=links_between(links, keys.receipt_key, server),
    )


def _receipt_key(receipt: SignedReceipt, links: Sequence[KeyLink]) -> str:
    """Receipts do not say which of the server's keys signed them: the newest that fits did."""
    digest, signature = hashlib.sha256(receipt.body.encode()).digest(), bytes.fromhex(receipt.signature)
    for link in reversed(links):
        if is_signed_by(bytes.fromhex(link.public_key), "receipt", digest, signature):
            return link.public_key
    raise ReceiptUnsigned(
        Text(
            "Le reçu de cette visite n’est signé par aucune clé du serveur\u00a0: restaurez ses clés d’une sauvegarde.",
            "No key of the server’s signed this visit’s receipt: restore its keys from a backup.",
        ),
        where=str(receipt.device_id),
    )
