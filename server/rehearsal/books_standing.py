"""Where the office has runs, stops and orders, and how deliveries ended."""

from __future__ import annotations

from server.rehearsal.ground import Rows


def run_states(rows: Rows) -> dict[str, str]:
    """Return the state of each run."""
    return {str(run): state for run, state in rows.all("SELECT id, state FROM run")}


def stop_states(rows: Rows) -> dict[str, str]:
    """Return the state of each stop."""
    return {str(stop): state for stop, state in rows.all("SELECT id, state FROM stop")}


def order_states(rows: Rows) -> dict[str, str]:
    """Return the state of each order that rides on a run."""
    found = rows.all('SELECT id, state FROM "order" WHERE id IN (SELECT order_id FROM stop_order)')
    return {str(order): state for order, state in found}


def outcomes(rows: Rows) -> dict[str, list[str]]:
    """Return how each order ended, by every revision of its delivery."""
    found: dict[str, list[str]] = {}
    for order, outcome in rows.all("SELECT order_id, outcome FROM delivery ORDER BY order_id, revision"):
        found.setdefault(str(order), []).append(outcome)
    return found
