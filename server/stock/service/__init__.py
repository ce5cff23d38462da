"""Goods and containers move; every movement names both ends."""

from server.stock.service.adjusting import Adjustment, adjust
from server.stock.service.keeping import BadStock, require_keeper
from server.stock.service.moving import BadMove, GoodsMove, move_containers, move_goods, remember_depots, undo_moves
from server.stock.service.transferring import Sent, accept_transfer, cancel_transfer, send_transfer

__all__ = [
    "Adjustment",
    "BadMove",
    "BadStock",
    "GoodsMove",
    "Sent",
    "accept_transfer",
    "adjust",
    "cancel_transfer",
    "move_containers",
    "move_goods",
    "remember_depots",
    "require_keeper",
    "send_transfer",
    "undo_moves",
]
