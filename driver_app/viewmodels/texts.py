"""Every fixed sentence of the screens, in both languages."""

from __future__ import annotations

from shared.problems import Text

ALL_SENT = Text("Tout est au bureau", "All at the office")
OFFLINE = Text("Hors ligne", "Offline")
ONLINE = Text("En ligne", "Online")
TO_SEND = Text("à envoyer", "to send")
FORKED = Text("Appeler le répartiteur", "Call the dispatcher")
REVOKED = Text("Tablette révoquée", "Tablet revoked")
REVOKED_AT_OFFICE = Text(
    "Tablette révoquée\u00a0: vos livraisons sont au bureau, un répartiteur décide.",
    "Tablet revoked: your deliveries are at the office, a dispatcher decides.",
)
REVOKED_TO_SEND = Text(
    "Tablette révoquée\u00a0: ce qui reste s’envoie encore, puis un répartiteur décide.",
    "Tablet revoked: what is left is still being sent, then a dispatcher decides.",
)
FORK_KEPT = Text(
    "Le bureau a une autre suite de cette tablette. Tout est gardé\u00a0: appelez le répartiteur.",
    "The office has another log of this tablet. Everything is kept: call the dispatcher.",
)
UNKNOWN = Text(
    "Le bureau ne connaît plus cette tablette. Rien n’est perdu\u00a0: appelez le répartiteur.",
    "The office does not know this tablet any more. Nothing is lost: call the dispatcher.",
)
ASIDE = Text("Mettre ce journal de côté", "Lay this log aside")
ASIDE_TITLE = Text("Recommencer avec une tablette neuve", "Begin anew as a new tablet")
ASIDE_WHY_REVOKED = Text(
    "Cette tablette est révoquée\u00a0: le bureau n’accepte plus la suite de son journal, et un répartiteur "
    "décide de ce qu’il a reçu.",
    "This tablet is revoked: the office takes its log no further, and a dispatcher decides about what it received.",
)
ASIDE_WHY_FORK = Text(
    "Le bureau a une autre suite de ce journal\u00a0: les deux ne se rejoindront plus.",
    "The office has another log of this tablet: the two will never meet again.",
)
ASIDE_WHY_UNKNOWN = Text(
    "Le bureau ne connaît plus cette tablette, et peut avoir perdu ce qu’il en avait reçu.",
    "The office does not know this tablet any more, and may have lost what it received from it.",
)
ASIDE_KEPT = Text(
    "Le journal est mis de côté entier, avec ses clés, sur cette tablette. Rien n’est effacé, et il parle encore "
    "au bureau. Ensuite, un nouveau code du répartiteur inscrit la tablette à neuf.",
    "The log is laid aside whole, with its keys, on this tablet. Nothing is deleted, and it goes on speaking to "
    "the office. Then a new code of the dispatcher’s enrols the tablet anew.",
)
ASIDE_AT_OFFICE = Text("Tout est au bureau.", "Everything is at the office.")
ASIDE_NOTHING_LEFT = Text(
    "Il ne reste rien sur cette tablette à remettre au bureau.", "Nothing is left on this tablet for the office."
)
ASIDE_EVENTS = Text("Événements qui ne sont qu’ici", "Events that are only here")
ASIDE_FILES = Text("Fichiers qui ne sont qu’ici", "Files that are only here")
ASIDE_EXPORTED = Text("Exporté dans", "Exported to")
LOG_EXPORT = Text("Exporter le journal", "Export the log")
LOG_EXPORTED = Text("Journal exporté", "Log exported")
ASIDE_EXPORT_FIRST = Text(
    "Exportez d’abord\u00a0: le bureau n’a pas tout.", "Export first: the office has not everything."
)
ASIDE_CONFIRM = Text("Toucher encore pour confirmer", "Touch again to confirm")
ASIDE_DONE = Text("Journal mis de côté.", "Log laid aside.")
OLD_LOGS = Text("Anciens journaux à envoyer", "Old logs to send")
ENROL = Text("Inscrire cette tablette", "Enrol this tablet")
ENROL_TITLE = Text("Code du répartiteur", "The dispatcher’s code")
ENROL_HINT = Text(
    "Le répartiteur le montre à «\u00a0Tablettes\u00a0»\u00a0: 32 chiffres et lettres, bons dix minutes.",
    "The dispatcher shows it under “Tablets”: 32 digits and letters, good for ten minutes.",
)
ENROLLED = Text("Tablette inscrite.", "Tablet enrolled.")
ENROLLING = Text("Inscription…", "Enrolling…")
OUTDATED = Text("Mise à jour requise", "Update required")
UNREAD_RUN = Text(
    "Une tournée du bureau ne se lit pas avec cette application\u00a0: mettez-la à jour, ou appelez le bureau.",
    "A run of the office cannot be read by this app: update it, or call the office.",
)
NOT_SHOWN = Text(
    "Cet écran ne peut pas s’afficher. Ce qui est signé est gardé\u00a0: revenez à la liste, ou appelez le bureau.",
    "This screen cannot be shown. What was signed is kept: go back to the list, or call the office.",
)
ON_TABLET = Text("Sur cette tablette", "On this tablet")
AT_OFFICE = Text("Au bureau", "At the office")
ELSEWHERE = Text("Autre tablette", "Other tablet")

