"""Twelve old mistakes, each planted into the engine while a test runs.

Real stacks have made all of them.  Each is planted where a programmer would have made it, by replacing one function or
one row; everything else is the engine as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from tcpsim.net import inbound, moving
from tcpsim.net import world as world_of_hosts
from tcpsim.net.world import World
from tcpsim.tcp import acks, arrives, output, text, timeouts
from tcpsim.tcp import verdicts as v
from tcpsim.tcp.core import Core
from tcpsim.tcp.segment import FIN, RST, Segment
from tcpsim.tcp.seq import MASK, in_window
from tcpsim.tcp.states import BY_CUE, FIN_WAIT_1, TIME_WAIT, Cue
from tcpsim.tcp.units import NEVER
from tcpsim.tcp.verdicts import Verdict


@contextmanager
def _check_replaced(right: arrives.Check, wrong: arrives.Check) -> Iterator[None]:
    """Another check in the place of ``right``, in all states whose chains have it."""
    changed = {
        state: tuple(wrong if check is right else check for check in checks)
        for state, checks in arrives.CHECKS.items()
        if right in checks
    }
    assert changed, f"no state has the check {right.__name__} any more"
    with patch.dict(arrives.CHECKS, changed):
        yield


@contextmanager
def no_closing() -> Iterator[None]:
    """A simultaneous close goes from FIN_WAIT_1 to TIME_WAIT at once."""
    row = BY_CUE[FIN_WAIT_1, Cue.FIN]
    with patch.dict(BY_CUE, {(FIN_WAIT_1, Cue.FIN): row._replace(dst=TIME_WAIT)}):
        yield


@contextmanager
def no_2msl_restart() -> Iterator[None]:
    """TIME_WAIT lasts 2MSL from its begin, whatever the peer repeats."""
    right = Core.start_time_wait

    def wrong(c: Core) -> None:
        if c.tcb.time_wait_due == NEVER:
            right(c)

    with patch.object(Core, "start_time_wait", wrong):
        yield


@contextmanager
def compared_without_wrap() -> Iterator[None]:
    """SND.UNA =< SEG.ACK =< SND.NXT is asked of plain ints, and half the numbers later nobody is heard any more."""

    def out_of_range(c: Core, seg: Segment) -> Verdict | None:
        if c.tcb.snd_una <= seg.ack <= c.tcb.snd_nxt:
            return None
        return v.ACK_TOO_NEW if seg.ack > c.tcb.snd_nxt else v.ACK_TOO_OLD

    with patch.object(arrives, "out_of_range", out_of_range):
        yield


@contextmanager
def fin_lost_with_its_data() -> Iterator[None]:
    """The FIN bit of a segment that has text is overlooked."""
    right = text._note_fin

    def wrong(c: Core, seg: Segment) -> None:
        if not seg.data:
            right(c, seg)

    with patch.object(text, "_note_fin", wrong):
        yield


@contextmanager
def rst_anywhere_in_window() -> Iterator[None]:
    """A RST is obeyed wherever in the window it lies."""
    right = arrives.check_rst

    def check_rst(c: Core, seg: Segment) -> Verdict | None:
        tcb = c.tcb
        if seg.flags & RST and in_window(seg.seq, tcb.rcv_nxt, tcb.rcv_wnd):
            seg = seg.replace(seq=tcb.rcv_nxt)
        return right(c, seg)

    with _check_replaced(right, check_rst):
        yield


@contextmanager
def delayed_ack_never_sent() -> Iterator[None]:
    """The timer of a delayed ACK runs out, and nobody sends the ACK."""
    with patch.dict(timeouts.EXPIRY, {"delack": lambda c: None}):
        yield


@contextmanager
def persist_gives_up() -> Iterator[None]:
    """A closed window is probed once, and then no more."""
    right = output.start_persist

    def wrong(c: Core) -> None:
        if c.tcb.probe_count < 1:
            right(c)

    with ExitStack() as stack:
        for module in (output, acks, timeouts):
            stack.enter_context(patch.object(module, "start_persist", wrong))
        yield


@contextmanager
def window_edge_retreats() -> Iterator[None]:
    """Octets that came early are taken off the window, though RCV.NXT has not moved."""
    right = text._hold

    def wrong(c: Core, seg: Segment, start: int, data: bytes) -> None:
        nxt = c.tcb.rcv_nxt
        right(c, seg, start, data)
        if c.tcb.rcv_nxt == nxt:
            c.tcb.rcv_wnd -= min(len(data), c.tcb.rcv_wnd)

    with patch.object(text, "_hold", wrong):
        yield


@contextmanager
def syn_uncounted() -> Iterator[None]:
    """The peer's octets are expected from its SYN's own number on."""
    right = arrives.learn_syn

    def wrong(c: Core, seg: Segment) -> None:
        right(c, seg)
        c.tcb.rcv_nxt = c.tcb.irs

    with patch.object(arrives, "learn_syn", wrong):
        yield


@contextmanager
def retransmission_past_r2() -> Iterator[None]:
    """What is not acknowledged is repeated for ever."""
    with patch.object(timeouts, "_given_up", lambda c: False):
        yield


@contextmanager
def fin_counted_twice() -> Iterator[None]:
    """Each copy of the peer's FIN moves RCV.NXT."""
    right = arrives.answer

    def wrong(c: Core, seg: Segment) -> None:
        if seg.flags & FIN and c.tcb.fin_received and seg.end == c.tcb.rcv_nxt:
            c.tcb.rcv_nxt = (c.tcb.rcv_nxt + 1) & MASK
        right(c, seg)

    with patch.object(arrives, "answer", wrong):
        yield


