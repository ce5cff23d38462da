"""Facts about what is sold."""

CONTAINER_CLASS_MADE = "container_class.made"
CONTAINER_PRICED = "container_class.priced"
PRODUCT_MADE = "product.made"
FORMAT_MADE = "product_format.made"
