"""Tomorrow's work: cycles, vehicles, road networks, plans, runs and stops. The carrier owns them all."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.database import Owned, json_list, json_object
from shared.lifecycles import RUN_LIFECYCLE, STOP_LIFECYCLE, RunState, StopState

RUN_OVER = (RunState.SYNCED, RunState.SETTLED, RunState.CLOSED, RunState.CANCELLED)
"""States in which a run no longer concerns its driver's tablet."""
_OVER = ", ".join(f"'{state.value}'" for state in RUN_OVER)


class DeliveryCycle(Owned):
    """Every ``every_weeks`` weeks on one weekday from a first day on (R074); 0 is Monday."""

    __tablename__ = "delivery_cycle"

    name: Mapped[str]
    first_on: Mapped[date]
    every_weeks: Mapped[int]
    site_ids: Mapped[list[UUID]] = mapped_column(default=list)
    seller_ids: Mapped[list[UUID]] = mapped_column(default=list)


class Vehicle(Owned):
    """A truck: what it may carry and when it works (local minutes after midnight)."""

    __tablename__ = "vehicle"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    name: Mapped[str]
    truck_class: Mapped[str] = mapped_column(default="truck")
    capacity_g: Mapped[int]
    capacity_units: Mapped[int]
    depot_site_id: Mapped[UUID]
    starts_min: Mapped[int] = mapped_column(default=7 * 60)
    ends_min: Mapped[int] = mapped_column(default=17 * 60)
    plate: Mapped[str] = mapped_column(default="")


class MatrixSource(StrEnum):
    """Where times and distances come from; estimates are labelled on every screen and paper."""

    ROADS = "roads"
    ESTIMATE = "estimate"


class PlanState(StrEnum):
    """A plan is asked for, computed, then adopted as draft runs or not."""

    REQUESTED = "requested"
    SOLVED = "solved"
    FAILED = "failed"
    ADOPTED = "adopted"


class Plan(Owned):
    """One request to plan a day: what it read, what the solver answered, how long it took."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("owner_id", "key"),)

    key: Mapped[UUID | None]  # its asker's: asking twice makes one plan
    runs_on: Mapped[date]
    state: Mapped[PlanState]
    progress: Mapped[int] = mapped_column(default=0)  # percent
    seconds: Mapped[int]
    iterations: Mapped[int | None]  # ends the search as well; a plan that only they end is the same on every machine
    seed: Mapped[int]
    order_revisions: Mapped[json_object] = mapped_column(default=dict)  # order id → revision that was read
    solution: Mapped[json_object] = mapped_column(default=dict)
    problem_fr: Mapped[str] = mapped_column(default="")
    problem_en: Mapped[str] = mapped_column(default="")
    matrix_source: Mapped[MatrixSource]
    requested_by: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Run(Owned):
    """One truck's day: a date, a driver, a vehicle and ordered stops. ``version`` rises with every change."""

    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("owner_id", "runs_on", "name"),
        Index(None, "owner_id", "driver_id"),
        Index("ix_run_live", "owner_id", "driver_id", postgresql_where=text(f"state NOT IN ({_OVER})")),
    )

    name: Mapped[str]
    runs_on: Mapped[date]
    vehicle_id: Mapped[UUID]
    driver_id: Mapped[UUID | None]
    driver_name: Mapped[str] = mapped_column(default="")
    plan_id: Mapped[UUID | None]
    state: Mapped[RunState]
    version: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    distance_m: Mapped[int] = mapped_column(default=0)
    duration_s: Mapped[int] = mapped_column(default=0)
    matrix_source: Mapped[MatrixSource]
    route_e5: Mapped[json_list] = mapped_column(default=list)  # [[lat, lon], …] in 1e-5 degrees
    documented_at: Mapped[datetime | None]
    departed_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    stops: Mapped[list[Stop]] = relationship(
        lazy="raise_on_sql", order_by="Stop.position", back_populates="run", cascade="save-update"
    )

    def move_to(self, state: RunState) -> None:
        """Take the next step of the run.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = RUN_LIFECYCLE.step(self.state, state)


class Stop(Owned):
    """One place on a run, with the orders that go there."""

    __tablename__ = "stop"
    __table_args__ = (Index(None, "owner_id", "site_id"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("run.id"), index=True)
    position: Mapped[int]
    site_id: Mapped[UUID]
    buyer_id: Mapped[UUID]
    state: Mapped[StopState]
    planned_at: Mapped[datetime]
    service_s: Mapped[int]
    leg_distance_m: Mapped[int] = mapped_column(default=0)
    leg_duration_s: Mapped[int] = mapped_column(default=0)
    locked: Mapped[bool] = mapped_column(default=False)
    arrived_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    run: Mapped[Run] = relationship(lazy="raise_on_sql", back_populates="stops")
    orders: Mapped[list[StopOrder]] = relationship(
        lazy="raise_on_sql", order_by="StopOrder.position", cascade="save-update"
    )

    def move_to(self, state: StopState) -> None:
        """Take the next step of the stop.

        Raises:
            IllegalMove: the lifecycle does not have it.
        """
        self.state = STOP_LIFECYCLE.step(self.state, state)


class StopOrder(Owned):
    """An order on a stop; its seller reads it. An order rides on one live stop at a time."""

    __tablename__ = "stop_order"
    __table_args__ = (UniqueConstraint("stop_id", "order_id"), Index(None, "order_id"))

    stop_id: Mapped[UUID] = mapped_column(ForeignKey("stop.id"), index=True)
    order_id: Mapped[UUID]
    position: Mapped[int]


class RoadLeg(Owned):
    """The matrix kept from one site to another on one road network and truck class."""

    __tablename__ = "road_leg"
    __table_args__ = (UniqueConstraint("owner_id", "network", "from_site_id", "to_site_id"),)

    network: Mapped[str]
    from_site_id: Mapped[UUID]
    to_site_id: Mapped[UUID]
    duration_s: Mapped[int]
    distance_m: Mapped[int]
