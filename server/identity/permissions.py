"""Who may do what: the matrix of requirements section 3, one line for each action."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from server.identity.model import OrganisationKind, Role
from shared.problems import Text


class Permission(StrEnum):
    """An action that a view may name."""

    ORDER_READ = "order.read"
    ORDER_CREATE = "order.create"
    ORDER_EDIT = "order.edit"
    ORDER_EDIT_PUBLISHED = "order.edit_published"
    ORDER_ACCEPT = "order.accept"
    ORDER_CANCEL = "order.cancel"
    ORDER_RELIEVE = "order.relieve"
    TERMS_SET = "terms.set"
    DELIVER_WITH_CHOOSE = "deliver_with.choose"
    RUN_READ = "run.read"
    RUN_PLAN = "run.plan"
    RUN_DOCUMENTS = "run.documents"
    RUN_CLOSE = "run.close"
    RUN_WAIVE = "run.waive"
    DELIVERY_RECORD = "delivery.record"
    STOP_CORRECT = "stop.correct"
    PROOF_READ = "proof.read"
    PROOF_UPLOAD = "proof.upload"
    PROOF_EXPORT = "proof.export"
    DISPUTE = "dispute"
    INVOICE_READ = "invoice.read"
    INVOICE_PUBLISH = "invoice.publish"
    INVOICE_ADJUST = "invoice.adjust"
    INVOICE_VOID = "invoice.void"
    INVOICE_PARTIAL = "invoice.partial"
    CREDIT_CREATE = "credit.create"
    CREDIT_APPROVE = "credit.approve"
    PAYMENT_RECORD = "payment.record"
    PAYMENT_KEEP = "payment.keep"
    PAYMENT_ONLINE = "payment.online"
    BALANCE_READ = "balance.read"
    RECEIVABLES_RUN = "receivables.run"
    ORDER_CHAT = "order.chat"
    ACCOUNTING_CHAT = "accounting.chat"
    STATISTICS_READ = "statistics.read"
    TABLET_PRICES = "tablet.prices"
    STOCK_MOVE = "stock.move"
    STOCK_KEEP = "stock.keep"
    PARTY_READ = "party.read"
    PARTY_EDIT = "party.edit"
    CATALOG_READ = "catalog.read"
    CATALOG_EDIT = "catalog.edit"
    INBOX_READ = "inbox.read"
    MEMBER_ADMINISTER = "member.administer"
    DEVICE_ADMINISTER = "device.administer"
    WEBHOOK_ADMINISTER = "webhook.administer"
    DEVICE_SYNC = "device.sync"
    DEVICE_SEND = "device.send"
    ACCOUNT_USE = "account.use"


_TABLETS = frozenset({Permission.DEVICE_SYNC, Permission.DEVICE_SEND})


class Column(StrEnum):
    """A column of the matrix."""

    RETAILER = "retailer"
    SUPPLIER = "supplier"
    DISTRIBUTOR = "distributor"
    AGENT = "agent"
    DRIVER = "driver"
    DISPATCHER = "dispatcher"
    ACCOUNTANT = "accountant"
    ADMIN = "admin"
    TABLET = "tablet"


class Grant(StrEnum):
    """A cell of the matrix: everything, what is one's own or within a limit that the service checks, or nothing."""

    FULL = "●"
    LIMITED = "○"
    NONE = "–"


@dataclass(frozen=True, slots=True)
class Action:
    """A line of the matrix: the action's words, its source and one grant for each person's column, in their order."""

    permission: Permission
    says: Text
    source: str
    grants: str

    def grant(self, column: Column) -> Grant:
        """Return the cell of ``column``; a tablet has a line of its own."""
        if column is Column.TABLET:
            return Grant.FULL if self.permission in _TABLETS else Grant.NONE
        return Grant(self.grants.split()[tuple(Column).index(column)])


