"""The day that both clients drive in the suite, and what the office must hold of it then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driver_app.headless.photos import draw_photo
from tests.conformance.both import Client, Told
from tests.conformance.conftest import Office
from tests.factories.state import Digest


def line(stop: Any, at: int) -> str:
    return str([one["line_id"] for order in stop["orders"] for one in order["goods"]["lines"]][at])


def keg(stop: Any, *, of_carrier: bool, carrier_id: str) -> tuple[str, str]:
    return next(
        (one["container_class"], one["owner_id"])
        for one in stop["containers"]
        if (one["owner_id"] == carrier_id) is of_carrier
    )


def stories(run: Any) -> list[Told]:
    """Return what happens at the six stops: short, full with empties and cash, refused, overfull, closed, full."""
    stops = run["stops"]
    carrier = run["carrier_id"]
    taken = next(iter(stops[1]["collect"]), None)
    return [
        Told(
            lines={
                line(stops[0], 0): {"lost": 1, "reason": "breakage"},
                line(stops[0], 1): {"returned": 1, "reason": "refused_item"},
            },
            line_photos={line(stops[0], 0): draw_photo("bris")},
        ),
        Told(
            containers={
                keg(stops[1], of_carrier=False, carrier_id=carrier): 2,
                keg(stops[1], of_carrier=True, carrier_id=carrier): 48,
            },
            cash={taken["issuer_id"]: 10_003} if taken else {},
            signer="Rachel Côté",
        ),
        Told(failure="refused", signer="Zoé Pèlerin"),
        Told(
            lines={line(stops[3], 0): {"not_shipped": 1, "reason": "forgotten"}, line(stops[3], 1): {"extra": 1}},
            photos={draw_photo("quai"): "au quai"},
        ),
        Told(failure="closed", signer=""),
        Told(),
    ]


def drive(client: Client, office: Office, *, stops: int = 6) -> Any:
    """Drive the run's first stops, after the last one home, and return the run; the clock goes by the plan."""
    (run,) = client.runs
    office.clock.advance_to(run["starts_at_ms"])
    client.depart(run)
    for stop, told in list(zip(run["stops"], stories(run), strict=True))[:stops]:
        office.clock.advance_to(stop["planned_at_ms"])
        client.arrive(run, stop)
        office.clock.advance(60_000)
        client.finish(run, stop, told)
    if stops == len(run["stops"]):
        client.come_back(run)
    return run


def events(office: Office) -> list[tuple[Any, ...]]:
    return office.run_sql("SELECT seq, type, outcome FROM device_event ORDER BY device_id, seq")


def require_everything_once(client: Client, office: Office) -> None:
    seen = client.seen
    assert [row[0] for row in events(office)] == list(range(1, seen.head + 1))
    assert (seen.acked, seen.waiting_files) == (seen.head, 0)


def plain(digest: Digest) -> Mapping[str, list[tuple[Any, ...]]]:
    """Leave out what a client's salts and strokes decide, and the moment at which the office's clock read."""
    kept = dict(digest)
    kept["events"] = [(seq, kind, outcome) for seq, kind, _hash, outcome in digest["events"]]
    kept["attachments"] = sorted((kind, whole) for _sha, kind, _size, whole in digest["attachments"])
    kept["visits"] = [row[:-1] for row in digest["visits"]]
    return kept