RUN = Text("Tournée", "Run")
NO_RUN = Text("Aucune tournée sur cette tablette", "No run on this tablet")
NO_RUN_HINT = Text(
    "Connectez-vous au réseau de l’entrepôt\u00a0: la tournée arrive d’elle-même.",
    "Connect to the warehouse network: the run comes by itself.",
)
START_RUN = Text("Partir en tournée", "Start the run")
END_RUN = Text("Fin de tournée", "End of run")
RETURN_TO_DEPOT = Text("Terminer la tournée", "Finish the run")
ONE_STOP, STOPS = Text("arrêt", "stop"), Text("arrêts", "stops")
STOPS_DONE = Text("arrêts faits", "stops done")
RUN_RETURNED = Text("Tournée terminée", "Run finished")
VEHICLE_CHECK = Text("Camion vérifié\u00a0: pneus, freins, feux", "Truck checked: tires, brakes, lights")
LOAD_CHECK = Text("Chargement compté", "Load counted")
CASH_FLOAT = Text("Fonds de caisse", "Cash float")
CASH_COUNTED = Text("Argent compté", "Cash counted")
COUNT_CASH = Text("Compter l’argent", "Count the cash")
CASH_EXPECTED = Text("Argent attendu", "Cash expected")
GOODS_BACK = Text("Retours au dépôt", "Goods coming back")
NOTHING_BACK = Text("Rien ne revient au dépôt.", "Nothing comes back.")

UNLOCK = Text("Entrez votre NIP", "Enter your PIN")
ENROL_FIRST = Text("Cette tablette n’est pas inscrite.", "This tablet is not enrolled.")
CHOOSE_NIP = Text("Choisissez un NIP de 4 à 8 chiffres", "Choose a PIN of 4 to 8 digits")
OPEN = Text("Déverrouiller", "Unlock")
KEEP_NIP = Text("Garder ce NIP", "Keep this PIN")

ORDERED = Text("Commandé", "Ordered")
EXTRA = Text("en plus", "extra")
STOP_CHANGED = Text(
    "Le bureau a changé cet arrêt depuis que vous l’avez ouvert. Vérifiez chaque ligne.",
    "The office changed this stop since you opened it. Check each line.",
)
ACCESS = Text("Consigne d’accès", "Access note")
ALL_DELIVERED = Text("Tout livré · faire signer", "All delivered · get signature")
GET_SIGNATURE = Text("Faire signer", "Get signature")
EXPLAIN = Text("Expliquer les écarts", "Explain differences")
TAKE_PAYMENT = Text("Passer au paiement", "Go to payment")
CALL = Text("Appeler", "Call")
NAVIGATE = Text("Y aller", "Directions")
PHOTO = Text("Photo", "Photo")
TAKE_PHOTO = Text("Prendre la photo", "Take the photo")
PHOTO_TAKEN = Text("Photo prise", "Photo taken")
EMPTIES = Text("Vides et consignes", "Empties and deposits")
PAYMENT = Text("Paiement", "Payment")
FAILURE = Text("Refus ou absence", "Refused or absent")
FAILURE_TITLE = Text("Pourquoi rien n’est livré?", "Why is nothing delivered?")
CORRECT = Text("Corriger", "Correct")
CORRECT_CONFIRM = Text("Toucher encore pour corriger", "Touch again to correct")
CORRECTION_IS_SIGNED = Text(
    "Une correction se fait signer. D’ici là, ce qui est signé ci-dessus compte.",
    "A correction is signed anew. Until then what is signed above counts.",
)
OFFICE_CORRECTS = Text(
    "Le bureau a cette livraison\u00a0: appelez le répartiteur pour la corriger.",
    "The office has this delivery: call the dispatcher to correct it.",
)
CHANGED_SINCE = Text(
    "Le bureau a changé cet arrêt depuis\u00a0: les montants ci-dessus peuvent différer de ce qui est signé.",
    "The office changed this stop since: the amounts above may differ from what is signed.",
)
CORRECTING = Text(
    "Vous corrigez une livraison signée\u00a0: elle compte jusqu’à la nouvelle signature.",
    "You are correcting a signed delivery: it counts until the new signature.",
)
LEAVE_AS_SIGNED = Text("Laisser comme signé", "Leave as signed")
LEFT_AS_SIGNED = Text("La livraison reste comme elle a été signée.", "The delivery stays as it was signed.")
UNSIGNED = Text("Sans signature", "Without signature")
GAPS = Text("Écarts", "Differences")
WHY_SHORT = Text("Pourquoi ces écarts?", "Why these differences?")
CONTINUE = Text("Continuer", "Continue")
BACK = Text("Retour", "Back")
ZERO_LEFT_OUT = Text("Comptez ce que vous reprenez.", "Count what you take back.")
AMOUNT_DUE = Text("À percevoir", "To collect")
NOTHING_DUE_ANY_MORE = Text(
    "Le bureau ne demande plus rien ici. Rendez l’argent, ou gardez-le et faites signer.",
    "The office asks for nothing here any more. Give the money back, or keep it and have it signed.",
)
COLLECTED_CASH = Text("Comptant reçu", "Cash received")
NOT_COLLECTED = Text("Rien perçu", "Nothing collected")
ROUNDED = Text("Arrondi à 5 cents", "Rounded to 5 cents")
COLLECT_ALL = Text("Tout perçu comptant", "All collected in cash")
ENTER_AMOUNT = Text("Entrer un montant", "Enter an amount")

