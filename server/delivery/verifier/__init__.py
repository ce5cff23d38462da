"""The page that verifies proofs in a browser, without network or account: one file."""

from server.delivery.verifier.building import VerifierPage, verifier_page
from server.delivery.verifier.joining import PageUnbuildable

__all__ = ["PageUnbuildable", "VerifierPage", "verifier_page"]
