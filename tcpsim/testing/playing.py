"""Faults that a test chooses: what happens to the n-th packet that a host sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..net.moves import Delay, Drop, Duplicate, Move
from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError

#: What a fault can do.  A delay of more than the time between two packets reorders them.
KINDS: Final = ("drop", "duplicate", "delay")


class Fault(NamedTuple):
    """The ``n``-th packet (from 1) that ``host`` sends is dropped, duplicated, or delayed by ``by`` ns."""

    host: str
    n: int
    what: str
    by: int = 0


def play(sim: Simulator, faults: Iterable[Fault] = (), *, limit: int = 100_000) -> None:
    """Let ``sim`` run until nothing is left to happen, with these faults, made by hand as the packets leave.

    Being moves, they are part of the history: ``back``, ``fork`` and ``replay_script`` repeat them.  Packets that
    somebody injects or doubles are not counted.  Raises TcpsimError for a fault that cannot be, and after ``limit``
    events.
    """
    waiting: dict[tuple[str, int], list[Fault]] = {}
    for fault in faults:
        if fault.what not in KINDS or fault.host not in sim.hosts or fault.n < 1 or fault.by < 0:
            raise TcpsimError(
                f"{fault}: write Fault(host, n, what, by) with n from 1, a time of 0 ns or more, "
                f"one of {', '.join(KINDS)}, and one of the hosts {', '.join(sim.hosts)}"
            )
        waiting.setdefault((fault.host, fault.n), []).append(fault)
    sent = dict.fromkeys(sim.hosts, 0)
    seen = 0
    for _ in range(limit):
        raw = sim.trace.raw
        while seen < len(raw):
            record = raw[seen]
            seen += 1
            if record[0] == "sent":
                sent[record[2]] += 1
                for fault in waiting.pop((record[2], sent[record[2]]), ()):
                    if record[5] in sim.world.flight:
                        sim.apply(_move(fault, record[5]))
        if not sim.step():
            return
    raise TcpsimError(f"play(): {limit} events and still not quiet")


def _move(fault: Fault, packet: int) -> Move:
    if fault.what == "drop":
        return Drop(packet)
    return Duplicate(packet) if fault.what == "duplicate" else Delay(packet, fault.by)
