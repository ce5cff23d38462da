"""The doors for programs: deliveries, discrepancies, the proofs that follow from them, and the keys that seal those."""

from server.delivery.api.deliveries import deliveries, discrepancies
from server.delivery.api.exports import exports
from server.delivery.api.keys import keys
from server.delivery.api.papers import papers
from server.delivery.api.proofs import proofs

__all__ = ["deliveries", "discrepancies", "exports", "keys", "papers", "proofs"]
