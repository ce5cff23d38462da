"""What the rehearsal reckons with, and what it writes down of a night."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server.rehearsal import night
from server.rehearsal.cli import rehearse
from server.rehearsal.night import Night
from server.rehearsal.oracle_clock import when_sealed
from server.rehearsal.oracle_money import bill, credit, empties, left_of, shared, total
from server.rehearsal.plants import UnknownPlant, plant
from server.rehearsal.running import Summary, Wanted
from server.rehearsal.verdict import HEADS, Verdict

GOODS = {"lines": [{"line_id": "cases", "quantity": 3}, {"line_id": "keg", "quantity": 1}]}
PRICES: dict[str, Any] = {
    "document_discount_cents": 0,
    "taxes": [{"code": "gst", "rate": "0.05"}, {"code": "qst", "rate": "0.09975"}],
    "lines": [
        {"line_id": "cases", "unit_price": "33.3350", "discount_cents": 100, "tax_codes": ["gst", "qst"],
         "deposits": [{"containers": 24, "unit_cents": 10, "taxable": False}]},
        {"line_id": "keg", "unit_price": "189", "discount_cents": 0, "tax_codes": ["gst", "qst"],
         "deposits": [{"containers": 1, "unit_cents": 3000, "taxable": True}]},
    ],
}  # fmt: skip


def test_the_oracle_bills_as_one_would_on_paper() -> None:
    """T1, T3: nets half up after discounts, each tax once for the document, taxable deposits in its base."""
    whole = bill(GOODS, PRICES, {"cases": 3, "keg": 1})
    assert whole["cases"].net == 9_901  # 100.005 $ − 1 $
    assert sum(line.net_tax["gst"] + line.deposit_tax["gst"] for line in whole.values()) == 1_590  # 5 % of 318.01 $
    assert sum(line.net_tax["qst"] + line.deposit_tax["qst"] for line in whole.values()) == 3_172  # 9.975 %
    assert total(whole) == 9_901 + 18_900 + 720 + 3_000 + 1_590 + 3_172


def test_the_oracle_gives_back_what_was_billed() -> None:
    """T5: a credit of everything is the invoice, and of one unit its share, rounded half up."""
    whole = bill(GOODS, PRICES, {"cases": 3, "keg": 1})
    assert total(credit(whole, {"cases": 3, "keg": 1})) == total(whole)
    assert credit(whole, {"cases": 1})["cases"].net == 3_300
    assert empties([(3, 3000, True), (24, 10, False)], ["0.05", "0.09975"]) == 9_000 + 240 + 450 + 898


def counted(cases: int) -> list[dict[str, Any]]:
    lines = (("cases", 3, cases), ("keg", 1, 1))
    return [{"line_id": one, "ordered": ordered, "delivered": quantity} for one, ordered, quantity in lines]


def test_the_oracle_corrects_by_the_difference() -> None:
    """T5, law 19: billed too much comes back as a credit, what was never billed is billed beside; refused, as shown."""
    adjusted, published = PRICES | {"invoice_standing": "none"}, PRICES | {"invoice_standing": "published"}
    whole, less = (bill(GOODS, PRICES, {"cases": cases, "keg": 1}) for cases in (3, 2))
    more = 3_301 + 240 + 165 + 329  # the third case's net, its cans, and both taxes on it
    assert left_of(GOODS, adjusted, counted(2), counted(3), is_anew=False) == total(less) + more
    back = total(whole) - total(credit(whole, {"cases": 1}))
    assert left_of(GOODS, published, counted(3), counted(2), is_anew=False) == back
    assert left_of(GOODS, published, counted(0), counted(2), is_anew=True) == back


def test_a_line_that_the_last_word_no_longer_names_is_given_back() -> None:
    """Law 19: signed anew without its keg, an order comes to what its cases cost; signed with it again, to all."""
    adjusted = PRICES | {"invoice_standing": "none"}
    whole = bill(GOODS, PRICES, {"cases": 3, "keg": 1})
    without = total(whole) - total(credit(whole, {"keg": 1}))
    assert left_of(GOODS, adjusted, counted(3), counted(3)[:1], is_anew=False) == without
    cases, keg = (total(bill(GOODS, PRICES, one)) for one in ({"cases": 3}, {"keg": 1}))
    assert left_of(GOODS, adjusted, counted(3)[:1], counted(3), is_anew=False) == cases + keg


@pytest.mark.parametrize(
    ("wall_ms", "monotonic_ms", "server_ms", "sealed_ms"),
    [
        (9_000_000_000, 61_000, 8_999_940_000, 9_000_000_000),
        (9_000_240_000, 61_000, 8_999_940_000, 9_000_000_000),
        (9_400_000_000, 61_000, 8_999_940_000, None),
        (9_000_000_000, 61_000, 0, 9_000_000_000),
        (90_000_000, 61_000, 0, None),
    ],
    ids=["in one boot", "a little off", "days ahead", "never met the office", "in 1970"],
)
def test_the_oracle_knows_when_an_event_was_sealed(
    wall_ms: int, monotonic_ms: int, server_ms: int, sealed_ms: int | None
) -> None:
    """Protocol, 8: by the steady clock since the last contact, else by the wall clock, unless that one is wrong."""
    said = {"wall_ms": wall_ms, "monotonic_ms": monotonic_ms, "server_ms": server_ms, "server_monotonic_ms": 1_000}
    assert when_sealed(said, 9_000_100_000) == sealed_ms


def test_what_is_shared_is_all_there() -> None:
    """T4: whole cents go to the largest remainders, the first of equals first."""
    assert shared(10, [1, 1, 1]) == [4, 3, 3]
    assert shared(5, [0, 0]) == [0, 0]


def test_a_night_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4: chunks of the same code and the same days count; others are played again."""
    monkeypatch.setattr(night, "_commit", lambda: "this")
    done = {"code": "this", "profile": "full", "first": 0, "summary": Summary(days=100, events=700).record()}
    lines = [
        done,
        done | {"code": "older", "first": 100},
        done | {"first": 100},
        done | {"planted": "no-rewind", "first": 200},
        done | {"profile": "calm", "first": 200},
    ]
    record = tmp_path / "night.jsonl"
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))
    resumed = Night(Wanted(days=250, seed=0), 1, record)
    assert (resumed.total.days, resumed.total.events) == (200, 1_400)
    assert (resumed.left.seed, resumed.left.days) == (200, 50)


