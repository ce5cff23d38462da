"""``tournee keys``: the keys that seal proofs: which there are, a new one, one that was stolen, the public list."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import click
import msgspec

from server.core import clock
from server.core.keys import revoke, rotate, server_keys
from server.core.transaction import transaction
from server.delivery.published import published_keys
from shared.keyring import ServerKey
from shared.sealing import key_id

_DAY: Final = "%Y-%m-%d %H:%M UTC"
_SAVE_NOW: Final = (
    "Aucune sauvegarde n’a cette clé\u00a0: lancez «\u00a0tournee backup\u00a0» maintenant · "
    "no backup has this key: run “tournee backup” now"
)
_TELL_TABLETS: Final = (
    "Les tablettes l’apprennent avec la prochaine clé\u00a0: «\u00a0tournee keys rotate\u00a0» · "
    "tablets hear of it with the next key: “tournee keys rotate”"
)


@click.group()
def keys() -> None:
    """Les clés qui scellent · the keys that seal."""


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="print the public halves as JSON")
def list_keys(*, as_json: bool) -> None:
    """Nommer les clés, la plus ancienne d’abord · name the keys, oldest first."""
    found = server_keys()
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(one) | {"key_id": _name(one)} for one in found], indent=2))
        return
    for one in found:
        click.echo(f"{_name(one)}  {one.link.public_key}  {_standing(one)}")


@keys.command("rotate")
def rotate_keys() -> None:
    """Prendre une clé neuve, endossée par l’ancienne · take a new key, endorsed by the former one."""
    made = rotate(at=clock.now())
    click.echo(f"{_name(made)}  {made.link.public_key}")
    click.echo(_SAVE_NOW, err=True)


@keys.command("revoke")
@click.argument("name")
def revoke_key(name: str) -> None:
    """Révoquer la clé NAME (16 chiffres) si elle a pu être volée · revoke key NAME if it may have been stolen.

    La clé en service est d’abord remplacée · the key in use is replaced first.
    """
    before = server_keys()[-1]
    gone = revoke(name, at=clock.now())
    click.echo(f"{_name(gone)}  {_standing(gone)}")
    click.echo(_SAVE_NOW if server_keys()[-1] != before else _TELL_TABLETS, err=True)


@keys.command("publish")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="where to write the list")
@click.option("--carrier", type=click.UUID, help="add this carrier's revoked tablets")
def publish(out: Path, carrier: UUID | None) -> None:
    """Écrire la liste publique signée · write the signed public list, to be held offline."""
    now = clock.now()
    if carrier is None:
        out.write_bytes(published_keys(None, issued_at=now))
    else:
        with transaction(carrier) as session:
            out.write_bytes(published_keys(session, issued_at=now))
    click.echo(str(out))


def _name(key: ServerKey) -> str:
    return key_id(bytes.fromhex(key.link.public_key))


def _standing(key: ServerKey) -> str:
    if key.revoked_ms:
        return f"révoquée · revoked {_when(key.revoked_ms)}"
    if key.until_ms:
        return f"retirée · retired {_when(key.until_ms)}"
    return "en service · in use"


def _when(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime(_DAY)
