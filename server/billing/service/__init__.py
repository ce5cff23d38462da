"""What billing does. ``publish_pending`` ends every transaction that may have wanted a publication."""

from server.billing.crediting import CreditTooLarge
from server.billing.drafting import priced_of
from server.billing.letterhead import MissingCode, MissingRegistration
from server.billing.service.agreed import bills_otherwise
from server.billing.service.approvals import approve_proposed, refuse_proposed
from server.billing.service.beside import agreed_beside
from server.billing.service.beyond import publish_beyond
from server.billing.service.corrections import CorrectedBooks, settle_correction, void_supplement
from server.billing.service.credits import NotPublished, ReasonMissing, approve_credit, issue_credit, refuse_credit
from server.billing.service.delivered import publish_delivered
from server.billing.service.deposits import UnknownContainer, credit_empties, issue_deposit_credit
from server.billing.service.free_amounts import BadAmount, FreeLine, issue_free_credit
from server.billing.service.holding import BilledOutside, NoIssuer, OrderChanged
from server.billing.service.invoices import (
    NothingToInvoice,
    adjust_provisional,
    create_provisional,
    drop_provisional,
    publish_for_order,
)
from server.billing.service.items import credit_items
from server.billing.service.many import foresee_invoices, publish_orders
from server.billing.service.publication import (
    Unpublished,
    count_follow_ups,
    count_pending,
    publish_follow_ups,
    publish_pending,
)
from server.billing.service.recharging import (
    NoDepositCredit,
    NothingToTakeBack,
    Planned,
    plan_recharge,
    recharge_again,
    recharge_deposits,
    require_issuer,
    take_in_again,
)
from server.billing.service.settlement import Difference, Settlement, settle_delivery
from server.billing.service.supplementary import SupplementedVoid, supplement_again
from server.billing.service.taking_back import OtherOwner, takes_back
from server.billing.service.terms import NumberWaits, freeze_order_terms
from server.billing.service.voids import void_invoice, void_spent
from server.billing.service.whole import billed_in_part

__all__ = [
    "BadAmount",
    "BilledOutside",
    "CorrectedBooks",
    "CreditTooLarge",
    "Difference",
    "FreeLine",
    "MissingCode",
    "MissingRegistration",
    "NoDepositCredit",
    "NoIssuer",
    "NotPublished",
    "NothingToInvoice",
    "NothingToTakeBack",
    "NumberWaits",
    "OrderChanged",
    "OtherOwner",
    "Planned",
    "ReasonMissing",
    "Settlement",
    "SupplementedVoid",
    "UnknownContainer",
    "Unpublished",
    "adjust_provisional",
    "agreed_beside",
    "approve_credit",
    "approve_proposed",
    "billed_in_part",
    "bills_otherwise",
    "count_follow_ups",
    "count_pending",
    "create_provisional",
    "credit_empties",
    "credit_items",
    "drop_provisional",
    "foresee_invoices",
    "freeze_order_terms",
    "issue_credit",
    "issue_deposit_credit",
    "issue_free_credit",
    "plan_recharge",
    "priced_of",
    "publish_beyond",
    "publish_delivered",
    "publish_follow_ups",
    "publish_for_order",
    "publish_orders",
    "publish_pending",
    "recharge_again",
    "recharge_deposits",
    "refuse_credit",
    "refuse_proposed",
    "require_issuer",
    "settle_correction",
    "settle_delivery",
    "supplement_again",
    "take_in_again",
    "takes_back",
    "void_invoice",
    "void_spent",
    "void_supplement",
]
