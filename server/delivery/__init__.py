"""Visits, deliveries, evidence, discrepancies and sealed proofs."""
