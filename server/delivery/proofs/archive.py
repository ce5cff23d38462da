"""A ZIP with one form only: the same files always give the same bytes, and any other bytes are refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from shared.problems import Problem, Text

MAX_FILES = 1000
MAX_FILE_BYTES = 13 * 1024 * 1024
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)


class BrokenArchive(Problem):
    """The file is no proof archive, or not in the form in which it was written."""

    slug = "broken-proof-archive"
    title = Text("Fichier de preuve endommagé", "Damaged proof file")


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of ``files``, stored without compression in the order of their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o600 << 16
            entry.create_system = 3
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def unpack(payload: bytes) -> dict[str, bytes]:
    """Return the files of an archive that ``pack`` wrote.

    Raises:
        BrokenArchive: not a ZIP, out of bounds, or a single byte differs from what ``pack`` writes.
    """
    if len(payload) > MAX_ARCHIVE_BYTES:
        raise _broken("Le fichier est trop grand.", "The file is too large.")
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            files = {entry.filename: _read(archive, entry) for entry in _entries(archive)}
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, RuntimeError) as error:
        raise _broken("Ce n’est pas une archive de preuve.", "This is no proof archive.") from error
    if pack(files) != payload:
        raise _broken(
            "Des octets diffèrent de la forme dans laquelle une preuve est écrite.",
            "Bytes differ from the form in which a proof is written.",
        )
    return files


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES:
        raise _broken("L’archive contient trop de fichiers.", "The archive holds too many files.")
    return entries


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > MAX_FILE_BYTES or entry.compress_type != zipfile.ZIP_STORED:
        raise _broken(
            "Un fichier de l’archive sort des limites.", "A file of the archive is out of bounds.", entry.filename
        )
    try:
        return archive.read(entry)
    except zipfile.BadZipFile as error:
        raise _broken("Un fichier de l’archive a changé.", "A file of the archive changed.", entry.filename) from error


def _broken(fr: str, en: str, where: str = "") -> BrokenArchive:
    return BrokenArchive(
        Text(f"{fr} Demandez une nouvelle copie au transporteur.", f"{en} Ask the carrier for a new copy."), where=where
    )
