"""Three old mistakes, planted into the engine while a test runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from tcpsim.tcp import arrives, text
from tcpsim.tcp.core import Core
from tcpsim.tcp.segment import RST, Segment
from tcpsim.tcp.seq import in_window
from tcpsim.tcp.states import BY_CUE, CLOSED, FIN_WAIT_1, LISTEN, SYN_SENT, TIME_WAIT, Cue
from tcpsim.tcp.verdicts import Verdict


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
def no_closing() -> Iterator[None]:
    """A simultaneous close goes from FIN_WAIT_1 to TIME_WAIT at once."""
    row = BY_CUE[FIN_WAIT_1, Cue.FIN]
    with patch.dict(BY_CUE, {(FIN_WAIT_1, Cue.FIN): row._replace(dst=TIME_WAIT)}):
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

    changed = {
        state: tuple(check_rst if check is right else check for check in checks)
        for state, checks in arrives.CHECKS.items()
        if state not in (CLOSED, LISTEN, SYN_SENT)
    }
    assert all(check_rst in checks for checks in changed.values()), "there is no check_rst to spoil any more"
    with patch.dict(arrives.CHECKS, changed):
        yield


BUGS = {
    "fin_lost_with_its_data": fin_lost_with_its_data,
    "no_closing": no_closing,
    "rst_anywhere_in_window": rst_anywhere_in_window,
}
