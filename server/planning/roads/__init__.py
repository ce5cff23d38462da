"""Roads: what a truck may drive, how long it takes, and what to say when no road network is there."""

from server.planning.roads.building import BuildStep, build_network
from server.planning.roads.engine import RoadEngine, RouteGeometry, RouteLeg
from server.planning.roads.estimate import estimate_matrix
from server.planning.roads.matrix import UNREACHABLE, Matrix, MatrixSource
from server.planning.roads.network import RoadNetwork, open_network
from server.planning.roads.points import Point
from server.planning.roads.truck_class import DELIVERY_TRUCK, TruckClass

__all__ = [
    "DELIVERY_TRUCK",
    "UNREACHABLE",
    "BuildStep",
    "Matrix",
    "MatrixSource",
    "Point",
    "RoadEngine",
    "RoadNetwork",
    "RouteGeometry",
    "RouteLeg",
    "TruckClass",
    "build_network",
    "estimate_matrix",
    "open_network",
]
