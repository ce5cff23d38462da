"""The papers that say what happened at the door: variance notice and proof of delivery."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from server.documents.rendering import words
from server.documents.rendering.commerce import recorded_by_hand
from server.documents.rendering.compose import address, beside, masthead, pairs, start_sheet
from server.documents.rendering.figures import count, day, format_money, moment, place
from server.documents.rendering.ink import ink_svg
from server.documents.rendering.papers import ProofOfDelivery, Seal, VarianceNotice
from server.documents.rendering.parts import DeliveredRow, Drawing, Moment
from server.documents.rendering.sheet import Cell, Column, Facts, Ink, Pair, Prose, Sheet, Table
from shared.problems import Language, Text

NOT_SHIPPED = Text("Non chargé", "Not shipped")
LOST = Text("Perdu", "Lost")
RETURNED = Text("Retourné", "Returned")
EXTRA = Text("en plus", "extra")
SIGNED_BY = Text("Signé par", "Signed by")
NO_INVOICE_TITLE = Text("Aucune facture ici", "No invoice here")
NO_INVOICE = Text(
    "Cette commande est facturée hors de Tournée par le fournisseur\u00a0: aucune facture ni aucun crédit n’a été "
    "émis. Ajustez votre propre facture d’après les quantités livrées ci-dessus.",
    "This order is billed outside Tournée by the supplier: no invoice and no credit was issued. "
    "Adjust your own invoice to the quantities delivered above.",
)

SIGNATURE = Text("Signature", "Signature")
SIGNATURE_ALT = Text("Signature manuscrite de", "Handwritten signature of")
NOBODY_SIGNED = Text("Personne n’a signé cette visite.", "Nobody signed this visit.")
INK_GONE = Text(
    "Signé par {who}. Le tracé n’est jamais arrivé; son empreinte reste scellée dans le fichier de preuve.",
    "Signed by {who}. The ink never arrived; its fingerprint stays sealed in the proof file.",
)
INK_PURGED = Text(
    "Signé par {who}. Le tracé a été purgé (voir plus bas); son empreinte reste scellée dans le fichier de preuve.",
    "Signed by {who}. The ink was purged (see below); its fingerprint stays sealed in the proof file.",
)
PURGED = Text("Pièces purgées", "Purged pieces")
CONSENT = Text("Déclaration affichée au signataire", "Statement shown to the signer")
CIRCUMSTANCES = Text("Circonstances", "Circumstances")
ARRIVED = Text("Arrivée", "Arrival")
DELIVERED_AT = Text("Livraison terminée", "Delivery finished")
RECEIVED_AT = Text("Reçu au serveur", "Received by the server")
WHERE = Text("Position de la tablette", "Tablet’s place")
NO_PLACE = Text("non relevée", "not recorded")
TABLET = Text("Tablette", "Tablet")
SOFTWARE = Text("Logiciel", "Software")
SCREEN_LANGUAGE = Text("Langue de l’écran", "Language of the screen")
LANGUAGE_NAMES: dict[Language, Text] = {"fr": Text("français", "French"), "en": Text("anglais", "English")}
FAILURE = Text("Raison de l’échec", "Why it failed")
CLOCK_SKEWED = Text(
    "L’horloge de la tablette différait de plus de 5 minutes de celle du serveur; les heures sont corrigées.",
    "The tablet’s clock was more than 5 minutes off the server’s; the times are corrected.",
)
SEEN = Text("Montant montré au signataire", "Amount shown to the signer")
SEEN_PENDING = Text("crédit à approuver", "credit to be approved")
SEEN_CREDIT = Text("crédit", "credit")
SEEN_SUPPLEMENT = Text("commande supplémentaire", "supplementary order")
PHOTOS = Text("Photos (empreintes SHA-256)", "Photos (SHA-256 hashes)")
MISSING = Text("pas encore reçue", "not received yet")
CORRECTIONS = Text("Correction", "Correction")

SEAL_TITLE = Text("Scellé", "Seal")
EVENT_HASH = Text("Empreinte de l’événement", "Event hash")
ROOT = Text("Racine de la visite", "Root of the visit")
PREV_HASH = Text("Empreinte précédente", "Previous hash")
TERMS_HASH = Text("Conditions de la commande", "Terms of the order")
SCREEN_HASH = Text("Écran signé", "Signed screen")
CONSENT_HASH = Text("Déclaration", "Statement")
KEY = Text("Clé de la tablette", "Tablet’s key")
MANIFEST = Text("Empreinte du fichier .proof", "Fingerprint of the .proof file")
SEALING_KEY = Text("Clé du transporteur", "Carrier’s key")
EVENT = Text("Événement", "Event")
SEQUENCE = Text("rang", "number")
MEANING_TITLE = Text("Ce que ce scellé prouve", "What this seal proves")
MEANING = (
    Text(
        "Prouvé\u00a0: ces lignes, cette signature et ces heures sont celles que la tablette a scellées avec sa clé, à "
        "ce rang de sa chaîne; un octet changé, retiré ou ajouté se voit à la vérification.",
        "Proved: these lines, this signature and these times are those that the tablet sealed with its key, at this "
        "place of its chain; a byte changed, removed or added shows when it is verified.",
    ),
    Text(
        "Non prouvé\u00a0: l’identité du signataire au-delà du nom et de la fonction qu’il a donnés. C’est une "
        "signature électronique simple, entourée d’éléments de preuve (LCCJTI, art. 5, 6, 38 et 39; C.c.Q., "
        "art. 2827; eIDAS\u00a0: simple, non avancée).",
        "Not proved: who the signer is, beyond the name and role given. This is a simple electronic signature with "
        "surrounding evidence (Québec LCCJTI, s. 5, 6, 38 and 39; C.C.Q., art. 2827; eIDAS: simple, not advanced).",
    ),
    Text(
        "Cette page présente la preuve; le fichier .proof qui l’accompagne la porte. Le code QR mène à la page qui le "
        "vérifie sans compte, et porte l’empreinte du fichier; «\u00a0tournee verify\u00a0» le vérifie aussi.",
        "This page presents the proof; the .proof file beside it carries it. The QR code leads to the page that "
        "verifies it without an account, and carries the file’s fingerprint; “tournee verify” verifies it as well.",
    ),
)


def variance_notice_sheet(paper: VarianceNotice, language: Language) -> Sheet:
    """Return what differs from the order, for a supplier who bills elsewhere (C14)."""
    head = masthead(words.CARRIER, paper.carrier, language)
    sheet = start_sheet(
        words.VARIANCE_NOTICE, paper.reference, head, qr=paper.qr, language=language, issuer_name=paper.carrier.name
    )
    return msgspec.structs.replace(
        sheet,
        badge=beside(paper.billed, language=language),
        facts=pairs(
            language,
            (words.ORDER, paper.order_number),
            (words.DELIVERED_ON, _delivered(paper, language)),
            (SIGNED_BY, _signer(paper.signer_name, paper.signer_role)),
        ),
        addresses=(address(words.SELLER, paper.seller, language), address(words.BUYER, paper.buyer, language)),
        blocks=(
            delivered_table(paper.rows, language),
            *recorded_by_hand(paper.by_hand, language),
            Prose(title=NO_INVOICE_TITLE.say(language), paragraphs=(NO_INVOICE.say(language),)),
        ),
    )


def _delivered(paper: VarianceNotice, language: Language) -> str:
    """Recorded by hand, only the day is known."""
    if paper.by_hand is None:
        return moment(paper.delivered_at, paper.timezone, language)
    return day(paper.delivered_at.at.astimezone(ZoneInfo(paper.timezone)).date(), language)


def proof_sheet(paper: ProofOfDelivery, language: Language) -> Sheet:
    """Return a proof of one order's delivery with its evidence, and in plain words what the seal proves and what not.

    Raises:
        TooMuchInk: the signature has more points than a hand makes.
    """
    head = masthead(words.CARRIER, paper.carrier, language)
    sheet = start_sheet(
        words.PROOF, paper.order_number, head, qr=paper.qr, language=language, issuer_name=paper.carrier.name
    )
    return msgspec.structs.replace(
        sheet,
        badge=beside(paper.outcome, paper.billed, language=language),
        facts=pairs(
            language,
            (words.ORDER, paper.order_number),
            (DELIVERED_AT, moment(paper.delivered_at, paper.timezone, language)),
            (words.RUN, paper.run_name),
            (FAILURE, paper.failure.say(language) if paper.failure else ""),
        ),
        addresses=(address(words.SELLER, paper.seller, language), address(words.SHIPPED_TO, paper.buyer, language)),
        blocks=(
            delivered_table(paper.rows, language),
            _signature(paper, language),
            *_consent(paper, language),
            _circumstances(paper, language),
            *_corrections(paper, language),
            *_purged(paper, language),
            *_photos(paper, language),
            _seal(paper.seal, language),
            Prose(title=MEANING_TITLE.say(language), paragraphs=tuple(text.say(language) for text in MEANING)),
        ),
    )


def delivered_table(rows: tuple[DeliveredRow, ...], language: Language) -> Table:
    """Return ordered, delivered and what became of the rest, with the reason under the product."""
    short = (
        (NOT_SHIPPED, any(row.not_shipped for row in rows)),
        (LOST, any(row.lost for row in rows)),
        (RETURNED, any(row.returned for row in rows)),
    )
    shown = tuple(present for _, present in short)
    columns = (
        Column(label=words.PRODUCT.say(language)),
        Column(label=words.UNIT.say(language), width_mm=24),
        Column(label=words.ORDERED.say(language), width_mm=20, align="right"),
        Column(label=words.DELIVERED.say(language), width_mm=18, align="right"),
        *(Column(label=label.say(language), width_mm=21, align="right") for label, present in short if present),
    )
    return Table(columns=columns, rows=tuple(_delivered_cells(row, shown, language) for row in rows))


def _delivered_cells(row: DeliveredRow, shown: tuple[bool, ...], language: Language) -> tuple[Cell, ...]:
    fates = (row.not_shipped, row.lost, row.returned)
    extra = (f"+ {count(row.extra, language)} {EXTRA.say(language)}",) if row.extra else ()
    return (
        Cell(text=row.description.say(language), below=(row.reason.say(language),) if row.reason else ()),
        Cell(text=row.unit.say(language), tone="quiet"),
        Cell(text=count(row.ordered, language)),
        Cell(
            text=count(row.delivered, language), below=extra, tone="plain" if row.delivered == row.ordered else "warn"
        ),
        *(
            Cell(text=count(fate, language) if fate else "–", tone="plain" if fate else "quiet")
            for fate, present in zip(fates, shown, strict=True)
            if present
        ),
    )


def _signer(name: str, role: str) -> str:
    return ", ".join(part for part in (name, role) if part)


def _signature(paper: ProofOfDelivery, language: Language) -> Ink | Prose:
    if paper.signature is None or not paper.signature.strokes:
        words = (INK_PURGED if paper.purged else INK_GONE) if paper.signer_name else NOBODY_SIGNED
        said = words.say(language).format(who=paper.signer_name)
        return Prose(title=SIGNATURE.say(language), paragraphs=(said,))
    return _ink(paper.signature, paper, language)


def _ink(drawing: Drawing, paper: ProofOfDelivery, language: Language) -> Ink:
    return Ink(
        title=SIGNATURE.say(language),
        svg=ink_svg(drawing),
        alt=f"{SIGNATURE_ALT.say(language)} {paper.signer_name}",
        caption=(paper.signer_name, paper.signer_role, moment(paper.delivered_at, paper.timezone, language)),
    )


def _consent(paper: ProofOfDelivery, language: Language) -> tuple[Prose, ...]:
    if paper.consent is None:
        return ()
    shown = paper.consent.say(paper.signer_language)
    return (Prose(title=CONSENT.say(language), paragraphs=(shown,), tone="quiet"),)


def _circumstances(paper: ProofOfDelivery, language: Language) -> Facts:
    def when(value: Moment | None) -> str:
        return moment(value, paper.timezone, language) if value else ""

    received = Moment(at=paper.received_at) if paper.received_at else None
    facts = pairs(
        language,
        (ARRIVED, when(paper.arrived_at)),
        (DELIVERED_AT, when(paper.delivered_at)),
        (RECEIVED_AT, when(received)),
        (WHERE, place(paper.place, language) if paper.place else NO_PLACE.say(language)),
        (words.DRIVER, paper.driver_name),
        (TABLET, paper.device_name),
        (SOFTWARE, paper.app_version),
        (SCREEN_LANGUAGE, LANGUAGE_NAMES[paper.signer_language].say(language)),
        (SEEN, _seen(paper, language)),
        (words.NOTES, CLOCK_SKEWED.say(language) if paper.clock_skewed else ""),
    )
    return Facts(title=CIRCUMSTANCES.say(language), pairs=facts, columns=3)


def _seen(paper: ProofOfDelivery, language: Language) -> str:
    seen = paper.seen
    if seen is None or seen.shown == "none":
        return ""
    if seen.shown == "credit_pending":
        return SEEN_PENDING.say(language)
    parts = (
        ("", seen.total_cents),
        (SEEN_CREDIT.say(language) + " ", seen.credit_cents),
        (SEEN_SUPPLEMENT.say(language) + " ", seen.supplement_cents),
    )
    return ", ".join(f"{label}{format_money(cents, seen.currency, language)}" for label, cents in parts if cents)


def _corrections(paper: ProofOfDelivery, language: Language) -> tuple[Prose, ...]:
    if not paper.corrections:
        return ()
    texts = tuple(correction.say(language) for correction in paper.corrections)
    return (Prose(title=CORRECTIONS.say(language), paragraphs=texts, tone="warn"),)


def _purged(paper: ProofOfDelivery, language: Language) -> tuple[Prose, ...]:
    if paper.purged is None:
        return ()
    return (Prose(title=PURGED.say(language), paragraphs=(paper.purged.say(language),), tone="warn"),)


def _photos(paper: ProofOfDelivery, language: Language) -> tuple[Facts, ...]:
    if not paper.photos:
        return ()
    found = tuple(
        Pair(
            label=f"{number}" + (f" — {MISSING.say(language)}" if photo in paper.missing_photos else ""),
            value=photo,
            mono=True,
        )
        for number, photo in enumerate(paper.photos, start=1)
    )
    return (Facts(title=PHOTOS.say(language), pairs=found, columns=1),)


def _seal(seal: Seal, language: Language) -> Facts:
    rows = (
        (EVENT, f"{seal.event_id}, {SEQUENCE.say(language)} {seal.sequence}"),
        (EVENT_HASH, seal.event_hash),
        (ROOT, seal.root),
        (PREV_HASH, seal.prev_hash),
        (TERMS_HASH, seal.terms_hash),
        (SCREEN_HASH, seal.screen_sha256),
        (CONSENT_HASH, seal.consent_sha256),
        (KEY, seal.device_key),
        (MANIFEST, seal.manifest_sha256),
        (SEALING_KEY, seal.sealing_key),
    )
    found = tuple(Pair(label=label.say(language), value=value, mono=True) for label, value in rows)
    return Facts(title=SEAL_TITLE.say(language), pairs=found, columns=1)
