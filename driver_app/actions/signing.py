"""Who signed, and with what strokes."""

from __future__ import annotations

from dataclasses import dataclass

from shared.problems import Problem, Text


class SignatureMissing(Problem):
    """A delivery needs a name and a signature that can be recognised as one."""

    slug = "tablet-signature-missing"
    title = Text("Signature à faire", "Signature needed")


@dataclass(frozen=True, slots=True)
class Signing:
    """One act of signing. ``strokes`` are the packed lines, ``picture`` their PNG rendering."""

    name: str
    role: str
    strokes: bytes
    picture: bytes


def require_signing(signing: Signing | None) -> Signing:
    """Return the signing of a delivery.

    Raises:
        SignatureMissing: nobody signed, or without a name.
    """
    if signing is None or not signing.name.strip() or not signing.strokes:
        raise SignatureMissing(
            Text(
                "Choisissez le nom du réceptionnaire et faites-le signer dans le cadre.",
                "Choose the recipient’s name and have them sign in the frame.",
            )
        )
    return signing
