"""The solver: a pure function of a problem, a stop rule and a seed; and a checker that trusts nobody."""

from server.planning.solver.checker import check_plan, check_route, plan_cost
from server.planning.solver.checking import BadProblem, checked
from server.planning.solver.insertion import Insertion, cheapest_insertion
from server.planning.solver.plan import Plan, PlannedPause, PlannedRoute, Reason, Unassigned, Visit
from server.planning.solver.problem import Depot, Location, Pause, Problem, Stop, Vehicle, Window
from server.planning.solver.problem_file import decode_problem, encode_problem
from server.planning.solver.solving import solve
from server.planning.solver.stop_rule import BadStopRule, StopRule
from server.planning.solver.violations import Breach, Violation

__all__ = [
    "BadProblem",
    "BadStopRule",
    "Breach",
    "Depot",
    "Insertion",
    "Location",
    "Pause",
    "Plan",
    "PlannedPause",
    "PlannedRoute",
    "Problem",
    "Reason",
    "Stop",
    "StopRule",
    "Unassigned",
    "Vehicle",
    "Violation",
    "Visit",
    "Window",
    "cheapest_insertion",
    "check_plan",
    "check_route",
    "checked",
    "decode_problem",
    "encode_problem",
    "plan_cost",
    "solve",
]
