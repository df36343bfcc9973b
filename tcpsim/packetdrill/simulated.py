"""The endpoint on a simulation: a host under test, and one beside it that swallows what it is sent.

Two hosts on a link without delay: ``endpoint``, and ``script``, a black hole, which never answers by itself.

Every step is a move of the simulation, so a run can be asked why, and gone back in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..net.moves import Inject, InjectIcmp, SetProfile
from ..net.outbound import PLAIN
from ..net.simulator import Simulator
from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile
from ..tcp.segment import Flow, Segment
from ..tcp.states import State
from .endpoint import Answer, NotOffered, Sent
from .simcalls import CALLS, Waiting
from .siminfo import tcp_info

if TYPE_CHECKING:
    from ..net.host import Conn

ENDPOINT: Final = "endpoint"
SCRIPT: Final = "script"


class SimulatedEndpoint:
    """An ``Endpoint`` (see there) that is a host of a simulation.

    ``local``, ``remote``: the addresses of the endpoint and of the script's end.  ``mtu``: of the link between.
    """

    def __init__(self, profile: Profile, local: str, remote: str, *, mtu: int = 1500, seed: int = 0) -> None:
        self.sim = Simulator(seed, profile=profile)
        self.host = self.sim.host(ENDPOINT, local)
        script = self.sim.host(SCRIPT, remote, blackhole=2)
        if mtu == 1500:
            self.sim.link(self.host, script, delay=0)
        else:
            self.sim.link(self.host, script, delay=0, mtu=mtu)
        self._target = script.data.index
        self._seen = 0
        self._sent: list[Sent] = []
        self._waiting: Waiting | None = None
        self.nonblocking: set[int] = set()  #: descriptors that never wait
        self.epolls: dict[int, dict[int, Any]] = {}  #: epoll descriptor -> what it looks at

    # -- time and packets

    @property
    def now(self) -> int:
        """The time, ns."""
        return self.sim.now

    @property
    def profile(self) -> Profile:
        """What the host follows now."""
        return self.host.data.profile

    def inject(self, *segments: Segment) -> None:
        """See ``Endpoint.inject``."""
        packets = []
        for seg in segments:
            self.sim.apply(Inject(seg.key(), 0, ENDPOINT))
            packets.append(self.sim.world.next_packet)
        self.sim.deliver(*packets)
        self._collect()

    def inject_icmp(self, name: str, flow: Flow, seq: int, mtu: int) -> None:
        """See ``Endpoint.inject_icmp``."""
        self.sim.apply(InjectIcmp(name, flow, seq, mtu, 0))
        self.sim.deliver(self.sim.world.next_packet)
        self._collect()

    def take(self) -> list[Sent]:
        """See ``Endpoint.take``."""
        sent, self._sent = self._sent, []
        return sent

    def _collect(self) -> None:
        """Note the packets that have just left."""
        world = self.sim.world
        for number, (_, seg, target) in world.flight.items():
            if number > self._seen and target == self._target:
                self._sent.append(Sent(world.now, seg, *world.headers.get(number, PLAIN)))
        self._seen = world.next_packet

    def step(self, until: int) -> bool:
        """See ``Endpoint.step``."""
        sim = self.sim
        if sim.world.next_due() <= until:
            sim.step()
            self._collect()
            return True
        if sim.now < until:
            sim.run(until=until)
        return False

    # -- calls

    def call(self, name: str, *args: Any) -> Answer | None:
        """See ``Endpoint.call``."""
        function = CALLS.get(name)
        if function is None:
            raise NotOffered(f"the system call {name}()")
        self._waiting = None
        found = function(self, *args)
        self._collect()
        if isinstance(found, Answer):
            return found
        self._waiting = found
        return self.answer()

    def answer(self) -> Answer | None:
        """See ``Endpoint.answer``."""
        if self._waiting is None:
            return None
        answer = self._waiting()
        self._collect()
        if answer is not None:
            self._waiting = None
        return answer

    # -- what administrators and observers do

    def configure(self, **switches: Any) -> None:
        """See ``Endpoint.configure``."""
        try:
            self.sim.apply(SetProfile(ENDPOINT, tuple(sorted(switches.items()))))
        except TcpsimError as error:
            raise NotOffered(str(error)) from None

    def connection(self, fd: int) -> Conn | None:
        """The connection behind a descriptor; None when it is not open."""
        descriptor = self.host.data.fds.get(fd)
        return None if descriptor is None else self.sim.world.conns.get(descriptor.conn)

    def info(self, fd: int) -> dict[str, int]:
        """See ``Endpoint.info``."""
        conn = self.connection(fd)
        if conn is None:
            raise NotOffered("TCP_INFO of a descriptor that is not open")
        return tcp_info(conn, self.now)

    def count(self, state: str) -> int:
        """See ``Endpoint.count``."""
        try:
            wanted = State.parse(state)
        except TcpsimError:
            raise NotOffered(f"counting connections in {state}") from None
        return sum(row["state"] is wanted for row in self.host.sockets())

    def story(self) -> str:
        """See ``Endpoint.story``."""
        trace = self.sim.trace
        mine = (record for record in reversed(list(trace)) if getattr(record, "where", "") == ENDPOINT)
        last = next((record.n for record in mine if record.kind in ("sent", "arrived", "call", "timer_fired")), None)
        why = f"\n{self.sim.why(last)}\n" if last is not None else ""
        return f"{self.sim.ladder(numbers='relative')}{why}"
