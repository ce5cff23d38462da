"""Facts of the delivery context."""

DELIVERY_RECORDED = "delivery.recorded"
DELIVERY_CORRECTED = "delivery.corrected"
VARIANCE_NOTED = "delivery.variance_noted"
DISCREPANCY_OPENED = "delivery.discrepancy_opened"
PROOF_SEALED = "delivery.proof_sealed"
EXPORT_ASKED = "delivery.export_asked"
DISCREPANCY_DECIDED = "delivery.discrepancy_decided"
