"""What happens to a packet on a link with weather: the link's rules, in the order in which a packet meets them.

MTU, then the queue before the line, then the line: a partition, the fault rules, loss; then what changes the
packet or its time: a mark, corruption, duplication, jitter and reordering.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..tcp.options import WireError, encode_options
from ..tcp.segment import Option, Segment
from ..tcp.units import SECOND
from .chance import draw
from .faults import Rule
from .link import Path, Weather, down_name

if TYPE_CHECKING:
    from .world import World


def size_of(seg: Segment) -> int:
    """Octets of the segment as a packet, its IP header included."""
    header = 60 if ":" in seg.flow[0] else 40
    if seg.options or seg.tsval is not None:
        header += _options_size(seg.options, seg.tsval is not None)
    return header + len(seg.data)


@lru_cache(maxsize=256)
def _options_size(options: tuple[Option, ...], stamped: bool) -> int:
    try:
        return len(encode_options(options, 0 if stamped else None, 0 if stamped else None))
    except WireError:
        return 40  # no header has room for more


class Fate:
    """What becomes of one packet: how many ``copies`` arrive and when, or what it was lost or refused ``by``.

    ``marks``: what has marked it, each by its name.
    """

    __slots__ = ("by", "copies", "corrupt", "due", "marks", "refused")

    def __init__(self, due: int) -> None:
        self.due = due
        self.copies = 1
        self.by = ""
        self.refused = False
        self.corrupt = False
        self.marks: list[str] = []

    def none(self, by: str, *, refused: bool = False) -> Fate:
        """No copy arrives."""
        self.copies = 0
        self.by = by
        self.refused = refused
        return self


def cross(world: World, path: Path, seg: Segment) -> Fate:
    """The fate of packet number ``path.count`` of ``path``, sent now.  Counts what hits it."""
    weather = path.weather
    now = world.now
    fate = Fate(now + weather.delay)
    if weather.rate is not None:
        left = _queue(path, now, size_of(seg), weather.rate)
        if left is None:
            path.hit("queue")
            return fate.none("queue", refused=True)
        fate.due += left - now
        if weather.mark_at is not None and len(path.leaving) - 1 >= weather.mark_at:
            fate.marks.append("queue mark")
    for times in weather.down:
        if times[0] <= now < times[1]:
            path.hit(down_name(*times))
            return fate.none(down_name(*times))
    rule = _rule(path, seg)
    if rule is not None and rule.what == "mark":
        fate.marks.append(rule.name)
    elif rule is not None:
        path.hit(rule.name)
        if rule.what == "lose":
            return fate.none(rule.name)
        _obey(rule, fate)
    if weather.loss and draw(path.stream("loss"), path.count) < weather.loss:
        path.hit("loss")
        return fate.none("loss")
    _scatter(path, weather, fate, held=rule is not None and rule.what == "delay")
    return fate


def _obey(rule: Rule, fate: Fate) -> None:
    if rule.what == "duplicate":
        fate.copies, fate.by = 2, rule.name
    elif rule.what == "corrupt":
        fate.corrupt = True
    else:
        fate.due += rule.later


def _scatter(path: Path, weather: Weather, fate: Fate, *, held: bool) -> None:
    """Corruption, duplication, jitter and reordering, each by chance."""
    n = path.count
    if weather.mark and draw(path.stream("mark"), n) < weather.mark:
        fate.marks.append("mark")
    if weather.corrupt and draw(path.stream("corrupt"), n) < weather.corrupt:
        path.hit("corrupt")
        fate.corrupt = True
    if weather.duplicate and draw(path.stream("duplicate"), n) < weather.duplicate:
        path.hit("duplicate")
        fate.copies, fate.by = 2, "duplicate"
    if weather.jitter:
        fate.due += int(draw(path.stream("jitter"), n) * (weather.jitter + 1))
    if weather.reorder and draw(path.stream("reorder"), n) < weather.reorder:
        path.hit("reorder")
        fate.due += weather.reorder_by
        held = True
    if weather.jitter and not weather.reorders and not held:  # what is held back on purpose may be overtaken
        fate.due = path.last = max(fate.due, path.last)


def _queue(path: Path, now: int, size: int, rate: int) -> int | None:
    """When a packet of ``size`` octets has left the queue and is on the line; None when the queue is full.

    One packet is on its way out, ``queue`` more may wait.
    """
    leaving = path.leaving
    if leaving and leaving[0] <= now:
        leaving = tuple(time for time in leaving if time > now)
    if len(leaving) > path.weather.queue:
        path.leaving = leaving
        return None
    left = (leaving[-1] if leaving else now) + -(-size * 8 * SECOND // rate)
    path.leaving = (*leaving, left)
    return left


def _rule(path: Path, seg: Segment) -> Rule | None:
    """The fault rule for this packet: the one for its number, else the first whose expression holds.

    Every expression counts the packets of which it holds, also where another rule acts.
    """
    n = path.count
    found = path.by_number.get(n)
    rules = path.weather.faults
    if len(path.by_number) == len(rules):
        return found
    from .fields import holds  # parses Python: few links ask for that

    seen = list(path.seen)
    for i, rule in enumerate(rules):
        if rule.when and holds(rule.when, seg, n):
            seen[i] += 1
            if found is None and rule.nth in (0, seen[i]):
                found = rule
    path.seen = tuple(seen)
    return found
