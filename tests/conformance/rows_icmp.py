"""Rows about ICMP errors, and packets for or from many hosts."""

from __future__ import annotations

from typing import Final

from tcpsim import Flags, Segment, State
from tcpsim.net.moves import Inject
from tcpsim.tcp import RFC9293, Code, Do
from tcpsim.tcp.notices import ERRORS
from tests.conformance.registry import rows, state_of
from tests.conformance.rows_hosts import opened
from tests.conformance.rows_opening import gone, moved
from tests.conformance.rows_synchronised import ALL, busy
from tests.helpers.lab import Lab

SOFT: Final = [error.name for error in ERRORS.values() if not error.hard and error.name not in
               ("source-quench", "fragmentation-needed")]  # fmt: skip
HARD: Final = [error.name for error in ERRORS.values() if error.hard]


def oldest(lab: Lab) -> int:
    return lab.tcb.snd_una


@rows(f"syn_sent|syn_rcvd|{ALL}.icmp_soft")
def soft(row: str) -> None:
    assert len(SOFT) == 6
    for name in SOFT:
        lab = busy(row)
        assert lab.conn.icmp_arrives(lab.now, name, oldest(lab))
        moved(row, lab, [], (Do.SIGNAL_SOFT_ERROR,))
        assert lab.tcb.soft_error == name
        assert lab.running() == busy(row).running()


@rows(f"syn_sent|syn_rcvd|{ALL}.icmp_hard")
def hard(row: str) -> None:
    opening = state_of(row) in (State.SYN_SENT, State.SYN_RECV)
    for name in HARD:
        lab = busy(row)
        assert lab.conn.icmp_arrives(lab.now, name, oldest(lab))
        told = state_of(row) is not State.TIME_WAIT
        moved(row, lab, [], (Do.SIGNAL_UNREACHABLE,) if told else ())
        code = Code.REFUSED if name == "port-unreachable" else Code.UNREACHABLE
        gone(lab, code if told else Code.NOT_OPEN)
        # RFC 5461 4: a connection that is open may know better.
        wary = busy(row, RFC9293.but(icmp_hard_aborts=False))
        assert wary.conn.icmp_arrives(wary.now, name, oldest(wary))
        assert (wary.state is State.CLOSED) is opening
        assert wary.tcb.soft_error == (None if opening else name)


@rows("any.seg.to_multicast")
def for_many(row: str) -> None:
    for flow in (("255.255.255.255", 80, "10.0.0.1", 5), ("224.0.0.1", 80, "10.0.0.1", 5),
                 ("10.0.0.2", 80, "224.0.0.1", 5), ("10.0.0.2", 80, "255.255.255.255", 5),
                 ("10.0.0.2", 80, "0.0.0.0", 5), ("10.0.0.2", 81, "240.0.0.1", 5)):  # fmt: skip
        sim, _, _ = opened()
        before, count = sim.hosts["server"].sockets(), len(sim.trace)
        for flags in (Flags.SYN, Flags.ACK):
            sim.apply(Inject(Segment(flow, 7, 0, flags, 9).key(), 0, "server"))
        sim.run()
        assert sim.hosts["server"].sockets() == before
        refused = sim.trace[count:]
        assert [record.kind for record in refused if record.kind in ("sent", "refused")] == ["refused"] * 2
