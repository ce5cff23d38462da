"""Planted mistakes about what tablets are sent, whose rows are, where things stand, and what proofs are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

import server.delivery.service
import server.sync.jobs
import server.sync.service.bundles
from server.delivery.model import Terms
from server.rehearsal.office import Office
from server.rehearsal.patches import Patch
from server.sync.model import RunBundle
from server.sync.queries import read_run


def _rename_unsent(_: Office) -> Iterator[Patch]:
    """A run whose version is on the feed is sent no more, whatever changed in it."""
    build = server.sync.service.bundles.build_bundle

    def build_new(session: Any, run_id: UUID, **more: Any) -> RunBundle | None:
        versions = select(RunBundle).where(RunBundle.run_id == run_id).order_by(RunBundle.version.desc()).limit(1)
        latest = session.scalars(versions).first()
        is_there = latest is not None and latest.version == read_run(session, run_id).run.version
        return latest if is_there else build(session, run_id, **more)

    yield Patch(server.sync.jobs, "build_bundle", build_new)


def _first_terms_stand(_: Office) -> Iterator[Patch]:
    """An order that has terms keeps them, though its seller changed it."""
    freeze = server.delivery.service.freeze_terms

    def freeze_once(session: Any, *, goods: Any, **more: Any) -> Terms:
        known = session.scalars(select(Terms).where(Terms.order_id == UUID(goods.order_id))).first()
        return known or freeze(session, goods=goods, **more)

    yield Patch(server.delivery.service, "freeze_terms", freeze_once)


STANDING: Final[Mapping[str, Callable[[Office], Iterator[Patch]]]] = {
    "rename-unsent": _rename_unsent,
    "first-terms-stand": _first_terms_stand,
}
