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

from server.billing.joined import JoinedInvoice
from server.billing.model import CreditNote, Invoice
from server.conversations.model import Message
from server.core.settings import PREFIX, reload_settings
from server.core.stamp import Stamp
from server.delivery.contests.model import Contest, ContestState, ContestSubject
from server.delivery.model import Correction, Delivery, Proof, VisitOutcome
from server.identity.model import Invitation
from server.notifications import words
from server.notifications.accounting.words import news_of_account_message, news_of_reminder
from server.notifications.following.subjects import Subject
from server.notifications.following.table import TABLE
from server.notifications.model import EmailMessage, WebhookEndpoint
from server.notifications.ordering.words import NEWS, news_of_message, news_of_request
from server.notifications.outgoing.attaching import CARRIED
from server.notifications.outgoing.composing import composed
from server.notifications.outgoing.links import INVITATION
from server.notifications.partnering.jobs import news_of_bond
from server.notifications.service.telling import News, email_of
from server.orders.model import Order, OrderRequest, RequestState
from server.parties.model import Agreement, Relation, RelationState
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
    parties_text=PARTIES, id=ID, number="N-2026-00041", total_cents=51_27, currency="CAD",
    reason_fr="Bris de marchandise constaté à la livraison", reason_en="Breakage found at the delivery",
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
}
PAGES = {
    "credit": f"/credits/{ID}", "payment": f"/paiements/{ID}", "refund": f"/paiements/{ID}", "account": "/a-payer",
    "order": f"/commandes/{ID}", "stock_transfer": "/stock/transferts",
}  # fmt: skip
WHY = "La cliente a rendu une caisse."
SAID = "La ruelle est fermée mardi\u00a0: passez par l’avant, s’il vous plaît."


def _contest(subject: ContestSubject, state: ContestState) -> Contest:
    number = "N-2026-00041" if subject is ContestSubject.CREDIT else "BC-2041"
    decided = state in {ContestState.UPHELD, ContestState.DISMISSED}
    decision = "La photo montre trois caisses." if decided else ""
    return Contest(
        id=ID, subject=subject, subject_id=ID, state=state, number=number, reason="Il manque une caisse.",
        decision=decision,
    )  # fmt: skip


def _request(state: RequestState) -> OrderRequest:
    answer = "D’accord pour deux caisses." if state is not RequestState.OPEN else ""
    return OrderRequest(id=ID, state=state, words="Deux caisses au lieu de quatre, est-ce possible?", answer=answer)


def _message() -> Message:
    return Message(id=ID, author_name="Camille Roy", text_fr=SAID, text_en=SAID)


def news_by_letter() -> Mapping[str, tuple[str, News]]:
    """Return the news of each letter and the job that tells it, by the letter's name."""
    told: dict[str, tuple[str, News]] = {
        "proof-sealed": ("tell_proof", words.news_of_proof(Proof(id=ID, file_sha256="", pdf_sha256=""), ORDER)),
        "delivery-variance": ("tell_variance", words.news_of_variance(DELIVERY, ORDER)),
        "delivery-corrected": (
            "tell_correction",
            words.news_of_correction(DELIVERY, Correction(replaces_id=ID, reason=WHY), ORDER),
        ),
        "invoice-published": ("tell_invoice", words.news_of_invoice(INVOICE)),
        "invoice-sent-again": ("tell_invoice_again", words.news_of_invoice(INVOICE, again=":202612011430")),
        "invoice-joined-published": ("tell_invoice", words.news_of_joined(JoinedInvoice(ID, SECTIONS))),
        "invoice-joined-reminder": (
            "tell_reminder",
            news_of_reminder(Reminder(id=ID, level=1, sent_on=date(2026, 12, 4)), SECTIONS[1], open_cents=1_183_29),
        ),
        "credit-note-issued": ("tell_credit", words.news_of_credit(CREDIT)),
        "webhook-suspended": (
            "tell_suspension",
            words.news_of_suspension(WebhookEndpoint(id=ID, url="https://erp.boeuf.example/tournee", suspended_at=AT)),
        ),
        "order-message": ("tell_message", news_of_message(ORDER, _message())),
        "account-message": ("tell_account_message", news_of_account_message(_message(), link=f"/a-payer/{ID}#chat")),
        "event-set-aside": (
            "tell_set_aside",
            news_of_set_aside(EventDecision(event_id=ID, reason="Doublon de l’arrêt 7."), ID),
        ),
    }
    told |= {
        f"contest-of-{subject.value}-{state.value}": ("tell_contest", words.news_of_contest(_contest(subject, state)))
        for subject in ContestSubject
        for state in ContestState
    }
    told |= {
        f"request-{state.value}": ("tell_request", news_of_request(ORDER, _request(state))) for state in RequestState
    }
    told |= {
        f"invoice-reminder-{level}": (
            "tell_reminder",
            news_of_reminder(Reminder(id=ID, level=level), INVOICE, open_cents=1_183_29),
        )
        for level in (1, 2, 3)
    }
    told |= {
        f"partner-{state.value}-{type(bond).__name__.lower()}": (
            "tell_bond",
            news_of_bond(bond, name="Brasserie du Faubourg", said_at=AT),
        )
        for state in RelationState
        for bond in (Relation(id=ID, said_by_id=ID, state=state), Agreement(id=ID, said_by_id=ID, state=state))
    }
    told |= {
        f"fact-{fact}-{line.to[0].value}".replace(".", "-").replace("_", "-"): (
            "tell_fact",
            Subject(id=ID, link=PAGES[fact.split(".")[0]], parts={}, words=WORDS, members={}).news(line, once="7"),
        )
        for fact, lines in TABLE.items()
        for line in lines
    }
    jobs = {"order.under_minimum": "tell_order_waits", "order.expiring": "tell_order_expiring"}
    jobs |= {"order.revised": "tell_order_revised"}
    return told | {
        kind.replace(".", "-").replace("_", "-"): (jobs.get(kind, "tell_order"), one.of(ORDER, kind=kind, once=""))
        for kind, one in NEWS.items()
    }


def letters(language: Language) -> dict[str, str]:
    """Return every letter in one language, as it leaves, by its name; tokens that a server derives are left out."""
    found = {name: _letter(news, language) for name, (_job, news) in news_by_letter().items()}
    found["invoice-published-without-account"] = _letter(words.news_of_invoice(INVOICE), language, papers_id=ID)
    _job, receipt = news_by_letter()["fact-payment-received-buyer"]
    found["payment-receipt-without-account"] = _letter(receipt, language, has_account=False)
    return found | {"invitation": _told(_invitation(language), ())}


def jobs_of_letters() -> set[str]:
    """Return the jobs whose e-mails are here."""
    return {job for job, _news in news_by_letter().values()} | {"tell_invitation"}


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
    subject, body = words.invitation_words(one)
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
