"""What keeps a connection from sending, and for how long: what Linux tells in TCP_INFO (tcp_chrono)."""

from __future__ import annotations

import pytest

from tcpsim.tcp.limits import limited_for
from tests.helpers.lab import MASK, Lab

MS = 1_000_000


def spent(lab: Lab) -> tuple[int, int, int]:
    """The ms in which it was busy, and of these those in which the peer's window, and our buffer, were too small."""
    busy, rwnd, sndbuf = limited_for(lab.conn, lab.now)
    return busy // MS, rwnd // MS, sndbuf // MS


@pytest.mark.parametrize("shift", [(0, 0), (MASK - 1100, 0), (1 << 30, 0)])
def test_a_connection_is_busy_while_something_is_not_acknowledged(shift: tuple[int, int]) -> None:
    class Shifted(Lab):
        pass

    Shifted.shift = shift
    lab = Shifted(mss=1000, initial_window=5, send_in_chunks=True, snd_buf=50_000, rto_min=60_000 * MS)
    lab.open_active().advance("1ms").arrives("S. 300:300(0) ack 101 win 3000 <mss 1000>").advance("5ms")
    assert spent(lab) == (0, 0, 0)
    lab.send(500).advance("10ms")
    assert spent(lab) == (10, 0, 0)
    lab.send(10_000).advance("20ms")  # two segments more, then the window is what limits
    assert (lab.snd_nxt, spent(lab)) == (2601, (30, 20, 0))
    lab.arrives(". 301:301(0) ack 601 win 60000").advance("40ms")  # cwnd is
    assert (lab.snd_nxt, spent(lab)) == (5601, (70, 20, 0))
    lab.arrives(". 301:301(0) ack 5601 win 60000").advance("80ms")  # all has left
    assert (lab.snd_nxt, spent(lab)) == (10_601, (150, 20, 0))
    lab.arrives(". 301:301(0) ack 10601 win 60000")
    assert spent(lab.advance("1s")) == (150, 20, 0)
    lab.send(10).advance("1ms")
    assert spent(lab) == (151, 20, 0)
