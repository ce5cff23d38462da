"""The columns of a file of clients, and what its cells may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from server.core.csv_cells import calendar_day, cents, email, exact, one_of, whole, words
from server.core.csv_rows import BadCell, Column, Row, RowFault, Sheet, doubled, read_sheet
from server.core.imports import require_faultless
from server.core.problems import Text
from server.parties.model import Equipment
from server.parties.service.clients import MAX_MINIMUM_CENTS, MAX_NET_DAYS
from server.parties.service.places import MAX_WINDOWS, MINUTES_A_DAY

EQUIPMENT: Final = {
    Equipment.TAIL_LIFT: Text("hayon", "tail lift"),
    Equipment.HAND_TRUCK: Text("diable", "hand truck"),
    Equipment.PALLET_JACK: Text("transpalette", "pallet jack"),
    Equipment.SMALL_TRUCK: Text("petit camion", "small truck"),
    Equipment.STAIR_CLIMBER: Text("diable d’escalier", "stair climber"),
}
_WORDS_OF_EQUIPMENT: Final = {
    word: one for one, text in EQUIPMENT.items() for word in (text.fr, text.en, one.value, text.fr.replace("’", "'"))
}
_LANGUAGES: Final = {"français": "fr", "anglais": "en", "fr": "fr", "en": "en", "french": "fr", "english": "en"}
_WINDOW: Final = re.compile(r"(\d{1,2})(?:[:hH](\d{2})?)?\s*[-–àa]\s*(\d{1,2})(?:[:hH](\d{2})?)?", flags=re.ASCII)
_POSTAL: Final = re.compile(r"([A-Z]\d[A-Z])\s?(\d[A-Z]\d)", flags=re.ASCII)


def read_windows(cell: str) -> list[list[int]]:
    """Read ``8:00-12:00, 13:00-17:00``."""
    read = []
    for part in filter(None, (one.strip() for one in cell.split(","))):
        found = _WINDOW.fullmatch(part)
        minutes = [int(found[hour]) * 60 + int(found[hour + 1] or 0) for hour in (1, 3)] if found else [0, 0]
        if not minutes[0] < minutes[1] <= MINUTES_A_DAY:
            raise BadCell(
                f"«\u00a0{part[:40]}\u00a0» n’est pas une plage. Écrire comme 8:00-12:00, 13:00-17:00.",
                f"“{part[:40]}” is no time window. Write like 8:00-12:00, 13:00-17:00.",
            )
        read.append(minutes)
    if len(read) > MAX_WINDOWS:
        raise BadCell(
            f"Il y a plus de {MAX_WINDOWS} plages. En garder moins.", f"There are over {MAX_WINDOWS} windows."
        )
    return sorted(read)


def _equipment(cell: str) -> list[str]:
    """Read some pieces of equipment, commas between."""
    read = one_of(_WORDS_OF_EQUIPMENT)
    return sorted({read(part.strip()).value for part in cell.split(",") if part.strip()})


def read_postal_code(cell: str) -> str:
    """Read a Canadian postal code, H2X 1Y6."""
    found = _POSTAL.fullmatch(cell.upper())
    if found is None:
        raise BadCell(
            f"«\u00a0{cell[:40]}\u00a0» n’est pas un code postal. Écrire comme H2X 1Y6.",
            f"“{cell[:40]}” is no postal code. Write like H2X 1Y6.",
        )
    return f"{found[1]} {found[2]}"


def _degrees(most: int) -> Any:
    read = exact(7, Decimal(-most), Decimal(most))
    return lambda cell: int(read(cell) * 10_000_000)


EXTERNAL_ID: Final = Column(key="external_id", title=Text("No client", "Client number"), read=words(60), required=True)
GROUP: Final = Column(key="group", title=Text("Groupe", "Group"), read=words(80))
LATITUDE: Final = Column(key="lat_e7", title=Text("Latitude", "Latitude"), read=_degrees(90))
LONGITUDE: Final = Column(key="lon_e7", title=Text("Longitude", "Longitude"), read=_degrees(180))
COLUMNS: Final = (
    EXTERNAL_ID,
    Column(key="name", title=Text("Nom", "Name"), read=words(120), required=True),
    Column(key="legal_name", title=Text("Raison sociale", "Legal name"), read=words(160)),
    Column(key="email", title=Text("Courriel", "E-mail"), read=email),
    Column(key="phone", title=Text("Téléphone", "Phone"), read=words(40)),
    Column(key="language", title=Text("Langue", "Language"), read=one_of(_LANGUAGES)),
    Column(key="street", title=Text("Rue", "Street"), read=words(160)),
    Column(key="city", title=Text("Ville", "City"), read=words(80)),
    Column(key="postal_code", title=Text("Code postal", "Postal code"), read=read_postal_code),
    LATITUDE,
    LONGITUDE,
    Column(key="windows", title=Text("Heures de livraison", "Delivery hours"), read=read_windows),
    Column(key="access_note", title=Text("Accès", "Access"), read=words(500)),
    Column(key="equipment", title=Text("Équipement", "Equipment"), read=_equipment),
    Column(key="permit_number", title=Text("No de permis", "Permit number"), read=words(60)),
    Column(key="permit_expires_on", title=Text("Fin du permis", "Permit expiry"), read=calendar_day),
    GROUP,
    Column(key="net_days", title=Text("Échéance (jours)", "Net days"), read=whole(0, MAX_NET_DAYS)),
    Column(key="credit_limit_cents", title=Text("Limite de crédit", "Credit limit"), read=cents(MAX_MINIMUM_CENTS)),
)
BY_KEY: Final = {column.key: column for column in COLUMNS}


def read_clients(content: bytes) -> Sheet:
    """Return the rows of a file of clients.

    Raises:
        UnreadableSheet: it is no such table.
        FaultyRows: a cell cannot be read, a number stands twice, or a row has half a position.
    """
    sheet = read_sheet(content, COLUMNS)
    require_faultless((*sheet.faults, *doubled(sheet.rows, EXTERNAL_ID), *_halves(sheet.rows)))
    return sheet


def _halves(rows: tuple[Row, ...]) -> Iterator[RowFault]:
    for row in rows:
        if (row.values.get("lat_e7") is None) != (row.values.get("lon_e7") is None):
            missing = LATITUDE if row.values.get("lat_e7") is None else LONGITUDE
            yield RowFault(
                line=row.line,
                column=missing.title,
                text=Text(
                    "Une position a une latitude et une longitude. Donner les deux, ou aucune.",
                    "A position has a latitude and a longitude. Give both, or neither.",
                ),
            )
