"""Proof files: one order's part of a signed visit, that anyone can verify without network or account."""

from server.delivery.proofs.archive import BrokenArchive
from server.delivery.proofs.contents import ProofContents, ProofKeys, ProofSubject, read_proof, write_proof
from server.delivery.proofs.verify import ProofBroken, VerifiedProof, verify_proof

__all__ = [
    "BrokenArchive",
    "ProofBroken",
    "ProofContents",
    "ProofKeys",
    "ProofSubject",
    "VerifiedProof",
    "read_proof",
    "verify_proof",
    "write_proof",
]
