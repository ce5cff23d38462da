"""What the figures and words of a catalogue may be."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Final

from server.catalog.prices.steps import PRICE_STEP
from server.core.problems import Problem, Text

MAX_UNIT_PRICE: Final = Decimal(1_000_000)
MAX_WEIGHT_G: Final = 1_000_000
MAX_VOLUME_ML: Final = 1_000_000
MAX_CONTAINERS: Final = 1000  # of one sales unit: a pallet holds fewer
MAX_NAME: Final = 120
MAX_REFERENCE: Final = 60
MAX_LONG_TEXT: Final = 2000
TAX_CODES: Final = ("gst", "qst")
_GTIN_LENGTHS: Final = (8, 12, 13, 14)


class BadFormat(Problem):
    """A product's, format's or container's words or figures cannot be."""

    slug = "bad-format"
    title = Text("Format invalide", "Invalid format")


def bad(where: str, fr: str, en: str) -> BadFormat:
    """Return the problem of one field."""
    return BadFormat(Text(fr, en), where=where)


def require_unit_price(unit_price: Decimal, *, where: str = "unit_price") -> Decimal:
    """Return the price when it is exact to 4 decimals and inside the bounds.

    Raises:
        BadFormat: negative, too large, not a number, or with more decimals.
    """
    try:
        sound = 0 <= unit_price <= MAX_UNIT_PRICE and unit_price == unit_price.quantize(PRICE_STEP)
    except InvalidOperation:
        sound = False
    if not sound:
        raise bad(
            where, "Le prix va de 0 à 1\u00a0000\u00a0000 avec 4 décimales.", "A price is 0 to 1,000,000, 4 decimals."
        )
    return unit_price


def require_whole(where: str, value: int, *, least: int = 0, most: int) -> None:
    """Refuse a whole number outside its bounds.

    Raises:
        BadFormat: it is below ``least`` or above ``most``.
    """
    if not least <= value <= most:
        raise bad(where, f"Il faut de {least} à {most}.", f"It must be from {least} to {most}.")


def require_words(*, longest: int = MAX_NAME, optional: bool = False, **words: str) -> None:
    """Refuse a text that is empty, unless ``optional``, or too long; each under its own name.

    Raises:
        BadFormat: the first text that cannot be.
    """
    for where, value in words.items():
        if len(value) > longest or not (optional or value.strip()):
            raise bad(where, f"Écrire de 1 à {longest} caractères.", f"Write 1 to {longest} characters.")


def require_taxes(codes: Iterable[str]) -> list[str]:
    """Return the tax codes in the order of the law, each once.

    Raises:
        BadFormat: a code that is no tax.
    """
    wanted = set(codes)
    if strange := wanted - set(TAX_CODES):
        raise bad("tax_codes", f"Taxe inconnue\u00a0: {min(strange)[:20]}.", f"Unknown tax: {min(strange)[:20]}.")
    return [code for code in TAX_CODES if code in wanted]


def require_barcode(where: str, code: str) -> str:
    """Return a GTIN of 8, 12, 13 or 14 digits whose check digit holds, or nothing at all.

    Raises:
        BadFormat: other signs, another length, or a wrong check digit, which the text then gives.

    Source: GS1 General Specifications, section 7.9 (weights 3 and 1 from the right).
    """
    if not code:
        return code
    if not (code.isascii() and code.isdigit() and len(code) in _GTIN_LENGTHS):
        raise bad(where, "Un code-barres a 8, 12, 13 ou 14 chiffres.", "A barcode has 8, 12, 13 or 14 digits.")
    right = check_digit(code[:-1])
    if code[-1] != right:
        raise bad(
            where,
            f"Le dernier chiffre de {code} devrait être {right}. Relire le code-barres.",
            f"The last digit of {code} should be {right}. Read the barcode again.",
        )
    return code


def check_digit(digits: str) -> str:
    """Return the check digit of a GTIN's other digits."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)
