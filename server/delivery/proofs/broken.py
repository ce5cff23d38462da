"""What is wrong with a proof: the step that found it, where, and what to do."""

from __future__ import annotations

from enum import StrEnum

from shared.problems import Problem, Text


class Check(StrEnum):
    """The steps of a verification, in their order; the page that verifies in a browser has the same."""

    ARCHIVE = "archive"
    SEAL = "seal"
    DEVICE = "device"
    EVENT = "event"
    TREE = "tree"
    LEAVES = "leaves"
    TERMS = "terms"
    ATTACHMENTS = "attachments"
    OFFICE = "office"
    CORRECTIONS = "corrections"
    RECEIPT = "receipt"
    FORMER = "former"
    KEYS = "keys"
    DAY = "day"


class ProofBroken(Problem):
    """Something in the proof does not hold; the member ``check`` names the step."""

    slug = "proof-broken"
    title = Text("Preuve altérée", "Altered proof")


def require(
    holds: bool,  # noqa: FBT001  # reads as a sentence
    where: str,
    reason_fr: str,
    reason_en: str,
    check: Check = Check.EVENT,
) -> None:
    """Go on where something holds.

    Raises:
        ProofBroken: it does not.
    """
    if not holds:
        raise broken(where, reason_fr, reason_en, check)


def broken(where: str, reason_fr: str, reason_en: str, check: Check) -> ProofBroken:
    """Return the refusal in two languages, with what to do."""
    return ProofBroken(
        Text(
            f"La preuve n’est pas intacte\u00a0: {reason_fr}. Demandez une nouvelle copie au transporteur.",
            f"The proof is not untouched: {reason_en}. Ask the carrier for a new copy.",
        ),
        where=where,
        check=check,
    )
