"""``tournee verify FILE``: is this proof untouched, and what does it say?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import click

from server.core.files import require_file
from server.delivery.cli import telling
from server.delivery.proofs import BrokenArchive, check_of, verify_proof
from server.delivery.proofs.archive import MAX_ARCHIVE_BYTES
from server.delivery.proofs.stamping import check_token
from shared.keyring import KeyList, read_list
from shared.problems import Problem, Text

EXIT_ALTERED: Final = 1
EXIT_DISTRUSTED: Final = 3
_KEY_DIGITS: Final = 64


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", "server_key", default=None, help="a key of the carrier that you trust, 64 hex digits")
@click.option(
    "--keys",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="the carrier's published key list (revocations too)",
)
@click.option(
    "--day",
    "day_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="the file beside the proof: its way to the day's root",
)
@click.option(
    "--tsa-ca",
    type=click.Path(dir_okay=False, path_type=Path),
    help="root certificate (PEM) of the time-stamping authority, to check the day's time-stamp",
)
@click.option("--json", "as_json", is_flag=True, help="print what was found as JSON")
def verify(
    *,
    file: Path,
    server_key: str | None,
    key_file: Path | None,
    day_file: Path | None,
    tsa_ca: Path | None,
    as_json: bool,
) -> None:
    """Vérifier une preuve de livraison · verify a proof of delivery.

    Code de sortie · exit code: 0 intacte · untouched, 1 altérée · altered, 3 intacte, mais une clé était révoquée ·
    untouched, but a key had been revoked, 2 fichier illisible · unreadable file.
    """
    for one in (file, key_file, day_file, tsa_ca):
        require_file(one)
    try:
        keys = _keys(key_file, _key(server_key))
        day = day_file.read_bytes() if day_file else None
        found = verify_proof(_read(file), server_key=_key(server_key), keys=keys, day=day)
        stamped = check_token(found.day, tsa_ca.read_bytes() if tsa_ca else None) if found.day else None
    except Problem as problem:
        _say_broken(file, problem, as_json=as_json)
        sys.exit(EXIT_ALTERED)
    summary = telling.summary(found) | {"day": telling.day(found, stamped)}
    click.echo(json.dumps(summary, ensure_ascii=False, indent=2) if as_json else telling.words(found, stamped))
    sys.exit(0 if found.is_trusted else EXIT_DISTRUSTED)


def _read(file: Path) -> bytes:
    if file.stat().st_size > MAX_ARCHIVE_BYTES:
        raise BrokenArchive(Text("Le fichier est trop grand.", "The file is too large."), where=file.name)
    return file.read_bytes()


def _keys(file: Path | None, anchor: str | None) -> KeyList | None:
    return read_list(file.read_bytes(), anchor=anchor) if file else None


def _key(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) != _KEY_DIGITS or any(digit not in "0123456789abcdef" for digit in text.lower()):
        raise click.BadParameter("la clé a 64 chiffres hexadécimaux · the key has 64 hex digits", param_hint="--key")
    return text.lower()


def _say_broken(file: Path, problem: Problem, *, as_json: bool) -> None:
    if as_json:
        said = {"untouched": False, "check": check_of(problem), "problem": problem.as_document("fr")}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    where = f" ({problem.where})" if problem.where else ""
    click.echo(f"✗ {file.name} : {problem.detail.fr}{where}\n✗ {file.name}: {problem.detail.en}{where}", err=True)
