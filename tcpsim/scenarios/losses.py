"""Data, third part: segments that are lost, and what tells the sender."""

from __future__ import annotations

from typing import Final

from ..tcp.states import ESTABLISHED
from .model import HostSpec, Scenario
from .parts import CLIENT, PLAIN, SERVER, opened
from .windows import CHAPTER, client, line, octets, server

_OPEN: Final = {"client": ESTABLISHED, "server": ESTABLISHED}
_ROOMY: Final = PLAIN | {"rcv_buf": 2000, "mss_option": True}
_HOSTS: Final = HostSpec("client", CLIENT[0], 100, _ROOMY), HostSpec("server", SERVER[0], 300, _ROOMY)

_MARKED: Final = (
    HostSpec("client", CLIENT[0], 100, _ROOMY | {"rcv_buf": 6000, "ecn": "offer"}),
    HostSpec("server", SERVER[0], 300, _ROOMY | {"rcv_buf": 6000, "ecn": "accept"}),
)

LOSSES: Final = (
    Scenario(
        name="data-loss",
        sid="S-33",
        title="The first of four segments is lost",
        chapter=CHAPTER,
        look="Each segment behind the gap draws an ACK for 101 again.  The third such duplicate tells that the segment "
        "is lost: it leaves again at once, long before the time-out, and half of what was outstanding is ssthresh.",
        source="RFC 5681 3.2; RFC 9293 3.8.2 (MUST-19)",
        hosts=_HOSTS,
        scripts=(server(), client(octets(2000))),
        faults=((3, "lose"),),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("-x", "ACK", 101, 301, 500),
            line("->", "ACK", 601, 301, 500),
            line("->", "ACK", 1101, 301, 500),
            line("->", "PSH,ACK", 1601, 301, 500),
            line("<-", "ACK", 301, 101, 0),
            line("<-", "ACK", 301, 101, 0),
            line("<-", "ACK", 301, 101, 0),
            line("->", "ACK", 101, 301, 500),
            line("<-", "ACK", 301, 2101, 0),
        ),
        delivered={"server": 2000},
        until="2s",
    ),
    Scenario(
        name="data-loss-alone",
        sid="S-33",
        title="The only segment in flight is lost",
        chapter=CHAPTER,
        look="Nothing comes behind the gap, so no ACK tells of it.  The segment leaves again when the retransmission "
        "timer runs out, one second later at least.",
        source="RFC 6298 5; RFC 5681 3.1",
        hosts=_HOSTS,
        scripts=(server(), client(octets(500))),
        faults=((3, "lose"),),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("-x", "PSH,ACK", 101, 301, 500),
            line("->", "PSH,ACK", 101, 301, 500),
            line("<-", "ACK", 301, 601, 0),
        ),
        delivered={"server": 500},
        until="2s",
    ),
    Scenario(
        name="congestion-marked",
        sid="S-33",
        title="A router tells of congestion instead of losing a segment",
        chapter=CHAPTER,
        look="The SYNs agree on ECN, so the router marks the second segment (CE) and lets it pass.  Every ACK says ECE "
        "until a segment with CWR has come: the sender has halved its window, and nothing was lost or sent twice.",
        source="RFC 3168 5, 6.1; RFC 9293 3.8.2 (SHLD-8)",
        hosts=_MARKED,
        scripts=(server(), client(octets(3000))),
        faults=(("len > 0", 2, "mark"),),
        end=_OPEN,
        lines=(
            line("->", "SYN,ECE,CWR", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            line("<-", "SYN,ECE,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),
            line("->", "ACK", 101, 301, 0),
            line("->", "ACK", 101, 301, 500),
            line("->", "ACK", 601, 301, 500),
            line("->", "ACK", 1101, 301, 500),
            line("->", "ACK", 1601, 301, 500),
            line("<-", "ECE,ACK", 301, 1101, 0),
            line("<-", "ECE,ACK", 301, 2101, 0),
            line("->", "CWR,ACK", 2101, 301, 500),
            line("->", "PSH,ACK", 2601, 301, 500),
            line("<-", "ACK", 301, 3101, 0),
        ),
        delivered={"server": 3000},
        until="2s",
    ),
)
