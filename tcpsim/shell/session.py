"""What a REPL works on: a simulation, its hosts by name, and what the verbs give back."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..net import Host, Simulator, pair
from ..tcp.errors import TcpsimError
from ..tcp.profiles import RFC9293, Profile
from ..tcp.states import CLOSED, LISTEN
from ..tcp.units import format_time
from .errors import ShellError

PORT = 80  #: where the session's server listens from the beginning
DELAY = "10ms"

SHOWN = 5  #: as many connections or packets as the situation names one by one


class Said(str):
    """Text that a shell shows as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self).rstrip("\n")


class Outcome:
    """Whether what was asked for came about, and the situation now: true or false, and prints itself."""

    __slots__ = ("came", "text")

    def __init__(self, came: bool, text: str) -> None:
        self.came = came
        self.text = text

    def __bool__(self) -> bool:
        return self.came

    def __repr__(self) -> str:
        return self.text


class Verb:
    """A verb as a person sees it: a function that knows its session."""

    def __init__(self, function: Callable[..., Any], session: Session) -> None:
        self._function = function
        self._session = session
        self.__name__ = self.__qualname__ = function.__name__
        self.__doc__ = function.__doc__
        whole = inspect.signature(function)
        bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in whole.parameters.values()]
        self.__signature__ = inspect.Signature(bare[1:])

    def __call__(self, *args: Any, **options: Any) -> Any:
        try:
            self.__signature__.bind(*args, **options)
        except TypeError as error:
            raise ShellError(f"{self.usage}: {error}") from None
        return self._function(self._session, *args, **options)

    @property
    def usage(self) -> str:
        """``step(n=1)``."""
        return f"{self.__name__}{self.__signature__}"

    @property
    def summary(self) -> str:
        """The docstring's first line."""
        return (self.__doc__ or "").strip().partition("\n")[0]

    def __repr__(self) -> str:
        return f"{self.usage}: {self.summary}  Type the parentheses to do it."


class Session:
    """A REPL's names.  ``verbs``: functions of a session; they act on what ``sim`` names at the moment."""

    def __init__(self, verbs: Mapping[str, Callable[..., Any]], *, seed: int = 0, profile: Profile = RFC9293) -> None:
        self.verbs = {name: Verb(function, self) for name, function in verbs.items()}
        self.namespace: dict[str, Any] = {"__name__": "__main__", "__doc__": None}
        self.namespace.update(self.verbs)
        self._mine: dict[str, Any] = {}  # the names that `use` has set, and to what
        sim, _, server = pair(delay=DELAY, seed=seed, profile=profile)
        server.listen(PORT)
        self.use(sim)

    @property
    def sim(self) -> Simulator:
        """The simulation that ``sim`` names.  Raises ShellError when it names something else."""
        sim = self.namespace.get("sim")
        if not isinstance(sim, Simulator):
            raise ShellError(
                f"sim is {sim!r} and no simulation; get one back with use(tcpsim.Simulator()) or play(...)"
            )
        return sim

    def use(self, sim: Simulator) -> None:
        """Let ``sim``, the hosts' names and ``listener`` mean those of ``sim``; the last one is ``before``."""
        import tcpsim

        old = self.namespace.get("sim")
        names: dict[str, Any] = {"tcpsim": tcpsim, "sim": sim}
        if isinstance(old, Simulator) and old is not sim:
            names["before"] = old
        for host in sim.hosts.values():
            if host.name.isidentifier() and not self._is_taken(host.name):
                names[host.name] = host
        listeners = (socket for host in sim.hosts.values() for socket in host.fds().values())
        listener = next((socket for socket in listeners if socket.state is LISTEN), None)
        if listener is not None:
            names["listener"] = listener
        for name, value in self._mine.items():  # a host that is no more should not look alive
            if name not in names and self.namespace.get(name) is value and name != "before":
                del self.namespace[name]
        self.namespace.update(names)
        self._mine = names

    def _is_taken(self, name: str) -> bool:
        return name in self.verbs or name in ("sim", "before", "listener", "tcpsim")

    def mend(self) -> None:
        """After an interruption in the middle of an event: undo the half of it that happened."""
        for sim in {id(value): value for value in self.namespace.values()}.values():
            if isinstance(sim, Simulator):
                with suppress(TcpsimError):
                    sim.mend()

    def meant(self, line: str) -> str | None:
        """``step(3)`` for ``step 3``: what somebody means who writes a verb as a command; None if there is no verb."""
        found = re.fullmatch(r"(\w+)\s+([^=(\s].*)", line.strip())
        if found is None or found[1] not in self.verbs:
            return None
        if re.search(r"[\"'()\[\]]", found[2]):
            return f"{found[1]}(...)"
        words = re.split(r"[\s,]+", found[2])
        return f"{found[1]}({', '.join(map(self._argument, words))})"

    def _argument(self, word: str) -> str:
        """A word as an argument: a number, a string or a name that there is, else as text."""
        plain = word in self.namespace or re.fullmatch(r"\d+|\w+=.+", word)
        return word if plain else f'"{word}"'

    def prompt(self) -> str:
        """``tcpsim 3 @ 0.020s> ``: the position and the virtual time."""
        sim = self.namespace.get("sim")
        if not isinstance(sim, Simulator):
            return "tcpsim> "
        return f"tcpsim {sim.position} @ {format_time(sim.now)}s> "

    def banner(self) -> str:
        """What a person sees first: where they are and what to type."""
        sim = self.sim
        return (
            f"tcpsim {sim.trace.header['version']}: client and server, {DELAY} apart; "
            f"the server listens on port {PORT}.\n"
            "Type  conn = connect()  then  step()  again and again, and  ladder().  help() lists the rest."
        )


def situation(sim: Simulator) -> str:
    """Where a simulation is, in one line."""
    hosts = ", ".join(f"{host.name} {_states(host)}" for host in sim.hosts.values())
    return f"step {sim.position}, {format_time(sim.now)} s: {hosts}; in flight: {_flying(sim)}"


def _flying(sim: Simulator) -> str:
    numbers = [f"#{number}" for number in sim.in_flight]
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return (", ".join(numbers[:SHOWN]) or "nothing") + more


def _states(host: Host) -> str:
    """The states of a host's connections; its listeners' only when there are none."""
    rows = host.sockets()
    states = [str(row["state"]) for row in rows if row["state"] is not LISTEN]
    if not states:
        return str(LISTEN if rows else CLOSED)
    more = f" and {len(states) - SHOWN} more" if len(states) > SHOWN else ""
    return " + ".join(states[:SHOWN]) + more


def whole_number(value: Any, what: str, least: int = 0) -> int:
    """``value`` if it is a whole number from ``least`` on.  Raises TcpsimError that says so."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise TcpsimError(f"{what} {value!r} is not a whole number from {least} on")
    return value
