"""Reading a spreadsheet's CSV: what people save, and what they get wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from server.core import csv_rows
from server.core.csv_cells import calendar_day, cents, email, exact, one_of, whole, words, yes_or_no
from server.core.csv_rows import Column, UnreadableSheet, doubled, read_sheet
from server.core.problems import Text

NAME = Column(key="name", title=Text("Nom", "Name"), read=words(20), required=True)
DAYS = Column(key="net_days", title=Text("Échéance (jours)", "Net days"), read=whole(0, 365))
VALUE = Column(key="value", title=Text("Valeur", "Value"), read=cents(100_000_00))
COLUMNS = (NAME, DAYS, VALUE)


@pytest.mark.parametrize(
    "content",
    [
        "Nom;Échéance (jours);Valeur\r\nDépanneur Zoé;30;1 234,50\r\n".encode(),
        "\ufeffname,NET_DAYS,value\nDépanneur Zoé,30,1234.50\n".encode(),
        "sep=;\nnom;echeance JOURS;valeur\n\nDépanneur Zoé;30;1\u00a0234,5\u00a0$\n\n".encode(),
        b"Name\tNet days\tValue\nD\xc3\xa9panneur Zo\xc3\xa9\t30\t1234.5",
    ],
)
def test_what_spreadsheets_save_is_read_the_same(content: bytes) -> None:
    """Imports: UTF-8 with and without its mark, Excel's semicolons, headings in French or English."""
    sheet = read_sheet(content, COLUMNS)
    assert [dict(row.values) for row in sheet.rows] == [{"name": "Dépanneur Zoé", "net_days": 30, "value": 123450}]
    assert sheet.faults == ()


def test_each_fault_names_its_line_and_column_in_both_languages() -> None:
    """Imports: row errors; a quoted text over two lines does not move the count of lines."""
    content = 'Nom;Échéance (jours)\n"Chez\nLéo";30\n;400\nZoé;trente;trop\n'.encode()
    sheet = read_sheet(content, COLUMNS)
    assert [row.line for row in sheet.rows] == [2]
    assert [(one.line, one.column and one.column.fr) for one in sheet.faults] == [
        (4, "Nom"),
        (4, "Échéance (jours)"),
        (5, None),
        (5, "Échéance (jours)"),
    ]
    assert sheet.faults[3].text.fr == "« trente » n’est pas un nombre entier. Écrire de 0 à 365.".replace(
        "« ", "«\u00a0"
    ).replace(" »", "\u00a0»")
    assert sheet.faults[1].text.en == "“400” is out of bounds. Write from 0 to 365."


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"Nom;Valeurs\nZ;1\n", "The column “Valeurs” is unknown"),
        (b"Nom;name\nZ;1\n", "The column “name” is there twice"),
        (b"Valeur\n1\n", "The column “Name” is missing"),
        (b'Nom\n"Zo\n', "The quotes on line 2"),
        ("Nom\nok\nDépanneur\n".encode("latin-1"), "Line 3 is not UTF-8"),
        ("Nom\nZoé\n".encode("utf-16"), "is not UTF-8"),
        (b"Nom\nZ\x00o\n", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_what_to_do(content: bytes, says: str) -> None:
    """Bad input: the whole file, in both languages."""
    with pytest.raises(UnreadableSheet) as refused:
        read_sheet(content, COLUMNS)
    assert says in refused.value.detail.en
    assert refused.value.detail.fr != refused.value.detail.en


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: bytes, rows and cells have a limit."""
    monkeypatch.setattr(csv_rows, "MAX_ROWS", 3)
    with pytest.raises(UnreadableSheet, match="over 3 rows"):
        read_sheet(b"Nom\n" + b"Z\n" * 4, COLUMNS)
    with pytest.raises(UnreadableSheet, match="over 4 MB"):
        read_sheet(b"Nom\n" + b"Z" * 4_000_000, COLUMNS)
    assert len(read_sheet(b"Nom\n" + b"Z" * 5000, COLUMNS).faults) == 1


def test_a_key_that_stands_twice_is_a_fault_of_the_second_line() -> None:
    """Imports: one row for each thing."""
    sheet = read_sheet(b"Nom\nA\nB\nA\n", COLUMNS)
    assert [(fault.line, fault.text.en) for fault in doubled(sheet.rows, NAME)] == [
        (4, "“A” is on line 2 already. Keep one of the two lines.")
    ]


def test_cells_are_read_by_their_kind() -> None:
    """Imports: amounts with a comma, days, yes and no, addresses, choices; anything else is refused."""
    assert exact(4, Decimal(0), Decimal(9))("1,2345") == Decimal("1.2345")
    assert (calendar_day("2026-02-28"), yes_or_no("Oui"), yes_or_no("FALSE")) == (date(2026, 2, 28), True, False)
    assert (email("a.b@c.example"), one_of({"Caisse": 1})("CAISSE")) == ("a.b@c.example", 1)
    wrong = [
        (calendar_day, "2026-02-30"), (calendar_day, "1926-01-01"), (yes_or_no, "peut-être"), (email, "a@b"),
        (one_of({"Caisse": 1}), "fût"), (exact(2, Decimal(0), Decimal(9)), "1,234"), (whole(0, 9), "9" * 30),
        (exact(2, Decimal(0), Decimal(9)), "NaN"), (cents(100), "1,01"), (whole(0, 9), "٣"),
    ]  # fmt: skip
    for read, cell in wrong:
        with pytest.raises(csv_rows.BadCell):
            read(cell)
