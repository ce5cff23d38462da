"""The office changes a stop that a driver has already opened."""

from __future__ import annotations

import msgspec
import pytest

from driver_app.actions.arrive import arrive
from driver_app.actions.checking import ReasonMissing
from driver_app.actions.correct import correct_stop, undo_finish
from driver_app.actions.counting import (
    NotAtThisStop,
    add_photo,
    collect_cash,
    set_containers,
    set_delivered,
    set_reason,
)
from driver_app.actions.failure import close_stop
from driver_app.actions.finish import StatementChanged, finish_stop
from driver_app.statement import state
from driver_app.store import bundles, drafts, outbox
from driver_app.store.drafts import CollectionDraft, ContainerDraft, StopDraft
from driver_app.strokes import draw_signing
from driver_app.viewmodels import texts
from driver_app.viewmodels.details import present_containers, present_payment
from driver_app.viewmodels.ending import present_ending
from driver_app.viewmodels.stop import present_stop
from shared.sealing import public_bytes
from shared.sealing_event import open_event
from shared.visit import read_visit
from shared.visit_facts import VisitFacts
from shared.wire.bundle import BundleRun
from tests.factories.changed_runs import with_another_line, with_other_price, with_quantities, with_stop, without_stop
from tests.factories.rounds import deliver
from tests.factories.runs import KEG_OWNER, ident
from tests.factories.tablets import Cab

SIGNING = draw_signing("Éloïse Gagné", "")


def pulled(cab: Cab, run: BundleRun) -> None:
    """Let the office send a run, and the tablet fetch it."""
    cab.office.runs = (run,)
    assert cab.engine.pull().runs == 1


def draft_of(cab: Cab, at: dict[str, str] | None = None) -> StopDraft:
    """Return what was entered at a stop, the first one if none is named."""
    at = at or cab.at(0)
    found = cab.tablet.store.read(lambda session: drafts.load(session, **at))
    assert found is not None
    return found


def held(cab: Cab) -> BundleRun:
    """Return the run as the tablet has it."""
    return cab.tablet.store.read(lambda session: bundles.load(session, cab.run.run_id))


def sealed(cab: Cab) -> VisitFacts:
    """Return what the last event says of the goods."""
    head = cab.tablet.store.read(outbox.head)
    event = cab.tablet.store.read(lambda session: outbox.load(session, head.seq))
    assert open_event(event, public_bytes(cab.tablet.key)).type == "visit.finished"
    return read_visit(event.groups)


def counts(draft: StopDraft, line_id: str) -> tuple[int, int, int, str]:
    """Return what was ordered, delivered and given beyond it, and the reason."""
    line = draft.lines[line_id]
    return line.ordered, line.delivered, line.extra, line.reason


def test_what_was_handed_over_stays_when_its_quantity_changes(cab: Cab) -> None:
    """G3, R019: more ordered is missing and asks why, less is extra; nothing is signed that nobody counted."""
    run, at = cab.run, cab.at(0)
    more, less, short = (line.line_id for line in run.stops[0].orders[0].goods.lines)
    arrive(cab.tablet, **at, now=cab.now)
    ordered = [line.quantity for line in run.stops[0].orders[0].goods.lines]
    set_delivered(cab.tablet, **at, line_id=short, delivered=ordered[2] - 2)
    set_reason(cab.tablet, **at, line_id=short, reason="forgotten")
    pulled(cab, with_quantities(run, 0, {0: ordered[0] + 3, 1: ordered[1] - 4, 2: ordered[2] - 2}, version=2))
    draft = draft_of(cab)
    assert draft.has_changed
    assert counts(draft, more) == (ordered[0] + 3, ordered[0], 0, "")
    assert counts(draft, less) == (ordered[1] - 4, ordered[1] - 4, 4, "")
    assert counts(draft, short) == (ordered[2] - 2, ordered[2] - 2, 0, "")
    view = present_stop(held(cab), held(cab).stops[0], draft, "fr")
    assert (view.has_changed, view.leads_to) == (True, "gaps")
    assert "Le bureau a changé cet arrêt" in view.note
    with pytest.raises(ReasonMissing):
        finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    set_reason(cab.tablet, **at, line_id=more, reason="forgotten")
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    said = {line.line_id: (line.ordered, line.delivered, line.extra) for line in sealed(cab).orders[0].lines}
    assert said[more] == (ordered[0] + 3, ordered[0], 0)
    assert said[less] == (ordered[1] - 4, ordered[1] - 4, 4)
    cited = {order.leaf.terms_hash for order in sealed(cab).orders}
    assert cited == {order.terms_hash for order in held(cab).stops[0].orders}


