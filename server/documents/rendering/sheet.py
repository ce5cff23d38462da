"""The layout that the templates know: headings, facts, tables and a closing block, with every text ready to print."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.problems import Language

type Align = Literal["left", "right", "center"]
type Tone = Literal["plain", "quiet", "strong", "warn", "good"]


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Frozen and keyword-only."""


class Cell(Layout, frozen=True, kw_only=True):
    """A table cell: a text and quieter lines under it, both of which may be links, or an empty ``box`` to write in."""

    text: str = ""
    link: str = ""
    below: tuple[str, ...] = ()
    below_link: str = ""
    tone: Tone = "plain"
    box: bool = False


class Column(Layout, frozen=True, kw_only=True):
    """A column with its width in millimetres; 0 takes a share of what is left."""

    label: str
    width_mm: float = 0
    align: Align = "left"


class Pair(Layout, frozen=True, kw_only=True):
    """A label with its value; ``mono`` sets the value in a fixed width (hashes)."""

    label: str
    value: str
    mono: bool = False


class Block(Layout, frozen=True, kw_only=True, tag_field="block"):
    """Something that stands in the page's flow."""


class Total(Layout, frozen=True, kw_only=True):
    """One row of the totals."""

    label: str
    amount: str
    below: str = ""
    strong: bool = False


class Table(Block, frozen=True, kw_only=True, tag="table"):
    """Rows under a header that is repeated on every page.

    A row of a single cell is a heading across the table and stays with the row after it.
    The totals and ``aside`` close the table and never stand alone: the last rows go with them to the next page.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    totals: tuple[Total, ...] = ()
    aside_title: str = ""
    aside: tuple[str, ...] = ()


class Prose(Block, frozen=True, kw_only=True, tag="prose"):
    """A titled paragraph or list of paragraphs, kept on one page."""

    title: str
    paragraphs: tuple[str, ...]
    tone: Tone = "plain"


class Facts(Block, frozen=True, kw_only=True, tag="facts"):
    """Labelled values in ``columns`` columns."""

    title: str
    pairs: tuple[Pair, ...]
    columns: int = 2


class Ink(Block, frozen=True, kw_only=True, tag="ink"):
    """A drawn signature (SVG) with who made it; ``alt`` says so to people who cannot see it."""

    title: str
    svg: str
    alt: str
    caption: tuple[str, ...]


class SignHere(Block, frozen=True, kw_only=True, tag="sign_here"):
    """Lines to fill in by hand on paper."""

    title: str
    labels: tuple[str, ...]


class Address(Layout, frozen=True, kw_only=True):
    """A party as printed: ``label`` says its part in the paper."""

    label: str
    name: str
    lines: tuple[str, ...]


class Sheet(Layout, frozen=True, kw_only=True):
    """One paper, ready to be typeset."""

    language: Language
    title: str
    number: str
    head: Address
    qr_svg: str
    qr_alt: str
    page: str
    page_of: str
    running: str
    banner: str = ""
    banner_note: str = ""
    badge: str = ""
    facts: tuple[Pair, ...] = ()
    addresses: tuple[Address, ...] = ()
    blocks: tuple[Table | Prose | Facts | Ink | SignHere, ...] = ()
    foot: str = ""
