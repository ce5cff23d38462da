"""What suppliers sell and carriers take back."""

from server.catalog.service.bounds import MAX_UNIT_PRICE, TAX_CODES, BadFormat, check_digit, require_unit_price
from server.catalog.service.containers import (
    MAX_DEPOSIT_CENTS,
    ContainerTaken,
    change_container_class,
    create_container_class,
    price_container,
    share_classes,
)
from server.catalog.service.formats import (
    Audience,
    FormatFigures,
    add_format,
    archive_format,
    change_format,
    figures_of,
    name_of,
)
from server.catalog.service.products import (
    ProductTaken,
    ProductWords,
    add_product,
    archive_product,
    change_product,
    create_format,
    create_product,
)

__all__ = [
    "MAX_DEPOSIT_CENTS",
    "MAX_UNIT_PRICE",
    "TAX_CODES",
    "Audience",
    "BadFormat",
    "ContainerTaken",
    "FormatFigures",
    "ProductTaken",
    "ProductWords",
    "add_format",
    "add_product",
    "archive_format",
    "archive_product",
    "change_container_class",
    "change_format",
    "change_product",
    "check_digit",
    "create_container_class",
    "create_format",
    "create_product",
    "figures_of",
    "name_of",
    "price_container",
    "require_unit_price",
    "share_classes",
]
