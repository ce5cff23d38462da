"""``tournee retention run``: what is kept no longer than its time, purged with a report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import click

from server.core import clock
from server.core.blobs import blob_store
from server.core.ground import standing_ground
from server.core.logs import log
from server.core.settings import settings
from server.core.transaction import transaction
from server.delivery.sharing.editions import DueVisit, count_due, due_visits
from server.parties import queries as parties
from server.receivables.queries import all_organisation_ids
from server.sync.jobs import purge_visit
from server.sync.loose.jobs import purge_loose, sweep_unnamed
from server.sync.loose.service import UNNAMED_KEPT
from server.sync.service import purging
from shared.problems import Problem

_BATCH: Final = 100


@dataclass(slots=True)
class Report:
    """What was purged, or would be: visits with pictures, those that a contest holds, lines of the log, archives.

    ``loose_files`` are those of events that wait or were set aside, and of visits without a proof; ``unnamed_files``
    are named by no event at all. ``failed`` counts visits that could not be purged.
    """

    dry_run: bool
    organisations: int = 0
    visits: int = 0
    held_by_contest: int = 0
    failed: int = 0
    loose_files: int = 0
    unnamed_files: int = 0
    freed_bytes: int = 0
    access_lines: int = 0
    archives: int = 0


@click.group()
def retention() -> None:
    """Durées de conservation · Retention times."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="dire ce qui serait purgé, sans rien changer · say, change nothing")
@click.option("--json", "as_json", is_flag=True, help="le rapport en JSON · the report as JSON")
def run(dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Purger photos et signatures, journal d’accès et archives échus · Purge pictures, access log, expired archives."""
    report = Report(dry_run)
    with standing_ground():
        with transaction(acting=UUID(int=0), as_owner=True) as session:
            organisations = all_organisation_ids(session)
        for org_id in organisations:
            _purge(org_id, report, now=clock.now())
    click.echo(json.dumps(asdict(report)) if as_json else _words(report))
    if report.failed:
        raise SystemExit(1)


def _purge(org_id: UUID, report: Report, *, now: datetime) -> None:
    dry_run = report.dry_run
    days = max(settings().retention_access_days, purging.LEAST_ACCESS_DAYS)
    with transaction(org_id) as session:
        zone = parties.zone_or_ours(session, org_id=org_id)
        before = purging.kept_since(now, zone, years=settings().retention_proof_years)
        report.organisations += 1
        report.held_by_contest += count_due(session, before=before, contested=True)
        report.visits += count_due(session, before=before, contested=False)
        report.access_lines += purging.old_accesses(session, before=now - timedelta(days=days), dry_run=dry_run)
        manifests = purging.old_exports(session, now=now, dry_run=dry_run)
    report.archives += len(manifests)
    if not dry_run:
        for sha256 in filter(None, manifests):
            blob_store().forget(org_id, sha256)
        _purge_visits(org_id, report, before=before)
    loose = purge_loose(org_id, before=before, dry_run=dry_run)
    unnamed = sweep_unnamed(org_id, before=now - UNNAMED_KEPT, dry_run=dry_run)
    report.loose_files += loose.files
    report.unnamed_files += unnamed.files
    report.freed_bytes += 0 if dry_run else loose.size_bytes + unnamed.size_bytes


def _purge_visits(org_id: UUID, report: Report, *, before: datetime) -> None:
    """Purge each visit that is due, once, by a cursor: one that cannot be purged hides none behind it."""
    after: DueVisit | None = None
    while visits := _next(org_id, before, after):
        after = visits[-1]
        for visit in visits:
            try:
                report.freed_bytes += purge_visit(org_id, visit.id, kept_years=settings().retention_proof_years)
            except Problem as problem:
                report.failed += 1
                log(__name__).error("not purged", visit_id=str(visit.id), slug=problem.slug, detail=problem.detail.en)


def _next(org_id: UUID, before: datetime, after: DueVisit | None) -> list[DueVisit]:
    with transaction(org_id) as session:
        return list(due_visits(session, before=before, after=after, limit=_BATCH))


def _words(report: Report) -> str:
    verb = ("À purger", "to purge") if report.dry_run else ("Purgé", "purged")
    return "\n".join(
        [
            f"{verb[0]} · {verb[1]} ({report.organisations} organisations)",
            f"  visites avec photos et signatures · visits with pictures and signatures: {report.visits}",
            f"  retenues par une contestation · held by a contest: {report.held_by_contest}",
            f"  visites impossibles à purger (voir le journal) · visits not purged (see the log): {report.failed}",
            f"  fichiers qu’aucune preuve ne tient · files that no proof holds: {report.loose_files}",
            f"  fichiers qu’aucun événement ne nomme · files that no event names: {report.unnamed_files}",
            f"  lignes du journal d’accès · lines of the access log: {report.access_lines}",
            f"  archives échues · expired archives: {report.archives}",
            f"  octets libérés · bytes freed: {report.freed_bytes}",
        ]
    )
