"""An enrolment code as a tablet's camera reads it."""

from __future__ import annotations

import json

import zxingcpp


def code_payload(public_url: str, code: str) -> str:
    """Return what the QR code holds: the address ``u`` of the office and the one-time code ``c``."""
    return json.dumps({"u": public_url.rstrip("/"), "c": code}, separators=(",", ":"))


def code_svg(payload: str) -> str:
    """Return the QR code as an SVG drawing with its quiet zone."""
    barcode = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawing: str = zxingcpp.write_barcode_to_svg(barcode, add_quiet_zones=True)
    return drawing
