"""Reading what a spreadsheet saved as CSV: columns by name, values by kind, every fault by line and column.

UTF-8 with or without its mark; commas, semicolons (a French Excel's) or tabs, told from the header; headings in French,
in English or as the column's key, whatever their capitals, accents and spaces. An import reads all of it before it
writes any of it: a file with a fault changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from server.core.problems import Problem, Text

MAX_BYTES: Final = 4_000_000
MAX_ROWS: Final = 5_000
MAX_CELL: Final = 4_000
MAX_FAULTS: Final = 100
_DELIMITERS: Final = (";", ",", "\t")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class UnreadableSheet(Problem):
    """The file is no table of the expected columns; ``where`` names the place."""

    slug = "unreadable-sheet"
    status: ClassVar[int] = 422
    title = Text("Fichier CSV illisible", "Unreadable CSV file")


class BadCell(Exception):
    """A cell's reader cannot take the text; ``text`` says what is wrong and what to write."""

    def __init__(self, fr: str, en: str) -> None:
        """Keep the sentence in both languages."""
        super().__init__(en)
        self.text = Text(fr, en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its ``key``, its heading in both languages, and what makes a value of a cell's trimmed text.

    ``required``: the column must be there and none of its cells empty. An empty cell otherwise is None.
    """

    key: str
    title: Text
    read: Callable[[str], Any]
    required: bool = False

    @property
    def headings(self) -> frozenset[str]:
        """Return the headings that mean this column, as ``_plain`` makes them."""
        return frozenset(_plain(one) for one in (self.key, self.title.fr, self.title.en))


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """What is wrong with one cell, or with a whole row when ``column`` is None; ``line`` is the file's, from 1."""

    line: int
    column: Text | None
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the file's line on which it starts, and its values by key; a column that the file lacks has none."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What was read: the rows without a fault, and the first faults of the others, in the order of the lines."""

    rows: tuple[Row, ...]
    faults: tuple[RowFault, ...]
    keys: frozenset[str]


def read_sheet(content: bytes, columns: Sequence[Column]) -> Sheet:
    """Return the rows of a CSV file; blank lines are none.

    Raises:
        UnreadableSheet: too large, no UTF-8, no header, an unknown, doubled or missing column, broken quotes.
    """
    numbered = _records(_decoded(content))
    header = next(numbered, None)
    if header is None:
        raise _unreadable(
            "Le fichier est vide. La première ligne nomme les colonnes.",
            "The file is empty. Its first line names the columns.",
        )
    places = _places(header[1], columns)
    rows, faults = [], []
    for count, (line, cells) in enumerate(numbered, start=1):
        if count > MAX_ROWS:
            raise _unreadable(
                f"Le fichier a plus de {MAX_ROWS} lignes. Le partager en plusieurs.",
                f"The file has over {MAX_ROWS} rows. Split it.",
            )
        values, wrong = _read_row(line, cells, places, len(header[1]))
        faults += wrong
        if not wrong:
            rows.append(Row(line=line, values=values))
    return Sheet(
        rows=tuple(rows), faults=tuple(faults[:MAX_FAULTS]), keys=frozenset(one.key for one in places.values())
    )


def doubled(rows: Sequence[Row], column: Column) -> Iterator[RowFault]:
    """Yield a fault for each row whose value stands on a line above already."""
    seen: dict[Any, int] = {}
    for row in rows:
        value = row.values.get(column.key)
        if value is None:
            continue
        if value in seen:
            yield RowFault(
                line=row.line,
                column=column.title,
                text=Text(
                    f"«\u00a0{value}\u00a0» est déjà à la ligne {seen[value]}. Garder une seule des deux lignes.",
                    f"“{value}” is on line {seen[value]} already. Keep one of the two lines.",
                ),
            )
        seen.setdefault(value, row.line)


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _unreadable(
            f"Le fichier dépasse {MAX_BYTES // 1_000_000} Mo. Le partager en plusieurs.",
            f"The file is over {MAX_BYTES // 1_000_000} MB. Split it.",
        )
    if content.startswith(_UTF16) or b"\x00" in content:
        raise _other_letters(1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _other_letters(content[: error.start].count(b"\n") + 1) from error


def _other_letters(line: int) -> UnreadableSheet:
    return _unreadable(
        f"La ligne {line} n’est pas en UTF-8. Dans le tableur, enregistrer sous «\u00a0CSV UTF-8\u00a0».",
        f"Line {line} is not UTF-8. In the spreadsheet, save as “CSV UTF-8”.",
        where=f"{line}",
    )


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank with the line on which it starts."""
    delimiter, skipped = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if line > skipped and any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(
            f"Les guillemets de la ligne {line} ne vont pas par paires. Corriger cette ligne.",
            f"The quotes on line {line} do not come in pairs. Correct this line.",
            where=f"{line}",
        ) from error


def _delimiter(text: str) -> tuple[str, int]:
    """Return what stands between cells, and how many lines only say so (Excel's ``sep=;``)."""
    first = text.lstrip().split("\n", 1)[0]
    if named := re.fullmatch(r"sep=([;,\t])\r?", first, flags=re.IGNORECASE):
        return named[1], 1
    return max(_DELIMITERS, key=first.count), 0


def _places(header: list[str], columns: Sequence[Column]) -> dict[int, Column]:
    by_heading = {heading: column for column in columns for heading in column.headings}
    places: dict[int, Column] = {}
    for position, heading in enumerate(header):
        column = by_heading.get(_plain(heading))
        if column is None and heading.strip():
            raise _unknown(heading.strip(), columns)
        if column in places.values():
            raise _unreadable(
                f"La colonne «\u00a0{heading.strip()}\u00a0» est là deux fois. En garder une.",
                f"The column “{heading.strip()}” is there twice. Keep one.",
                where=heading.strip(),
            )
        if column is not None:
            places[position] = column
    missing = [one.title for one in columns if one.required and one not in places.values()]
    if missing:
        raise _unreadable(
            f"Il manque la colonne «\u00a0{missing[0].fr}\u00a0». L’ajouter à la première ligne.",
            f"The column “{missing[0].en}” is missing. Add it to the first line.",
            where=missing[0].fr,
        )
    return places


def _unknown(heading: str, columns: Sequence[Column]) -> UnreadableSheet:
    return _unreadable(
        f"La colonne «\u00a0{heading[:60]}\u00a0» est inconnue. Colonnes possibles\u00a0: "
        f"{', '.join(one.title.fr for one in columns)}.",
        f"The column “{heading[:60]}” is unknown. Possible columns: {', '.join(one.title.en for one in columns)}.",
        where=heading[:60],
    )


def _read_row(
    line: int, cells: list[str], places: Mapping[int, Column], width: int
) -> tuple[dict[str, Any], list[RowFault]]:
    values: dict[str, Any] = {}
    faults = []
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        faults.append(_too_wide(line))
    for position, column in places.items():
        cell = cells[position].strip() if position < len(cells) else ""
        try:
            values[column.key] = _value(cell, column)
        except BadCell as bad:
            faults.append(RowFault(line=line, column=column.title, text=bad.text))
    return values, faults


def _value(cell: str, column: Column) -> Any:
    if not cell:
        if column.required:
            raise BadCell("Cette cellule est vide. La remplir.", "This cell is empty. Fill it in.")
        return None
    if len(cell) > MAX_CELL or any(unicodedata.category(letter) == "Cc" and letter not in "\n\r\t" for letter in cell):
        raise BadCell(
            f"Ce texte dépasse {MAX_CELL} caractères ou contient un caractère de commande. Le retaper.",
            f"This text is over {MAX_CELL} characters or holds a control character. Type it again.",
        )
    return column.read(cell)


def _too_wide(line: int) -> RowFault:
    return RowFault(
        line=line,
        column=None,
        text=Text(
            "Cette ligne a plus de cellules que l’en-tête. Mettre entre guillemets ce qui contient le séparateur.",
            "This row has more cells than the header. Quote the texts that hold the separator.",
        ),
    )


def _plain(heading: str) -> str:
    """Return a heading without accents, capitals, spaces and marks."""
    bare = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(letter for letter in bare if letter.isalnum())


def _unreadable(fr: str, en: str, *, where: str = "file") -> UnreadableSheet:
    return UnreadableSheet(Text(fr, en), where=where)
