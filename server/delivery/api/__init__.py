"""The doors for programs: deliveries, discrepancies, and the proofs that follow from them."""

from server.delivery.api.deliveries import deliveries, discrepancies
from server.delivery.api.exports import exports
from server.delivery.api.papers import papers
from server.delivery.api.proofs import proofs

__all__ = ["deliveries", "discrepancies", "exports", "papers", "proofs"]
