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
from .link import Path, check_faults, check_weather
from .scripts import parse_program
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
        **switches: Any,
    ) -> Host:
        """A new host.  ``addresses``: by default the next of 10.0.0.0/24.

        ``profile``: the simulation's unless given; ``switches`` change single ones.  ``iss``: its connections'
        initial sequence numbers: one for all, or a list for one after the other (RFC 6528 afterwards).
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
        world.add_host(name, addresses, chosen, isses)
        base, differing = described(chosen)
        self.trace.header["hosts"].append(
            {"name": name, "addresses": list(addresses), "profile": base, "switches": differing, "iss": isses}
        )
        self.hosts[name] = Host(cast("Simulator", self), name)  # which is what this is a part of
        return self.hosts[name]

    def link(
        self,
        a: Host | str,
        b: Host | str,
        *,
        delay: str | int = "10ms",
        loss: float = 0.0,
        faults: Iterable[tuple[Any, ...]] = (),
        faults_back: Iterable[tuple[Any, ...]] = (),
    ) -> None:
        """Join two hosts.  ``delay``: one way.  ``loss``: the probability that a packet is lost.

        ``faults``: what happens to single packets from ``a`` to ``b``: ``(n, "lose")``, ``(n, "duplicate")`` or
        ``(n, "delay", "5ms")``, n from 1; ``faults_back``: the same from ``b`` to ``a``.
        """
        self._must_be_setting_up("link()")
        world = self.world
        ends = [world.host(end if isinstance(end, str) else end.name) for end in (a, b)]
        names = "-".join(end.name for end in ends)
        if ends[0] is ends[1]:
            raise TcpsimError(f"link {names}: a link joins two hosts; a host reaches itself without one")
        if (ends[0].index, ends[1].index) in world.paths:
            raise TcpsimError(f"link {names}: these hosts are joined already")
        ns = parse_time(delay, f"link {names}: delay")
        check_weather(f"link {names}", ns, loss)
        there, back = (
            check_faults(faults, f"link {names}"),
            check_faults(faults_back, f"link {names}"),
        )
        for (one, other), rules in ((ends, there), (ends[::-1], back)):
            world.paths[one.index, other.index] = Path(f"{one.name}->{other.name}", world.seed, ns, loss, rules)
        self.trace.header["links"].append(
            {
                "ends": [end.name for end in ends],
                "delay": ns,
                "loss": loss,
                "faults": there,
                "faults_back": back,
            }
        )

    def script(self, host: Host | str, *steps: Any, at: str | int = 0) -> None:
        """Run an application on ``host`` from ``at`` on: ``"listen 80"``, ``"accept"``, ``("send", b"x")`` ...

        Host names in ``connect`` become addresses.  Raises TcpsimError that names a wrong step.
        """
        self._must_be_setting_up("script()")
        name = host if isinstance(host, str) else host.name
        program = tuple(
            (step[0], self.address_of(step[1]), *step[2:]) if step[0] == "connect" else step
            for step in parse_program(steps)
        )
        start = parse_time(at, "at")
        self.world.add_script(self.world.host(name).index, program, start)
        self.trace.header["scripts"].append({"host": name, "at": start, "steps": program})

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
