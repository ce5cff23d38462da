"""What is told of goods that were handed over or moved: proofs, variances, corrections, contests, transfers."""

from __future__ import annotations

from typing import Final

from server.delivery import events as delivery
from server.delivery.contests.model import ContestState
from server.notifications.following.lines import ALL, DEAL, Line, Part, Rows
from server.stock.events import TRANSFER_ACCEPTED, TRANSFER_CANCELLED, TRANSFER_SENT
from shared.problems import Text

_CONTESTED: Final = {
    ContestState.OPEN: Text("ouverte", "opened"),
    ContestState.UPHELD: Text("accueillie", "upheld"),
    ContestState.DISMISSED: Text("rejetée", "dismissed"),
    ContestState.WITHDRAWN: Text("retirée", "withdrawn"),
}
_CONTESTS: Final = tuple(
    Line(
        to=(Part.READER,), kind=f"contest.{state.value}", when=(state.value,), own=True,
        title=Text(f"Contestation {{what}} {said.fr}", f"Contest {{what}} {said.en}"),
        text=Text("{words}", "{words}"),
    )
    for state, said in _CONTESTED.items()
)  # fmt: skip

GOODS: Final[Rows] = {
    delivery.PROOF_SEALED: (
        Line(
            to=DEAL, kind="proof.sealed", own=True,
            title=Text("Preuve de livraison, commande {number}", "Proof of delivery, order {number}"),
            text=Text(
                "La preuve signée de la commande {number} est prête à consulter.",
                "The signed proof of order {number} is ready.",
            ),
        ),
    ),
    delivery.DELIVERY_RECORDED: (
        Line(
            to=(Part.SELLER,), kind="delivery.variance", when=("partial", "refused", "failed"), own=True,
            title=Text("Écart de livraison, commande {number}", "Delivery variance, order {number}"),
            text=Text(
                "La commande {number} n’a pas été livrée telle que commandée; les quantités sont à la page.",
                "Order {number} was not delivered as ordered; the page shows the quantities.",
            ),
        ),
    ),
    delivery.DELIVERY_CORRECTED: (
        Line(
            to=DEAL, kind="delivery.corrected", own=True,
            title=Text("Livraison corrigée, commande {number}", "Delivery corrected, order {number}"),
            text=Text(
                "La livraison de la commande {number} a été corrigée (révision {revision}).{why}",
                "The delivery of order {number} was corrected (revision {revision}).{why}",
            ),
        ),
    ),
    delivery.CONTEST_OPENED: _CONTESTS[:1],
    delivery.CONTEST_DECIDED: _CONTESTS[1:],
    TRANSFER_SENT: (
        Line(
            to=ALL, kind="transfer.sent",
            title=Text("Transfert de stock envoyé, {seller}", "Stock transfer sent, {seller}"),
            text=Text(
                "{units} ({seller}) en route\u00a0: {source} → {target}, qui les accepte à l’arrivée.",
                "{units} ({seller}) under way: {source} → {target}, which accepts them on arrival.",
            ),
        ),
    ),
    TRANSFER_ACCEPTED: (
        Line(
            to=ALL, kind="transfer.accepted",
            title=Text("Transfert de stock accepté, {seller}", "Stock transfer accepted, {seller}"),
            text=Text(
                "{target} a accepté {arrived} sur {units} ({seller}), envoi fait par {source}.",
                "{target} accepted {arrived} of {units} ({seller}), sent by {source}.",
            ),
        ),
    ),
    TRANSFER_CANCELLED: (
        Line(
            to=ALL, kind="transfer.cancelled",
            title=Text("Transfert de stock annulé, {seller}", "Stock transfer cancelled, {seller}"),
            text=Text(
                "Le transfert de {units} ({seller}) vers {target} est annulé; tout reste chez {source}.",
                "The transfer of {units} ({seller}) to {target} is cancelled; all stays with {source}.",
            ),
        ),
    ),
}  # fmt: skip
