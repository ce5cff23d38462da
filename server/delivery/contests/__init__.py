"""Contests of proofs and credits: opened with evidence before a deadline, decided with a reason."""
