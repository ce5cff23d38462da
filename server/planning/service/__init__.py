"""The verbs of planning: fleets and cycles, plans, runs and their stops."""

from server.planning.loading import load_goods, load_unlisted
from server.planning.service.adopting import adopt_plan
from server.planning.service.fleet import BadFleet, create_vehicle, drop_cycle, set_cycle
from server.planning.service.moving import STOPS_CHANGE, Recosted, RunFixed, move_stop, remove_order
from server.planning.service.plans import (
    PlanOvertaken,
    fail_plan,
    keep_legs,
    note_progress,
    request_plan,
    save_plan,
)
from server.planning.service.runs import (
    EmptyRun,
    NoDriver,
    assign_driver,
    cancel_run,
    close_run,
    load_run,
    prepare_run,
    ready_run,
    redraw_run,
    settle_run,
)

__all__ = [
    "STOPS_CHANGE",
    "BadFleet",
    "EmptyRun",
    "NoDriver",
    "PlanOvertaken",
    "Recosted",
    "RunFixed",
    "adopt_plan",
    "assign_driver",
    "cancel_run",
    "close_run",
    "create_vehicle",
    "drop_cycle",
    "fail_plan",
    "keep_legs",
    "load_goods",
    "load_run",
    "load_unlisted",
    "move_stop",
    "note_progress",
    "prepare_run",
    "ready_run",
    "redraw_run",
    "remove_order",
    "request_plan",
    "save_plan",
    "set_cycle",
    "settle_run",
]
