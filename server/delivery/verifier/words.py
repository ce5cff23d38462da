"""The words of the page that verifies, in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.problems import Text

WORDS: Final[Mapping[str, Text]] = {
    "title": Text("Vérifier une preuve de livraison", "Verify a proof of delivery"),
    "lead": Text(
        "Choisissez un fichier .proof\u00a0: cette page dit s’il est intact et ce qu’il prouve. Tout se passe "
        "dans votre navigateur, sans réseau et sans compte; le fichier n’est envoyé à personne.",
        "Choose a .proof file: this page says whether it is untouched and what it proves. Everything happens in your "
        "browser, without network or account; the file is sent to nobody.",
    ),
    "choose": Text("Choisir un fichier .proof", "Choose a .proof file"),
    "drop": Text("… ou déposez-le n’importe où sur cette page.", "… or drop it anywhere on this page."),
    "also": Text(
        "Ajoutez, si vous les avez, la liste de clés du transporteur (.json) et le fichier du jour (.day.json).",
        "Add, if you have them, the carrier’s key list (.json) and the day’s file (.day.json).",
    ),
    "more": Text("Preuve imprimée, et clés connues de cette page", "Printed proof, and keys that this page knows"),
    "paper_label": Text(
        "Texte du code QR de la preuve imprimée (facultatif)", "Text of the printed proof’s QR code (optional)"
    ),
    "paper_waits": Text(
        "Vous venez du code QR de la commande {order}\u00a0: choisissez son fichier .proof, la page dira si "
        "c’est le bon.",
        "You come from the QR code of order {order}: choose its .proof file, the page will say whether it is the one.",
    ),
    "paper_same": Text(
        "Ce fichier est bien celui que nomme la preuve imprimée ({order}).",
        "This file is the one that the printed proof names ({order}).",
    ),
    "paper_other": Text(
        "Ce fichier n’est pas celui que nomme la preuve imprimée ({order})\u00a0: demandez l’autre au transporteur.",
        "This file is not the one that the printed proof names ({order}): ask the carrier for the other.",
    ),
    "known_keys": Text("Clés du transporteur", "The carrier’s keys"),
    "known_keys_why": Text(
        "Une preuve scellée par une autre clé est refusée. Comparez l’empreinte à celle que le transporteur vous a "
        "donnée de vive voix ou par écrit\u00a0: une page prise ailleurs pourrait mentir.",
        "A proof sealed by another key is refused. Compare the fingerprint with the one that the carrier gave you by "
        "voice or in writing: a page taken elsewhere could lie.",
    ),
    "no_keys": Text(
        "Cette page ne connaît aucune clé\u00a0: elle dit si le fichier est intact, pas à qui est la clé.",
        "This page knows no key: it says whether the file is untouched, not whose key it is.",
    ),
    "foot": Text(
        "Cette page est un seul fichier\u00a0: enregistrez-la, elle vérifie aussi depuis un disque, sans réseau.",
        "This page is a single file: save it, it verifies from a disk too, without a network.",
    ),
    "reading": Text("Lecture…", "Reading…"),
    "done_one": Text("Une preuve vérifiée.", "One proof verified."),
    "done": Text("{count} preuves vérifiées.", "{count} proofs verified."),
    "needs_proof": Text(
        "C’est noté. Choisissez maintenant le fichier .proof à vérifier.",
        "Noted. Now choose the .proof file to verify.",
    ),
    "verdict_good": Text("Preuve intacte", "Untouched proof"),
    "verdict_bad": Text("Preuve altérée", "Altered proof"),
    "verdict_doubt": Text("Intacte, mais une clé a été révoquée", "Untouched, but a key was revoked"),
    "intro": Text("Commande {order} de {seller}, pour {buyer}.", "Order {order} from {seller}, for {buyer}."),
    "wrong": Text("Ce qui ne tient pas", "What does not hold"),
    "step": Text("Étape", "Step"),
    "where": Text("Où", "Where"),
    "reason": Text("Détail", "Detail"),
    "ask_again": Text(
        "Ne vous fiez pas à ce fichier. Demandez une nouvelle copie au transporteur.",
        "Do not rely on this file. Ask the carrier for a new copy.",
    ),
    "steps": Text("Ce qui a été vérifié", "What was checked"),
    "step_good": Text("vérifié", "checked"),
    "step_bad": Text("ne tient pas", "does not hold"),
    "step_open": Text("pas examiné", "not looked at"),
    "to_know": Text("À savoir", "To know"),
    "received_title": Text("Ce qui a été reçu", "What was received"),
    "item": Text("Article", "Item"),
    "ordered": Text("Commandé", "Ordered"),
    "received": Text("Reçu", "Received"),
    "difference": Text("Écart", "Difference"),
    "none": Text("aucun", "none"),
    "not_shipped": Text("non chargé(s)", "not shipped"),
    "lost": Text("perdu(s)", "lost"),
    "returned": Text("retourné(s)", "returned"),
    "extra": Text("en plus", "extra"),
    "seen": Text("Montré au signataire", "Shown to the signer"),
    "credit_pending": Text("crédit à approuver", "credit to be approved"),
    "seen_total": Text("Total montré au signataire", "Total shown to the signer"),
    "seen_credit": Text("Crédit montré", "Credit shown"),
    "seen_supplement": Text("Commande supplémentaire montrée", "Supplementary order shown"),
    "containers": Text("Contenants repris", "Containers taken back"),
    "returned_at": Text("{count} à {price}", "{count} at {price}"),
    "signature": Text("Signature", "Signature"),
    "signature_of": Text("Signature manuscrite de {name}", "Handwritten signature of {name}"),
    "nobody_signed": Text("Personne n’a signé cette visite.", "Nobody signed this visit."),
    "strokes_missing": Text("Les traits ne sont jamais arrivés.", "The strokes never arrived."),
    "strokes_unreadable": Text("Les traits ne se lisent pas.", "The strokes cannot be read."),
    "strokes_only": Text(
        "Dessinée d’après ses traits\u00a0: ni pression ni vitesse n’ont été relevées.",
        "Drawn from its strokes: neither pressure nor speed was recorded.",
    ),
    "photos": Text("Photos", "Photos"),
    "photo_of": Text("Photo jointe à la ligne\u00a0: {what}", "Photo attached to the line: {what}"),
    "photo_missing": Text(
        "Cette photo n’est pas dans le fichier; son empreinte y est.",
        "This photo is not in the file; its hash is.",
    ),
    "photo_unreadable": Text("Cette photo ne s’affiche pas ici.", "This photo cannot be shown here."),
    "circumstances": Text("Quand, où, par qui", "When, where, by whom"),
    "where_delivered": Text("Lieu de livraison", "Place of delivery"),
    "arrived": Text("Arrivée", "Arrival"),
    "delivered": Text("Livraison terminée", "Delivery finished"),
    "tablet_clock": Text("Horloge de la tablette, telle quelle", "The tablet’s clock, as it was"),
    "server_received": Text("Reçu au serveur", "Received by the server"),
    "sealed": Text("Scellée", "Sealed"),
    "plusminus": Text("±\u00a0{seconds}", "±\u00a0{seconds}"),
    "seconds": Text("{count}\u00a0s", "{count}\u00a0s"),
    "minutes": Text("{count}\u00a0min", "{count}\u00a0min"),
    "hours": Text("{count}\u00a0h", "{count}\u00a0h"),
    "place": Text("Position de la tablette", "The tablet’s position"),
    "place_value": Text("{lat}, {lon} (à {metres} m près)", "{lat}, {lon} (within {metres} m)"),
    "no_place": Text("non relevée", "not recorded"),
    "carrier": Text("Transporteur", "Carrier"),
    "driver": Text("Livreur", "Driver"),
    "run": Text("Tournée", "Run"),
    "tablet": Text("Tablette", "Tablet"),
    "software": Text("Logiciel", "Software"),
    "screen_language": Text("Langue de l’écran", "Language of the screen"),
    "language_fr": Text("français", "French"),
    "language_en": Text("anglais", "English"),
    "corrected_title": Text("Corrections du bureau", "Corrections of the office"),
    "corrected_why": Text(
        "Ce qui a été signé reste tel quel, plus haut. Voici ce que le bureau a recompté depuis, et pourquoi; le "
        "sceau du transporteur couvre ces mots, la signature à la porte ne les couvre pas.",
        "What was signed stays as it was, above. Here is what the office counted anew since, and why; the carrier’s "
        "seal covers these words, the signature at the door does not.",
    ),
    "corrected_before": Text(
        "Cette visite signée corrige une livraison antérieure\u00a0: voici ce qui a changé, et d’après quoi.",
        "This signed visit corrects an earlier delivery: here is what changed, and on what grounds.",
    ),
    "revision": Text("Révision {number} – {who} – {when}", "Revision {number} – {who} – {when}"),
    "source_tablet": Text("par la tablette", "by the tablet"),
    "source_office": Text("au bureau", "at the office"),
    "source_dispute": Text("d’après une autre tablette", "from another tablet"),
    "this_event": Text("C’est la visite signée de cette preuve.", "This is the signed visit of this proof."),
    "before": Text("Avant", "Before"),
    "after": Text("Après", "After"),
    "purged": Text(
        "Pièce purgée le {day} selon la règle de conservation\u00a0: {years} ans pleins après l’année de la "
        "livraison. Son empreinte reste signée.",
        "Piece purged on {day} by the retention rule: {years} full years after the year of the delivery. Its hash "
        "stays signed.",
    ),
    "purged_one": Text(
        "Pièce purgée le {day} selon la règle de conservation\u00a0: un an plein après l’année de la livraison. Son "
        "empreinte reste signée.",
        "Piece purged on {day} by the retention rule: one full year after the year of the delivery. Its hash stays "
        "signed.",
    ),
    "attachment_purged": Text("Pièce purgée", "Purged attachment"),
    "seals_title": Text("Sceaux et clés du transporteur", "The carrier’s seals and keys"),
    "seals_why": Text(
        "Cette preuve a été scellée plus d’une fois. Chaque sceau d’avant tient encore, et chaque clé a endossé la "
        "suivante.",
        "This proof was sealed more than once. Each earlier seal still holds, and each key endorsed the next.",
    ),
    "sealed_by": Text("{when}\u00a0: scellée par la clé {key}", "{when}: sealed by key {key}"),
    "endorsed": Text(
        "{when}\u00a0: clé {key} en service, endossée par la précédente",
        "{when}: key {key} in use, endorsed by the former",
    ),
    "sealed_anew": Text("{when}\u00a0: scellée à neuf par la clé {key}", "{when}: sealed anew by key {key}"),
    "corrects": Text("Correction", "Correction"),
    "corrects_event": Text("corrige l’événement {event}", "corrects event {event}"),
    "day": Text("Racine du jour", "Root of the day"),
    "day_plain": Text(
        "dans la racine signée du {day}, sans horodatage externe",
        "in the signed root of {day}, without an outside time-stamp",
    ),
    "day_stamped": Text(
        "dans la racine signée du {day}, avec un horodatage externe (RFC 3161) que «\u00a0tournee "
        "verify\u00a0» vérifie",
        "in the signed root of {day}, with an outside time-stamp (RFC 3161) that “tournee verify” checks",
    ),
    "meaning": Text("Ce que ce sceau prouve, et ce qu’il ne prouve pas", "What this seal proves, and what it does not"),
    "proves": Text(
        "Prouvé\u00a0: rien n’a changé depuis la signature; la tablette nommée a scellé ces lignes, ces traits et ces "
        "heures; le transporteur les a reçus et en répond.",
        "Proved: nothing changed since it was signed; the named tablet sealed these lines, strokes and times; the "
        "carrier received them and answers for them.",
    ),
    "not_proves": Text(
        "Non prouvé\u00a0: que la personne qui a signé est celle dont le nom est écrit, que l’horloge de la "
        "tablette était juste (le doute est dit), ni que la marchandise était bonne.",
        "Not proved: that the person who signed is the one whose name is written, that the tablet’s clock was right "
        "(the doubt is stated), or that the goods were good.",
    ),
    "law": Text(
        "C’est une signature électronique simple, entourée d’indices solides (Québec\u00a0: LCCJTI, art. 5, 6, "
        "38 et 39; C.c.Q., art. 2827; Europe\u00a0: eIDAS, simple et non avancée).",
        "This is a simple electronic signature with strong surrounding evidence (Québec: LCCJTI, s. 5, 6, 38 and 39; "
        "C.C.Q., art. 2827; Europe: eIDAS, simple, not advanced).",
    ),
    "later": Text(
        "Inconnu hors ligne\u00a0: si une correction a été faite depuis, ou une clé révoquée après la date de "
        "la liste.",
        "Unknown offline: whether a correction was made since, or a key revoked after the date of the list.",
    ),
    "technical": Text("Empreintes et clés", "Hashes and keys"),
    "fingerprint": Text("Empreinte du fichier (manifeste)", "Fingerprint of the file (manifest)"),
    "carrier_key": Text("Clé du transporteur", "Carrier’s key"),
    "tablet_key": Text("Clé de la tablette", "Tablet’s key"),
    "event": Text("Événement", "Event"),
    "number": Text("rang", "number"),
    "event_hash": Text("Empreinte de l’événement", "Event hash"),
    "prev_hash": Text("Empreinte précédente dans la chaîne", "Previous hash in the chain"),
    "root": Text("Racine de la visite", "Root of the visit"),
    "screen_hash": Text("Empreinte de l’écran signé", "Hash of the signed screen"),
    "consent_hash": Text("Empreinte de la déclaration", "Hash of the statement"),
    "terms_hash": Text("Empreinte des conditions", "Hash of the terms"),
    "attachment": Text("Pièce", "Attachment"),
    "attachment_missing": Text("Pièce manquante", "Missing attachment"),
    "measured": Text("Vérifiée ici en {milliseconds} ms.", "Verified here in {milliseconds} ms."),
}

OUTCOMES: Final[Mapping[str, Text]] = {
    "complete": Text("Livraison complète", "Complete delivery"),
    "partial": Text("Livraison partielle", "Partial delivery"),
    "refused": Text("Livraison refusée", "Delivery refused"),
    "failed": Text("Livraison impossible", "Delivery not possible"),
}
UNITS: Final[Mapping[str, Text]] = {
    "case": Text("caisse", "case"),
    "keg": Text("fût", "keg"),
    "unit": Text("unité", "unit"),
}
