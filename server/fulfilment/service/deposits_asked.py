"""Questions that a corrected visit's empties leave: credited too much, or signed anew at another deposit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.billing.letterhead import letterhead
from server.billing.queries import latest_visit_credit
from server.core.acting import acting_for
from server.core.stamp import Stamp
from server.delivery.model import ContainerReturn, Visit
from server.delivery.service import open_discrepancy
from server.receivables.service.chatting import note_on_account
from shared.money import format_money
from shared.problems import Text


@dataclass(frozen=True, slots=True)
class Credited:
    """Units of a class that stand credited, and the deposits that they were credited at, without taxes."""

    units: int = 0
    cents: int = 0

    def up_to(self, row: ContainerReturn) -> Credited:
        """Return what stands once a row that counts more is credited by the difference, at its deposit."""
        more = max(0, row.quantity - self.units)
        return Credited(self.units + more, self.cents + more * row.unit_cents)


def credited_by(rows: Sequence[ContainerReturn]) -> Credited:
    """Return what a class's rows credited, each by the difference to the most that was counted before it."""
    standing = Credited()
    for row in rows:
        standing = standing.up_to(row)
    return standing


def ask_about_deposits(
    session: Session,
    visit: Visit,
    row: ContainerReturn,
    *,
    former: Sequence[ContainerReturn],
    standing: Credited,
    stamp: Stamp,
) -> None:
    """Put before a person what ``standing`` credits otherwise than ``row`` was signed, unless it was asked already.

    At one and the same deposit that is what was credited too much. Where the ``former`` rows were signed at another
    one, it is the difference of the two amounts; where it went away, that the former question is void.

    Source: C30; laws 18, 20.
    """
    if not {one.unit_cents for one in former if one.quantity} - {row.unit_cents}:
        if standing.units > row.quantity:
            _ask_about_units(session, visit, row, former=former, units=standing.units - row.quantity, stamp=stamp)
        return
    asked_cents = _signed_cents(former[-1]) - credited_by(former).cents
    if _signed_cents(row) - standing.cents != asked_cents:
        _ask_about_amounts(session, visit, row, former, standing, asked_cents=asked_cents, stamp=stamp)


def _signed_cents(row: ContainerReturn) -> int:
    return row.quantity * row.unit_cents


def _ask_about_units(
    session: Session,
    visit: Visit,
    row: ContainerReturn,
    *,
    former: Sequence[ContainerReturn],
    units: int,
    stamp: Stamp,
) -> None:
    amount_cents = units * row.unit_cents
    (amount,) = _in_words(session, row, amount_cents)
    text = Text(
        f"{units} contenant(s) {row.class_code} crédités de trop, {amount.fr}\u00a0: la visite corrigée en compte "
        "moins. S’entendre avec le client, un crédit émis ne se reprend pas.",
        f"{units} container(s) {row.class_code} credited too much, {amount.en}: the corrected visit counts fewer. "
        "Agree with the client; an issued credit is not taken back.",
    )
    details = {"overcredited_units": units, "overcredited_cents": amount_cents}
    _ask(session, visit, row, former, kind="deposit_overcredited", text=text, details=details, stamp=stamp)


def _ask_about_amounts(
    session: Session,
    visit: Visit,
    row: ContainerReturn,
    former: Sequence[ContainerReturn],
    standing: Credited,
    *,
    asked_cents: int,
    stamp: Stamp,
) -> None:
    signed_cents = _signed_cents(row)
    differs_cents = signed_cents - standing.cents
    words = _in_words(session, row, signed_cents, standing.cents, abs(differs_cents), abs(asked_cents))
    signed, credited, differs, asked = words
    remedy = _remedy(differs_cents, differs)
    void = Text(f" L’écart de {asked.fr} demandé avant ne vaut plus.", f" The {asked.en} asked about before is void.")
    if not asked_cents:
        void = Text("", "")
    text = Text(
        f"Contenants {row.class_code} signés de nouveau à une autre consigne\u00a0: {signed.fr} signés, {credited.fr} "
        f"crédités.{remedy.fr}{void.fr}",
        f"Containers {row.class_code} signed anew at another deposit: {signed.en} signed, {credited.en} credited."
        f"{remedy.en}{void.en}",
    )
    details = {"signed_deposit_cents": signed_cents, "credited_cents": standing.cents}
    _ask(session, visit, row, former, kind="deposit_differs", text=text, details=details, stamp=stamp)


def _remedy(differs_cents: int, amount: Text) -> Text:
    if not differs_cents:
        return Text("", "")
    if differs_cents > 0:
        return Text(
            f" Créditer la différence, {amount.fr}, depuis le compte du client.",
            f" Credit the difference, {amount.en}, from the customer’s account.",
        )
    return Text(
        f" {amount.fr} de trop\u00a0: s’entendre avec le client, un crédit émis ne se reprend pas.",
        f" {amount.en} too much: agree with the client; an issued credit is not taken back.",
    )


def _in_words(session: Session, row: ContainerReturn, *amounts_cents: int) -> list[Text]:
    with acting_for(session, row.creditor_id):
        currency = letterhead(session, org_id=row.creditor_id).currency
    return [Text(format_money(one, currency, "fr"), format_money(one, currency, "en")) for one in amounts_cents]


def _ask(
    session: Session,
    visit: Visit,
    row: ContainerReturn,
    former: Sequence[ContainerReturn],
    *,
    kind: str,
    text: Text,
    details: dict[str, int],
    stamp: Stamp,
) -> None:
    """Put it before the dispatcher, the creditor's people and the client."""
    former_ids = [one.visit_id for one in former if one.visit_id]
    with acting_for(session, row.creditor_id):
        note = latest_visit_credit(session, issuer_id=row.creditor_id, visit_ids=former_ids)
    whose = {
        "creditor_id": str(row.creditor_id),
        "buyer_id": str(visit.buyer_id),
        "credit_note_id": str(note.id) if note else "",
    }
    open_discrepancy(
        session,
        kind=kind,
        subject_id=row.id,
        text=text,
        stamp=stamp,
        run_id=visit.run_id,
        stop_id=visit.stop_id,
        details=details | whose,
    )
    note_on_account(session, issuer_id=row.creditor_id, buyer_id=visit.buyer_id, text=text, stamp=stamp)
