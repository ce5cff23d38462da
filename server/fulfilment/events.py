"""Facts of the verbs that span contexts."""

DELIVERY_SETTLED = "fulfilment.delivery_settled"
RUN_DOCUMENTED = "fulfilment.run_documented"
RUN_READY = "fulfilment.run_ready"
SUPPLEMENT_MADE = "fulfilment.supplement_made"
