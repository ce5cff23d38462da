"""Signed papers, photographed: matched by their code or by hand, and seen by their order's parties alone."""

from __future__ import annotations

import hashlib
import io
import zipfile
from uuid import UUID

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from server.delivery.jobs import gather_export
from server.delivery.papers.codes import order_of_code
from server.identity.model import OrganisationKind, Role
from shared.ids import new_id
from tests.factories.given import carrier, shop, supplier
from tests.factories.hand_tablet import Yard, make_yard
from tests.factories.self_distributed import own_order
from tests.factories.web import Organisation, application, make_member, program_of
from tests.factories.world import ADJUST, CREDIT, make_order, make_world, read_order


@pytest.fixture(scope="module")
def yard(module_database) -> Yard:
    """Two suppliers at two shops, nothing delivered yet. One for all tests here."""
    world = make_world([ADJUST, CREDIT], buyers=2)
    for seller in world.sellers:
        for buyer in world.buyers:
            make_order(world, seller=seller, buyer=buyer)
    return make_yard(application(), world)


def slip(text: str, *, angle: float = 7, blur: float = 1.2) -> bytes:
    """Return a photograph of a paper with a QR code: askew, a little out of focus, on a grey table."""
    code = Image.fromarray(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=6)).convert("L")
    paper = Image.new("L", (1100, 1500), "white")
    paper.paste(code, (740, 90))
    table = Image.new("L", (1500, 1900), 120)
    table.paste(paper, (200, 200))
    photo = table.rotate(angle, fillcolor=120).filter(ImageFilter.GaussianBlur(blur)).convert("RGB")
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=70)
    return out.getvalue()


def order_ids(yard: Yard, seller: int, buyer: int) -> str:
    return next(
        order.order_id
        for stop in yard.tablet.run.stops
        for order in stop.orders
        if order.goods.seller_id == str(yard.world.sellers[seller].id)
        and order.goods.buyer_id == str(yard.world.buyers[buyer].id)
    )


def send(client, payload: bytes):
    return client.post(
        "/api/v1/paper-proofs", data=payload, headers={"Content-Type": "image/jpeg", "X-Name": "bon.jpg"}
    )


def test_a_photographed_slip_joins_its_order_by_its_code(yard: Yard) -> None:
    """R018, R056: read askew and blurred, matched, and seen by that order's seller, buyer and carrier alone."""
    order_id = order_ids(yard, 0, 0)
    photo = slip(f"https://ancien.exemple/q/bon/{order_id}")
    made = send(carrier(yard, Role.DRIVER), photo)
    assert (made.status_code, made.json["order_id"]) == (201, order_id)
    assert send(carrier(yard), photo).json["id"] == made.json["id"]
    for client in (supplier(yard, 0), shop(yard, 0), carrier(yard)):
        assert [one["id"] for one in client.get(f"/api/v1/paper-proofs?order_id={order_id}").json] == [made.json["id"]]
        assert client.get(f"/api/v1/paper-proofs/{made.json['id']}/file").data.startswith(b"\xff\xd8")
    for stranger in (supplier(yard, 1), shop(yard, 1)):
        assert stranger.get("/api/v1/paper-proofs").json == []
        assert stranger.get(f"/api/v1/paper-proofs/{made.json['id']}/file").status_code == 404
    assert "Preuve papier" in supplier(yard, 0, browser=True).get(f"/commandes/{order_id}").text


def test_what_has_no_code_waits_to_be_matched_by_hand(yard: Yard) -> None:
    """Unmatched papers are the carrier's alone; the number of one of its deliveries matches them, once."""
    owner = carrier(yard, browser=True)
    form = {"papiers": (io.BytesIO(slip("https://exemple.test/menu")), "quai.jpg")}
    assert owner.post("/preuves/papier", data=form).status_code == 303
    listed = owner.get("/preuves/papier").text
    assert "quai.jpg" in listed
    (waiting,) = carrier(yard).get("/api/v1/paper-proofs?matched=false").json
    assert supplier(yard, 1).get("/api/v1/paper-proofs").json == []
    path = f"/api/v1/paper-proofs/{waiting['id']}/match"
    assert carrier(yard).post(path, json={"number": "C-1"}).status_code == 404
    number = read_order(UUID(order_ids(yard, 1, 1)), acting=yard.world.carrier_id).number
    assert carrier(yard).post(path, json={"number": number}).json["order_number"] == number
    assert carrier(yard).post(path, json={"number": number}).status_code == 409
    assert len(supplier(yard, 1).get("/api/v1/paper-proofs").json) == 1


