"""Proofs on paper: photographed or scanned, matched to their order by the QR code that the paper carries."""
