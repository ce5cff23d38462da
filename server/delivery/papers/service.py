"""Taking a photographed paper in, and matching it to its order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, any_, literal, or_, select
from sqlalchemy.orm import Session

from server.core import facts
from server.core.acting import acting_org
from server.core.blobs import BlobStore
from server.core.pictures import JPEG, read_picture
from server.core.problems import Conflict, Forbidden, NotFound, Text
from server.core.stamp import Stamp
from server.delivery.events import PAPER_MATCHED
from server.delivery.papers.codes import order_of_code
from server.delivery.papers.model import PaperProof
from server.delivery.sharing.papers import share_paper
from server.orders.model import DistributionMethod, Order
from shared.ids import new_id

MAX_NAME: Final = 120
LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A picture that lies in the store twice, and the codes that were read on it."""

    name: str
    sha256: str
    size_bytes: int
    shown_sha256: str
    shown_size_bytes: int
    codes: tuple[str, ...]


def take_in(store: BlobStore, owner_id: UUID, *, name: str, payload: bytes) -> Taken:
    """Keep a picture as it came and as it is shown; never inside a transaction.

    Raises:
        PictureRefused: it is no picture that is taken.
    """
    picture = read_picture(payload)
    return Taken(
        name=name[:MAX_NAME] or "papier",
        sha256=store.put(owner_id, payload, media_type="application/octet-stream"),
        size_bytes=len(payload),
        shown_sha256=store.put(owner_id, picture.jpeg, media_type=JPEG),
        shown_size_bytes=len(picture.jpeg),
        codes=picture.codes,
    )


def add_paper(session: Session, *, taken: Taken, by_name: str, stamp: Stamp) -> PaperProof:
    """Return the acting carrier's new paper, matched by its code when it names one order of theirs; once a picture.

    Source: R018, R056; requirements section 3 (« Upload paper POD »).
    """
    me = acting_org(session)
    known = session.scalars(
        select(PaperProof).where(PaperProof.owner_id == me, PaperProof.sha256 == taken.sha256)
    ).one_or_none()
    if known is not None:
        return known
    made = PaperProof(
        id=new_id(),
        owner_id=me,
        name=taken.name,
        sha256=taken.sha256,
        size_bytes=taken.size_bytes,
        shown_sha256=taken.shown_sha256,
        shown_size_bytes=taken.shown_size_bytes,
        code=taken.codes[0] if taken.codes else "",
        uploaded_by=stamp.by,
        uploaded_by_name=by_name,
        uploaded_at=stamp.at,
    )
    session.add(made)
    session.flush()
    orders = [one for one in map(order_of_code, taken.codes) if one is not None]
    if len(set(orders)) == 1 and (order := _carried(session, orders[0])) is not None:
        _match(session, made, order, by=None, stamp=stamp)
    return made


def match_by_hand(session: Session, *, paper_id: UUID, number: str, stamp: Stamp) -> PaperProof:
    """Match a paper to the order of that number among those that the acting organisation carries.

    Raises:
        NotFound: there is no such paper, or no such order on their trucks.
        Conflict: the paper is matched already, or several sellers use the number.
    """
    found = paper(session, paper_id)
    if found.owner_id != acting_org(session) or found.matched_at is not None:
        raise Conflict(
            Text("Ce papier est déjà associé à une commande.", "This paper is matched to an order already."),
            where=str(paper_id),
        )
    orders = [one for one in session.scalars(select(Order).where(Order.number == number)) if _carries(session, one)]
    if not orders:
        raise NotFound(
            Text("Aucune de vos livraisons ne porte ce numéro.", "None of your deliveries has this number."),
            where="number",
        )
    if len(orders) > 1:
        raise Conflict(
            Text("Plusieurs commandes portent ce numéro.", "Several orders have this number."), where="number"
        )
    return _match(session, found, orders[0], by=stamp.by, stamp=stamp)


def require_carrier(session: Session, *, is_distributor: bool) -> None:
    """Let distributors upload, and suppliers that deliver orders themselves.

    Raises:
        Forbidden: a supplier that delivers nothing itself.
    """
    own = select(Order.id).where(
        Order.owner_id == acting_org(session), Order.distribution == DistributionMethod.SELF_DISTRIBUTED
    )
    if not is_distributor and session.scalars(own.limit(1)).first() is None:
        raise Forbidden(
            Text(
                "Seul qui livre lui-même téléverse des preuves papier.",
                "Only who delivers by itself uploads paper proofs.",
            ),
            where="papers",
        )


def paper(session: Session, paper_id: UUID) -> PaperProof:
    """Return a paper that the acting organisation may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = session.scalars(_seen(session).where(PaperProof.id == paper_id)).one_or_none()
    if found is None:
        raise NotFound(Text("Cette preuve papier n’existe pas.", "There is no such paper proof."), where=str(paper_id))
    return found


def papers(session: Session, *, matched: bool | None = None, order_id: UUID | None = None) -> Sequence[PaperProof]:
    """Return the papers that the acting organisation may see, newest first, at most ``LISTED``."""
    query = _seen(session)
    if matched is not None:
        query = query.where(PaperProof.matched_at.is_not(None) if matched else PaperProof.matched_at.is_(None))
    if order_id is not None:
        query = query.where(PaperProof.order_id == order_id)
    return session.scalars(query.order_by(PaperProof.uploaded_at.desc(), PaperProof.id).limit(LISTED)).all()


def _seen(session: Session) -> Select[PaperProof]:
    me = acting_org(session)
    return select(PaperProof).where(or_(PaperProof.owner_id == me, literal(me) == any_(PaperProof.party_ids)))


def _carried(session: Session, order_id: UUID) -> Order | None:
    order = session.scalars(select(Order).where(Order.id == order_id)).one_or_none()
    return order if order is not None and _carries(session, order) else None


def _carries(session: Session, order: Order) -> bool:
    carrier_id = order.carrier_id or order.owner_id
    return carrier_id == acting_org(session)


def _match(session: Session, found: PaperProof, order: Order, *, by: UUID | None, stamp: Stamp) -> PaperProof:
    parties = {order.owner_id, order.buyer_id, order.issuer_id or order.owner_id} - {found.owner_id}
    found.party_ids = sorted(parties)
    found.order_id, found.order_number = order.id, order.number
    found.matched_by, found.matched_at = by, stamp.at
    session.flush()
    facts.record(session, PAPER_MATCHED, found.id, stamp, readers=tuple(found.party_ids))
    share_paper(session, found, stamp=stamp)
    return found
