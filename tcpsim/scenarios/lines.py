"""The segments of a trace as lines to compare: the RFC's figures, with what was lost on the way."""

from __future__ import annotations

from ..render.rows import figure_lines
from ..render.story import read_story
from ..trace.trace import Trace
from .model import Line

_LOST = {"->": "-x", "<-": "x-"}


def segment_lines(trace: Trace) -> list[Line]:
    """One line for each segment, in the order in which they arrive or are lost.

    A host that talks to itself has one state, which stands on both sides; its segments all go to the right.
    """
    story = read_story(trace)
    ends = [event for event in story.events if event.packet is not None and event.packet.end is event]
    lines: list[Line] = []
    for line, event in zip(figure_lines(trace), ends, strict=True):
        direction, right = ("->", line.left) if story.hosts[0] == story.hosts[1] else (line.direction, line.right)
        if event.kind != "arrived":
            direction = _LOST[direction]
        lines.append((direction, line.flags, line.seq, line.ack, line.octets, line.left, right))
    return lines