_P = Permission
ACTIONS: tuple[Action, ...] = (
    # retailer, supplier, distributor, agent, driver, dispatcher, accountant, admin
    Action(_P.ORDER_CREATE, Text("Créer une commande", "Create order"), "R035", "● ● ● ● ○ ● – ●"),
    Action(
        _P.ORDER_EDIT,
        Text("Modifier une commande avant l’exécution", "Edit order before fulfilment"),
        "R045, R062",
        "– ● ● ● – ○ – ●",
    ),
    Action(
        _P.ORDER_EDIT_PUBLISHED,
        Text("Modifier une commande après la publication", "Edit order after publication"),
        "R043",
        "– – – – – – – –",
    ),
    Action(
        _P.ORDER_ACCEPT,
        Text("Accepter, rejeter, restaurer une commande", "Accept, reject, restore order"),
        "§3",
        "– ● ○ ● – – – ●",
    ),
    Action(_P.ORDER_CANCEL, Text("Annuler une commande", "Cancel order"), "§3, C13", "– ● ○ ● – – – ●"),
    Action(
        _P.ORDER_RELIEVE,
        Text("Retirer taxe, consigne ou rabais", "Remove tax, deposit or discount"),
        "R052, C22",
        "– ● ○ ● – – ○ ●",
    ),
    Action(
        _P.TERMS_SET,
        Text("Régler facturation, groupes et minimums", "Set billing type, groups, minimums"),
        "R012",
        "– ● ○ ○ – – ○ ●",
    ),
    Action(
        _P.DELIVER_WITH_CHOOSE,
        Text("Choisir le document de livraison", "Choose the paper that goes along"),
        "R013",
        "– ○ ● – – ● – ●",
    ),
    Action(
        _P.RUN_PLAN,
        Text("Planifier, optimiser, verrouiller une tournée", "Plan, optimise, lock run"),
        "R015",
        "– ○ ● – – ● – ●",
    ),
    Action(
        _P.RUN_DOCUMENTS,
        Text("Télécharger les documents de tournée", "Download run documents"),
        "R014",
        "– ○ ● – ○ ● – ●",
    ),
    Action(
        _P.DELIVERY_RECORD,
        Text("Noter les quantités livrées, faire signer", "Record delivered quantities, have them signed"),
        "R019",
        "– – ○ – ● ○ – –",
    ),
    Action(
        _P.STOP_CORRECT,
        Text("Corriger un arrêt terminé", "Correct a completed stop"),
        "§3",
        "– – ● – ○ ● – ○",
    ),
    Action(
        _P.RUN_CLOSE,
        Text("Réviser, régler, fermer une tournée", "Review, settle, close run"),
        "§3",
        "– – ● – – ● ● ●",
    ),
    Action(
        _P.PROOF_READ, Text("Voir une preuve de livraison", "View proof of delivery"), "R018, R026", "○ ○ ● ○ ○ ● ● ●"
    ),
    Action(_P.PROOF_UPLOAD, Text("Téléverser une preuve papier", "Upload paper proof"), "R018", "– ○ ● – ● ● – ●"),
    Action(_P.DISPUTE, Text("Contester une preuve ou un crédit", "Contest proof or credit"), "§3", "● ● ● ● – – ● ●"),
    Action(
        _P.INVOICE_PUBLISH, Text("Publier une facture à la main", "Publish invoice by hand"), "R003", "– ● ○ ● – – ● ●"
    ),
    Action(
        _P.INVOICE_ADJUST,
        Text("Ajuster une facture provisoire", "Adjust provisional invoice"),
        "R016",
        "– ● ● ○ – ○ ● –",
    ),
    Action(_P.INVOICE_VOID, Text("Annuler, republier une facture", "Void, republish invoice"), "C6", "– ● ○ ○ – – ● ●"),
    Action(_P.CREDIT_CREATE, Text("Créer une note de crédit", "Create credit note"), "R089", "– ● ● ● – – ● ●"),
    Action(
        _P.CREDIT_APPROVE,
        Text("Approuver un crédit au-dessus du seuil", "Approve credit above threshold"),
        "C12",
        "– ● ○ ○ – – ● ●",
    ),
    Action(_P.PAYMENT_RECORD, Text("Inscrire un paiement reçu", "Record offline payment"), "R084", "– ● ○ ○ ○ – ● ●"),
    Action(_P.PAYMENT_ONLINE, Text("Payer en ligne", "Pay online"), "R080", "○ – – – – – – –"),
    Action(
        _P.BALANCE_READ,
        Text("Voir solde et état de compte", "See balance and statement"),
        "R078, R079",
        "○ ● ○ ○ – – ● ●",
    ),
    Action(_P.ORDER_CHAT, Text("Échanger sur une commande", "Order chat"), "R046", "● ● ● ● ○ ● ● ●"),
    Action(_P.ACCOUNTING_CHAT, Text("Échanger sur les comptes", "Accounting chat"), "R087", "● ● ○ ○ – – ● ●"),
    Action(
        _P.RECEIVABLES_RUN,
        Text("Relances, prélèvements, récurrences, exports", "Dunning, SEPA, recurring, exports"),
        "§3",
        "– ● ○ – – – ● ●",
    ),
    Action(
        _P.INVOICE_PARTIAL,
        Text("Factures partielles, acomptes, échéances", "Partial, deposit, instalment invoices"),
        "§3",
        "– ● ○ ● – – ● ●",
    ),
    Action(
        _P.STATISTICS_READ, Text("Voir marges et statistiques", "See margins and statistics"), "§3", "– ● ○ ○ ○ ○ ● ●"
    ),
    Action(
        _P.TABLET_PRICES, Text("Voir les prix sur la tablette", "See prices on the tablet"), "C29", "– – – – ○ ● – –"
    ),
    Action(
        _P.STOCK_MOVE, Text("Tenir le stock et les transferts", "Keep stock and transfers"), "§3", "– ○ ● – ○ ● – ●"
    ),
    Action(
        _P.MEMBER_ADMINISTER,
        Text("Gérer membres, rôles et champs", "Keep members, roles and custom fields"),
        "§3",
        "– ○ ○ – – – – ●",
    ),
    Action(
        _P.DEVICE_ADMINISTER,
        Text("Inscrire et révoquer des tablettes", "Enrol and revoke tablets"),
        "§3",
        "– ○ ○ – – ○ – ●",
    ),
    # what the matrix leaves to the reader: whoever acts on a thing sees it, each their own rows
    Action(_P.ORDER_READ, Text("Voir les commandes", "See orders"), "R028", "○ ○ ○ ○ ○ ● ● ●"),
    Action(_P.RUN_READ, Text("Voir les tournées", "See runs"), "R015", "– ○ ● – ○ ● ● ●"),
    Action(_P.INVOICE_READ, Text("Voir factures et crédits", "See invoices and credits"), "R085", "○ ● ● ○ – ○ ● ●"),
    Action(_P.PARTY_READ, Text("Voir partenaires et clients", "See partners and clients"), "R030", "○ ● ● ○ – ● ● ●"),
    Action(
        _P.PARTY_EDIT,
        Text("Tenir clients, lieux, relations et ententes", "Keep clients, places, relations and agreements"),
        "R027, R048, C26",
        "○ ● ○ ○ – – – ●",
    ),
    Action(_P.STOCK_KEEP, Text("Tenir le stock au bureau", "Keep stock at the office"), "R057", "– ○ ● – – ● – ●"),
    Action(_P.CATALOG_READ, Text("Voir le catalogue", "See the catalogue"), "R050", "○ ● ○ ○ – ○ ● ●"),
    Action(_P.CATALOG_EDIT, Text("Tenir le catalogue", "Keep the catalogue"), "R050", "– ● ○ – – – – ●"),
    Action(_P.INBOX_READ, Text("Lire ses avis", "Read one’s inbox"), "R026", "● ● ● ● ● ● ● ●"),
    Action(
        _P.PAYMENT_KEEP,
        Text("Confirmer, affecter, désaffecter un paiement", "Confirm, allocate, take off a payment"),
        "R082, R084",
        "– ● ○ ○ – – ● ●",
    ),
    Action(_P.PROOF_EXPORT, Text("Exporter ses preuves", "Export one’s proofs"), "R060", "○ ○ ● ○ – ● ● ●"),
    Action(_P.WEBHOOK_ADMINISTER, Text("Gérer ses webhooks", "Keep one’s webhooks"), "R026", "● ● ● ● – – – ●"),
    Action(_P.ACCOUNT_USE, Text("Gérer sa propre session", "Use one’s own account"), "–", "● ● ● ● ● ● ● ●"),
    Action(
        _P.RUN_WAIVE,
        Text("Fermer une tournée sans attendre une tablette perdue", "Close a run without waiting for a lost tablet"),
        "M4",
        "– – – – – – – ●",
    ),
    Action(
        _P.DEVICE_SYNC,
        Text("Recevoir tournées et documents sur une tablette", "Get runs and documents on a tablet"),
        "R025",
        "– – – – – – – –",
    ),
    Action(
        _P.DEVICE_SEND,
        Text("Remettre les événements d’une tablette, révoquée ou non", "Hand in a tablet’s events, revoked or not"),
        "R025, G6",
        "– – – – – – – –",
    ),
)
HELD_BY: Mapping[Permission, tuple[Permission, ...]] = MappingProxyType(
    {
        _P.INVOICE_ADJUST: (_P.STOP_CORRECT, _P.RUN_PLAN, _P.ORDER_EDIT),
        _P.TABLET_PRICES: (_P.DEVICE_SYNC,),
        _P.STOCK_MOVE: (_P.STOCK_KEEP, _P.DEVICE_SEND),
    }
)
"""Lines of the matrix that no view names and the permissions whose doors hold them."""
COMES_WITH: Mapping[Permission, str] = MappingProxyType(
    {
        _P.INVOICE_PARTIAL: "partial, deposit and instalment invoices (R096-R107)",
        _P.STATISTICS_READ: "margins and statistics (R111, R123)",
    }
)
"""Lines of the matrix about a feature that is not built yet, and which."""
WITHOUT_A_DOOR: Mapping[Permission, str] = MappingProxyType(
    {
        _P.INVOICE_ADJUST: "A provisional invoice is never typed over: it is made anew from what was delivered (C1), "
        "by the sync or by a correction (`stop.correct`). Before departure its order leaves the run (`run.plan`), "
        "which drops it, and is edited (`order.edit`).",
        _P.TABLET_PRICES: "A bundle has unit prices and totals for orders delivered with an invoice, and none for the "
        "others (C29).",
        _P.STOCK_MOVE: "A truck’s goods move with its tablet’s events. At the office `stock.keep` adjusts and "
        "transfers, for the same roles but the driver.",
    }
    | {one: f"Comes with {feature}; until then nobody holds it anywhere." for one, feature in COMES_WITH.items()}
)
"""Lines of the matrix that no view names, and how each is held."""
MATRIX: Mapping[Permission, Action] = MappingProxyType({action.permission: action for action in ACTIONS})
_COMPANIES = frozenset({OrganisationKind.SUPPLIER, OrganisationKind.DISTRIBUTOR})


