"""Every e-mail that the product writes, in both languages: ``python -m tests.golden.emails.letters`` writes them anew.

Look at what changed (``git diff tests/golden/emails``) before it is committed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from server.billing import events as billing
from server.billing.joined import JoinedInvoice
from server.billing.model import CreditNote, Invoice
from server.conversations.events import MESSAGE_SAID
from server.conversations.model import Message
from server.core.settings import PREFIX, reload_settings
from server.core.stamp import Stamp
from server.delivery import events as delivery
from server.delivery.contests.model import Contest, ContestState, ContestSubject
from server.delivery.model import Correction, Delivery, Proof, VisitOutcome
from server.identity.model import Invitation
from server.notifications.events import WEBHOOK_SUSPENDED
from server.notifications.following.rows.orders import ORDERS
from server.notifications.following.subjects import Subject, goods, invoices, links, orders
from server.notifications.following.table import TABLE
from server.notifications.jobs import invitation_words
from server.notifications.model import EmailMessage, WebhookEndpoint
from server.notifications.outgoing.attaching import CARRIED
from server.notifications.outgoing.composing import composed
from server.notifications.outgoing.links import INVITATION
from server.notifications.service.telling import News, email_of
from server.orders import events as order
from server.orders.model import Order, OrderRequest, RequestState
from server.parties import events as party
from server.parties.model import Agreement, BillingType, Relation, RelationState
from server.receivables import events as money
from server.receivables.model import Reminder
from server.sync.jobs import news_of_set_aside
from server.sync.model import EventDecision
from shared.problems import Language, Text
from shared.states import OrderState

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
AT: Final = datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
ID: Final = UUID("01a203b8-6460-7124-9f6b-161ba3efbd87")
STAMP: Final = Stamp(None, AT)
TO: Final = "achats@boeuf.example"
SETTINGS: Final = {"PUBLIC_URL": "https://tournee.example", "SMTP_FROM": "avis@tournee.example"}

ORDER = Order(id=ID, number="BC-2041", state=OrderState.PENDING, owner_id=ID, buyer_id=ID)
PARTIES = {"issuer": {"name": "Brasserie du Faubourg inc."}}
INVOICE = Invoice(
    parties_text=PARTIES, id=ID, number="F-2026-00318", total_cents=1_234_56, currency="CAD", due_on=date(2026, 12, 1)
)
SECTIONS = [
    Invoice(
        parties_text=PARTIES, id=ID, joined_id=ID, number=f"F-2026-00318-{section}", section=section, sections=2,
        total_cents=cents, currency="CAD", due_on=date(2026, 12, 1),
    )
    for section, cents in ((1, 800_00), (2, 434_56))
]  # fmt: skip
CREDIT = CreditNote(
    parties_text=PARTIES, id=ID, owner_id=ID, buyer_id=ID, party_ids=[ID], number="N-2026-00041", total_cents=51_27,
    currency="CAD", reason_fr="Bris de marchandise constaté à la livraison",
    reason_en="Breakage found at the delivery",
)  # fmt: skip
DELIVERY = Delivery(id=ID, order_id=ID, revision=2, outcome=VisitOutcome.PARTIAL)
WORDS = {
    "issuer": Text("Brasserie du Faubourg", "Brasserie du Faubourg"),
    "buyer": Text("Dépanneur du Bœuf", "Dépanneur du Bœuf"),
    "seller": Text("Brasserie du Faubourg", "Brasserie du Faubourg"),
    "source": Text("Entrepôt Nord", "Entrepôt Nord"),
    "target": Text("Entrepôt Sud", "Entrepôt Sud"),
    "amount": Text("1\u00a0234,56\u00a0$", "$1,234.56"),
    "reason": Text("Bris de marchandise constaté à la livraison", "Breakage found at the delivery"),
    "method": Text("Virement bancaire", "Bank transfer"),
    "refund": Text("Contestation bancaire", "Chargeback"),
    "number": Text("BC-2041", "BC-2041"),
    "shipped": Text("expédiée", "shipped"),
    "delivered": Text("livrée", "delivered"),
    "units": Text("12 unités", "12 units"),
    "arrived": Text("10", "10"),
    "agreed": Text("", ""),
    "invoice": Text("F-2026-00318", "F-2026-00318"),
}
PAGES = {
    "credit": f"/credits/{ID}", "payment": f"/paiements/{ID}", "refund": f"/paiements/{ID}", "account": "/a-payer",
    "order": f"/commandes/{ID}", "stock_transfer": "/stock/transferts", "invoice": f"/factures/{ID}",
    "allocation": f"/factures/{ID}",
}  # fmt: skip
WHY = "La cliente a rendu une caisse."
SAID = "La ruelle est fermée mardi\u00a0: passez par l’avant, s’il vous plaît."


def _contest(subject: ContestSubject, state: ContestState) -> Contest:
    number = "N-2026-00041" if subject is ContestSubject.CREDIT else "BC-2041"
    decided = state in {ContestState.UPHELD, ContestState.DISMISSED}
    decision = "La photo montre trois caisses." if decided else ""
    return Contest(
        id=ID, owner_id=ID, party_ids=[ID], subject=subject, subject_id=ID, state=state, number=number,
        reason="Il manque une caisse.", decision=decision,
    )  # fmt: skip


def _request(state: RequestState) -> OrderRequest:
    answer = "D’accord pour deux caisses." if state is not RequestState.OPEN else ""
    return OrderRequest(id=ID, state=state, words="Deux caisses au lieu de quatre, est-ce possible?", answer=answer)


def _message() -> Message:
    return Message(id=ID, party_ids=[ID], author_name="Camille Roy", text_fr=SAID, text_en=SAID)


def told_by_letter() -> Mapping[str, tuple[str, int, Subject]]:
    """Return each letter's fact, the place of its line among the fact's, and what it is about, by the letter's name."""
    proof = Proof(id=ID, file_sha256="", pdf_sha256="")
    webhook = WebhookEndpoint(id=ID, url="https://erp.boeuf.example/tournee", suspended_at=AT)
    remind = Reminder(id=ID, level=1, sent_on=date(2026, 12, 4))
    outside, agents = (_order(OrderState.ACCEPTED, one) for one in (BillingType.EXTERNAL, BillingType.AGENT))
    told = {
        "proof-sealed": (delivery.PROOF_SEALED, 0, goods.proven(proof, ORDER)),
        "proof-sealed-billed-outside": (delivery.PROOF_SEALED, 0, goods.proven(proof, outside)),
        "delivery-variance": (delivery.DELIVERY_RECORDED, 0, goods.delivered(DELIVERY, ORDER, members={})),
        "delivery-variance-billed-outside": (
            delivery.DELIVERY_RECORDED, 0, goods.delivered(DELIVERY, outside, members={}),
        ),
        "delivery-corrected": (
            delivery.DELIVERY_CORRECTED, 0,
            goods.corrected(DELIVERY, ORDER, Correction(replaces_id=ID, reason=WHY)),
        ),
        "invoice-published": (billing.INVOICE_PUBLISHED, 0, invoices.lone_invoice(INVOICE)),
        "invoice-sent-again": (billing.INVOICE_RESENT, 0, invoices.lone_invoice(INVOICE, once="202612011430")),
        "invoice-joined-sent-again": (
            billing.INVOICE_RESENT, 1, invoices.whole_invoice(JoinedInvoice(ID, SECTIONS), once="202612011430"),
        ),
        "invoice-joined-published": (
            billing.INVOICE_PUBLISHED, 1, invoices.whole_invoice(JoinedInvoice(ID, SECTIONS)),
        ),
        "invoice-joined-reminder": (
            money.REMINDER_DUE, 0, invoices.reminded(remind, SECTIONS[1], open_cents=1_183_29),
        ),
        "credit-note-issued": (billing.CREDIT_ISSUED, 0, invoices.credited(CREDIT, {})),
        "webhook-suspended": (WEBHOOK_SUSPENDED, 0, links.suspended(webhook)),
        "order-message": (MESSAGE_SAID, 0, orders.said_of_order(ORDER, _message())),
        "order-message-billed-outside": (MESSAGE_SAID, 0, orders.said_of_order(outside, _message())),
        "account-message": (MESSAGE_SAID, 1, orders.said_of_account(_message(), issuer_id=ID, by_issuer=True)),
        "order-accepted-billed-outside": (order.ORDER_ACCEPTED, 0, _ordered(outside)),
        "order-accepted-billed-by-agent": (order.ORDER_ACCEPTED, 0, _ordered(agents)),
        "order-delivered-billed-outside": (order.ORDER_DELIVERED, 0, _ordered(outside)),
        "fact-order-delivered-owner": (order.ORDER_DELIVERED, 0, _ordered(ORDER)),
    }  # fmt: skip
    told |= {
        f"contest-of-{subject.value}-{state.value}": (
            delivery.CONTEST_OPENED if state is ContestState.OPEN else delivery.CONTEST_DECIDED,
            max(list(ContestState).index(state) - 1, 0),
            goods.contested(_contest(subject, state)),
        )
        for subject in ContestSubject
        for state in ContestState
    }
    told |= {
        f"request-{state.value}": (
            order.REQUEST_MADE if state is RequestState.OPEN else order.REQUEST_ANSWERED,
            int(state is RequestState.DECLINED),
            orders.requested(ORDER, _request(state)),
        )
        for state in RequestState
    }
    told |= {
        f"invoice-reminder-{level}": (
            money.REMINDER_DUE, 0, invoices.reminded(Reminder(id=ID, level=level), INVOICE, open_cents=1_183_29),
        )
        for level in (1, 2, 3)
    }  # fmt: skip
    told |= {
        f"partner-{state.value}-{type(bond).__name__.lower()}": (
            party.RELATION_MOVED if isinstance(bond, Relation) else party.AGREEMENT_MOVED,
            list(RelationState).index(state),
            links.moved(bond, name="Brasserie du Faubourg", said_at=AT, other_id=ID),
        )
        for state in RelationState
        for bond in (Relation(id=ID, said_by_id=ID, state=state), Agreement(id=ID, said_by_id=ID, state=state))
    }
    told |= {
        fact.replace(".", "-").replace("_", "-"): (
            fact,
            0,
            _ordered(_order(OrderState((line.when or ("pending",))[0]))),
        )
        for fact, (line, *_more) in ORDERS.items()
        if line.kind == fact and line.own and not fact.startswith("order.request")
    }
    rest = {(fact, place) for fact, lines in TABLE.items() for place in range(len(lines))}
    for fact, place in sorted(rest - {(fact, place) for fact, place, _subject in told.values()}):
        name = f"fact-{fact}-{TABLE[fact][place].to[0].value}".replace(".", "-").replace("_", "-")
        state = "".join(TABLE[fact][place].when[:1])
        words = WORDS | ({"number": Text("BF-RAD-2026-000007", "BF-RAD-2026-000007")} if "order" not in fact else {})
        subject = Subject(id=ID, link=_page_of(fact), parts={}, words=words, members={}, state=state)
        told[name] = (fact, place, subject)
    return told


