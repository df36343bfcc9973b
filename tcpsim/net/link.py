"""One direction of a link between two hosts: its weather, and what of its past decides what comes.

The plain link has a delay and nothing else; ``crossing.py`` is what happens to a packet on any other.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.errors import TcpsimError
from ..tcp.units import MS, format_time, parse_time
from .chance import first_below, stream
from .faults import Rule, check_faults

#: Octets that the smallest usable link takes: RFC 791's 68, and 1280 for IPv6 (RFC 8200 5).
LEAST_MTU: Final = 68
MOST_MTU: Final = 65_535
#: More packets than any link sees.
ALL: Final = 1 << 62
#: How many packets of a link with loss are looked at together.
AHEAD: Final = 100
_RATES: Final = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}


class Weather(NamedTuple):
    """What one direction of a link does to packets.  Times in ns, probabilities in 0 .. 1.

    ``delay``: one way.  ``jitter``: up to so much is added; without ``reorders`` no packet overtakes another by
    it.  ``rate``: bits a second, None for no limit; then at most ``queue`` packets wait, and more are dropped at
    the tail.  ``mtu``: octets of the largest packet, IP header included; None for no limit.  ``loss``,
    ``duplicate``, ``corrupt``, ``reorder``, ``mark``: probabilities; a reordered packet takes ``reorder_by`` longer.
    What is marked says that it has met congestion (CE), as routers with active queues do to packets whose sender
    understands it (RFC 3168 5); ``mark_at``: so do those that find so many waiting before them.
    ``faults``: rules for single packets.  ``down``: ``(t1, t2)``: what is sent from t1 until t2 is lost.
    """

    delay: int = 10 * MS
    loss: float = 0.0
    jitter: int = 0
    reorders: bool = False
    rate: int | None = None
    queue: int = 100
    mtu: int | None = None
    duplicate: float = 0.0
    corrupt: float = 0.0
    reorder: float = 0.0
    reorder_by: int = 20 * MS
    faults: tuple[Rule, ...] = ()
    down: tuple[tuple[int, int], ...] = ()
    mark: float = 0.0
    mark_at: int | None = None

    @property
    def plain(self) -> bool:
        """Whether there is a delay and nothing else."""
        return self == Weather(self.delay, queue=self.queue, reorder_by=self.reorder_by)

    @property
    def only_loss(self) -> float:
        """The probability of loss where nothing else can happen to a packet; else 0."""
        return self.loss if self._replace(loss=0.0).plain else 0.0

    def told(self) -> dict[str, Any]:
        """What differs from the plain link, as keyword arguments of ``Simulator.link`` in JSON's types; the delay
        always."""
        differing = {
            name: value for name, value, usual in zip(self._fields, self, _PLAIN, strict=True) if value != usual
        }
        told: dict[str, Any] = {"delay": self.delay, "loss": self.loss} | differing
        if self.faults:
            told["faults"] = tuple(rule.told for rule in self.faults)
        return told

    def rules(self) -> list[str]:
        """The names of everything that can hit a packet, for the counts."""
        names = [rule.name for rule in self.faults]
        names += [name for name in ("loss", "duplicate", "corrupt", "reorder", "mark") if getattr(self, name)]
        names += ["queue mark"] if self.mark_at is not None else []
        return names + [down_name(*times) for times in self.down]


_PLAIN: Final = Weather()


def down_name(since: int, until: int) -> str:
    """What a packet that was sent while the link was down was lost by."""
    return f"partition {format_time(since)} .. {format_time(until)} s"


class Path:
    """One direction of a link, from host ``source`` to host ``target`` (indices).

    ``weather``: what it does; ``plain``: whether that is a delay only.  ``loses``: the probability of loss where that
    is all there is, else 0; ``clear``: packets up to this number are known to meet a delay and nothing else; what is
    known already, no state.  ``count``: packets so far.  ``seen``: how many packets the expression of each fault rule
    held of.  ``hits``: how many packets each rule has hit.  ``leaving``: when the packets of the queue have left it;
    ``last``: when the last packet arrives that the next must not overtake.
    """

    __slots__ = (
        "by_number", "clear", "count", "delay", "hits", "last", "leaving", "loses", "name", "plain", "seed", "seen", "source",
        "streams", "target", "weather",
    )  # fmt: skip

    def __init__(self, name: str, seed: int, source: int, target: int, weather: Weather) -> None:
        self.name = name
        self.seed = seed
        self.source = source
        self.target = target
        self.count = 0
        self.seen: tuple[int, ...] = ()
        self.hits: dict[str, int] = {}
        self.leaving: tuple[int, ...] = ()
        self.last = 0
        self.streams: dict[str, int] = {}
        self.weather = Weather()
        self.set(weather)

    def set(self, weather: Weather) -> None:
        """Another weather from now on.  Rules that stay keep their counts."""
        before = dict(zip(self.weather.faults, self.seen, strict=True))
        self.weather = weather
        self.delay = weather.delay
        self.plain = weather.plain
        self.clear = ALL if weather.plain else 0
        self.loses = weather.only_loss
        self.seen = tuple(before.get(rule, 0) for rule in weather.faults)
        self.by_number = {rule.nth: rule for rule in weather.faults if not rule.when}
        self.hits = dict.fromkeys(weather.rules(), 0) | self.hits

    def stream(self, purpose: str) -> int:
        """The stream of draws for one purpose on this path."""
        found = self.streams.get(purpose)
        if found is None:
            found = stream(self.seed, f"{self.name} {purpose}")
            self.streams = self.streams | {purpose: found}  # copies share the dict: it is replaced, not changed
        return found

    def foresee(self) -> bool:
        """Whether the next packet meets a delay and nothing else; where loss is all there is, some more are looked at.

        Most packets of a link with loss are not lost, and this is what they cost.
        """
        if self.loses:
            self.clear = first_below(self.stream("loss"), self.loses, self.count + 1, self.count + AHEAD) - 1
        return self.clear > self.count

    def hit(self, rule: str) -> None:
        """``rule`` has hit a packet."""
        self.hits[rule] = self.hits.get(rule, 0) + 1

    def copy(self) -> Path:
        """An independent equal path."""
        new = Path.__new__(Path)
        new.name = self.name
        new.seed = self.seed
        new.source = self.source
        new.target = self.target
        new.weather = self.weather
        new.delay = self.delay
        new.plain = self.plain
        new.clear = self.clear
        new.loses = self.loses
        new.by_number = self.by_number
        new.streams = self.streams
        new.count = self.count
        new.seen = self.seen
        new.hits = self.hits if self.plain else self.hits.copy()
        new.leaving = self.leaving
        new.last = self.last
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value; what was hit decides nothing that comes."""
        return self.source, self.target, self.weather, self.count, self.seen, self.leaving, self.last