@contextmanager
def remote_port_ignored() -> Iterator[None]:
    """A segment belongs to the first connection with its addresses and its local port."""
    right = inbound.arrive

    def arrive(world: World, seg: Segment, index: int) -> None:
        flow = next((flow for flow in world.hosts[index].conns if flow[:3] == seg.flow[:3]), seg.flow)
        found = seg.replace(flow=flow)
        found.id = seg.id
        right(world, found, index)

    with patch.object(world_of_hosts, "arrive", arrive), patch.object(moving, "arrive", arrive):
        yield


class Bug(NamedTuple):
    """A mistake: what plants it, where, and the invariants that see it, whichever is asked first.

    ``limits``: what the machine's limits are while it is looked for, where that is not the usual.
    """

    plant: Callable[[], AbstractContextManager[None]]
    where: str
    seen_by: tuple[str, ...]
    limits: Mapping[str, Any] = MappingProxyType({})


#: One loss, and otherwise fair weather: nothing is doubled or late, and no timer runs out early.
_FAIR: Final = {"max_drops": 1, "max_duplicates": 0, "max_delays": 0, "early": ()}
#: No data, and a network that doubles packets and does nothing else to them.
_SILENT: Final = {"max_octets": 0, "max_drops": 0, "max_delays": 0, "early": ()}

BUGS: Final = {
    "no_closing": Bug(no_closing, "the row `fin_wait_1.fin`", ("fin_fits_state",)),
    "no_2msl_restart": Bug(no_2msl_restart, "`Core.start_time_wait`", ("repeated_fin_restarts_2msl",), _SILENT),
    "compared_without_wrap": Bug(compared_without_wrap, "`arrives.out_of_range`", ("acceptable_ack_is_used",)),
    "fin_lost_with_its_data": Bug(fin_lost_with_its_data, "`text._note_fin`", ("text_in_order_is_taken",)),
    "rst_anywhere_in_window": Bug(
        rst_anywhere_in_window, "`arrives.check_rst`", ("reset_only_at_rcv_nxt",), {"max_forged": 1}
    ),
    "delayed_ack_never_sent": Bug(delayed_ack_never_sent, "`timeouts.EXPIRY`", ("no_ack_is_owed",)),
    "persist_gives_up": Bug(persist_gives_up, "`output.start_persist`", ("timers_fit_state",)),
    "window_edge_retreats": Bug(
        window_edge_retreats,
        "`text._hold`",
        ("receive_window_never_retreats", "early_pieces_in_window"),
        _FAIR,
    ),
    "syn_uncounted": Bug(syn_uncounted, "`arrives.learn_syn`", ("syn_counts",)),
    "retransmission_past_r2": Bug(retransmission_past_r2, "`timeouts._given_up`", ("r2_ends_it",)),
    "fin_counted_twice": Bug(fin_counted_twice, "`text.answer`", ("acknowledged_was_received",)),
    "remote_port_ignored": Bug(
        remote_port_ignored, "`inbound.arrive`", ("segment_reaches_its_connection",), {"max_connects": 2}
    ),
}
