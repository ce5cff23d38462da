"""What tells a sealed proof from every other: the sha256 of its seal, which signs all that the file holds."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Final

SEAL_NAME: Final = "seal.json"


def seal_fingerprint(proof_file: bytes) -> str:
    """Return the sha256 of a proof file's seal in hex, as ``unzip -p FILE seal.json | sha256sum`` prints it."""
    with zipfile.ZipFile(io.BytesIO(proof_file)) as archive:
        return hashlib.sha256(archive.read(SEAL_NAME)).hexdigest()
