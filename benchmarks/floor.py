"""The event floor: one object-oriented discrete event in this interpreter, with nothing of TCP in it.

Absolute times differ from machine to machine, so every figure is a multiple of this, measured beside it. Times
are those of the processor, not of the clock on the wall: what else runs on the machine disturbs them less.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from time import process_time_ns
from typing import Any

PENDING = 64
EVENTS = 40_000


class Segment:
    """Six fields in slots."""

    __slots__ = ("ack", "flags", "flow", "length", "seq", "wnd")

    def __init__(
        self, flow: tuple[str, int, str, int], seq: int, ack: int, flags: int, wnd: int, length: int
    ) -> None:
        self.flow = flow
        self.seq = seq
        self.ack = ack
        self.flags = flags
        self.wnd = wnd
        self.length = length


class Loop:
    """A heap of ``(t, n, function, argument)`` and a clock."""

    __slots__ = ("heap", "n", "now")

    def __init__(self) -> None:
        self.heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self.now = 0
        self.n = 0

    def at(self, t: int, function: Callable[[Any], None], argument: Any) -> None:
        self.n += 1
        heappush(self.heap, (t, self.n, function, argument))

    def run(self, events: int) -> None:
        heap = self.heap
        for _ in range(events):
            t, _, function, argument = heappop(heap)
            self.now = t
            function(argument)


class Connection:
    """Answers each segment with one."""

    __slots__ = ("flow", "loop", "node", "seq")

    def __init__(self, loop: Loop, node: Node, flow: tuple[str, int, str, int]) -> None:
        self.loop = loop
        self.node = node
        self.flow = flow
        self.seq = 0

    def on(self, seg: Segment) -> None:
        self.seq += 1
        loop = self.loop
        loop.at(loop.now + 1000, self.node.deliver, Segment(self.flow, self.seq, seg.seq, 16, 65535, 0))


class Node:
    """Looks the connection of a segment up."""

    __slots__ = ("conns",)

    def __init__(self) -> None:
        self.conns: dict[tuple[str, int, str, int], Connection] = {}

    def deliver(self, seg: Segment) -> None:
        self.conns[seg.flow].on(seg)


def floor() -> float:
    """ns an event takes, once measured."""
    loop, node = Loop(), Node()
    for port in range(PENDING):
        flow = ("10.0.0.1", 49152 + port, "10.0.0.2", 80)
        node.conns[flow] = Connection(loop, node, flow)
        loop.at(port, node.deliver, Segment(flow, 0, 0, 16, 65535, 0))
    loop.run(PENDING * 10)
    start = process_time_ns()
    loop.run(EVENTS)
    return (process_time_ns() - start) / EVENTS
