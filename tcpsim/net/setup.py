"""Setting a simulation up: hosts, links and scripts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from ..tcp.errors import TcpsimError
from ..tcp.profiles import Profile, described, get_profile
from ..tcp.units import parse_time
from ..trace.trace import Trace
from .handles import Host
from .history import History
from .host import check_address
from .link import Weather, check_weather
from .outbound import PLAIN, Mark, check_mark
from .programs import parse_program
from .route import parse_network
from .world import World

if TYPE_CHECKING:
    from .simulator import Simulator


class SetUp:
    """The part of a simulator that comes before the first move."""

    world: World
    trace: Trace
    profile: Profile
    hosts: dict[str, Host]
    position: int
    _past: History | None

    def host(
        self,
        name: str,
        *addresses: str,
        profile: Profile | str | None = None,
        iss: int | Iterable[int] | None = None,
        forwards: bool = False,
        ttl: int = 64,
        dscp: int = 0,
        **switches: Any,
    ) -> Host:
        """A new host.  ``addresses``: by default the next of 10.0.0.0/24.

        ``profile``: the simulation's unless given; ``switches`` change single ones.  ``iss``: its connections'
        initial sequence numbers: one for all, or a list for one after the other (RFC 6528 afterwards).
        ``forwards``: it is a router, and passes on packets that are not for it.  ``ttl``, ``dscp``: what the IP
        headers of its packets say, unless a connection sets its own.
        """
        self._must_be_setting_up("host()")
        world = self.world
        if not name or name in self.hosts:
            raise TcpsimError(f"host name {name!r} is {'taken' if name else 'empty'}; choose another")
        if not addresses:
            addresses = (next(free for n in range(1, 255) if (free := f"10.0.0.{n}") not in world.by_address),)
        for address in addresses:
            check_address(address)
            if addresses.count(address) > 1:
                raise TcpsimError(f"address {address} of host {name} is given twice")
            if address in world.by_address:
                raise TcpsimError(
                    f"address {address} belongs to {world.hosts[world.by_address[address]].name} already"
                )
        chosen = self.profile if profile is None else get_profile(profile) if isinstance(profile, str) else profile
        if switches:
            chosen = chosen.but(**switches)
        isses = iss if iss is None or isinstance(iss, int) else tuple(iss)
        for number in (isses,) if isinstance(isses, int) else isses or ():
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << 32:
                raise TcpsimError(f"iss {number!r} of host {name} is not a sequence number in 0 .. 2**32 - 1")
        mark = check_mark(ttl, dscp, f"host {name}")
        world.add_host(name, addresses, chosen, isses, forwards=forwards)
        base, differing = described(chosen)
        self.trace.header["hosts"].append(
            {"name": name, "addresses": list(addresses), "profile": base, "switches": differing, "iss": isses}
            | ({"forwards": True} if forwards else {})
            | {key: value for key, value, usual in zip(Mark._fields, mark, PLAIN, strict=True) if value != usual}
        )
        if mark != PLAIN:
            world.marks[name] = mark
        self.hosts[name] = Host(cast("Simulator", self), name)  # which is what this is a part of
        return self.hosts[name]

    def router(self, name: str, *addresses: str, **options: Any) -> Host:
        """A new host that forwards."""
        return self.host(name, *addresses, forwards=True, **options)

    def link(
        self,
        a: Host | str,
        b: Host | str,
        *,
        delay: str | int = "10ms",
        loss: float = 0.0,
        faults: Iterable[tuple[Any, ...]] = (),
        faults_back: Iterable[tuple[Any, ...]] = (),
        back: dict[str, Any] | None = None,
        **weather: Any,
    ) -> None:
        """Join two hosts.  ``delay``: one way.  ``loss``: the probability that a packet is lost.

        ``weather``: ``jitter`` (up to so much more delay) and ``reorders`` (whether by that packets overtake each
        other), ``rate`` ("10Mbit") and ``queue`` (packets that wait for the line; more are dropped), ``mtu``
        (octets), ``duplicate``, ``corrupt``, ``reorder`` (probabilities) and ``reorder_by``, ``down``
        (``[("1s", "2s")]``: a partition from t1 until t2), ``mark`` (the probability that a packet is told to have
        met congestion, RFC 3168) and ``mark_at`` (so is one that finds so many waiting).  All hold for both
        directions; ``back`` changes some for the way from ``b`` to ``a``.

        ``faults``: what happens to single packets from ``a`` to ``b``; ``faults_back``: the same from ``b`` to
        ``a``.  ``(n, "lose")``, ``(n, "duplicate")``, ``(n, "corrupt")``, ``(n, "mark")`` or
        ``(n, "delay", "5ms")``, n from 1; or an expression over the header's fields instead of n, or before it:
        ``("SYN and not ACK", "lose")``, ``("len > 0", 2, "lose")``: the second that carries data (see
        ``tcpsim.net.fields``).
        """
        self._must_be_setting_up("link()")
        world = self.world
        ends = [world.host(end if isinstance(end, str) else end.name) for end in (a, b)]
        names = "-".join(end.name for end in ends)
        if ends[0] is ends[1]:
            raise TcpsimError(f"link {names}: a link joins two hosts; a host reaches itself without one")
        if (ends[0].index, ends[1].index) in world.joined:
            raise TcpsimError(f"link {names}: these hosts are joined already")
        common = {"delay": delay, "loss": loss} | weather
        there = check_weather(f"link {names}", common | {"faults": faults})
        other = check_weather(f"link {names} back", common | (back or {}) | {"faults": faults_back})
        for (one, two), chosen in ((ends, there), (ends[::-1], other)):
            world.add_path(f"{one.name}->{two.name}", one.index, two.index, chosen)
        self.trace.header["links"].append({"ends": [end.name for end in ends], **_told(there, other)})

    def route(self, host: Host | str, destination: Host | str, via: Host | str) -> None:
        """Let ``host`` send what is for ``destination`` to its neighbour ``via``; the way back is another matter.

        ``destination``: a host, an address, or a network such as ``"10.1.0.0/16"``.  Without such routes packets
        take the fewest links.  Raises TcpsimError when ``via`` is no neighbour.
        """
        self._must_be_setting_up("route()")
        world = self.world
        here, next_host = (world.host(end if isinstance(end, str) else end.name) for end in (host, via))
        if (here.index, next_host.index) not in world.joined:
            raise TcpsimError(f"route of {here.name} via {next_host.name}: there is no link between them")
        known = destination.name if isinstance(destination, Host) else destination
        networks = self.hosts[known].addresses if known in self.hosts else (known,)
        for network in networks:
            parse_network(network, f"route of {here.name}")
        for network in networks:
            world.add_route(here.index, (network, next_host.index))
        self.trace.header.setdefault("routes", []).append(
            {"host": here.name, "destination": known, "via": next_host.name}
        )

    def script(self, host: Host | str, *steps: Any, at: str | int = 0, restarts: bool = False) -> None:
        """Run an application on ``host`` from ``at`` on: ``"listen 80"``, ``"accept"``, ``("send", b"x")`` ...

        ``restarts``: it begins at every start of the host, ``at`` after it.  Host names in ``connect`` become
        addresses.  Raises TcpsimError that names a wrong step.
        """
        self._must_be_setting_up("script()")
        name = host if isinstance(host, str) else host.name
        program = tuple(
            (step[0], self.address_of(step[1]), *step[2:]) if step[0] == "connect" else step
            for step in parse_program(steps)
        )
        start = parse_time(at, "at")
        index = self.world.host(name).index
        self.world.add_script(index, program, start)
        if restarts:
            self.world.starters = (*self.world.starters, (index, program, start))
        self.trace.header["scripts"].append(
            {"host": name, "at": start, "steps": program} | ({"restarts": True} if restarts else {})
        )

    def _must_be_setting_up(self, what: str) -> None:
        if self.position:
            raise TcpsimError(
                f"{what} at step {self.position}: set up hosts, links and scripts before the first step"
            )
        if self._past is not None:
            self._past = History()  # a checkpoint of step 0 would lack what is set up now

    def address_of(self, host: str | Host) -> str:
        """The address of a host, of a host's name, or an address itself.  Raises TcpsimError for an unknown one."""
        if isinstance(host, Host):
            return host.addresses[0]
        known = self.hosts.get(host)
        if known is not None:
            return known.addresses[0]
        try:
            check_address(host)
        except TcpsimError:
            names = ", ".join(self.hosts) or "none yet"
            raise TcpsimError(f"no host {host!r}; the hosts are {names}, or give an address") from None
        return host


def _told(there: Weather, back: Weather) -> dict[str, Any]:
    """A link's two directions as keyword arguments of ``link``, in plain data."""
    one, other = there.told(), back.told()
    told = {"faults": one.pop("faults", ()), "faults_back": other.pop("faults", ())}
    usual = Weather()._asdict()
    differing = {
        name: other.get(name, usual[name])
        for name in (*one, *other)
        if one.get(name, usual[name]) != other.get(name, usual[name])
    }
    return one | told | ({"back": differing} if differing else {})
