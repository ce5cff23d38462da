"""``tournee facts``: published amounts through the pricing code, and files that are none."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.billing.cli import facts
from server.billing.facts.checked import UnreadableFacts
from server.billing.facts.reading import check_facts

FACTS = Path(__file__).parents[2] / "golden" / "facts"


def changed(tmp_path, name, change):
    """The facts of a file after ``change``, in a file of another name: content says what it is."""
    content = json.loads((FACTS / name).read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "renamed.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("invoices.json", "3/3 agree to the cent (31 amounts)\n  1 avec"),
        ("taxes.json", "4/4 agree to the cent (11 amounts)\n  1 règles en mots"),
        ("credits.json", "4/4 agree to the cent (9 amounts)\n  2 crédits"),
    ],
)
def test_published_amounts_agree_to_the_cent(name, said):
    """Issue, « tournee facts FILE »; T1-T5, law 9: every amount agrees and the command ends with 0."""
    answer = CliRunner().invoke(facts, [str(FACTS / name)])
    assert answer.exit_code == 0, answer.output
    assert said in answer.output


CHANGES = [
    ("invoices.json", lambda rows: rows[0]["lines"][0].update(net="14.02"), "net of line 1 14.02, computed 14.01"),
    ("invoices.json", lambda rows: rows[0]["expected"].update({"110": "4.05"}), "tax 4.05, computed 4.06"),
    ("invoices.json", lambda rows: rows[2]["vat"][0].update(tax="-156435.88"), "tax S 25 -156,435.88, computed"),
    ("invoices.json", lambda rows: rows[0]["charges"][0].update(amount="5.01"), "charges 5.00, computed 5.01"),
    ("taxes.json", lambda rows: rows[0].update(qst="2.00"), "tax qst 2.00, computed 1.99"),
    ("taxes.json", lambda rows: rows[1].update(deposit="0.11"), "total 2.20, computed 2.21"),
    ("taxes.json", lambda rows: rows[2].update(split_5_plus_8=["1.59", "2.56"]), "tax of 5% 1.59, computed 1.60"),
    ("credits.json", lambda found: found["cases"][0]["credits"][3].update(tax=646), "tax credited in all 54.67"),
    ("credits.json", lambda found: found["cases"][1].update(invoice_tax=300), "tax 3.00, computed 2.99"),
    ("credits.json", lambda found: found["cases"][3]["credit"].update(tax=4834), "tax 48.34, computed 48.33"),
]


@pytest.mark.parametrize(("name", "change", "said"), CHANGES)
def test_a_cent_that_differs_is_named(tmp_path, name, change, said):
    """Issue, « names each that does not »: the fact, the amount, what was published and what comes out; exit code 1."""
    answer = CliRunner().invoke(facts, [str(changed(tmp_path, name, change))])
    assert answer.exit_code == 1
    assert said in answer.output


BAD_FILES = {
    "no JSON": b"\x89PNG",
    "an empty list": b"[]",
    "other rows": b'[{"a": 1}]',
    "a scalar": b"7",
    "an amount in words": b'[{"id": "x", "base": "ten", "gst": "1"}]',
    "an amount without end": b'[{"id": "x", "base": "1e9999999", "gst": "1"}]',
    "a split of one part": b'[{"id": "x", "base": "1", "gst": "0.05", "split_5_plus_8": ["1"]}]',
    "an invoice without lines": b'[{"file": "x", "lines": [], "vat": [], "expected": {}}]',
    "a base quantity of 0": (FACTS / "invoices.json").read_bytes().replace(b'"base_qty": "3"', b'"base_qty": "0"'),
    "a credit above its invoice": (FACTS / "credits.json").read_bytes().replace(b'"net": 19333', b'"net": 20001'),
    "deep brackets": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_gets_a_clear_answer(tmp_path, content):
    """Bad input, everywhere: a problem in both languages that names the file and what to do, never a traceback."""
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFacts) as refused:
        check_facts(path)
    assert refused.value.where == str(path)
    assert "docs/facts.md" in refused.value.detail.fr
    assert "docs/facts.md" in refused.value.detail.en


def test_a_file_that_is_not_there_is_said(tmp_path):
    """Bad input, everywhere: a missing file."""
    with pytest.raises(UnreadableFacts):
        check_facts(tmp_path / "none.json")