def test_a_line_that_comes_or_goes_leaves_the_stop_to_be_finished(cab: Cab) -> None:
    """G3: of a new line nothing was handed over, one that is struck out is counted no more, and both are shown."""
    arrive(cab.tablet, **cab.at(0), now=cab.now)
    new = ident("a new line")
    pulled(cab, with_another_line(with_quantities(cab.run, 0, {1: 0}, version=2), 0, new, version=2))
    draft, run = draft_of(cab), held(cab)
    assert set(draft.lines) == {line.line_id for order in run.stops[0].orders for line in order.goods.lines}
    assert counts(draft, new)[1:] == (0, 0, "")
    assert len(present_stop(run, run.stops[0], draft, "en").rows) == len(draft.lines) + len(run.stops[0].orders)
    set_reason(cab.tablet, **cab.at(0), line_id=new, reason="forgotten")
    finish_stop(cab.tablet, **cab.at(0), signing=SIGNING, language="fr", now=cab.now)
    assert new in {line.line_id for line in sealed(cab).orders[0].lines}


def test_a_refused_stop_stays_refused_whole(cab: Cab) -> None:
    """R019: everything goes back, whatever was ordered more."""
    line = cab.run.stops[0].orders[0].goods.lines[0]
    arrive(cab.tablet, **cab.at(0), now=cab.now)
    close_stop(cab.tablet, **cab.at(0))
    pulled(cab, with_quantities(cab.run, 0, {0: line.quantity + 5}, version=2))
    finish_stop(cab.tablet, **cab.at(0), signing=None, language="fr", now=cab.now)
    said = {one.line_id: (one.ordered, one.returned) for one in sealed(cab).orders[0].lines}
    assert said[line.line_id] == (line.quantity + 5, line.quantity + 5)


def test_a_signature_under_a_statement_that_changed_meanwhile_is_refused(cab: Cab) -> None:
    """What is signed is what is billed: another price between reading and finishing is read and signed anew."""
    at = cab.at(0)
    draft = arrive(cab.tablet, **at, now=cab.now)
    seen = state(cab.run, cab.run.stops[0], draft, "fr").sha256
    pulled(cab, with_other_price(cab.run, 0, "99.0000", version=2))
    with pytest.raises(StatementChanged):
        finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now, seen=seen)
    again = state(held(cab), held(cab).stops[0], draft_of(cab), "fr").sha256
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now, seen=again)
    assert sealed(cab).orders


def test_a_finished_stop_that_changed_is_corrected_and_undone_as_it_is_now(cab: Cab) -> None:
    """Section 4 (Stop): what was sealed stays; opened again it speaks of the order as it is now (day 1542)."""
    line = cab.run.stops[0].orders[0].goods.lines[0]
    deliver(cab, 0)
    pulled(cab, with_quantities(cab.run, 0, {0: line.quantity + 1}, version=2))
    present_ending(held(cab), {cab.stop(0).stop_id: draft_of(cab)}, cash_cents=0, is_returned=False, language="fr")
    assert not draft_of(cab).has_changed
    draft = correct_stop(cab.tablet, **cab.at(0))
    assert counts(draft, line.line_id) == (line.quantity + 1, line.quantity, 0, "")
    set_delivered(cab.tablet, **cab.at(0), line_id=line.line_id, delivered=line.quantity + 1)
    finish_stop(cab.tablet, **cab.at(0), signing=SIGNING, language="fr", now=cab.now)
    assert sealed(cab).orders[0].lines[0].ordered == line.quantity + 1
    pulled(cab, with_quantities(cab.run, 0, {0: line.quantity - 1}, version=3))
    undone = undo_finish(cab.tablet, **cab.at(0), now=cab.now)
    assert counts(undone, line.line_id) == (line.quantity - 1, line.quantity - 1, 2, "")


