"""What a simulation may run until: a state, a rule, flags, a time, or any function of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tcp.errors import TcpsimError
from ..tcp.segment import Flags, parse_flags
from ..tcp.states import BY_ID, State
from ..tcp.units import parse_time
from ..trace.raw import INTRODUCE

if TYPE_CHECKING:
    from .simulator import Simulator

#: (simulator, place in the trace of the first record that is news) -> whether it holds.
Test = Callable[["Simulator", int], bool]


def condition_of(what: Any) -> Test | int:
    """The test that ``what`` stands for; an int is a time, ns.  Raises TcpsimError that tells what there is."""
    if isinstance(what, State):
        return _state(what)
    if callable(what):
        return lambda sim, seen: bool(what(sim))
    if isinstance(what, int) and not isinstance(what, bool):
        return parse_time(what, "until()")
    if not isinstance(what, str):
        raise _unknown(what)
    if what.strip()[:1].isdigit():
        return parse_time(what, "until()")
    if what in BY_ID:
        return _rule(what)
    flags = _bits(what)
    if flags:
        return _flags(flags)
    try:
        return _state(State.parse(what))
    except ValueError:
        raise _unknown(what) from None


def _bits(text: str) -> int:
    """Flags by the RFC's names (``SYN,ACK``) or in tcpdump's letters (``S.``); 0 for what is neither."""
    names = [name.strip().upper() for name in text.split(",")]
    if all(name in Flags.__members__ for name in names):
        return sum({int(Flags[name]) for name in names})
    try:
        return parse_flags(text)
    except ValueError:
        return 0


def _unknown(what: Any) -> TcpsimError:
    return TcpsimError(
        f"until(): {what!r} is no condition; give a state such as 'ESTABLISHED', a rule such as 'syn_sent.rcv_synack', "
        "flags such as 'FIN' or 'SYN,ACK', a time such as '3s', or a function of sim"
    )


def _state(state: State) -> Test:
    def holds(sim: Simulator, seen: int) -> bool:
        if any(conn.state is state for conn in sim.world.conns.values()):
            return True
        return any(raw[0] == "fired" and BY_ID[raw[5]].dst is state for raw in sim.trace.raw[seen:])

    return holds


def _rule(rule: str) -> Test:
    def holds(sim: Simulator, seen: int) -> bool:
        _need_trace(sim, f"the rule {rule}")
        return any(raw[0] == "fired" and raw[5] == rule for raw in sim.trace.raw[seen:])

    return holds


def _flags(flags: int) -> Test:
    def holds(sim: Simulator, seen: int) -> bool:
        _need_trace(sim, "flags")
        return any(raw[0] in INTRODUCE and raw[6][3] & flags == flags for raw in sim.trace.raw[seen:])

    return holds


def _need_trace(sim: Simulator, what: str) -> None:
    if sim.trace.level == "off":
        raise TcpsimError(
            f"until(): {what} cannot be seen in a simulation made with trace='off'; use a function of sim"
        )
