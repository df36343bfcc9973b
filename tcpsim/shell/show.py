"""How a shell shows what people look at most: a simulation, a host, a socket, its variables, a segment, a trace.

A value's ``repr`` is one line; at a prompt there is room for more.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..explain.describe import describe
from ..explain.variables import VARIABLES, rfc_name, shown
from ..net import Host, Simulator, Socket
from ..tcp.segment import Segment
from ..tcp.seq import MASK
from ..tcp.states import CLOSED, LISTEN
from ..tcp.tcb import BLANK, TIMERS, Tcb
from ..tcp.units import NEVER, format_time
from ..trace.trace import Trace
from . import output
from .session import situation
from .texts import in_flight_text, segment_text

LAST: Final = 12  #: records of a trace that are shown

#: Variables that count from our first number, and from the peer's.
_OURS: Final = frozenset(
    ("snd_una", "snd_nxt", "snd_wl2", "snd_buf_seq", "fin_seq", "probe_seq", "rtt_seq", "snd_up")
)
_THEIRS: Final = frozenset(("rcv_nxt", "snd_wl1", "rcv_fin", "rcv_up", "last_ack_sent"))


def simulator_lines(sim: Simulator) -> Iterator[str]:
    """Where it is, and what is on its way."""
    yield repr(sim)
    yield situation(sim)
    if sim.in_flight:
        yield from (f"  {line}" for line in in_flight_text(sim).splitlines())


def host_lines(host: Host) -> Iterator[str]:
    """Its addresses, and its sockets as ``ss`` shows them."""
    yield repr(host)
    if host.sockets():
        yield host.ss()


def socket_lines(socket: Socket) -> Iterator[str]:
    """The ends, and the variables that matter most."""
    yield repr(socket)
    tcb = socket.tcb
    if tcb.state not in (CLOSED, LISTEN):
        for names in (
            ("snd_una", "snd_nxt", "snd_wnd", "snd_buf"),
            ("rcv_nxt", "rcv_wnd", "rcv_buf"),
            ("rto", "srtt"),
        ):
            values = tcb.variables()
            yield "  " + "  ".join(f"{rfc_name(name)} {shown(name, values[name])}" for name in names)
        running = [(getattr(tcb, f"{name}_due"), name) for name in TIMERS]
        for due, name in sorted(one for one in running if one[0] != NEVER):
            yield f"  {name} timer runs out at {format_time(due)} s"


def tcb_lines(tcb: Tcb) -> Iterator[str]:
    """Every variable with a name in the RFCs, and those others that are not what they begin with."""
    values, blank = tcb.variables(), BLANK.variables()
    local, port, remote, remote_port = tcb.flow
    yield f"{local or '*'}:{port} -> {remote or '*'}:{remote_port}"
    yield f"{'':<18} {'':>12} {'from first':>10}"
    for name, value in values.items():
        known = VARIABLES.get(name)
        if known is None or name in ("flow", "peer_flow") or not (known.rfc or value != blank[name]):
            continue
        first = tcb.iss if name in _OURS else tcb.irs if name in _THEIRS else None
        counted = "" if first is None or value is None else f"+{(value - first) & MASK}"
        yield f"{rfc_name(name):<18} {shown(name, value):>12} {counted:>10}   {known.words}"


def segment_lines(seg: Segment) -> Iterator[str]:
    """Its fields in the RFC's words."""
    yield repr(seg)
    options = ", ".join(" ".join(map(str, option)) for option in seg.options)
    yield f"  {segment_text(seg)}" + (f"  options {options}" if options else "")
    yield f"  {seg.flow[2]}:{seg.flow[3]} -> {seg.flow[0]}:{seg.flow[1]}  SEG.LEN {seg.len}"


def trace_lines(trace: Trace) -> Iterator[str]:
    """The last records, a line each; why(n) asks about one."""
    yield repr(trace)
    start = max(0, len(trace) - LAST)
    if start:
        yield f"  ... {start} before; sim.trace[n] is one of them"
    yield from (f"  [{record.n}] {describe(record)}" for record in trace[start:])


#: What is shown in more than its ``repr``.
SHOWN: Final[dict[type, Callable[[Any], Iterator[str]]]] = {
    Simulator: simulator_lines,
    Host: host_lines,
    Socket: socket_lines,
    Tcb: tcb_lines,
    Segment: segment_lines,
    Trace: trace_lines,
}


def text_of(value: Any) -> str:
    """What a shell shows for ``value``."""
    lines = SHOWN.get(type(value))
    return repr(value) if lines is None else "\n".join(lines(value))


def display(value: Any) -> None:
    """``sys.displayhook`` for a shell: as Python's own, with ``text_of`` for ``repr``."""
    if value is not None:
        builtins._ = None  # type: ignore[attr-defined]
        output.emit(f"{text_of(value)}\n")
        builtins._ = value  # type: ignore[attr-defined]
