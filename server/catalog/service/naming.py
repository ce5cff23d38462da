"""Products by the reference of the seller's own system: each at most once."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.catalog.model import Product
from server.core.acting import acting_org
from server.core.database import Owned
from server.core.problems import NotFound, Problem, Text


class ProductTaken(Problem):
    """Another product, format or rule of the seller has this reference."""

    slug = "reference-taken"
    status: ClassVar[int] = 409
    title = Text("Référence déjà prise", "Reference already taken")


def add_named(session: Session, row: Owned, *, reference: str) -> None:
    """Write a new or changed row at once.

    Raises:
        ProductTaken: another one of the seller has its reference; nothing else of the transaction is lost.
    """
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise ProductTaken(
                Text(
                    f"La référence «\u00a0{reference}\u00a0» est déjà prise. En choisir une autre.",
                    f"The reference “{reference}” is already taken. Choose another.",
                ),
                where="reference",
            ) from error
        raise


def own_product(session: Session, *, product_id: UUID) -> Product:
    """Return a product of the acting supplier, locked.

    Raises:
        NotFound: there is none, or somebody else owns it.
    """
    product = session.scalars(
        select(Product).where(Product.id == product_id, Product.owner_id == acting_org(session)).with_for_update()
    ).one_or_none()
    if product is None:
        raise NotFound(Text("Ce produit n’existe pas.", "There is no such product."), where=str(product_id))
    return product