def test_a_stop_that_was_taken_off_while_it_is_open_is_still_finished(cab: Cab) -> None:
    """G3, G6: what was handed over there is sealed under its own run, for a person to look at."""
    at, stop = cab.at(1), cab.stop(1)
    arrive(cab.tablet, **at, now=cab.now)
    empties = [ContainerDraft(container_class="keg_50l", owner_id=ident(KEG_OWNER), returned=2)]
    set_containers(cab.tablet, **at, returned=empties)
    add_photo(cab.tablet, **at, jpeg=b"\xff\xd8 a photo", now=cab.now)
    run = cab.run
    for version in (2, 3):
        pulled(cab, without_stop(run, 1, version=version))
    assert [one.stop_id for one in held(cab).stops].count(stop.stop_id) == 1
    assert draft_of(cab, at).has_changed
    assert [(one.owner_id, one.returned) for one in draft_of(cab, at).containers] == [(ident(KEG_OWNER), 2)]
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    assert [order.order_id for order in sealed(cab).orders] == [order.order_id for order in stop.orders]


@pytest.mark.parametrize("version", [2, 3], ids=["an earlier version", "the same version"])
def test_a_restored_office_that_forgot_an_open_stop_leaves_it_to_be_finished(cab: Cab, version: int) -> None:
    """G3, ADR 0050: the version that had it is gone at the office; the stop is counted and sealed from here."""
    run, at, stop = cab.run, cab.at(1), cab.stop(1)
    pulled(cab, without_stop(run, 1, version=2))
    pulled(cab, msgspec.structs.replace(run, version=3))
    arrive(cab.tablet, **at, now=cab.now)
    line = stop.orders[0].goods.lines[0]
    set_delivered(cab.tablet, **at, line_id=line.line_id, delivered=line.quantity + 1)
    for cab.office.epoch in ("epoch-2", "epoch-3"):
        pulled(cab, without_stop(run, 1, version=version))
    assert held(cab).version == version
    assert held(cab).stops[-1] == stop
    assert draft_of(cab, at).has_changed
    cab.restart()
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    assert [order.order_id for order in sealed(cab).orders] == [order.order_id for order in stop.orders]
    assert sealed(cab).orders[0].lines[0].extra == 1


def test_money_and_empties_that_the_office_asks_for_no_more_are_signed_all_the_same(cab: Cab) -> None:
    """G3, ADR 0050: the cash is in the box and the kegs on the truck, whether the invoice was paid meanwhile or not."""
    at = cab.at(0)
    arrive(cab.tablet, **at, now=cab.now)
    issuer_id = cab.stop(0).collect[0].issuer_id
    taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=20_002)
    collect_cash(cab.tablet, **at, taken=taken)
    kegs = ContainerDraft(container_class="keg_50l", owner_id=ident(KEG_OWNER), returned=2)
    set_containers(cab.tablet, **at, returned=[kegs])
    asked_for_no_more = msgspec.structs.replace(cab.stop(0), collect=(), containers=cab.stop(0).containers[1:])
    pulled(cab, with_stop(cab.run, 0, asked_for_no_more, version=2))
    draft = draft_of(cab)
    assert draft.has_changed
    (money,) = present_payment(held(cab).stops[0], draft, "fr")
    assert (money.title, money.taken_cents, money.due_cents) == ("Brasserie du Plateau", 20_002, 0)
    assert money.due == texts.NOTHING_DUE_ANY_MORE.fr
    assert [(one.title, one.returned) for one in present_containers(held(cab).stops[0], draft, "fr")] == [
        ("Caisse de 24 vides", 0),
        ("Fût 50 L vide", 2),
    ]
    collect_cash(cab.tablet, **at, taken=msgspec.structs.replace(taken, amount_cents=15_000))
    cab.restart()
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    said = sealed(cab)
    assert [(one.issuer_id, one.amount_cents) for one in said.collections] == [(issuer_id, 15_000)]
    assert [(one.container_class, one.returned, one.unit_cents) for one in said.containers] == [("keg_50l", 2, 5000)]