# -- reading what people write


def check_weather(what: str, options: dict[str, Any]) -> Weather:
    """A weather from keyword arguments as ``Simulator.link`` takes them.

    ``what`` names the link in errors.  Raises TcpsimError for an unknown argument or a value that cannot be.
    """
    unknown = [name for name in options if name not in Weather._fields]
    if unknown:
        raise TcpsimError(f"{what}: no option {unknown[0]!r}; the options are {', '.join(Weather._fields)}")
    checked: dict[str, Any] = {}
    for name, value in options.items():
        said = f"{what}: {name}"
        if name in ("delay", "jitter", "reorder_by"):
            checked[name] = parse_time(value, said)
        elif name in ("loss", "duplicate", "corrupt", "reorder", "mark"):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise TcpsimError(f"{said} {value!r} is not a probability in 0 .. 1")
            checked[name] = value
        elif name == "reorders":
            checked[name] = bool(value)
        elif name == "rate":
            checked[name] = None if value is None else parse_rate(value, said)
        elif name == "queue":
            checked[name] = _count(value, said, "packets", 0, 1_000_000)
        elif name == "mark_at":
            checked[name] = None if value is None else _count(value, said, "packets", 1, 1_000_000)
        elif name == "mtu":
            checked[name] = None if value is None else _count(value, said, "octets", LEAST_MTU, MOST_MTU)
        elif name == "faults":
            checked[name] = check_faults(value, what)
        else:
            checked[name] = _check_down(value, said)
    return Weather(**checked)


def parse_rate(value: Any, what: str) -> int:
    """Bits a second from ``"10Mbit"``, ``"56kbit"`` or an int.  Raises TcpsimError that shows a right form."""
    text = str(value).strip().lower().removesuffix("/s")
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = _RATES.get(text[len(number) :].strip() or "bit")
    try:
        rate = 0 if unit is None or isinstance(value, bool) else round(float(number) * unit)
    except (ValueError, OverflowError):
        rate = 0
    if rate <= 0:
        raise TcpsimError(f"{what} {value!r} is not a rate; write '10Mbit', '56kbit' or bits a second, above 0")
    return rate


def _count(value: Any, what: str, of: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise TcpsimError(f"{what} {value!r} is not a number of {of} in {least} .. {most}")
    return value


def _check_down(value: Any, what: str) -> tuple[tuple[int, int], ...]:
    times = []
    for pair in value if isinstance(value, tuple | list) else (value,):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TcpsimError(f"{what}: {pair!r} is no pair of times; write [('1s', '2s')]: down from 1 s until 2 s")
        since, until = (parse_time(time, what) for time in pair)
        if since >= until:
            raise TcpsimError(f"{what}: {pair!r} ends before it begins")
        times.append((since, until))
    return tuple(sorted(times))