def news_by_letter() -> Mapping[str, News]:
    """Return the news of each letter that tells of a subject, by the letter's name."""
    set_aside = EventDecision(id=ID, event_id=ID, reason="Doublon de l’arrêt 7.")
    outside = _order(OrderState.PLANNED, BillingType.EXTERNAL)
    return {
        name: subject.news(TABLE[fact][place], happened=ID) for name, (fact, place, subject) in told_by_letter().items()
    } | {
        "event-set-aside": news_of_set_aside(set_aside, ORDER),
        "event-set-aside-billed-outside": news_of_set_aside(set_aside, outside),
    }


def _order(state: OrderState, billing_type: BillingType | None = None) -> Order:
    return Order(id=ID, number="BC-2041", state=state, owner_id=ID, buyer_id=ID, billing_type=billing_type)


def _ordered(one: Order) -> Subject:
    return orders.ordered(one, parts={}, words=WORDS)


def _page_of(fact: str) -> str:
    return next(page for start, page in PAGES.items() if fact.startswith(start))


def letters(language: Language) -> dict[str, str]:
    """Return every letter in one language, as it leaves, by its name; tokens that a server derives are left out."""
    news = news_by_letter()
    found = {name: _letter(one, language) for name, one in news.items()}
    found["invoice-published-without-account"] = _letter(news["invoice-published"], language, papers_id=ID)
    receipt = news["fact-payment-received-buyer"]
    found["payment-receipt-without-account"] = _letter(receipt, language, has_account=False)
    return found | {"invitation": _told(_invitation(language), ())}


