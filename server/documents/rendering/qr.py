"""QR codes as vector drawings."""

from __future__ import annotations

import zxingcpp

from server.core.problems import Problem, Text
from server.documents.rendering.parts import MAX_QR_BYTES


class QrTooLong(Problem):
    """A payload that would make a code too dense to read from paper."""

    slug = "qr-too-long"
    title = Text("Code QR trop long", "QR code too long")


def qr_svg(payload: str) -> str:
    """Return ``payload`` as the SVG of a QR code with its quiet zone, one unit a module, correction level M.

    Raises:
        QrTooLong: the payload is empty or over ``MAX_QR_BYTES`` bytes.
    """
    size = len(payload.encode())
    if not 0 < size <= MAX_QR_BYTES:
        raise QrTooLong(
            Text(
                f"Le contenu du code QR fait {size} octets; il en faut de 1 à {MAX_QR_BYTES}.",
                f"The QR payload has {size} bytes; it must have from 1 to {MAX_QR_BYTES}.",
            ),
            where="qr",
        )
    # Without its encoding named, a reader guesses that of other letters; for ASCII the mark would only take room.
    encoding = {} if payload.isascii() else {"eci": "UTF-8"}
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M", **encoding)
    return zxingcpp.write_barcode_to_svg(code, add_quiet_zones=True)
