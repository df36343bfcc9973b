"""Small simulations to try things on: how they are set up, and how a person interferes with them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hypothesis import strategies as st

from tcpsim import Simulator, TcpsimError
from tcpsim.net.moves import Expire

MOD: Final = 2**32
MS: Final = 1_000_000
SECOND: Final = 1_000_000_000

#: Nobody ever gives up, so that a loss never ends a connection.
PATIENT: Final[dict[str, Any]] = {"r2": None, "r2_syn": None, "user_timeout": None}

Fault = tuple[int, str]
Act = tuple[str, int, int]


@dataclass(frozen=True)
class Story:
    """Two hosts on a link, and what runs on them. ``build`` makes the same simulation every time."""

    seed: int = 0
    client_iss: int | None = 100
    server_iss: int | None = 300
    delay: int = 10 * MS
    loss: float = 0.0
    faults: tuple[Fault, ...] = ()
    faults_back: tuple[Fault, ...] = ()
    client: tuple[Any, ...] = ()
    server: tuple[Any, ...] = ()
    switches: dict[str, Any] = field(default_factory=dict)
    profile: str = "rfc9293"

    def build(self, trace: str = "full") -> Simulator:
        sim = Simulator(self.seed, profile=self.profile, trace=trace)
        sim.host("client", "10.0.0.1", iss=self.client_iss, **self.switches)
        sim.host("server", "10.0.0.2", iss=self.server_iss, **self.switches)
        sim.link(
            "client", "server", delay=self.delay, loss=self.loss, faults=self.faults, faults_back=self.faults_back
        )
        if self.server:
            sim.script("server", *self.server)
        if self.client:
            sim.script("client", *self.client)
        return sim

    def but(self, **changes: Any) -> Story:
        return replace(self, **changes)


#: A handshake, some octets each way, and the client closes first.
TALK: Final = Story(
    client=("connect server 80", ("send", b"ping" * 300), "recv 4", "close"),
    server=("listen 80", "accept", "recv 1200", ("send", b"pong"), "recv_to_end", "close"),
    switches={"mss": 500, "rcv_buf": 2000},
)
#: The same with a third of the packets lost.
STORMY: Final = TALK.but(seed=7, loss=0.3, client_iss=MOD - 3, server_iss=None, switches={**TALK.switches, **PATIENT})

#: Window scaling, and timestamps that wrap within the first seconds.
OPTIONS: Final[dict[str, Any]] = {
    "timestamps": True, "timestamp_start": MOD - 100, "window_scale": 2, "mss": 200, "rcv_buf": 5000,
}  # fmt: skip

#: Initial sequence numbers: anything, above all just below the wrap.
ISSES: Final = st.integers(0, MOD - 1) | st.integers(MOD - 8, MOD - 1) | st.just(0)

STORIES: Final = st.builds(
    Story,
    seed=st.integers(0, 3),
    client_iss=ISSES | st.none(),
    server_iss=ISSES | st.none(),
    delay=st.sampled_from([0, 1, 10 * MS, 500 * MS, SECOND]),
    loss=st.sampled_from([0.0, 0.0, 0.3]),
    faults=st.sampled_from([(), ((1, "lose"),), ((2, "duplicate"), (4, "lose"))]),
    client=st.sampled_from(
        [TALK.client, ("connect server 80", "sleep 1s", "close"), ("sleep 5ms", "sleep 5ms"), (), TALK.client]
    ),
    server=st.sampled_from([TALK.server, ("listen 80", "serve"), ("listen 80", ("serve", "recv_to_end", "close"))]),
    switches=st.sampled_from([TALK.switches, {"rcv_buf": 600, "mss": 100}, {"msl": SECOND, "ack_delay": 0}, OPTIONS]),
    profile=st.sampled_from(["rfc9293", "rfc9293", "rfc9293_literal"]),
)

#: What a person does, with two numbers that say to what and how much.
VERBS: Final = (
    "step", "step", "step", "step", "run_for", "deliver", "deliver", "drop", "duplicate", "delay", "corrupt", "expire",
    "move", "move", "connect", "listen", "accept", "send", "send", "recv", "recv", "shutdown", "close", "abort", "inject",
    "weather", "reboot", "step", "step",
)  # fmt: skip
ACTS: Final = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(0, 7), st.integers(0, 7)), min_size=10, max_size=40
)

_ON_PACKETS: Final = ("drop", "deliver", "duplicate", "delay", "corrupt")
_ON_SOCKETS: Final = ("accept", "send", "recv", "shutdown", "close", "abort")

INJECTED: Final = ("R 1:1(0) win 0", ". 1:1(0) ack 1 win 500", "S 0:0(0) win 500", "F. 1:1(0) ack 1 win 9",
                   "P. 1:6(5) ack 1 win 0", ". 9:12(3) ack 1 win 99", "R. 0:0(0) ack 1 win 0")  # fmt: skip


def act(sim: Simulator, what: Act) -> bool:
    """Do it if it can be done now; whether it could. What cannot be done changes nothing.

    Where a packet or a socket is meant and there is none, the clock makes a step instead.
    """
    verb, a, b = what
    hosts = list(sim.hosts)
    host = hosts[a % len(hosts)]
    flying = list(sim.in_flight)
    packet = flying[a % len(flying)] if flying else 0
    sockets = [(name, fd) for name in hosts for fd in sim.hosts[name].fds()]
    owner, fd = sockets[b % len(sockets)] if sockets else (host, 3)
    if (verb in _ON_PACKETS and not flying) or (verb in _ON_SOCKETS and not sockets):
        verb = "step"
    try:
        match verb:
            case "step":
                sim.step(1 + a)
            case "run_for":
                # To the letter of the RFC, two ends can answer each other for ever.
                with suppress(TcpsimError):
                    sim.run(for_=(0, 1, 5 * MS, 10 * MS, 300 * MS, SECOND, 5 * SECOND, 60 * SECOND)[a], limit=200)
            case "drop":
                sim.drop(packet)
            case "deliver":
                sim.deliver(*dict.fromkeys([packet, flying[b % len(flying)] if flying else 0]))
            case "duplicate":
                sim.duplicate(packet)
            case "delay":
                sim.delay(packet, by=b * 100 * MS)
            case "corrupt":
                sim.corrupt(packet)
            case "expire":
                running = [move for move in sim.world.moves() if isinstance(move, Expire)]
                if not running:
                    return False
                sim.apply(running[a % len(running)])
            case "move":
                moves = sim.world.moves()
                if not moves:
                    return False
                sim.apply(moves[(8 * a + b) % len(moves)])
            case "connect":
                sim.hosts[host].connect(hosts[b % len(hosts)], 80)
            case "listen":
                sim.hosts[host].listen(80 + b % 2, backlog=1 + b % 3)
            case "accept" | "shutdown" | "close" | "abort":
                return sim.call(owner, verb, fd) is not None or verb != "accept"
            case "send":
                sim.call(owner, "send", fd, bytes(range(32)) * (1 + 10 * a))
            case "recv":
                return sim.call(owner, "recv", fd, 1 + 100 * a) is not None
            case "inject":
                sim.inject(host, INJECTED[b % len(INJECTED)], delay=b * MS)
            case "weather":
                sim.weather(host, hosts[b % len(hosts)], delay=b * 5 * MS, loss=(0.0, 0.5)[b % 2])
            case "reboot":
                sim.reboot(host)
            case _:
                raise AssertionError(f"no act {verb}")
    except TcpsimError:
        return False
    return True
