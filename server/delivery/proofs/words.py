"""What each step of a verification is called, what its failure means, and what stays to be known: command and page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.delivery.proofs.broken import Check
from server.delivery.proofs.trust import Doubt
from shared.problems import Text

CHECKS: Final[Mapping[Check, Text]] = {
    Check.ARCHIVE: Text("Le fichier, octet pour octet", "The file, byte for byte"),
    Check.SEAL: Text("Le sceau du transporteur", "The carrier’s seal"),
    Check.DEVICE: Text("La tablette, attestée par le transporteur", "The tablet, vouched for by the carrier"),
    Check.EVENT: Text("L’événement signé par la tablette", "The event signed by the tablet"),
    Check.TREE: Text("Les lignes appartiennent au tout signé", "The lines belong to the signed whole"),
    Check.LEAVES: Text("Les lignes sont lisibles et balancent", "The lines are readable and add up"),
    Check.TERMS: Text("Les conditions citées", "The cited terms"),
    Check.ATTACHMENTS: Text("Les traits et les photos", "The strokes and the photos"),
    Check.OFFICE: Text("La déclaration affichée au signataire", "The statement shown to the signer"),
    Check.CORRECTIONS: Text(
        "Les corrections du bureau, à partir de ce qui a été signé",
        "The office’s corrections, starting from what was signed",
    ),
    Check.RECEIPT: Text("Le reçu du transporteur", "The carrier’s receipt"),
    Check.FORMER: Text("Les sceaux d’avant, et les clés entre eux", "The seals before, and the keys between them"),
    Check.KEYS: Text("Les clés publiées", "The published keys"),
    Check.DAY: Text("La racine du jour", "The root of the day"),
}

FAILURES_OF: Final[Mapping[Check, Text]] = {
    Check.ARCHIVE: Text(
        "Des octets du fichier ont changé, ou ce n’est pas une preuve.",
        "Bytes of the file changed, or this is no proof.",
    ),
    Check.SEAL: Text(
        "Le sceau ne tient pas\u00a0: ce transporteur n’a pas scellé ce contenu.",
        "The seal does not hold: this carrier did not seal these contents.",
    ),
    Check.DEVICE: Text(
        "Le transporteur n’a pas attesté la clé de cette tablette.",
        "The carrier did not vouch for this tablet’s key.",
    ),
    Check.EVENT: Text(
        "Cet événement n’est pas celui que la tablette a signé.", "This event is not the one that the tablet signed."
    ),
    Check.TREE: Text(
        "Ces lignes ne font pas partie de ce qui a été signé.", "These lines are not part of what was signed."
    ),
    Check.LEAVES: Text("Les lignes se contredisent.", "The lines contradict themselves."),
    Check.TERMS: Text(
        "Ces conditions (quantités, prix) ne sont pas celles que la livraison cite.",
        "These terms (quantities, prices) are not those that the delivery cites.",
    ),
    Check.ATTACHMENTS: Text(
        "Un trait ou une photo a changé, manque, ou est de trop.",
        "Strokes or a photo changed, are missing, or are one too many.",
    ),
    Check.OFFICE: Text(
        "La déclaration n’est pas celle que le signataire a vue.", "The statement is not the one that the signer saw."
    ),
    Check.CORRECTIONS: Text(
        "Les corrections du bureau ne partent pas de ce qui a été signé, ou se contredisent.",
        "The office’s corrections do not start from what was signed, or contradict themselves.",
    ),
    Check.FORMER: Text(
        "Un sceau d’avant ne tient pas, ou sa clé n’a pas endossé la suivante.",
        "A seal before this one does not hold, or its key did not endorse the next.",
    ),
    Check.RECEIPT: Text(
        "Le reçu ne couvre pas cet événement, ou n’est pas du transporteur.",
        "The receipt does not cover this event, or is not the carrier’s.",
    ),
    Check.KEYS: Text(
        "La clé qui a scellé n’est pas de celles que le transporteur publie.",
        "The key that sealed is not one of those that the carrier publishes.",
    ),
    Check.DAY: Text(
        "Le fichier du jour ne relie pas cette preuve à une racine signée.",
        "The day’s file does not tie this proof to a signed root.",
    ),
}

OFFICE_WORD: Final = Text(
    "Le transporteur seul l’écrit, et son sceau le couvre\u00a0: les noms du fournisseur, du client, du lieu, du "
    "livreur, de la tournée, du transporteur et de la tablette; l’heure corrigée, son doute et l’heure de réception; "
    "les corrections et les purges. Personne n’a signé cela à la porte. Le numéro de commande, les lignes, les prix, "
    "le signataire et l’horloge de la tablette sont ce que la tablette a signé.",
    "The carrier alone writes it, and its seal covers it: the names of supplier, customer, place, driver, run, carrier "
    "and tablet; the corrected time, its doubt and the time of reception; corrections and purges. Nobody signed "
    "that at the door. The order number, lines, prices, signer and the tablet’s clock are what the tablet signed.",
)

DOUBTS: Final[Mapping[Doubt, Text]] = {
    Doubt.KEY_UNKNOWN: Text(
        "La clé du transporteur n’a pas été donnée\u00a0: comparez son empreinte à celle qu’il publie.",
        "The carrier’s key was not given: compare its fingerprint with the one that the carrier publishes.",
    ),
    Doubt.REVOCATIONS_UNKNOWN: Text(
        "Sans liste de clés du transporteur plus récente que le sceau, on ne sait pas si une tablette ou une clé a "
        "été révoquée.",
        "Without a key list of the carrier’s that is newer than the seal, nobody knows whether a tablet or a key was "
        "revoked.",
    ),
    Doubt.SERVER_KEY_REVOKED: Text(
        "La clé qui a scellé a été révoquée\u00a0: qui l’aurait volée pourrait avoir fait ce fichier. Demandez "
        "une copie scellée à neuf, ou fiez-vous à un horodatage externe d’avant la révocation.",
        "The key that sealed was revoked: whoever stole it could have made this file. Ask for a copy sealed anew, or "
        "rely on an outside time-stamp from before the revocation.",
    ),
    Doubt.DEVICE_REVOKED: Text(
        "Le bureau a reçu cet événement après avoir révoqué la tablette\u00a0: elle pouvait être en d’autres mains.",
        "The office received this event after it had revoked the tablet: it may have been in other hands.",
    ),
    Doubt.CORRECTED: Text(
        "Le bureau a recompté après la signature\u00a0: ce qui a été signé est montré tel quel, et la "
        "correction à côté. Personne ne l’a signée.",
        "The office counted anew after the signature: what was signed is shown as it was, and the correction beside "
        "it. Nobody signed the correction.",
    ),
    Doubt.ATTACHMENT_PURGED: Text(
        "Une pièce (traits ou photo) a été purgée à la fin de sa durée de conservation; son empreinte reste signée.",
        "An attachment (strokes or photo) was purged at the end of its retention time; its hash stays signed.",
    ),
    Doubt.ATTACHMENT_MISSING: Text(
        "Une pièce (traits ou photo) n’était pas arrivée quand la preuve a été scellée.",
        "An attachment (strokes or photo) had not arrived when the proof was sealed.",
    ),
    Doubt.CLOCK_SKEWED: Text(
        "L’horloge de la tablette différait de plus de 5 minutes de celle du serveur; l’heure de livraison montrée "
        "est corrigée.",
        "The tablet’s clock was over 5 minutes off the server’s; the time of delivery shown is corrected.",
    ),
}
