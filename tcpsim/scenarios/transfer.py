"""Data, second part: order, duplicates, numbers that wrap, and options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..tcp.states import CLOSED, ESTABLISHED
from .model import HostSpec, Scenario, ScriptSpec
from .parts import CLIENT, CONNECT, PLAIN, SERVER, opened, to_server, two_hosts
from .windows import CHAPTER, client, line, octets, server

_OPEN: Final = {"client": ESTABLISHED, "server": ESTABLISHED}
_BOTH_CLOSED: Final = {"client": CLOSED, "server": CLOSED}


def _hosts(client: Mapping[str, Any], server: Mapping[str, Any]) -> tuple[HostSpec, HostSpec]:
    return HostSpec("client", CLIENT[0], 100, dict(client)), HostSpec("server", SERVER[0], 300, dict(server))


_ROOMY: Final = PLAIN | {"rcv_buf": 2000, "mss_option": True}
_STAMPED: Final = PLAIN | {"timestamps": True}

#: Ten octets, acknowledged late; then ten that somebody forges, or that are a whole sequence space old.
_OLD_DATA: Final = (
    *opened(100, 300),
    line("->", "PSH,ACK", 101, 301, 10),
    line("<-", "ACK", 301, 111, 0),
    line("->", "PSH,ACK", 111, 301, 10),
)

TRANSFER: Final = (
    Scenario(
        name="reordering",
        sid="S-31",
        title="The first of three segments comes last",
        chapter=CHAPTER,
        look="What comes early is held and answered at once: twice the server says that it still expects 101.  The "
        "missing segment fills the gap, and one ACK covers all three.",
        source="RFC 9293 3.10.7.4 (SHLD-31, MAY-13); RFC 5681 4.2",
        hosts=_hosts(_ROOMY, _ROOMY),
        scripts=(server(), client(octets(1500))),
        faults=((3, "delay", "5ms"),),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "ACK", 601, 301, 500),
            line("->", "PSH,ACK", 1101, 301, 500),
            line("->", "ACK", 101, 301, 500),
            line("<-", "ACK", 301, 101, 0),
            line("<-", "ACK", 301, 101, 0),
            line("<-", "ACK", 301, 1601, 0),
        ),
        times=(("server", "ACK", ("110ms", "110ms", "115ms")),),
        delivered={"server": 1500},
        until="1s",
    ),
    Scenario(
        name="duplication",
        sid="S-32",
        title="Every segment comes twice",
        chapter=CHAPTER,
        look="Copies draw ACKs and nothing else: there is one connection, and each octet is delivered once.  Only the "
        "copies of the last ACK find nobody there and draw resets, which this TIME_WAIT is told to ignore.",
        source="RFC 9293 3.10.7.4; RFC 1337",
        hosts=_hosts(PLAIN | {"time_wait_ignores_rst": True}, PLAIN),
        scripts=(server("recv_to_end", "close"), client(octets(10), "close")),
        faults=tuple((n, "duplicate") for n in range(1, 13)),
        faults_back=tuple((n, "duplicate") for n in range(1, 13)),
        end=_BOTH_CLOSED,
        lines=(
            *(line("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),) * 2,
            *(line("<-", "SYN,ACK", 300, 101, 0, "ESTABLISHED", "SYN_RECV"),) * 4,
            *(line("->", "ACK", 101, 301, 0),) * 8,
            line("->", "FIN,PSH,ACK", 101, 301, 10, "FIN_WAIT_1", "CLOSE_WAIT"),
            line("->", "FIN,PSH,ACK", 101, 301, 10, "FIN_WAIT_1", "LAST_ACK"),
            *(line("<-", "FIN,ACK", 301, 112, 0, "TIME_WAIT", "LAST_ACK"),) * 2,
            *(line("<-", "ACK", 302, 112, 0, "TIME_WAIT", "LAST_ACK"),) * 2,
            *(line("->", "ACK", 112, 302, 0, "TIME_WAIT", "CLOSED"),) * 4,
            *(line("<-", "RST", 302, None, 0, "TIME_WAIT", "CLOSED"),) * 6,
        ),
        times=(("client", "CLOSED", ("240.12s",)),),
        delivered={"server": 10},
    ),
    Scenario(
        name="sequence-wrap",
        sid="S-34",
        title="Sequence numbers wrap",
        chapter=CHAPTER,
        look="The initial numbers are 2**32 - 3 and 2**32 - 1, so both pass 0 at once.  Nothing is different.",
        source="RFC 9293 3.4",
        hosts=two_hosts(4_294_967_293, 4_294_967_295),
        scripts=(server("recv_to_end", "close"), client(octets(10), "sleep 400ms", "close")),
        end=_BOTH_CLOSED,
        lines=(
            line("->", "SYN", 4_294_967_293, None, 0, "SYN_SENT", "SYN_RECV"),
            line("<-", "SYN,ACK", 4_294_967_295, 4_294_967_294, 0, "ESTABLISHED", "SYN_RECV"),
            line("->", "ACK", 4_294_967_294, 0, 0),
            line("->", "PSH,ACK", 4_294_967_294, 0, 10),
            line("<-", "ACK", 0, 8, 0),
            line("->", "FIN,ACK", 8, 0, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            line("<-", "FIN,ACK", 0, 9, 0, "TIME_WAIT", "LAST_ACK"),
            line("->", "ACK", 9, 1, 0, "TIME_WAIT", "CLOSED"),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="paws",
        sid="S-35",
        title="A packet older than the sequence space, with timestamps",
        chapter=CHAPTER,
        look="Its number is right, but its timestamp is older than the last one seen: it is acknowledged and dropped.  "
        "A RST is exempt from that check.",
        source="RFC 7323 5",
        hosts=_hosts(_STAMPED, _STAMPED),
        scripts=(server(), client(octets(10))),
        acts=(
            ("1s", to_server("P. 111:121(10) ack 301 win 1000 <TS val 4000000000 ecr 0>")),
            ("2s", to_server("R 111:111(0) win 0 <TS val 4000000000 ecr 0>")),
        ),
        end={"client": ESTABLISHED, "server": CLOSED},
        lines=(
            *_OLD_DATA,
            line("<-", "ACK", 301, 111, 0),
            line("->", "RST", 111, None, 0, "ESTABLISHED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        delivered={"server": 10},
        until="3s",
    ),
    Scenario(
        name="paws-missing",
        sid="S-35",
        title="The same packet without timestamps",
        chapter=CHAPTER,
        look="It is taken for new data: the server delivers ten octets that nobody has sent now, and the ends no "
        "longer agree.  Challenge ACKs go to and fro until their number is used up.",
        source="RFC 7323 1.2; RFC 5961 7",
        hosts=two_hosts(100, 300),
        scripts=(server(), client(octets(10))),
        acts=(("1s", to_server("P. 111:121(10) ack 301 win 1000")),),
        end=_OPEN,
        lines=(
            *_OLD_DATA,
            line("<-", "ACK", 301, 121, 0),
            *(line("->", "ACK", 111, 301, 0), line("<-", "ACK", 301, 121, 0)) * 10,
        ),
        delivered={"server": 20},
        until="3s",
    ),
    Scenario(
        name="urgent-data",
        sid="S-51",
        title="Urgent data",
        chapter=CHAPTER,
        look="Three urgent octets begin at 101, so the pointer says 3, and the server's user is told at once.  Later "
        "the pointer moves on to 204, and the user is told again.",
        source="RFC 9293 3.8.5 (MUST-30, MUST-32, MUST-62)",
        hosts=two_hosts(100, 300),
        scripts=(
            server(),
            client(("send", b"now", "MSG_OOB"), "sleep 300ms", octets(96), ("send", b"stop", "MSG_OOB")),
        ),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "PSH,URG,ACK", 101, 301, 3),
            line("<-", "ACK", 301, 104, 0),
            line("->", "PSH,URG,ACK", 104, 301, 100),
            line("<-", "ACK", 301, 204, 0),
        ),
        told=(("server", "signal urgent data"), ("server", "signal urgent data")),
        delivered={"server": 103},
        until="3s",
    ),
    Scenario(
        name="mss-of-one-side",
        sid="S-38",
        title="One side says its MSS, the other does not",
        chapter=CHAPTER,
        look="The server's SYN has no MSS option, so that segments of at most 536 octets go to it.  Those to the "
        "client, which has offered 1460, are as large.",
        source="RFC 9293 3.7.1 (MUST-15, MUST-16)",
        hosts=_hosts(
            {"rcv_buf": 4000, "mss": 1460},
            {"rcv_buf": 4000, "mss": 1460, "mss_option": False},
        ),
        scripts=(server("sleep 80ms", octets(3000)), client(octets(1100))),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "ACK", 101, 301, 536),
            line("->", "ACK", 637, 301, 536),
            line("<-", "ACK", 301, 101, 1460),
            line("<-", "ACK", 1761, 101, 1460),
            line("<-", "ACK", 3221, 1173, 0),
            line("->", "ACK", 1173, 3221, 0),
            line("->", "PSH,ACK", 1173, 3221, 28),
            line("<-", "PSH,ACK", 3221, 1173, 80),
            line("<-", "ACK", 3301, 1201, 0),
            line("->", "ACK", 1201, 3301, 0),
        ),
        delivered={"client": 3000, "server": 1100},
        until="3s",
    ),
    Scenario(
        name="mss-of-both-sides",
        sid="S-38",
        title="Both say their MSS, and the timestamps take their room",
        chapter=CHAPTER,
        look="1460 and 1000 are offered, and both ends keep to the smaller.  The timestamps option takes twelve octets "
        "of it.",
        source="RFC 9293 3.7.1 (MUST-14, MUST-16); RFC 6691",
        hosts=_hosts(
            {"rcv_buf": 4000, "mss": 1460, "timestamps": True},
            {"rcv_buf": 4000, "mss": 1000, "timestamps": True},
        ),
        scripts=(server("sleep 80ms", octets(2000)), client(octets(2000))),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "ACK", 101, 301, 988),
            line("->", "ACK", 1089, 301, 988),
            line("<-", "ACK", 301, 101, 988),
            line("<-", "ACK", 1289, 101, 988),
            line("<-", "ACK", 2277, 2077, 0),
            line("->", "ACK", 2077, 2277, 0),
            line("->", "PSH,ACK", 2077, 2277, 24),
            line("<-", "PSH,ACK", 2277, 2077, 24),
            line("<-", "ACK", 2301, 2101, 0),
            line("->", "ACK", 2101, 2301, 0),
        ),
        delivered={"client": 2000, "server": 2000},
        until="3s",
    ),
    Scenario(
        name="corruption",
        sid="S-54",
        title="A bit is flipped in each kind of segment",
        chapter=CHAPTER,
        look="The checksum is wrong, so the segment is dropped without a word, and sent again after a time-out.  After "
        "the SYN the first time-out for data is 3 s, and the FIN's is still the doubled one of the data.",
        source="RFC 9293 3.1 (MUST-3); RFC 6298 5.5, 5.7",
        hosts=two_hosts(100, 300),
        scripts=(
            server("recv_to_end", "close"),
            ScriptSpec("client", (CONNECT, "sleep 5s", octets(10), "sleep 5s", "close")),
        ),
        faults=((1, "corrupt"), (4, "corrupt"), (6, "corrupt")),
        faults_back=((1, "corrupt"),),
        end=_BOTH_CLOSED,
        lines=(
            line("-x", "SYN", 100, None, 0, "SYN_SENT", "LISTEN"),
            line("->", "SYN", 100, None, 0, "SYN_SENT", "SYN_RECV"),
            line("x-", "SYN,ACK", 300, 101, 0, "SYN_SENT", "SYN_RECV"),
            *opened(100, 300)[1:],
            line("-x", "PSH,ACK", 101, 301, 10),
            line("->", "PSH,ACK", 101, 301, 10),
            line("<-", "ACK", 301, 111, 0),
            line("-x", "FIN,ACK", 111, 301, 0, "FIN_WAIT_1", "ESTABLISHED"),
            line("->", "FIN,ACK", 111, 301, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            line("<-", "FIN,ACK", 301, 112, 0, "TIME_WAIT", "LAST_ACK"),
            line("->", "ACK", 112, 302, 0, "TIME_WAIT", "CLOSED"),
        ),
        times=(
            ("client", "SYN", ("0s", "1s")),
            ("server", "SYN,ACK", ("1.01s", "2.01s")),
            ("client", "PSH,ACK", ("7.02s", "10.02s")),
            ("client", "FIN,ACK", ("12.02s", "18.02s")),
        ),
        delivered={"server": 10},
    ),
    Scenario(
        name="corrupted-reset",
        sid="S-54",
        title="A bit is flipped in a reset",
        chapter=CHAPTER,
        look="A RST is not sent again, so the server knows nothing of it.  It learns that the connection is gone when "
        "it sends.",
        source="RFC 9293 3.1 (MUST-3), 3.5.1",
        hosts=two_hosts(100, 300),
        scripts=(server("sleep 2s", octets(10)), client("abort")),
        faults=((3, "corrupt"),),
        end=_BOTH_CLOSED,
        lines=(
            *opened(100, 300),
            line("-x", "RST", 101, None, 0, "CLOSED", "ESTABLISHED"),
            line("<-", "PSH,ACK", 301, 101, 10, "CLOSED", "ESTABLISHED"),
            line("->", "RST", 101, None, 0, "CLOSED", "CLOSED"),
        ),
        told=(("server", "signal reset"),),
        until="5s",
    ),
)