def _letter(news: News, language: Language, *, papers_id: UUID | None = None, has_account: bool = True) -> str:
    message = email_of(
        news, message_id=ID, owner_id=ID, reader_id=ID, to=TO, language=language, papers_id=papers_id, stamp=STAMP,
        has_account=has_account,
    )  # fmt: skip
    numbers = {"invoice": INVOICE.number, "credit_note": CREDIT.number}
    carried = CARRIED.get(news.kind)
    return _told(message, ((f"{numbers[carried.value]}.pdf", b"%PDF-"),) if carried else ())


def _invitation(language: Language) -> EmailMessage:
    one = Invitation(
        inviter_name="Béatrice Houle", organisation_name="Brasserie du Faubourg", made_at=AT,
        expires_at=AT + timedelta(days=14),
    )  # fmt: skip
    subject, body = invitation_words(one)
    return EmailMessage(
        kind=INVITATION, subject_id=ID, owner_id=ID, message_id=f"<{ID}@tournee.invalid>", recipient=TO,
        language=language, subject=subject.say(language), body=body.say(language),
    )  # fmt: skip


def _told(message: EmailMessage, papers: tuple[tuple[str, bytes], ...]) -> str:
    mime = composed(message, papers)
    heads = [f"{name}: {value}" for name, value in mime.items() if name not in {"Content-Type", "MIME-Version"}]
    body = mime.get_body()
    assert body is not None
    names = [str(part.get_filename()) for part in mime.iter_attachments()]
    told = "\n".join([*sorted(one for one in heads if "Content-T" not in one), "", body.get_content()])
    told += "".join(f"[{name}]\n" for name in names)
    return re.sub(r"(jeton=|/papiers/|/invitations/)[\w-]+", r"\1JETON", told)


def with_settings(folder: str) -> None:
    """Point the settings to a house of its own."""
    for name, value in (SETTINGS | {"SECRETS_PATH": folder}).items():
        os.environ[PREFIX + name] = value
    reload_settings()


def main() -> None:
    """Write every letter anew."""
    with tempfile.TemporaryDirectory() as folder:
        with_settings(folder)
        for old in FOLDER.glob("*.txt"):
            old.unlink()
        for language in LANGUAGES:
            for name, told in letters(language).items():
                (FOLDER / f"{name}-{language}.txt").write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
