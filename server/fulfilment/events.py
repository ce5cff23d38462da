"""Facts of the verbs that span contexts."""

DELIVERY_SETTLED = "fulfilment.delivery_settled"
RUN_DOCUMENTED = "fulfilment.run_documented"
DELIVERY_RESETTLED = "fulfilment.delivery_resettled"
