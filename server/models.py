"""Every table in one import: for migrations and for the tests that inspect them all."""

from server.billing import model as billing
from server.billing.revaluing import model as revaluing
from server.catalog import model as catalog
from server.catalog.prices import model as prices
from server.conversations import model as conversations
from server.core import facts
from server.dashboard import model as dashboard
from server.delivery import model as delivery
from server.delivery.contests import model as contests
from server.delivery.papers import model as papers
from server.delivery.sharing import model as sharing
from server.documents import model as documents
from server.documents.archives import model as archives
from server.documents.filing import model as filing
from server.identity import model as identity
from server.ledger import model as ledger
from server.notifications import model as notifications
from server.orders import model as orders
from server.parties import model as parties
from server.planning import model as planning
from server.receivables import model as receivables
from server.stock import model as stock
from server.sync import model as sync

ALL = (
    archives, billing, catalog, contests, conversations, dashboard, facts, delivery, documents, filing, identity,
    ledger, notifications, orders, papers, parties, planning, prices, receivables, revaluing, sharing, stock, sync,
)  # fmt: skip
