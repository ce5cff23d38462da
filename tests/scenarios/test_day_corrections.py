"""A day whose deliveries were not as first told: the driver corrects, the office corrects, and the books follow."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from server.billing.queries import billed_cents
from server.core.transaction import transaction
from server.delivery.model import Delivery, Proof
from server.delivery.proofs import verify_proof
from server.core.blobs import blob_store
from server.fulfilment.service.correcting import correct_by_hand
from server.billing.service import publish_pending
from server.notifications.model import InboxMessage
from shared.delivered_line import DeliveredLine
from shared.ids import new_id
from tests.factories.world import CREDIT, make_order, stamp
from tests.scenarios.stories import credits_of, invoices_of, live_day, orders_of