def test_a_code_is_a_name_and_no_permission(yard: Yard) -> None:
    """A paper of somebody else's order is not matched by its code, whatever it says."""
    other = Organisation(OrganisationKind.DISTRIBUTOR)
    stranger = program_of(yard.app, make_member(other, Role.DISPATCHER))
    made = send(stranger, slip(f"http://x.test/q/commande/{order_ids(yard, 1, 0)}"))
    assert (made.status_code, made.json["order_id"]) == (201, None)
    assert carrier(yard).get(f"/api/v1/paper-proofs/{made.json['id']}/file").status_code == 404


def test_only_who_delivers_uploads(yard: Yard) -> None:
    """Section 3: suppliers only when they deliver themselves, shops never; what is no picture is refused."""
    assert send(supplier(yard, 0), slip("x")).status_code == 403
    assert send(shop(yard, 0), slip("x")).status_code == 403
    assert send(carrier(yard), b"%PDF-1.7 not a picture").status_code == 422
    assert send(supplier(yard, 1), slip("x")).status_code == 403
    own = own_order(yard.world, yard.world.sellers[1], supplier(yard, 1))["id"]
    assert send(supplier(yard, 1), slip(f"https://t.test/q/bon/{own}")).json["order_id"] == own


def test_only_our_codes_name_orders() -> None:
    """The one place that reads a paper's code: an address's path, of an order's papers alone."""
    one = new_id()
    for text in (f"http://t.example/q/bon/{one}", f"https://a.b/base/q/commande/{one}", f"/q/bon/{one}"):
        assert order_of_code(text) == one, text
    for text in (f"https://t/q/facture/{one}", f"https://t/q/bon/{one}?x", "https://t/q/bon/1", "x" * 600, ""):
        assert order_of_code(text) is None, text


def test_a_matched_paper_goes_the_ways_of_every_proof(yard: Yard) -> None:
    """R018, R056: in its parties' feed, search and archive, the owner's log, marked as paper; never another's."""
    order_id = order_ids(yard, 0, 1)
    made = send(carrier(yard), slip(f"https://t.test/q/bon/{order_id}")).json
    client = supplier(yard, 0)
    feed = {one["id"]: one for one in client.get("/api/v1/proofs").json["proofs"]}
    mine = feed[made["id"]]
    assert (mine["kind"], mine["pdf"], mine["outcome"], mine["state"]) == ("paper", None, None, "closed")
    assert hashlib.sha256(client.get(mine["file"]["href"]).data).hexdigest() == mine["file"]["sha256"]
    assert client.get(f"/api/v1/proofs/{made['id']}").json == mine
    for asked in (f"order={made['order_number']}", "q=papier", "kind=paper"):
        assert made["id"] in {one["id"] for one in client.get(f"/api/v1/proofs/search?{asked}").json["proofs"]}
    assert client.get("/api/v1/proofs/search?kind=sealed").json["proofs"] == []
    other = supplier(yard, 1)
    assert made["id"] not in {one["id"] for one in other.get("/api/v1/proofs").json["proofs"]}
    assert other.get(f"/api/v1/proofs/{made['id']}").status_code == 404
    _look_in_the_archive(client, made, yard.world.sellers[0].id)
    page = supplier(yard, 0, browser=True)
    assert "Preuve papier" in page.get(f"/preuves?commande={made['order_number']}").text
    assert f"/preuves/papier/{made['id']}/image" in page.get(f"/preuves/papier/{made['id']}").text
    log = carrier(yard).get(f"/api/v1/paper-proofs/{made['id']}/accesses").json
    assert {(one["way"], one["part"]) for one in log} == {
        ("api", "file"), ("api", "contents"), ("zip", "file"), ("page", "contents"),
    }  # fmt: skip
    assert client.get(f"/api/v1/paper-proofs/{made['id']}/accesses").json == []


def _look_in_the_archive(client, made: dict, owner_id: UUID) -> None:
    asked = client.post(f"/api/v1/proof-exports?kind=paper&order={made['order_number']}").json
    gather_export(owner_id=str(owner_id), subject_id=asked["id"])
    found = client.get(f"/api/v1/proof-exports/{asked['id']}").json
    with zipfile.ZipFile(io.BytesIO(client.get(found["href"]).data)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert [name.startswith(made["order_number"]) and name.endswith("-papier.jpg") for name in names] == [True]
        assert archive.read(names[0]).startswith(b"\xff\xd8")