def test_money_for_nobody_can_be_given_back(cab: Cab) -> None:
    """ADR 0050: what the office asks for no more can be taken away, not added."""
    at, issuer_id = cab.at(0), cab.stop(0).collect[0].issuer_id
    arrive(cab.tablet, **at, now=cab.now)
    taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=20_002)
    collect_cash(cab.tablet, **at, taken=taken)
    pulled(cab, with_stop(cab.run, 0, msgspec.structs.replace(cab.stop(0), collect=()), version=2))
    collect_cash(cab.tablet, **at, taken=msgspec.structs.replace(taken, amount_cents=0))
    assert draft_of(cab).collections == ()
    with pytest.raises(NotAtThisStop):
        collect_cash(cab.tablet, **at, taken=taken)


def test_a_correction_keeps_the_money_of_an_invoice_that_its_payment_closed(cab: Cab) -> None:
    """R082, ADR 0050: the office asks for nothing once the cash arrived; correcting a case takes none of it away."""
    at, issuer_id = cab.at(0), cab.stop(0).collect[0].issuer_id
    arrive(cab.tablet, **at, now=cab.now)
    taken = CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=128_436)
    collect_cash(cab.tablet, **at, taken=taken)
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    pulled(cab, with_stop(cab.run, 0, msgspec.structs.replace(cab.stop(0), collect=()), version=2))
    correct_stop(cab.tablet, **at)
    line = cab.stop(0).orders[0].goods.lines[0]
    set_delivered(cab.tablet, **at, line_id=line.line_id, delivered=line.quantity + 1)
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    assert [(one.issuer_id, one.amount_cents) for one in sealed(cab).collections] == [(issuer_id, 128_436)]


def nameless(cab: Cab) -> None:
    """Put the draft back as a former version of the app kept it: without the words of what was entered."""

    def forget(draft: StopDraft) -> StopDraft:
        sealed = draft.sealed
        return msgspec.structs.replace(
            draft,
            containers=tuple(msgspec.structs.replace(one, offer=None) for one in draft.containers),
            collections=tuple(msgspec.structs.replace(one, issuer_name="") for one in draft.collections),
            sealed=msgspec.structs.replace(sealed, draft=forget(sealed.draft)) if sealed else None,
        )

    kept = forget(draft_of(cab))
    cab.tablet.store.write("collect_cash", lambda session: drafts.save(session, kept, run_id=cab.run.run_id))


@pytest.mark.parametrize("was_signed", [False, True], ids=["counted", "signed and corrected"])
def test_what_a_former_version_of_the_app_kept_is_signed_with_its_names(cab: Cab, *, was_signed: bool) -> None:
    """Protocol, upgrades: an update in the middle of a stop, then an office that asks for no more of it."""
    at, issuer_id = cab.at(0), cab.stop(0).collect[0].issuer_id
    arrive(cab.tablet, **at, now=cab.now)
    collect_cash(cab.tablet, **at, taken=CollectionDraft(issuer_id=issuer_id, method="cash", amount_cents=20_002))
    kegs = ContainerDraft(container_class="keg_50l", owner_id=ident(KEG_OWNER), returned=2)
    set_containers(cab.tablet, **at, returned=[kegs])
    if was_signed:
        finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
        correct_stop(cab.tablet, **at)
    nameless(cab)
    asked_for_no_more = msgspec.structs.replace(cab.stop(0), collect=(), containers=())
    pulled(cab, with_stop(cab.run, 0, asked_for_no_more, version=2))
    finish_stop(cab.tablet, **at, signing=SIGNING, language="fr", now=cab.now)
    assert [(one.issuer_id, one.amount_cents) for one in sealed(cab).collections] == [(issuer_id, 20_002)]
    assert [(one.container_class, one.returned, one.unit_cents) for one in sealed(cab).containers] == [
        ("keg_50l", 2, 5000)
    ]