def test_a_night_of_changed_code_never_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4: nobody knows what a dirty tree played: not even its own chunks count."""
    monkeypatch.setattr(night, "_git", lambda *words: " M server/app.py" if words[0] == "status" else "this")
    record = tmp_path / "night.jsonl"
    line = {"code": "", "profile": "full", "first": 0, "summary": Summary(days=100, events=700).record()}
    record.write_text(json.dumps(line) + "\n")
    assert Night(Wanted(days=250, seed=0), 1, record).left.days == 250


def test_the_command_says_what_the_issue_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """M4: days, events, faults by kind, lost, doubled, out of order, cents wrong, and the seed of the first failure."""
    monkeypatch.setattr(night, "_commit", lambda: "this")
    summary = Summary(days=3, events=20)
    summary.first, summary.seed = ["lost: event 4"], 2
    summary.found["lost"] = 1
    record = tmp_path / "night.jsonl"
    record.write_text(json.dumps({"code": "this", "profile": "full", "first": 0, "summary": summary.record()}) + "\n")
    ended = CliRunner().invoke(rehearse, ["--days", "3", "--json", "--resume", str(record)])
    said = json.loads(ended.stdout)
    assert ended.exit_code == 1
    assert said.items() >= {"days": 3, "events": 20, "faults": {}, "lost": 1, "seed": 2}.items()
    assert said.keys() >= {"doubled", "out_of_order", "cents_wrong", "replay_differs", "days_per_s"}


@pytest.mark.parametrize("head", HEADS)
def test_one_finding_is_enough(head: str) -> None:
    """M4: a day holds when nothing is wrong with it."""
    verdict = Verdict()
    assert verdict.holds
    getattr(verdict, head).append("something")
    assert not verdict.holds


def test_an_unknown_plant_is_refused() -> None:
    """M4: a misspelt name plants nothing and says so."""
    with pytest.raises(UnknownPlant):
        plant("no-such-mistake", None)
