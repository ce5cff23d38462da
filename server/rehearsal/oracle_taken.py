"""Empties and money of a stop as its last word says them, in the reference model."""

from __future__ import annotations

from server.rehearsal.oracle_money import Json, empties
from server.rehearsal.oracle_said import Expected, Stop, World, to_five_cents


def take_empties(expected: Expected, world: World, stop: Stop, leaves: list[Json]) -> None:
    """Empties stand as the last word says; more than was ever credited is credited, fewer wait for a person."""
    more: dict[str, list[tuple[int, int, tuple[str, str]]]] = {}
    said = {(stop, leaf["owner_id"], leaf["container_class"]): leaf for leaf in leaves}
    for key in {key for key in expected.returned if key[0] == stop} | set(said):
        before, now = list(expected.returned.get(key, [])), said[key]["returned"] if key in said else 0
        if now == (before[-1] if before else 0):
            continue
        expected.returned.setdefault(key, []).append(now)
        units = now - max(before, default=0)
        if units > 0:
            more.setdefault(said[key]["creditor_id"], []).append((units, said[key]["unit_cents"], key[1:]))
    for creditor, rows in more.items():
        priced = [(units, cents, what in world.taxed) for units, cents, what in rows]
        expected.deposits.setdefault((stop, creditor), []).append(empties(priced, world.rates))


def take_money(expected: Expected, taken: dict[tuple[Stop, str, str], int], stop: Stop, leaves: list[Json]) -> None:
    """Money that is said otherwise is another payment in place of the former one, which is taken back."""
    said = {(stop, leaf["issuer_id"], leaf["method"]): leaf["amount_cents"] for leaf in leaves}
    for key in {key for key in taken if key[0] == stop} | set(said):
        amount = said.get(key, 0)
        if amount != taken.get(key, 0):
            taken[key] = amount
            former = [(*row[:2], False) for row in expected.money.pop(key, [])]
            last = [(amount, to_five_cents(key[2], amount), True)] if amount else []
            if former or last:
                expected.money[key] = former + last
