"""Following online payments at their provider, again and again while a notice is lost; and reminders each morning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from server.core import clock
from server.core.jobs import AGAIN, enqueue, queue
from server.core.stamp import Stamp
from server.core.transaction import transaction
from server.receivables.model import Payment, Refund, RefundState
from server.receivables.providers import KEYS_LAST, GatewayRefused, GatewayUnanswered, Given, gateway_of
from server.receivables.queries import holders_of
from server.receivables.service.online import agree, require_followed
from server.receivables.service.refunds import finish_refund, pending_refunds, refund_key
from server.receivables.service.scheduling import next_morning, reminder_plan, run_plan
from shared.states import PaymentState

FIRST_LOOK: Final = timedelta(minutes=10)
LAST_LOOK: Final = timedelta(days=3)
REFUND_LOOK: Final = timedelta(days=1)


@queue.task(name="receivables.follow_payment", retry=AGAIN)
def follow_payment(*, owner_id: str, subject_id: str) -> None:
    """Ask the provider how a payment stands, and let the books agree; look again later while it waits.

    A provider that is away for hours must not be the last look at a payment that waits.
    """
    issuer_id, payment_id = UUID(owner_id), UUID(subject_id)
    try:
        bring_to_agree(issuer_id, payment_id)
    except GatewayUnanswered:
        with transaction(issuer_id) as session:
            payment = session.get_one(Payment, payment_id)
            if payment.state is not PaymentState.PENDING:
                raise
            look_later(session, payment, now=clock.now())


def bring_to_agree(issuer_id: UUID, payment_id: UUID) -> Payment:
    """Return a payment as its provider says that it stands; nothing is open while the provider is asked.

    It is looked at again while it waits, and while a refund of it does. What a won dispute gave back is followed with
    the payment that was charged back.

    Raises:
        NotFound: no such online payment. GatewayRefused, GatewayUnanswered: as the provider answers.
    """
    with transaction(issuer_id) as session:
        followed, account = require_followed(session, payment_id)
    standing = gateway_of(account).fetch(followed.provider_ref)
    with transaction(issuer_id) as session:
        now = clock.now()
        followed = agree(session, payment_id=followed.id, standing=standing, stamp=Stamp(None, now))
        if followed.state is PaymentState.PENDING:
            look_later(session, followed, now=now)
        for holder in holders_of(session, followed):
            for waiting in pending_refunds(session, holder):
                try_later(session, waiting, now=now)
        return session.get_one(Payment, payment_id)


def look_later(session: Session, payment: Payment, *, now: datetime) -> None:
    """Look at a waiting payment again, ever later, until the provider has let it expire."""
    age = now - payment.recorded_at
    if age < LAST_LOOK:
        enqueue(
            session,
            follow_payment,
            key=f"follow-later:{payment.id}",
            not_before=now + max(FIRST_LOOK, age),
            owner_id=str(payment.owner_id),
            subject_id=str(payment.id),
        )


@queue.task(name="receivables.give_back", retry=AGAIN)
def give_back_again(*, owner_id: str, subject_id: str) -> None:
    """Ask the provider what became of a refund, again and again until it ended; done or failed, nothing is asked."""
    issuer_id, refund_id = UUID(owner_id), UUID(subject_id)
    try:
        give_back(issuer_id, refund_id)
    except (GatewayRefused, GatewayUnanswered):  # refused when first asked for, it has failed; any later it still waits
        with transaction(issuer_id) as session:
            try_later(session, session.get_one(Refund, refund_id), now=clock.now())


def give_back(issuer_id: UUID, refund_id: UUID) -> Refund:
    """Return a refund as its provider left it, asked for under its own key: any number of times, it is given once.

    One that the provider took is looked up there: asked again under its key, a provider repeats its first answer. So is
    one whose key the provider may have forgotten, before it is asked for anew.

    Raises:
        GatewayRefused: asked for, then it has failed, and its payment holds the money again.
        GatewayUnanswered: it waits.
    """
    with transaction(issuer_id) as session:
        made = session.get_one(Refund, refund_id)
        if made.state is not RefundState.PENDING:
            return made
        is_taken = bool(made.provider_ref) or clock.now() - made.recorded_at >= KEYS_LAST
    if is_taken:
        bring_to_agree(issuer_id, made.source_id)
        with transaction(issuer_id) as session:
            made = session.get_one(Refund, refund_id)
        if made.provider_ref or made.state is not RefundState.PENDING:
            return made
    return _ask_for(made)


def _ask_for(made: Refund) -> Refund:
    with transaction(made.owner_id) as session:
        followed, account = require_followed(session, made.source_id)
    refused: GatewayRefused | None = None
    given = Given("", False)
    try:
        given = gateway_of(account).refund(followed.provider_ref, amount_cents=made.amount_cents, key=refund_key(made))
    except GatewayRefused as problem:
        refused = problem
    with transaction(made.owner_id) as session:
        made, now = session.get_one(Refund, made.id), clock.now()
        made.provider_ref = given.ref or made.provider_ref
        if given.arrived is None:
            try_later(session, made, now=now)
        elif made.state is RefundState.PENDING:
            finish_refund(session, refund=made, arrived=given.arrived, stamp=Stamp(None, now))
    if refused is not None:
        raise refused
    return made


def try_later(session: Session, refund: Refund, *, now: datetime) -> None:
    """Ask again what became of a refund that waits, ever later, once a day at last; one that ended is left alone."""
    if refund.state is not RefundState.PENDING:
        return
    age = now - refund.recorded_at
    enqueue(
        session,
        give_back_again,
        key=f"refund:{refund.id}",
        not_before=now + min(max(FIRST_LOOK, age), REFUND_LOOK),
        owner_id=str(refund.owner_id),
        subject_id=str(refund.id),
    )


@queue.task(name="receivables.remind", retry=AGAIN)
def remind(*, owner_id: str, subject_id: str) -> None:
    """Send an issuer's reminders of the morning, and come back the next one; switched off, it does not.

    The next morning is asked for first: one that fails must not be the last. ``subject_id`` is the issuer once more: a
    job has both.
    """
    now, issuer_id = clock.now(), UUID(subject_id)
    with transaction(issuer_id) as session:
        plan = reminder_plan(session)
        if plan is None or not plan.is_on:
            return
        remind_later(session, issuer_id, now=now)
    with transaction(UUID(owner_id)) as session:
        run_plan(session, stamp=Stamp(None, now))


def remind_later(session: Session, issuer_id: UUID, *, now: datetime) -> None:
    """Have an issuer's reminders go out on the next morning, once however often it is asked for."""
    at = next_morning(session, now=now)
    enqueue(
        session,
        remind,
        key=f"receivables.remind:{issuer_id}:{at.date()}",
        not_before=at,
        owner_id=str(issuer_id),
        subject_id=str(issuer_id),
    )
