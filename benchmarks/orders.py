"""Lists of many orders with filters: the API's and the pages', and the same statements sent bare.

    python -m benchmarks.orders [--orders 100000] [--others 20000] [--buyers 500] [--turns 20]

One carrier delivers ``--orders`` orders of its supplier to ``--buyers`` retailers over two years, in every state;
another carrier has ``--others`` of its own in the same tables. Everything is copied from one order by plain SQL. Prints
one JSON object: the 95th percentile over all lists, each list's own, and how much of that the bare statements take.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.orm import Session

from benchmarks.copies import copy_rows
from benchmarks.publish import database
from benchmarks.reads import afresh, bare_ms, heard, percentile_ms, timed_ms
from server.core.heap import keep_loaded
from server.core.transaction import engine, transaction
from server.dashboard.queries import orders as pages
from server.orders import listing
from shared.states import OrderState
from tests.factories.world import ADJUST, NOW, RUN_DAY, World, make_order, make_world

TO_REACH_MS = 100
_CHANGED = {
    "id": "gen_random_uuid()",
    "number": "%(prefix)s || at",
    "buyer_id": "md5('buyer' || at %% %(buyers)s)::uuid",
    "party_ids": "array_append(array_remove(one.party_ids, one.buyer_id), md5('buyer' || at %% %(buyers)s)::uuid)",
    "state": "(ARRAY['pending', 'accepted', 'planned', 'shipped', 'delivered', 'delivered', 'delivered', 'delivered',"
    " 'partly_delivered', 'cancelled'])[1 + at %% 10]",
    "billing_state": "CASE WHEN at %% 10 BETWEEN 4 AND 8 AND at %% 7 > 0 THEN 'settled' ELSE 'uninvoiced' END",
    "submitted_at": "%(now)s::timestamptz - make_interval(mins => 10 * at)",
    "planned_on": "%(day)s::date - at / 144",
    "delivered_at": "CASE WHEN at %% 10 BETWEEN 4 AND 8 THEN %(now)s::timestamptz - make_interval(mins => 10 * at) END",
}


def copy_order(rows: psycopg.Connection[Any], order_id: UUID, *, prefix: str, count: int, buyers: int) -> None:
    """Write so many orders like one, each another one's number, buyer, state and day."""
    asked = {"prefix": prefix, "buyers": buyers, "now": NOW, "day": RUN_DAY}
    copy_rows(rows, "order", ("id", order_id), count=count, changed=_CHANGED, asked=asked)


def lists(world: World) -> dict[str, Callable[[Session], object]]:
    """Return the lists that are asked for, by name."""
    zone = ZoneInfo("America/Toronto")
    today = listing.Today.of(NOW + timedelta(hours=1), zone)

    def api(offset: int = 0, **chosen: Any) -> Callable[[Session], object]:
        wanted = listing.OrderFilter(**chosen)
        return lambda session: listing.list_orders(session, chosen=wanted, today=today, offset=offset, limit=50)

    def page(after: str = "", **chosen: Any) -> Callable[[Session], object]:
        wanted = pages.OrderFilter(**chosen)
        return lambda session: pages.list_orders(session, narrowed=wanted, today=today, after=after)

    return {
        "api": api(),
        "api, 20th page": api(950),
        "api, late": api(delivery=listing.Bucket.LATE),
        "api, to invoice": api(billing=listing.Bucket.LATE),
        "api, state": api(state=OrderState.SHIPPED),
        "api, seller": api(seller_id=world.seller.id),
        "api, day": api(planned_on=RUN_DAY - timedelta(days=200)),
        "api, number": api(number="77777"),
        "page": page(),
        "page, 20th": page(f"{RUN_DAY - timedelta(days=6):%Y%m%d}{'f' * 32}"),
        "page, day": page(day=RUN_DAY - timedelta(days=200)),
        "page, late": page(bucket=listing.Bucket.LATE),
        "page, words": page(words="77777"),
        "page, counts": lambda session: pages.bucket_counts(session, narrowed=pages.OrderFilter(), today=today),
    }


def main() -> None:
    """Make the orders, ask for every list, and print the figures."""
    wanted = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in (("orders", 100_000), ("others", 20_000), ("buyers", 500), ("turns", 20)):
        wanted.add_argument(f"--{name}", type=int, default=usual)
    asked = wanted.parse_args()
    with database() as address:
        world, others = make_world([ADJUST]), make_world([ADJUST])
        mine, theirs = make_order(world), make_order(others)
        engine().dispose()
        plain = address.url("bench").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(plain, autocommit=True) as rows:
            copy_order(rows, mine, prefix="M", count=asked.orders, buyers=asked.buyers)
            copy_order(rows, theirs, prefix="T", count=asked.others, buyers=asked.buyers)
            rows.execute("VACUUM ANALYZE")
            found = {name: _ask(rows, world, read, asked.turns) for name, read in lists(world).items()}
    everything = [one for times in found.values() for one in times[0]]
    bare = [one for times in found.values() for one in times[1]]
    figures = {
        "p95_ms": percentile_ms(everything, 0.95),
        "p50_ms": percentile_ms(everything, 0.5),
        "goal_ms": TO_REACH_MS,
        "ratio_to_bare": round(sum(bare) / sum(everything), 3),
        "lists": {
            name: {"p95_ms": percentile_ms(times[0], 0.95), "bare_p95_ms": percentile_ms(times[1], 0.95)}
            for name, times in found.items()
        },
    }
    print(json.dumps(vars(asked) | {"at": datetime.now(UTC).isoformat()} | figures, indent=1))


def _ask(
    rows: psycopg.Connection[Any], world: World, read: Callable[[Session], object], turns: int
) -> tuple[list[float], list[float]]:
    keep_loaded()  # as a web process does once it stands
    with transaction(world.carrier_id) as session:
        ours = timed_ms(lambda: afresh(session, read), turns=turns)
        with heard() as said:
            read(session)
    return ours, bare_ms(rows, said, turns=turns)


if __name__ == "__main__":
    main()
