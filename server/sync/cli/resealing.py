"""``tournee keys reseal``: every proof under the newest key, its former seal kept inside."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Final
from uuid import UUID

import click

from server.core import clock
from server.core.blobs import blob_store
from server.core.ground import standing_ground
from server.core.keys import server_key, server_keys
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.delivery.cli import keys
from server.delivery.model import Proof
from server.delivery.published import published_keys
from server.delivery.sharing.editions import under_other_keys
from server.documents.service.keeping import put
from server.receivables.queries import all_organisation_ids
from server.sync.service import resealing
from server.sync.service.resealing import Kept, Resealed
from shared.keyring import KeyList, read_list
from shared.problems import Problem
from shared.sealing import key_id, public_bytes

_BATCH: Final = 10
EXIT_LEFT: Final = 1


@dataclass(slots=True)
class Report:
    """What was sealed anew, or would be; ``left`` names each proof that does not hold, and why."""

    dry_run: bool
    key: str
    carriers: int = 0
    resealed: int = 0
    left: list[dict[str, str]] = field(default_factory=list)


@keys.command("reseal")
@click.option("--carrier", type=click.UUID, help="les preuves d’un seul transporteur · one carrier's proofs")
@click.option("--revoked-only", is_flag=True, help="celles d’une clé révoquée · those that a revoked key sealed")
@click.option("--dry-run", is_flag=True, help="compter, sans rien changer · count, change nothing")
@click.option("--json", "as_json", is_flag=True, help="le rapport en JSON · the report as JSON")
def reseal(*, carrier: UUID | None, revoked_only: bool, dry_run: bool, as_json: bool) -> None:
    """Sceller à neuf, sous la clé en service, les preuves d’une clé d’avant · seal proofs anew under the key in use.

    Les sceaux d’avant restent dans la preuve et se vérifient · former seals stay inside and verify.
    """
    report = Report(dry_run, key_id(public_bytes(server_key())))
    only = frozenset(one.link.public_key for one in server_keys() if one.revoked_ms) if revoked_only else None
    with standing_ground():
        for org_id in [carrier] if carrier else _everyone():
            _reseal(org_id, only, report)
    click.echo(json.dumps(asdict(report), ensure_ascii=False) if as_json else _words(report))
    sys.exit(EXIT_LEFT if report.left else 0)


def _everyone() -> list[UUID]:
    with transaction(acting=UUID(int=0), as_owner=True) as session:
        return list(all_organisation_ids(session))


def _reseal(org_id: UUID, only: frozenset[str] | None, report: Report) -> None:
    report.carriers += 1
    newest, after = public_bytes(server_key()).hex(), None
    with transaction(org_id) as session:
        listed = read_list(published_keys(session, issued_at=clock.now()))
    while True:
        with transaction(org_id) as session:
            proofs = under_other_keys(session, newest=newest, only=only, after=after, limit=_BATCH)
            kept = resealing.kept_proofs(session, proofs)
        if not kept:
            return
        after = kept[-1].proof.id
        if report.dry_run:
            report.resealed += len(kept)
            continue
        stamp = Stamp(None, clock.now())
        made = [done for one in kept if (done := _made(one, listed, report, stamp)) is not None]
        with transaction(org_id) as session:
            report.resealed += resealing.replace_seals(session, made, stamp=stamp)


def _made(kept: Kept, listed: KeyList, report: Report, stamp: Stamp) -> Resealed | None:
    """What the store lost, or what does not verify, is left as it is and named."""
    try:
        before = blob_store().get(kept.proof.owner_id, kept.files.file_sha256)
        done = resealing.resealed(kept, before, key=server_key(), keys=listed, stamp=stamp)
    except Problem as problem:
        report.left.append(_left(kept.proof, problem))
        return None
    put(done.file)
    return done


def _left(proof: Proof, problem: Problem) -> dict[str, str]:
    return {"proof_id": str(proof.id), "fr": problem.detail.fr, "en": problem.detail.en}


def _words(report: Report) -> str:
    verb = "À sceller à neuf · to seal anew" if report.dry_run else "Scellées à neuf · sealed anew"
    left = (f"✗ {one['proof_id']}: {one['fr']} · {one['en']}" for one in report.left)
    return "\n".join([f"{verb}: {report.resealed} (clé · key {report.key})", *left])
