"""Recording what happened at the door."""

from server.delivery.service.by_hand import HandWritten, record_by_hand
from server.delivery.service.discrepancies import decide_discrepancy, open_discrepancy
from server.delivery.service.recording import (
    OrderParties,
    VisitRecord,
    record_delivery,
    record_visit,
)
from server.delivery.service.revising import Because, ReasonNeeded, Recounted, counted, reason_of, revise_delivery
from server.delivery.service.taking import Handover, at_visit, by_record, record_collection, record_containers
from server.delivery.service.terms import UnknownTerms, freeze_terms, read_terms, remember_terms, terms_cited

__all__ = [
    "Because",
    "HandWritten",
    "Handover",
    "OrderParties",
    "ReasonNeeded",
    "Recounted",
    "UnknownTerms",
    "VisitRecord",
    "at_visit",
    "by_record",
    "counted",
    "decide_discrepancy",
    "freeze_terms",
    "open_discrepancy",
    "read_terms",
    "reason_of",
    "record_by_hand",
    "record_collection",
    "record_containers",
    "record_delivery",
    "record_visit",
    "remember_terms",
    "revise_delivery",
    "terms_cited",
]
