"""Measure, and print each figure beside its goal: ``python -m benchmarks [--repeat N]``."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from . import cases, concurrent, exploring, scripting
from .floor import floor


class Figure(NamedTuple):
    """One line: the goal and what to reach for are in ``unit``; None where the case is there for information."""

    name: str
    unit: str
    measure: Callable[[], float]
    goal: float | None = None
    reach: float | None = None


def in_floors(case: Callable[[], float]) -> Callable[[], float]:
    """The case in event floors, which are measured just before and just after it."""

    def measure() -> float:
        before = floor()
        ns = case()
        return 2 * ns / (before + floor())

    return measure


def times_off(case: Callable[..., float]) -> Callable[[], float]:
    """The case with a brief trace, as a multiple of the case without."""
    return lambda: case(trace="brief") / case(trace="off")


FIGURES = (
    Figure("copy of one TCB", "floors", in_floors(cases.tcb_copy), 2, 0.75),
    Figure("copy of a world, 80 packets in flight", "floors", in_floors(cases.world_copy), 20, 6),
    Figure("short connection, 7 segments", "floors", in_floors(cases.short_connections), 125, 95),
    Figure("import tcpsim", "more start-ups", cases.import_in_start_ups, 4, 2),
    Figure("bulk transfer, a segment", "floors", in_floors(cases.bulk), 7, 6),
    Figure("bulk transfer, 1,000 -> 1,000,000", "times", cases.growth, 1.15, 1.05),
    Figure("1,000 connections at once, a segment", "times", lambda: concurrent.growth(1_000), 1.7, 1.5),
    Figure("10,000 connections at once, a segment", "times", lambda: concurrent.growth(10_000), 2.4, 2.0),
    Figure("bulk with SACK, 1 % loss", "times", cases.lossy, 1.25, 1.15),
    Figure(
        "ACK with SACK, 400 -> 1,000 in flight, 30 holes",
        "times",
        lambda: cases.holes(1_000) / cases.holes(400),
        1.5,
        1.1,
    ),
    Figure("1,000 short packetdrill scripts, two processes", "s", scripting.thousand_scripts, 20),
    Figure("exploring: copy", "floors", in_floors(exploring.copying)),
    Figure("exploring: apply", "floors", in_floors(exploring.applying)),
    Figure("exploring: key", "floors", in_floors(exploring.keying)),
    Figure("exploring: a transition, whole", "floors", in_floors(exploring.whole), 30, 12),
    Figure("exploring: a stored state", "octets", exploring.octets_of_a_state),
    Figure("idle connection, both ends", "kB", lambda: cases.idle_memory() / 1000, 3.5, 2.5),
    Figure("short connection, trace kept", "times", times_off(cases.short_connections), 1.25, 1.15),
    Figure("bulk transfer, trace kept", "times", times_off(cases.bulk), 1.25, 1.15),
    Figure(
        "short connections, 1,000 -> 10,000",
        "times",
        lambda: cases.short_connections(10_000) / cases.short_connections(1_000),
    ),
)


def verdict(figure: Figure, value: float) -> str:
    """Whether the goal is met, in a word."""
    if figure.goal is None or figure.reach is None:
        return "-"
    return "reached" if value <= figure.reach else "met" if value <= figure.goal else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="measure each N times (default 7)")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure those whose name contains TEXT")
    options = parser.parse_args()
    floors = [floor() for _ in range(options.repeat)]
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()};", end=" ")
    print(f"one event floor is {median(floors):.0f} ns here; medians of {options.repeat}, lowest and highest")
    print(f"\n{'what':<40}{'median':>9}{'lowest':>9}{'highest':>9}  {'unit':<15}{'goal':>6}{'reach':>7}  verdict")
    for figure in FIGURES:
        if options.only not in figure.name:
            continue
        values = [figure.measure() for _ in range(options.repeat)]
        value = median(values)
        goals = ["-" if goal is None else f"{goal:g}" for goal in (figure.goal, figure.reach)]
        print(
            f"{figure.name:<40}{value:>9.2f}{min(values):>9.2f}{max(values):>9.2f}  {figure.unit:<15}"
            f"{goals[0]:>6}{goals[1]:>7}  {verdict(figure, value)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