def column_of(role: Role, kind: OrganisationKind) -> Column | None:
    """Return the column in which a member stands, or None where the role does not exist.

    The organisation's own people stand in its kind's column. Accountants, dispatchers, drivers and admins work inside
    suppliers and distributors only.

    Source: requirements, section 3.
    """
    if role is Role.OWNER:
        return Column(kind.value)
    return Column(role.value) if kind in _COMPANIES else None


def grant_of(roles: Collection[Role], kind: OrganisationKind, permission: Permission) -> Grant:
    """Return the most that one of a member's roles has in the matrix, in an organisation of ``kind``."""
    columns = [column for role in roles if (column := column_of(role, kind)) is not None]
    grants = {MATRIX[permission].grant(column) for column in columns}
    return next((one for one in (Grant.FULL, Grant.LIMITED) if one in grants), Grant.NONE)


def allows(roles: Collection[Role], kind: OrganisationKind, permission: Permission) -> bool:
    """Say whether the door opens; where the cell is limited, the service checks the limit."""
    return grant_of(roles, kind, permission) is not Grant.NONE


def held_as(roles: Collection[Role], kind: OrganisationKind) -> Mapping[Permission, frozenset[Role]]:
    """Return every permission for which the door opens, with the roles that open it: a member holds their union."""
    found = {one: frozenset(role for role in roles if allows((role,), kind, one)) for one in Permission}
    return MappingProxyType({one: givers for one, givers in found.items() if givers})


def permissions_of(roles: Collection[Role], kind: OrganisationKind) -> frozenset[Permission]:
    """Return every permission for which the door opens."""
    return frozenset(held_as(roles, kind))


TABLET_PERMISSIONS = frozenset(action.permission for action in ACTIONS if action.grant(Column.TABLET) is Grant.FULL)
REVOKED_TABLET_PERMISSIONS = frozenset({Permission.DEVICE_SEND})
