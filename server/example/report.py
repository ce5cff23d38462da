"""What happened in the day, counted: for the report file and for the eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from rich.table import Table
from sqlalchemy import select

from server.billing.model import CreditKind, Invoice
from server.core.problems import Language, Text
from server.core.transaction import transaction
from server.documents.model import Document, DocumentKind
from server.example.check.books import Books
from server.example.check.drills import read_drills
from server.example.check.finding import Finding
from server.example.check.money import delivered_amount
from server.example.check.news import News
from server.planning.model import MatrixSource
from server.receivables.model import Payment
from shared.money import format_money
from shared.states import InvoiceState

type Report = dict[str, Any]

_ROWS: Final = (
    ("runs", Text("Tournées", "Runs")),
    ("stops", Text("Arrêts", "Stops")),
    ("orders", Text("Commandes", "Orders")),
    ("documents", Text("Documents", "Documents")),
    ("invoices", Text("Factures publiées", "Invoices published")),
    ("credits", Text("Notes de crédit émises", "Credit notes issued")),
    ("supplementary", Text("Commandes supplémentaires", "Supplementary orders")),
    ("variance_notices", Text("Avis d’écart", "Variance notices")),
    ("payments", Text("Paiements encaissés", "Payments collected")),
    ("tablets", Text("Tablettes", "Tablets")),
    ("proofs", Text("Preuves scellées", "Proofs sealed")),
)
_WORDS: Final[Mapping[str, Text]] = {
    "distance_km": Text("km", "km"),
    "estimated_km": Text("km estimés", "estimated km"),
    "complete": Text("complets", "complete"),
    "partial": Text("partiels", "partial"),
    "refused": Text("refusés", "refused"),
    "failed": Text("fermés", "closed"),
    "items": Text("sur articles", "on items"),
    "void": Text("annulations", "voids"),
    "container_deposit": Text("consignes", "deposits"),
    "by_agent": Text("par l’agent", "by the agent"),
    "joined": Text("factures uniques de plusieurs commandes", "one for several orders"),
    "provisional": Text("d’abord provisoires", "provisional at first"),
    "dropped": Text("provisoires abandonnées", "provisional ones dropped"),
    "approved": Text("approuvées au-dessus du seuil", "approved above the threshold"),
    "units": Text("unités manquantes", "units missing"),
    "size_mb": Text("Mo", "MB"),
    "offline": Text("sans réseau", "without network"),
    "killed": Text("tuées", "killed"),
    "late": Text("synchronisées le soir", "synced in the evening"),
    "announced": Text("annoncées au fournisseur", "announced to the supplier"),
    "suppliers": Text("fournisseurs", "suppliers"),
}


def make_report(books: Books, findings: Iterable[Finding], *, store: str) -> Report:
    """Return the counts and amounts of the day, in cents, with what the checks found."""
    delivered = {one.id: delivered_amount(books, one).total_cents for one in books.deliveries}
    total_cents = sum(delivered.values())
    documents, payments = _documents(books), _payments(books)
    distance_m = sum(run.distance_m for run in books.runs)
    return {
        "day": books.scope.runs_on.isoformat(),
        "store": store,
        "matrix_source": next((run.matrix_source.value for run in books.runs), ""),
        "distance_m": distance_m,
        "km": round(distance_m / 1000, 1),
        "runs": _entry(len(books.runs), total_cents, **_distance(books, distance_m)),
        "stops": _entry(len(books.stops), total_cents, **Counter(one.outcome.value for one in books.visits.values())),
        "orders": _entry(len(books.orders), sum(order.total_cents for order in books.orders.values())),
        "documents": documents,
        "invoices": _invoices(books),
        "credits": _credits(books),
        "supplementary": _entry(len(books.supplements), sum(order.total_cents for order in books.supplements)),
        "variance_notices": _entry(len(books.notices), None, units=sum(one.short_units for one in books.notices)),
        "payments": _entry(len(payments), sum(one.amount_cents + one.rounding_cents for one in payments)),
        "tablets": _entry(len(books.runs), None, **asdict(read_drills(books))),
        "proofs": _entry(
            len(books.proofs),
            sum(delivered[one.delivery_id] for one in books.proofs),
            size_bytes=sum(one.file_size_bytes for one in books.proofs),
            suppliers=len({one.seller_id for one in books.proofs}),
            announced=News(books).told_suppliers,
        ),
        "checks": [{"check": one.slug, "holds": one.holds, "figures": one.figures.en} for one in findings],
    }


def report_table(report: Report, language: Language) -> Table:
    """Return the report as a table."""
    day = Text(f"Journée du {report['day']}", f"Day of {report['day']}").say(language)
    table = Table(title=day, title_justify="left")
    table.add_column(Text("Quoi", "What").say(language))
    table.add_column(Text("Nombre", "Count").say(language), justify="right")
    table.add_column(Text("Montant", "Amount").say(language), justify="right")
    table.add_column(Text("Dont", "Of which").say(language))
    for key, title in _ROWS:
        entry = report[key]
        cents = entry.get("amount_cents")
        amount = "" if cents is None else format_money(cents, "CAD", language)
        table.add_row(title.say(language), str(entry["count"]), amount, _details(entry, language))
    return table


def _details(entry: Mapping[str, Any], language: Language) -> str:
    known = [(entry[name], words.say(language)) for name, words in _WORDS.items() if entry.get(name)]
    decimal, colon = (",", "\u00a0: ") if language == "fr" else (".", ": ")
    return ", ".join(f"{words}{colon}{str(value).replace('.', decimal)}" for value, words in known)


def _distance(books: Books, distance_m: int) -> Report:
    """Name the kilometres of the runs for what they are: one estimated run makes all of them an estimate."""
    is_estimated = any(run.matrix_source is MatrixSource.ESTIMATE for run in books.runs)
    return {"estimated_km" if is_estimated else "distance_km": round(distance_m / 1000, 1)}


def _entry(count: int, amount_cents: int | None, **details: object) -> Report:
    money = {} if amount_cents is None else {"amount_cents": amount_cents}
    return {"count": count} | money | dict(sorted(details.items()))


def _documents(books: Books) -> Report:
    kinds: Counter[DocumentKind] = Counter()
    size_bytes = 0
    for owner_id in books.issuers:
        with transaction(acting=owner_id) as session:
            rows = session.execute(
                select(Document.kind, Document.size_bytes).where(Document.owner_id == owner_id)
            ).all()
        kinds.update(kind for kind, _ in rows)
        size_bytes += sum(size for _, size in rows)
    billed_cents = sum(one.total_cents for one in books.invoices.values())
    credited_cents = sum(note.total_cents for note in books.credit_notes)
    entry = _entry(kinds.total(), billed_cents - credited_cents, size_bytes=size_bytes)
    return entry | {
        "size_mb": round(size_bytes / 1_000_000, 1),
        "kinds": {kind.value: kinds[kind] for kind in sorted(kinds)},
    }


def _invoices(books: Books) -> Report:
    every: list[Invoice] = [one for part in books.invoices_of.values() for one in part]
    return _entry(
        len(books.invoices),
        sum(one.total_cents for one in books.invoices.values()),
        by_agent=sum(1 for one in books.invoices.values() if one.kind == "agent"),
        joined=len({one.joined_id for one in books.invoices.values() if one.section}),
        provisional=sum(1 for one in books.invoices.values() if one.reference),
        dropped=sum(1 for one in every if one.state is InvoiceState.DROPPED),
    )


def _credits(books: Books) -> Report:
    kinds: Counter[CreditKind] = Counter(note.kind for note in books.credit_notes)
    threshold_of = {order.id: order.credit_threshold_cents for order in books.orders.values()}
    delivered = {one.id: one.order_id for one in books.deliveries}
    approved = sum(
        1
        for note in books.credit_notes
        if note.cause_id in delivered and _is_above(note.total_cents, threshold_of[delivered[note.cause_id]])
    )
    amount_cents = sum(note.total_cents for note in books.credit_notes)
    return _entry(
        len(books.credit_notes), amount_cents, approved=approved, **{kind.value: kinds[kind] for kind in sorted(kinds)}
    )


def _is_above(cents: int, threshold_cents: int | None) -> bool:
    return threshold_cents is not None and cents > threshold_cents


def _payments(books: Books) -> list[Payment]:
    found: list[Payment] = []
    for issuer_id in books.issuers:
        with transaction(acting=issuer_id) as session:
            found += session.scalars(select(Payment).where(Payment.owner_id == issuer_id)).all()
    return found
