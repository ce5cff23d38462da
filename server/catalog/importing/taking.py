"""Formats from a file: what each row would do, then all of it or nothing; the same file again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog import queries, service
from server.catalog.importing.rows import BY_KEY, CONTAINER
from server.catalog.model import ContainerClass, Product, ProductFormat, SalesUnit
from server.catalog.service import BadFormat, FormatFigures, ProductWords
from server.catalog.service.formats import check_figures, figures_of
from server.core.acting import acting_org
from server.core.csv_rows import Row, RowFault, Sheet
from server.core.imports import Difference, ImportReport, Note, RowChange, Verdict, quietly, require_faultless
from server.core.problems import Text
from server.core.stamp import Stamp
from server.parties.model import Organisation

_OF_PRODUCT: Final = ("product_fr", "product_en", "style")
_DEFAULTS: Final[Mapping[str, Any]] = {
    "sales_unit": SalesUnit.CASE, "packs_a_unit": 1, "units_a_pack": 1, "container_ml": 0, "weight_g": None,
    "unit_price": None, "tax_codes": None, "barcode": "", "pack_barcode": "", "container_barcode": "",
    "unlimited": True, "listed": True, "max_an_order": None,
}  # fmt: skip
_NEEDED: Final = ("weight_g", "unit_price")


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What is there already: formats by reference, products by name, container classes by code."""

    formats: Mapping[str, ProductFormat]
    products: Mapping[UUID, Product]
    by_name: Mapping[str, Product]
    classes: Mapping[str, ContainerClass]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one row does: the words of its product, the figures of its format."""

    row: Row
    sold: ProductFormat | None
    product: Product | None
    words: Mapping[str, str]
    figures: FormatFigures


def preview_catalogue(session: Session, *, sheet: Sheet) -> ImportReport:
    """Return what ``import_catalogue`` would do now, and do nothing.

    Raises:
        FaultyRows: rows whose figures cannot be, each with its line and column.
    """
    shelf, steps = _steps(session, sheet)
    return ImportReport(changes=tuple(_change(step, shelf) for step in steps))


def import_catalogue(session: Session, *, sheet: Sheet, stamp: Stamp, note: Note = quietly) -> ImportReport:
    """Make and change the acting supplier's formats as the sheet says, all of it or nothing; return what was done.

    A format is found by its reference, its product by its French name. A column that the sheet lacks leaves its values
    alone; an empty cell gives its value back its default. Two imports of one supplier wait for each other. ``note`` is
    called for each row that is done.

    Raises:
        FaultyRows: rows whose figures cannot be, each with its line and column.

    Source: the CSV import promises a dry run and errors by row.
    """
    session.get_one(Organisation, acting_org(session), with_for_update=True)
    shelf, steps = _steps(session, sheet)
    changes = tuple(_change(step, shelf) for step in steps)
    made: dict[str, UUID] = {}
    for step, change in zip(steps, changes, strict=True):
        if change.verdict is not Verdict.UNCHANGED:
            _take(session, step, made, stamp)
        note()
    return ImportReport(changes=changes)


def _steps(session: Session, sheet: Sheet) -> tuple[_Shelf, list[_Step]]:
    shelf = _read_shelf(session)
    faults: list[RowFault] = []
    steps: list[_Step] = []
    said: dict[str, dict[str, str]] = {}
    for row in sheet.rows:
        try:
            steps.append(_step(session, row, shelf, said))
        except _Faulty as wrong:
            faults.append(wrong.fault)
    require_faultless(faults)
    return shelf, steps


def _read_shelf(session: Session) -> _Shelf:
    me = acting_org(session)
    products = session.scalars(select(Product).where(Product.owner_id == me).order_by(Product.id)).all()
    formats = session.scalars(
        select(ProductFormat).where(ProductFormat.owner_id == me, ProductFormat.reference != "")
    ).all()
    return _Shelf(
        {one.reference: one for one in formats},
        {one.id: one for one in products},
        {one.name_fr.casefold(): one for one in reversed(products)},
        {one.code: one for one in queries.readable_classes(session)},
    )


class _Faulty(Exception):
    """A row whose figures cannot be."""

    def __init__(self, row: Row, key: str, text: Text) -> None:
        """Keep the fault."""
        super().__init__(text.en)
        column = BY_KEY.get(key)
        self.fault = RowFault(line=row.line, column=column.title if column else None, text=text)


def _step(session: Session, row: Row, shelf: _Shelf, said: dict[str, dict[str, str]]) -> _Step:
    sold = shelf.formats.get(row.values["reference"])
    product = shelf.products[sold.product_id] if sold else shelf.by_name.get(row.values["product_fr"].casefold())
    words = _words(row, product)
    _require_same_words(row, words, said)
    figures = _figures(row, sold, shelf)
    try:
        check_figures(session, figures)
    except BadFormat as wrong:
        raise _Faulty(row, wrong.where, wrong.detail) from wrong
    return _Step(row, sold, product, words, figures)


def _words(row: Row, product: Product | None) -> dict[str, str]:
    """Return what a row says of its product; an English name that is not there is the French one."""
    there = {"name_fr": product.name_fr, "name_en": product.name_en, "style": product.style} if product else {}
    name = row.values["product_fr"]
    words = {"name_fr": name, "name_en": there.get("name_en", name), "style": there.get("style", "")}
    if "product_en" in row.values:
        words["name_en"] = row.values["product_en"] or name
    if "style" in row.values:
        words["style"] = row.values["style"] or ""
    return words


def _require_same_words(row: Row, words: dict[str, str], said: dict[str, dict[str, str]]) -> None:
    before = said.setdefault(words["name_fr"].casefold(), words)
    for key, column in (("name_en", "product_en"), ("style", "style")):
        if before[key] != words[key]:
            text = Text(
                f"Une ligne plus haut dit «\u00a0{before[key]}\u00a0» pour ce produit. Écrire la même chose partout.",
                f"A line above says “{before[key]}” for this product. Write the same everywhere.",
            )
            raise _Faulty(row, column, text)


def _figures(row: Row, sold: ProductFormat | None, shelf: _Shelf) -> FormatFigures:
    values = {name: row.values[name] for name in _DEFAULTS if name in row.values}
    said = {name: _DEFAULTS[name] if value is None else value for name, value in values.items()}
    named = {"reference": row.values["reference"], "name_fr": row.values["name_fr"]}
    if "name_en" in row.values or sold is None:
        named["name_en"] = row.values.get("name_en") or row.values["name_fr"]
    whole: dict[str, Any] = {**named, **said, **_container(row, shelf)}
    if sold is None:
        whole = {**_DEFAULTS, **whole}
    for name in _NEEDED:
        if name in whole and whole[name] is None:
            raise _Faulty(row, name, Text("Cette cellule est vide. La remplir.", "This cell is empty. Fill it in."))
    return replace(figures_of(sold), **whole) if sold else FormatFigures(**whole)


def _container(row: Row, shelf: _Shelf) -> dict[str, UUID | None]:
    if "container" not in row.values:
        return {}
    code = row.values["container"]
    if not code:
        return {"container_class_id": None}
    if code not in shelf.classes:
        listed = ", ".join(sorted(shelf.classes)) or "–"
        text = Text(
            f"Le contenant «\u00a0{code}\u00a0» n’existe pas. Codes possibles\u00a0: {listed}.",
            f"There is no container “{code}”. Possible codes: {listed}.",
        )
        raise _Faulty(row, CONTAINER.key, text)
    return {"container_class_id": shelf.classes[code].id}


def _change(step: _Step, shelf: _Shelf) -> RowChange:
    row, sold = step.row, step.sold
    differences = tuple(_differences(step, shelf)) if sold else ()
    verdict = Verdict.NEW if sold is None else Verdict.CHANGED if differences else Verdict.UNCHANGED
    note = _ARCHIVED if sold is not None and sold.archived_at else _NEW_PRODUCT if step.product is None else None
    return RowChange(
        line=row.line,
        key=row.values["reference"],
        name=f"{row.values['product_fr']}, {row.values['name_fr']}",
        verdict=verdict,
        differences=differences,
        note=note,
    )


_ARCHIVED: Final = Text("Archivé\u00a0: le remettre en vente d’abord.", "Archived: put it back on sale first.")
_NEW_PRODUCT: Final = Text("Nouveau produit.", "New product.")


def _differences(step: _Step, shelf: _Shelf) -> Iterator[Difference]:
    if step.sold is None or step.product is None:
        return
    for key, name in zip(_OF_PRODUCT, ("name_fr", "name_en", "style"), strict=True):
        if (was := getattr(step.product, name)) != (now := step.words[name]):
            yield Difference(field=BY_KEY[key].title, before=was, after=now)
    before, after = figures_of(step.sold), step.figures
    for name in ("name_fr", "name_en", *_DEFAULTS):
        if (was := getattr(before, name)) != (now := getattr(after, name)):
            yield Difference(field=BY_KEY[name].title, before=_written(was), after=_written(now))
    if before.container_class_id != after.container_class_id:
        codes: dict[UUID | None, str] = {one.id: code for code, one in shelf.classes.items()}
        ends = (codes.get(one.container_class_id, "") for one in (before, after))
        yield Difference(field=CONTAINER.title, before=next(ends), after=next(ends))


def _written(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(value)
    return "" if value is None else str(value)


def _take(session: Session, step: _Step, made: dict[str, UUID], stamp: Stamp) -> None:
    product_id = _take_product(session, step, made, stamp)
    if step.sold is None:
        service.add_format(session, product_id=product_id, figures=step.figures, stamp=stamp)
    elif figures_of(step.sold) != step.figures:
        service.change_format(session, format_id=step.sold.id, figures=step.figures, stamp=stamp)


def _take_product(session: Session, step: _Step, made: dict[str, UUID], stamp: Stamp) -> UUID:
    if step.product is None:
        name = step.words["name_fr"].casefold()
        if name not in made:
            made[name] = service.add_product(session, words=ProductWords(**step.words), stamp=stamp).id
        return made[name]
    product = step.product
    if any(getattr(product, name) != value for name, value in step.words.items()):
        words = ProductWords(
            **step.words,
            reference=product.reference,
            description_fr=product.description_fr,
            description_en=product.description_en,
            tax_codes=tuple(product.tax_codes),
        )
        service.change_product(session, product_id=product.id, words=words, stamp=stamp)
    return product.id
