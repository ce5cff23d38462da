"""Proof files: one order's part of a signed visit, that anyone can verify without network or account."""

from server.delivery.proofs.archive import BrokenArchive
from server.delivery.proofs.broken import Check, ProofBroken
from server.delivery.proofs.contents import (
    ProofContents,
    ProofKeys,
    ProofSubject,
    manifest_sha256,
    read_proof,
    write_proof,
)
from server.delivery.proofs.day import BrokenDay, DayInclusion, DayTree, read_inclusion, seal_day
from server.delivery.proofs.formers import FormerSeal, seal_anew
from server.delivery.proofs.office import ProofChange, ProofCorrection, ProofCount, ProofOffice, ProofPurged
from server.delivery.proofs.trust import Doubt
from server.delivery.proofs.verify import VerifiedProof, check_of, verify_proof

__all__ = [
    "BrokenArchive",
    "BrokenDay",
    "Check",
    "DayInclusion",
    "DayTree",
    "Doubt",
    "FormerSeal",
    "ProofBroken",
    "ProofChange",
    "ProofContents",
    "ProofCorrection",
    "ProofCount",
    "ProofKeys",
    "ProofOffice",
    "ProofPurged",
    "ProofSubject",
    "VerifiedProof",
    "check_of",
    "manifest_sha256",
    "read_inclusion",
    "read_proof",
    "seal_anew",
    "seal_day",
    "verify_proof",
    "write_proof",
]
