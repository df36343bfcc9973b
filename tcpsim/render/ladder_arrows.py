"""The arrows of a ladder, and a place on each for its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import atan2, cos, degrees, hypot, sin
from typing import Any, Final, NamedTuple

from ..tcp.segment import FIN, SYN
from ..tcp.seq import MASK
from ..tcp.units import format_time
from .shapes import ALARM, INK, OTHER, Mark, Point, Rect, Shape, Stroke, Text, corners, meet, text_width
from .story import Event, Packet, Story, ecn_words, sender_of

_SIZE: Final = 11.5
_ABOVE: Final = 4.0  # between a text and its arrow

#: By kind: colour, dashes, words of the legend.
_KINDS: Final = {
    "plain": (INK, "", "segment"),
    "again": (INK, "8 4", "sent again"),
    "duplicate": (OTHER, "2 3", "duplicate made by the network"),
    "injected": (ALARM, "9 3 2 3", "injected"),
}

#: Where on an arrow its words may stand: shares of its length.
_PLACES: Final = (0.5, 0.4, 0.6, 0.3, 0.7, 0.24, 0.76)


class Way(NamedTuple):
    """An arrow: from, to, how it ends: "arrives", "lost" or "flies"."""

    packet: Packet
    start: Point
    end: Point
    fate: str
    kind: str


class Arrows:
    """All arrows between the lifelines.

    ``y``: the place of each event, by its id; ``rails``: left and right x of each lifeline; ``typical``: how far an
    arrow usually descends.
    """

    def __init__(
        self,
        story: Story,
        events: Sequence[Event],
        y: dict[int, float],
        rails: Sequence[tuple[float, float]],
        typical: float,
    ) -> None:
        self.story = story
        self.y = y
        self.rails = rails
        self.typical = typical
        again = resent(story)
        numbers = dict.fromkeys(event.packet.number for event in events if event.packet is not None)
        born = {packet.number: packet for packet in story.packets.values() if packet.original in numbers}
        shown = [story.packets[number] for number in dict.fromkeys([*numbers, *born])]
        self.ways = [way for packet in shown if (way := self._way(packet, packet.number in again)) is not None]

    def _way(self, packet: Packet, again: bool) -> Way | None:
        """None for what begins and ends outside the picture."""
        y0, y1 = self._y(packet.start), self._y(packet.end)
        source = packet.start.side if packet.start is not None else self._source(packet)
        if source is None:
            source = packet.to - 1 if packet.to else packet.to + 1
        original = self.story.packets.get(packet.original) if packet.original is not None else None
        kind = packet.mark or ("again" if again else "plain")
        target = packet.to if packet.to != source else 1 - source  # a socket connected to itself has both
        right = target > source
        x0 = self.rails[source][1 if right else 0]
        x1 = self.rails[target][0 if right else 1]
        if packet.start is None and y0 is None and original is not None and original.t == packet.t:
            y0 = self._y(original.start)  # doubled as it was sent: both leave together
        if y0 is None and y1 is None:
            return None
        if packet.end is not None and packet.end.kind != "arrived" and y1 is not None:
            y0 = y1 if y0 is None else y0
            far = 0.55 if y1 - y0 < self.typical else 0.7
            return Way(packet, (x0, y0), (x0 + (x1 - x0) * far, max(y1, y0 + 0.55 * self.typical)), "lost", kind)
        if y0 is None:  # from the network, or from before the picture
            assert y1 is not None
            x0 += (x1 - x0) * 0.4
            return Way(packet, (x0, y1 - 0.6 * self.typical), (x1, y1), "arrives", kind)
        if y1 is None:
            return Way(packet, (x0, y0), (x0 + (x1 - x0) * 0.6, y0 + 0.6 * self.typical), "flies", kind)
        return Way(packet, (x0, y0), (x1, y1), "arrives", kind)

    def _y(self, event: Event | None) -> float | None:
        return None if event is None else self.y.get(id(event))

    def _source(self, packet: Packet) -> int | None:
        sender = sender_of(packet.seg)[0]
        return self.story.addresses.index(sender) if sender in self.story.addresses else None

    # -- shapes

    def kinds(self) -> list[tuple[str, str, str]]:
        """Colour, dashes and words of the kinds that occur."""
        found = {way.kind for way in self.ways}
        return [look for kind, look in _KINDS.items() if kind in found and (kind != "plain" or len(found) > 1)]

    def lines(self) -> Iterator[Shape]:
        """Every arrow, with the cross of a lost one."""
        for way in self.ways:
            colour, dash, _ = _KINDS[way.kind]
            lost = way.fate == "lost"
            head = 9.0 if way.fate == "arrives" else 0.0
            of = f"packet {way.packet.number}"
            yield Stroke((way.start, way.end), ALARM if lost else colour, 1.4, dash, head, self._title(way), of)
            if lost:
                yield Mark(way.end, "cross", ALARM, 5.5, of=of)
            elif way.fate == "flies":
                for place in (8.0, 14.0, 20.0):
                    yield Mark(_along(way, place), "dot", colour, 1.4, of=of)
            if way.packet.start is None and way.packet.original is None:
                yield Mark(way.start, "ring", colour, 3.5, of=of)

    def _title(self, way: Way) -> str:
        packet = way.packet
        until = "is in flight" if packet.end is None else f"{packet.end.kind} {format_time(packet.end.t)}"
        return f"packet {packet.number}: {words_of(packet)}, from {format_time(packet.t)}, {until}"

    def labels(self, others: Sequence[Text], bands: Sequence[Rect]) -> list[Text]:
        """Words on each arrow, where they touch neither another arrow nor another text, nor stand on a band."""
        field = _Field(self.ways, others, bands)
        found: list[Text] = []
        for way in self.ways:
            text = next((text for text in _candidates(way) if field.is_free(text, way)), None)
            if text is not None:
                field.take(text)
                found.append(text)
        return found


def _candidates(way: Way) -> Iterator[Text]:
    """Texts that say less and less, at places along the arrow."""
    (x0, y0), (x1, y1) = way.start, way.end
    length = hypot(x1 - x0, y1 - y0)
    if length < 40:
        return
    angle = atan2(y1 - y0, x1 - x0)
    if x1 < x0:
        angle = atan2(y0 - y1, x0 - x1)
    colour = ALARM if way.fate == "lost" else _KINDS[way.kind][0]
    for words in wordings(way.packet):
        half = text_width(words, _SIZE) / 2
        for place in _PLACES:
            if not half + 6 < place * length < length - half - 10:
                continue
            x, y = x0 + (x1 - x0) * place, y0 + (y1 - y0) * place
            for side in (-1, 1):
                off = _ABOVE if side < 0 else _SIZE * 0.78 + _ABOVE
                at = (x - side * sin(angle) * off, y + side * cos(angle) * off)
                yield Text(*at, "middle", _SIZE, words, colour, f"packet {way.packet.number}", angle=degrees(angle))


def words_of(packet: Packet) -> str:
    """``SYN SEQ=100 WND=1000``: what the segment says, in the numbers asked for."""
    seg = packet.seg
    told = [seg.names, f"SEQ={packet.seq}", f"ACK={packet.ack}" if packet.ack is not None else "",
            f"LEN={seg.len}" if seg.len else "", f"WND={seg.wnd}", *_blocks(packet), *ecn_words(seg)]  # fmt: skip
    return "  ".join(filter(None, told))


def wordings(packet: Packet) -> list[str]:
    """The same, then shorter and shorter; with what became of it."""
    seg = packet.seg
    fate = [packet.end.words] if packet.end is not None and packet.end.words else []
    mark = [f"({packet.mark})"] if packet.mark == "injected" else []
    ack = [f"ACK={packet.ack}"] if packet.ack is not None else []
    octets = [f"LEN={seg.len}"] if seg.len else []
    octets += ecn_words(seg)
    middle = [seg.names, f"SEQ={packet.seq}", *ack, *octets]
    told = [
        [words_of(packet), *fate, *mark],
        [*middle, *fate, *mark],
        [seg.names, *octets, *fate],
        [seg.names],
    ]
    return ["  ".join(words) for words in told]


def _blocks(packet: Packet) -> list[str]:
    """SACK blocks, in the numbers asked for."""
    found = []
    shift = (packet.seg.ack - packet.ack) & MASK if packet.ack is not None else 0
    for option in packet.seg.options:
        blocks: Sequence[Any] = option[1:] if option[0] == "sack" else ()
        found += [f"{(left - shift) & MASK}-{(right - shift) & MASK}" for left, right in blocks]
    return [f"SACK={','.join(found)}"] if found else []


def resent(story: Story) -> set[int]:
    """The packets whose octets (or SYN, FIN) their sender had sent before."""
    reached: dict[tuple[object, object], tuple[int, int]] = {}
    found = set()
    for packet in story.packets.values():
        seg = packet.seg
        length = seg.len + (seg.flags & (SYN | FIN)).bit_count()
        if packet.start is None or not length:
            continue
        key = (packet.flow, sender_of(seg))
        end = (seg.seq + length) & MASK
        if seg.flags & SYN and key in reached and reached[key][1] != seg.seq:
            del reached[key]  # another incarnation
        before = reached.get(key)
        if before is not None and (end - before[0] - 1) & MASK >= 1 << 31:
            found.add(packet.number)
        elif before is not None and end == before[0]:
            found.add(packet.number)
        else:
            reached[key] = (end, seg.seq if seg.flags & SYN else before[1] if before else -1)
    return found


def _along(way: Way, by: float) -> Point:
    """The point ``by`` beyond the arrow's end."""
    (x0, y0), (x1, y1) = way.start, way.end
    length = hypot(x1 - x0, y1 - y0) or 1.0
    return x1 + (x1 - x0) / length * by, y1 + (y1 - y0) / length * by


