"""Two ends that have both taken a window probe's octet, while neither has heard so (A-16)."""

import pytest

from tcpsim import Simulator
from tcpsim.explore import explore, get_setup
from tcpsim.net.moves import Expire
from tcpsim.tcp import arrives


def test_two_probing_ends_hear_of_each_other() -> None:
    """Both windows are closed, both probe, both users read before the probes arrive."""
    sim = Simulator(trace="brief")
    for name, iss in (("client", 100), ("server", 300)):
        sim.host(name, iss=iss, rcv_buf=2, mss=2, mss_default=2, ack_delay=0, nagle=False)
    sim.link("client", "server", delay="10ms")
    listener = sim.hosts["server"].listen(80)
    conn = sim.hosts["client"].connect("server", 80)
    sim.run(for_="50ms")
    peer, _ = listener.accept()
    conn.send(b"abc")
    peer.send(b"xyz")
    sim.run(for_="50ms")  # two octets of each are taken, the third waits for a window
    sim.apply(Expire(conn.number, "persist"))
    sim.apply(Expire(peer.number, "persist"))
    assert conn.tcb.probe_seq == 104
    assert peer.tcb.probe_seq == 304
    assert (conn.recv(2), peer.recv(2)) == (b"xy", b"ab")
    sim.run(for_="10min")
    assert (conn.recv(9), peer.recv(9)) == (b"z", b"c")
    assert conn.tcb.snd_una == conn.tcb.snd_nxt
    sim.run(for_="1s")
    assert not sim.in_flight


def test_the_explorer_finds_what_it_was_like_before(monkeypatch: pytest.MonkeyPatch) -> None:
    usable = arrives._usable_all_the_same

    def without(core, seg) -> bool:  # type: ignore[no-untyped-def]
        lags = not seg.len and (seg.seq + 1) & 0xFFFFFFFF == core.tcb.rcv_nxt
        return not lags and usable(core, seg)

    monkeypatch.setattr(arrives, "_usable_all_the_same", without)
    result = explore(get_setup("both-windows-closed"), properties=["no_livelock"], records=False)
    assert result.verdict("no_livelock").broken
