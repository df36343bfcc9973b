"""ICMP errors at the engine's door: what is believed, and what is done about packets that were too big."""

from __future__ import annotations

import pytest

from tcpsim.tcp import RFC9293, TcpsimError
from tcpsim.tcp.notices import ERRORS
from tests.conformance.rows_icmp import oldest
from tests.conformance.rows_synchronised import busy
from tests.helpers.lab import ISS, Lab


@pytest.mark.parametrize("shift", [(0, 0), (2**32 - ISS - 1, 0), (2**32 - ISS - 5, 0)])
@pytest.mark.parametrize("name", ["port-unreachable", "net-unreachable", "fragmentation-needed"])
def test_what_is_not_in_flight_is_not_believed(shift: tuple[int, int], name: str) -> None:
    class Shifted(Lab):
        pass

    Shifted.shift = shift
    lab = Shifted(RFC9293, log=None)
    lab.open_active().arrives("S. 300:300(0) ack 101 win 1000").forget()
    lab.send(10)
    lab.forget()
    una = (ISS + 1 + shift[0]) % 2**32
    before = lab.conn.key()
    for seq in ((una - 1) % 2**32, (una + 11) % 2**32, (una + 2**31) % 2**32):
        assert not lab.conn.icmp_arrives(lab.now, name, seq, 600)
    assert lab.conn.key() == before
    for seq in (una, (una + 10) % 2**32):
        fresh = lab.conn.copy()
        assert fresh.icmp_arrives(lab.now, name, seq, 600)
        assert fresh.key() != before


def test_a_source_quench_changes_nothing() -> None:
    for state in ("syn_sent", "estab", "time_wait"):
        lab = busy(f"{state}.icmp_soft")
        before = lab.conn.key()
        assert not lab.conn.icmp_arrives(lab.now, "source-quench", oldest(lab))
        assert (lab.conn.key(), lab.sent(), lab.signals()) == (before, [], [])


@pytest.mark.parametrize("passive", [False, True])
def test_who_is_not_connected_hears_nothing(passive: bool) -> None:
    lab = Lab(RFC9293)
    if passive:
        lab.conn.open_passive(lab.now)
    before = lab.conn.key()
    for name in ERRORS:
        assert not lab.conn.icmp_arrives(lab.now, name, lab.tcb.snd_una, 600)
    assert lab.conn.key() == before


def test_types_and_codes_are_those_of_the_standards() -> None:
    """RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1 for IPv4; RFC 4443 3 for IPv6."""
    assert {name: (error.v4, error.v6) for name, error in ERRORS.items()} == {
        "net-unreachable": ((3, 0), (1, 0)),
        "host-unreachable": ((3, 1), (1, 3)),
        "protocol-unreachable": ((3, 2), None),
        "port-unreachable": ((3, 3), (1, 4)),
        "fragmentation-needed": ((3, 4), (2, 0)),
        "source-route-failed": ((3, 5), None),
        "prohibited": ((3, 13), (1, 1)),
        "source-quench": ((4, 0), None),
        "ttl-exceeded": ((11, 0), (3, 0)),
        "reassembly-exceeded": ((11, 1), (3, 1)),
        "parameter-problem": ((12, 0), (4, 0)),
    }


def test_an_unknown_error_is_refused() -> None:
    with pytest.raises(TcpsimError, match="no ICMP error 'echo'; there are net-unreachable"):
        busy("estab.icmp_soft").conn.icmp_arrives(0, "echo", 0)


@pytest.mark.parametrize("closes", [False, True])
def test_what_was_too_big_leaves_again_in_pieces_that_fit(closes: bool) -> None:
    lab = Lab(RFC9293, rcv_buf=60_000)
    lab.open_active().arrives("S. 300:300(0) ack 101 win 60000 <mss 1460>").forget()
    lab.send(3000)
    assert [text.split()[1] for text in lab.sent()] == ["101:1561(1460)", "1561:3021(1460)"]  # Nagle keeps the rest
    if closes:
        assert [text.split()[:2] for text in lab.close().sent()] == [["FP.", "3021:3101(80)"]]
    lab.forget()
    assert lab.conn.icmp_arrives(lab.now, "fragmentation-needed", 101, 1040)
    assert [text.split()[:2] for text in lab.sent()] == [
        [".", "101:1101(1000)"],
        [".", "1101:2101(1000)"],
        ["FP.", "2101:3101(1000)"] if closes else [".", "2101:3021(920)"],
    ]
    assert (lab.tcb.mtu, lab.tcb.snd_mss, lab.signals()) == (1040, 1000, [])
    assert not lab.conn.icmp_arrives(lab.now, "fragmentation-needed", 101, 1300), "it never grows"


def test_a_router_that_does_not_say_its_mtu_is_answered_with_the_next_common_one() -> None:
    lab = busy("estab.icmp_soft")
    for expected in (1492, 1006, 508, 296, 68):
        assert lab.conn.icmp_arrives(lab.now, "fragmentation-needed", oldest(lab))
        assert lab.tcb.mtu == expected
    assert not lab.conn.icmp_arrives(lab.now, "fragmentation-needed", oldest(lab), 20)