RECEIVED_BY = Text("Reçu par", "Received by")
OTHER_NAME = Text("Autre nom", "Other name")
SIGN_HERE = Text("Signez dans le cadre", "Sign in the frame")
CHOOSE_NAME = Text("Choisissez le nom, puis faites signer.", "Choose the name, then get the signature.")
ERASE = Text("Effacer", "Erase")
FINISH = Text("Terminer la livraison", "Finish delivery")
FINISH_UNSIGNED = Text("Terminer sans signature", "Finish without signature")
FINISHED = Text("Livraison enregistrée", "Delivery recorded")
UNDO = Text("Annuler", "Undo")
TOTAL = Text("Total", "Total")
CREDIT = Text("Crédit", "Credit")
CREDIT_PENDING = Text("Crédit à approuver", "Credit to be approved")
INVOICE = Text("Facture", "Invoice")
SUPPLEMENT = Text("Commande supplémentaire", "Supplementary order")
NO_PRICE = Text("Bon de commande, sans prix", "Purchase order, no prices")
DEPOSITS = Text("consignes", "deposits")
DEPOSIT_CREDIT = Text("Consignes rendues", "Deposits returned")
NAME_TITLE = Text("Nom du réceptionnaire", "Recipient’s name")
ACCEPT = Text("Accepter", "Accept")

OUTBOX = Text("À envoyer", "To send")
HELP = Text("Aide", "Help")
MAP = Text("Carte", "Map")
SEND_NOW = Text("Envoyer maintenant", "Send now")
NEVER_SENT = Text("Aucun contact avec le bureau encore", "No contact with the office yet")
LAST_CONTACT = Text("Dernier contact", "Last contact")
HELP_TITLE = Text("Aide et diagnostic", "Help and diagnostic")
EXPORT = Text("Exporter le diagnostic", "Export diagnostic")
EXPORTED = Text("Diagnostic enregistré", "Diagnostic saved")
THEME = Text("Thème clair ou sombre", "Light or dark theme")
HAND = Text("Main gauche ou droite", "Left or right hand")
LANGUAGE = Text("English", "Français")
LOCK = Text("Verrouiller", "Lock")
NO_CAMERA = Text("Cette machine n’a pas d’appareil photo.", "This machine has no camera.")
NO_PHONE = Text("Cette machine ne téléphone pas.", "This machine cannot call.")

EVENT_NAMES = {
    "run.departed": Text("Départ", "Departure"),
    "stop.arrived": Text("Arrivée", "Arrival"),
    "visit.finished": Text("Livraison signée", "Signed delivery"),
    "run.returned": Text("Retour au dépôt", "Return to depot"),
}
EVENT_STATES = {
    "sealed": Text("Sur cette tablette", "On this tablet"),
    "sent": Text("Envoi en cours", "Being sent"),
    "received": Text("Au bureau", "At the office"),
}


FAILURE_TAKEN_BACK = Text(
    "Livré après tout\u00a0: ce qui était compté est revenu.", "Delivered after all: what was counted is back."
)


def nothing_delivered(failure: str) -> Text:
    """Return that a stop is marked as failed, and how to take that back."""
    return Text(
        f"«\u00a0{failure}\u00a0»\u00a0: rien n’est livré. Comptez une ligne pour livrer après tout.",
        f"“{failure}”: nothing is delivered. Count a line to deliver after all.",
    )


def refused_files(count: int) -> Text:
    """Return how many files do not get through, and what to do."""
    are_fr, are_en = (
        ("fichiers illisibles ou refusés", "files") if count > 1 else ("fichier illisible ou refusé", "file")
    )
    return Text(
        f"{count} {are_fr}\u00a0: appelez le bureau. Le reste est envoyé.",
        f"{count} {are_en} unreadable or refused: call the office. The rest is sent.",
    )


def missing(quantity: str) -> Text:
    """Return how much a line is short."""
    return Text(f"manque {quantity}", f"{quantity} short")
