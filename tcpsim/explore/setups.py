"""Set-ups: two hosts, who acts on them, what may go wrong and what must hold, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from .actors import Actor
from .bounds import Bounds
from .keys import exploring

CLIENT: Final = "client"
SERVER: Final = "server"

#: Small windows and segments, and no delayed ACKs: what is not asked about does not multiply the states.
SMALL: Final[Mapping[str, Any]] = {"rcv_buf": 1000, "mss": 500, "ack_delay": 0}

#: How many connections of a host get an ISN of the list, and how far these are apart.
INCARNATIONS: Final = 6
APART: Final = 100_000

#: In a prelude: everything in flight is delivered, until nothing is.
SETTLE: Final = "settle"

#: How clients connect; with a port of their own choice they meet the same 4-tuple again.
CONNECT: Final = f"connect {SERVER} 80 40000"

#: A prelude: the server listens, the client connects, the server accepts.
ESTABLISHED: Final = (SERVER, CLIENT, SETTLE, SERVER)


class Expect(NamedTuple):
    """Under the profile ``profile``, with ``switches`` changed, ``fails`` are the properties that do not hold.

    ``bounds``: what differs from the set-up's.
    """

    profile: str
    fails: tuple[str, ...] = ()
    switches: Mapping[str, Any] = {}
    bounds: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Setup:
    """What is explored.

    ``actors``: see ``tcpsim.explore.actors``; ``prelude``: what has happened before the exploration begins: a
    host's name lets its first actor make its next step, ``"settle"`` delivers all that is in flight.  ``switches``:
    of both hosts' profiles.  ``isses``: the first ISN of each host, others follow ``apart`` further on.
    ``properties``: names that must hold.  ``expects``: what is known to come out.
    """

    name: str
    title: str
    look: str
    source: str
    actors: tuple[Actor, ...]
    bounds: Bounds
    properties: tuple[str, ...]
    prelude: tuple[str, ...] = ()
    switches: Mapping[str, Any] = field(default_factory=dict)
    isses: tuple[int, int] = (100, 300)
    apart: int = APART
    expects: tuple[Expect, ...] = (Expect("rfc9293"),)

    def but(self, **changes: Any) -> Setup:
        """This set-up with some fields changed."""
        return replace(self, **changes)

    def build(self, profile: Profile = RFC9293, *, trace: str = "off") -> Simulator:
        """The simulation before the first move: packets take so long that only moves by hand deliver them."""
        chosen = exploring(profile).but(**{**SMALL, **self.switches}, name=profile.name)
        sim = Simulator(profile=chosen, trace=trace)
        for name, first in zip((CLIENT, SERVER), self.isses, strict=True):
            sim.host(name, iss=[(first + n * self.apart) & 0xFFFFFFFF for n in range(INCARNATIONS)])
        sim.link(CLIENT, SERVER, delay="1h")
        return sim


def get_setup(name: str) -> Setup:
    """The set-up of that name.  Raises TcpsimError that lists the names there are."""
    from .library import SETUPS

    found = SETUPS.get(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, SETUPS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SETUPS)}"
        raise TcpsimError(f"no set-up {name!r}; {hint}")
    return found
