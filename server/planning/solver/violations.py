"""The rules that a plan can break, and their words for people."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.problems import Text


class Breach(StrEnum):
    """The kinds of rules that a plan can break."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    TWICE = "twice"
    VEHICLE_TWICE = "vehicle_twice"
    CAPACITY = "capacity"
    WINDOW = "window"
    SHIFT = "shift"
    DURATION = "duration"
    DISTANCE = "distance"
    TRAVEL = "travel"
    SERVICE = "service"
    UNREACHABLE = "unreachable"
    SKILL = "skill"
    PIN = "pin"
    RELEASE = "release"
    RELOAD = "reload"
    PAUSE = "pause"
    FIGURES = "figures"

    @property
    def label(self) -> Text:
        """Return the words for people."""
        return _LABELS[self]


_LABELS = {
    Breach.UNKNOWN: Text("véhicule, arrêt ou dépôt inconnu", "unknown vehicle, stop or depot"),
    Breach.MISSING: Text("arrêt obligatoire oublié", "required stop left out"),
    Breach.TWICE: Text("arrêt visité deux fois", "stop visited twice"),
    Breach.VEHICLE_TWICE: Text("véhicule utilisé deux fois", "vehicle used twice"),
    Breach.CAPACITY: Text("capacité dépassée", "capacity exceeded"),
    Breach.WINDOW: Text("hors de la plage horaire", "outside the time window"),
    Breach.SHIFT: Text("hors du quart de travail", "outside the shift"),
    Breach.DURATION: Text("tournée trop longue", "route too long in time"),
    Breach.DISTANCE: Text("trop de kilomètres", "route too long in distance"),
    Breach.TRAVEL: Text("arrivée plus tôt que la route ne le permet", "arrives earlier than the road allows"),
    Breach.SERVICE: Text("service écourté", "service cut short"),
    Breach.UNREACHABLE: Text("aucun chemin", "no way"),
    Breach.SKILL: Text("le véhicule n’a pas ce qu’il faut", "the vehicle lacks a skill"),
    Breach.PIN: Text("arrêt réservé à un autre véhicule", "stop pinned to another vehicle"),
    Breach.RELEASE: Text("départ avant que la marchandise soit prête", "leaves before its goods are released"),
    Breach.RELOAD: Text("rechargement non permis", "reload not allowed"),
    Breach.PAUSE: Text("pause absente ou mal placée", "pause missing or misplaced"),
    Breach.FIGURES: Text("total inexact", "wrong total"),
}


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule: which, by whom, where, and by how much in the rule's own unit."""

    kind: Breach
    vehicle: str = ""
    stop: str = ""
    excess: int = 0
