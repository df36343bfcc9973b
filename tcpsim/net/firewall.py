"""A firewall on a host: ordered rules, the first that fits decides, and a policy for what none fits.

A rule is a line of text, in the order of its words::

    [NAME:] ACTION DIRECTION [from NETWORK [port PORTS]] [to NETWORK [port PORTS]] [port PORTS]
            [flags FLAGS] [established | new]

``web: accept in to 10.0.0.2 port 80,8000-8010``, ``reject in port 22 flags SYN,!ACK``, ``drop out new``.
ACTION: accept; drop; reject, which answers with a RST; reject-icmp, which answers "port unreachable";
reject-prohibited.  DIRECTION: in, out, forward (through a router) or any.  A ``port`` that stands by itself is the
receiver's.  ``established``: packets of a connection that was let in as new and has been answered, and the answers
themselves; ``new``: those of none.  Rules see TCP packets; ICMP errors pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..tcp.errors import TcpsimError
from ..tcp.segment import ACK, FIN, RST, SYN, Flags, Flow, Segment
from ..tcp.units import MINUTE
from .route import parse_network, prefix_of

if TYPE_CHECKING:
    from .world import World

ACTIONS: Final = ("accept", "drop", "reject", "reject-icmp", "reject-prohibited")
DIRECTIONS: Final = ("in", "out", "forward", "any")
POLICY: Final = "policy"  #: how the trace names the decision when no rule fits

#: Connections that a firewall remembers; the oldest are forgotten first.
MOST_TRACKED: Final = 65_536
#: How long one is remembered after both ends have sent a FIN, for the last ACKs.
AFTER_FIN: Final = 2 * MINUTE

Ports = tuple[tuple[int, int], ...]
_ANY: Final = "any"
_GRAMMAR: Final = (
    "write [NAME:] ACTION DIRECTION [from NETWORK [port PORTS]] [to NETWORK [port PORTS]] [flags SYN,!ACK] "
    "[established|new], such as 'web: accept in port 80'"
)


class Rule(NamedTuple):
    """A rule as it is followed.  ``source``, ``target``: networks, "" for any; ports: ranges, () for any.

    ``on``, ``off``: control bits that must be set, and must not.  ``state``: "", "established" or "new".
    """

    name: str
    action: str
    direction: str
    source: str = ""
    source_ports: Ports = ()
    target: str = ""
    target_ports: Ports = ()
    on: int = 0
    off: int = 0
    state: str = ""

    def fits(self, seg: Segment, direction: str, established: bool) -> bool:
        """Whether the rule is for this packet."""
        target, target_port, source, source_port = seg.flow
        return (
            self.direction in (direction, _ANY)
            and (not self.state or (self.state == "established") is established)
            and seg.flags & self.on == self.on
            and not seg.flags & self.off
            and (not self.source_ports or any(low <= source_port <= high for low, high in self.source_ports))
            and (not self.target_ports or any(low <= target_port <= high for low, high in self.target_ports))
            and (not self.source or prefix_of(self.source, source) >= 0)
            and (not self.target or prefix_of(self.target, target) >= 0)
        )

    def covers(self, other: Rule) -> bool:
        """Whether every packet that ``other`` is for would have been decided by this one."""
        return (
            self.direction in (other.direction, _ANY)
            and self.state in ("", other.state)
            and self.on & other.on == self.on
            and self.off & other.off == self.off
            and _holds_ports(self.source_ports, other.source_ports)
            and _holds_ports(self.target_ports, other.target_ports)
            and _holds_network(self.source, other.source)
            and _holds_network(self.target, other.target)
        )


def _holds_ports(one: Ports, other: Ports) -> bool:
    return not one or (bool(other) and all(any(low <= a and b <= high for low, high in one) for a, b in other))


def _holds_network(one: str, other: str) -> bool:
    if not one or not other:
        return not one
    a, b = parse_network(one, "rule"), parse_network(other, "rule")
    return (
        a.version == b.version
        and int(a.network_address) <= int(b.network_address)
        and (int(b.broadcast_address) <= int(a.broadcast_address))
    )


class Track(NamedTuple):
    """What is remembered of a connection: whether it was answered, who has sent a FIN, and the last time, ns."""

    answered: bool
    fins: int
    t: int


class Firewall:
    """A host's rules, how often each has decided, and the connections it remembers by their first SYN's flow."""

    __slots__ = ("hits", "policy", "rules", "tracked")

    def __init__(self, rules: tuple[Rule, ...], policy: str) -> None:
        self.rules = rules
        self.policy = policy
        self.hits = dict.fromkeys((*(rule.name for rule in rules), POLICY), 0)
        self.tracked: dict[Flow, Track] = {}

    def decide(self, seg: Segment, direction: str, now: int) -> tuple[str, str]:
        """(name of the rule, action) for a packet; an accepted one may begin or end a connection."""
        key, answers = self._known(seg.flow, now)
        established = key is not None and (answers or self.tracked[key].answered)
        rule = next((rule for rule in self.rules if rule.fits(seg, direction, established)), None)
        name, action = (POLICY, self.policy) if rule is None else (rule.name, rule.action)
        self.hits[name] += 1
        if action == "accept":
            self._remember(seg, key, answers, now)
        return name, action

    def _known(self, flow: Flow, now: int) -> tuple[Flow | None, bool]:
        """The connection a packet belongs to, and whether the packet is one of its answers."""
        for key, answers in ((flow, False), ((*flow[2:], *flow[:2]), True)):
            track = self.tracked.get(key)
            if track is not None:
                if track.fins != 3 or now - track.t <= AFTER_FIN:
                    return key, answers
                del self.tracked[key]
        return None, False

    def _remember(self, seg: Segment, key: Flow | None, answers: bool, now: int) -> None:
        if key is None:
            if seg.flags & (SYN | ACK | RST) == SYN:
                self.tracked[seg.flow] = Track(False, 0, now)
                if len(self.tracked) > MOST_TRACKED:
                    del self.tracked[next(iter(self.tracked))]
        elif seg.flags & RST:
            del self.tracked[key]
        else:
            track = self.tracked[key]
            fins = track.fins | (0 if not seg.flags & FIN else 2 if answers else 1)
            if seg.flags & (SYN | ACK) == SYN and not answers and track.fins == 3:
                fins = 0  # the same ports again
            self.tracked[key] = Track(track.answered or answers, fins, now)

    def copy(self) -> Firewall:
        """An independent equal firewall."""
        new = Firewall.__new__(Firewall)
        new.rules = self.rules
        new.policy = self.policy
        new.hits = self.hits.copy()
        new.tracked = self.tracked.copy()
        return new

    def key(self) -> tuple[Any, ...]:
        """A hashable value; how often a rule has decided decides nothing that comes."""
        return self.rules, self.policy, tuple(self.tracked.items())


def guard(world: World, index: int, seg: Segment, direction: str) -> tuple[str, str] | None:
    """The decision of host ``index``'s firewall about a packet; None where it is to pass.

    A packet that passes leaves a record of who let it.
    """
    firewall = world.guards.get(index)
    if firewall is None:
        return None
    name, action = firewall.decide(seg, direction, world.now)
    if action != "accept":
        return name, action
    if world.log is not None:
        where = world.hosts[index].name
        world.log.append(("passed", world.now, where, None, world.cause, seg.id, name, direction))
    return None


# -- reading rules


def check_firewall(host: str, rules: Iterable[Any], policy: Any) -> Firewall:
    """A firewall from lines of text.

    Raises TcpsimError for a line that cannot be read, a name given twice, and a rule that no packet can reach.
    """
    what = f"firewall of {host}"
    if policy not in ("accept", "drop", "reject"):
        raise TcpsimError(f"{what}: policy {policy!r} is none; choose accept, drop or reject")
    read: list[Rule] = []
    for n, line in enumerate(rules, 1):
        rule = parse_rule(line, f"rule {n}", what)
        if any(rule.name == other.name for other in read) or rule.name == POLICY:
            raise TcpsimError(f"{what}: the name {rule.name!r} is taken; give each rule one of its own")
        if rule.on & rule.off:
            raise TcpsimError(f"{what}: {rule.name!r} can never fit: it asks for a flag and against it")
        for other in read:
            if other.covers(rule):
                raise TcpsimError(
                    f"{what}: {rule.name!r} is unreachable: {other.name!r}, before it, decides every packet it is "
                    "for; put it first, or leave it out"
                )
        read.append(rule)
    return Firewall(tuple(read), policy)


def parse_rule(line: Any, name: str, what: str) -> Rule:
    """One rule from its line; ``name``: unless the line has one.  Raises TcpsimError that shows a right form."""
    if not isinstance(line, str):
        raise TcpsimError(f"{what}: {line!r} is no rule; {_GRAMMAR}")
    head, colon, rest = line.partition(": ")
    words = (rest if colon else line).split()
    name = head.strip() if colon else name
    found: dict[str, Any] = {}
    side = ""
    try:
        action, direction = words.pop(0), words.pop(0)
        if action not in ACTIONS or direction not in DIRECTIONS or not name:
            raise ValueError(f"{action} {direction}")
        while words:
            word = words.pop(0)
            field, value, side = _clause(word, words, side, what)
            for one, content in zip(field, value, strict=True):
                if one in found:
                    raise ValueError(f"{word} twice")
                found[one] = content
    except (ValueError, IndexError, KeyError) as error:
        raise TcpsimError(f"{what}: {line!r} cannot be read ({error}); {_GRAMMAR}") from None
    return Rule(name, action, direction, **found)


def _clause(word: str, words: list[str], side: str, what: str) -> tuple[tuple[str, ...], tuple[Any, ...], str]:
    """(fields, values, whose port comes next) of the clause that ``word`` begins; takes its other words."""
    if word in ("from", "to"):
        side = "source" if word == "from" else "target"
        network = words.pop(0)
        return (side,), ("" if network == _ANY else str(parse_network(network, what)),), side
    if word == "port":
        return (f"{side or 'target'}_ports",), (_ports(words.pop(0)),), ""
    if word == "flags":
        on = off = 0
        for flag in words.pop(0).split(","):
            bit = Flags[flag.removeprefix("!")].value
            on, off = (on, off | bit) if flag.startswith("!") else (on | bit, off)
        return ("on", "off"), (on, off), ""
    if word in ("established", "new"):
        return ("state",), (word,), ""
    raise ValueError(f"what is {word!r}?")


def _ports(text: str) -> Ports:
    ranges = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        pair = int(low), int(high) if dash else int(low)
        if not 0 < pair[0] <= pair[1] <= 65_535:
            raise ValueError(f"port {part} is not in 1 .. 65535")
        ranges.append(pair)
    return tuple(ranges)
