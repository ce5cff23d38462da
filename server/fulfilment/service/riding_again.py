"""What an order's invoice must be before the order may ride again: decided, and of all that is ordered."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.billing.model import CreditNote
from server.billing.queries import all_credit_notes
from server.billing.service import billed_in_part
from server.core.acting import acting_for
from server.core.problems import Conflict, Text
from server.orders.model import Order
from server.parties.model import BillingType
from shared.states import CreditState


class CreditUndecided(Conflict):
    """A credit on the invoice still waits for its issuer's decision."""

    slug = "credit-undecided"
    title = Text("Crédit à décider d’abord", "Credit to be decided first")


class BilledInPart(Conflict):
    """The invoice that stands bills other units than the order would ride with."""

    slug = "billed-in-part"
    title = Text("Facture à annuler d’abord", "Invoice to be voided first")


def require_order_decided(session: Session, order: Order) -> None:
    """Refuse to let an order ride again while a credit that its last delivery proposed waits for its issuer.

    Decided after the next delivery, it would speak of goods that somebody has by then. The order is held.

    Raises:
        CreditUndecided: one waits.

    Source: C12, C27; law 19; ADR 0055.
    """
    if order.issuer_id is None:
        return
    with acting_for(session, order.issuer_id):
        waiting = session.scalars(all_credit_notes(order.id).where(CreditNote.state == CreditState.PROPOSED)).first()
    if waiting is not None:
        raise CreditUndecided(
            Text(
                f"Un crédit proposé pour la commande {order.number} attend la décision de qui la facture. Le faire "
                "approuver ou refuser, puis la replanifier.",
                f"A credit proposed for order {order.number} waits for the decision of who invoices it. Have it "
                "approved or refused, then plan the order again.",
            ),
            where=order.number,
        )


def require_billed_whole(session: Session, order: Order) -> None:
    """Refuse to let an order ride again beside an invoice that bills anything else than what is ordered.

    On the next ride a published invoice counts as the whole order's: of one that bills what an earlier delivery left,
    the signer would be shown more than is billed. What people credited by hand is known to the tablet by its units,
    and stays given. The order is held; ``order.lines`` must be loaded.

    Raises:
        BilledInPart: its lines are not the order's, a delivery was credited on it, or it is supplemented.

    Source: C27, R024; law 19; ADR 0058.
    """
    if order.issuer_id is None or order.billing_type is BillingType.EXTERNAL:
        return
    with acting_for(session, order.issuer_id):
        invoice = billed_in_part(session, order=order)
    if invoice is not None:
        raise BilledInPart(
            Text(
                f"La facture {invoice.number} ne facture pas exactement la commande {order.number}, mais ce qui resta "
                "d’une livraison. L’annuler, puis replanifier la commande\u00a0: la prochaine livraison sera facturée.",
                f"Invoice {invoice.number} does not bill order {order.number} as it is, but what a delivery left. "
                "Void it, then plan the order again: the next delivery will be invoiced.",
            ),
            where=order.number,
        )
