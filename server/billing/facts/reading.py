"""Which facts a file holds is seen from its content, never from its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from server.billing.facts.canadian import check_examples
from server.billing.facts.checked import Checked, UnreadableFacts
from server.billing.facts.credits import CreditCase, check_cases
from server.billing.facts.european import EuropeanInvoice, check_invoices
from shared.problems import Text

MAX_BYTES: Final = 64 * 1024 * 1024


def check_facts(path: Path) -> Checked:
    """Recompute the facts of a JSON file: European invoices, Canadian taxes, or credit notes.

    Raises:
        UnreadableFacts: too large, no JSON, another form, or an amount that is none; says where.
    """
    content = _read(path)
    try:
        return _check(content)
    except msgspec.ValidationError as error:
        raise _unreadable(f"un champ ne convient pas ({error})", f"a field does not fit ({error})", path) from error
    except (ArithmeticError, TypeError, ValueError) as error:
        raise _unreadable(
            f"un montant ne se calcule pas ({error})", f"an amount does not compute ({error})", path
        ) from error


def _check(content: Any) -> Checked:
    if isinstance(content, Mapping) and isinstance(content.get("cases"), list):
        return check_cases(msgspec.convert(content["cases"], list[CreditCase]))
    rows = content if isinstance(content, list) else []
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise msgspec.ValidationError("no list of facts")
    if any("expected" in row for row in rows):
        return check_invoices(msgspec.convert(rows, list[EuropeanInvoice]))
    if _is_canadian(rows):
        return check_examples(rows)
    raise msgspec.ValidationError("no amounts that are known: expected, gst, qst or cases")


def _is_canadian(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(field in {"gst", "qst"} or field.startswith("hst") for row in rows for field in row)


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _unreadable("il dépasse 64 Mio", "it is above 64 MiB", path)
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise _unreadable("il ne s’ouvre pas", "it cannot be opened", path) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable("ce n’est pas du JSON", "it is no JSON", path) from error


def _unreadable(fr: str, en: str, path: Path) -> UnreadableFacts:
    return UnreadableFacts(
        Text(
            f"Le fichier de faits ne se lit pas\u00a0: {fr}. Voir docs/facts.md pour les trois formes.",
            f"The facts file cannot be read: {en}. See docs/facts.md for the three forms.",
        ),
        where=str(path),
    )