class _Field:
    """What is in the way of a text; looked up by horizontal strips, so that cost stays linear."""

    STRIP: Final = 60.0

    def __init__(self, ways: Sequence[Way], texts: Sequence[Text], bands: Sequence[Rect]) -> None:
        self.bands = [((r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom)) for r in bands]
        self.ways: dict[int, list[Way]] = {}
        self.texts: dict[int, list[tuple[Point, ...]]] = {}
        for way in ways:
            for strip in self._strips([way.start, way.end], 24):
                self.ways.setdefault(strip, []).append(way)
        for text in texts:
            self.take(text)

    def _strips(self, points: Sequence[Point], margin: float = 0.0) -> range:
        ys = [y for _, y in points]
        return range(int((min(ys) - margin) // self.STRIP), int((max(ys) + margin) // self.STRIP) + 1)

    def take(self, text: Text) -> None:
        """This text stands there now."""
        shape = corners(text)
        for strip in self._strips(shape):
            self.texts.setdefault(strip, []).append(shape)

    def is_free(self, text: Text, own: Way) -> bool:
        """Whether nothing is in its way."""
        shape = corners(text, 1.5)
        if any(meet(shape, band) for band in self.bands):
            return False
        for strip in self._strips(shape):
            if any(meet(shape, other) for other in self.texts.get(strip, ())):
                return False
            for way in self.ways.get(strip, ()):
                end = way.end if way.fate == "arrives" else _along(way, 22.0 if way.fate == "flies" else 6.0)
                if meet(corners(text) if way is own else shape, (way.start, end)):
                    return False
        return True
