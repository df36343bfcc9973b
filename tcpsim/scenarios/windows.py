"""Data, first part: windows that close, shrink and open, and small segments that wait."""

from __future__ import annotations

from typing import Final

from ..tcp.states import CLOSED, ESTABLISHED
from .model import HostSpec, Line, Scenario, ScriptSpec
from .parts import CLIENT, CONNECT, PLAIN, SERVER, opened, to_client, two_hosts

CHAPTER: Final = "Data"

_OPEN: Final = {"client": ESTABLISHED, "server": ESTABLISHED}


def server(*steps: object) -> ScriptSpec:
    """A server that takes one connection and goes on with ``steps``."""
    return ScriptSpec("server", ("listen 80", "accept", *steps))


def client(*steps: object) -> ScriptSpec:
    """A client that connects, and 80 ms later, at 0.1 s, goes on with ``steps``."""
    return ScriptSpec("client", (CONNECT, "sleep 80ms", *steps))


def octets(n: int) -> tuple[str, bytes]:
    """The call that writes ``n`` octets."""
    return "send", b"x" * n


def line(
    direction: str, flags: str, seq: int, ack: int | None, octets: int, left: str = "ESTABLISHED", right: str = ""
) -> Line:
    """One segment; without other words both ends are ESTABLISHED."""
    return direction, flags, seq, ack, octets, left, right or left


#: 500 and 500 octets fill the server's buffer of 1000.
_FILLED: Final = (
    *opened(100, 300),
    line("->", "ACK", 101, 301, 500),
    line("->", "ACK", 601, 301, 500),
    line("<-", "ACK", 301, 1101, 0),
)

#: A probe of one octet, and the answer that the window is still closed.
_PROBED: Final = (line("->", "ACK", 1101, 301, 1), line("<-", "ACK", 301, 1101, 0))

_NAGLE: Final = (server("recv 200", ("send", b"answer")), client(octets(100), "sleep 1ms", octets(100), "recv 6"))

_ANSWERED: Final = (line("<-", "PSH,ACK", 301, 301, 6), line("->", "ACK", 301, 307, 0))

#: Both have filled the other's buffer, and both probe.
_BOTH_PROBE: Final = (
    line("->", "ACK", 1101, 1301, 1),
    line("<-", "ACK", 1301, 1101, 1),
    line("<-", "ACK", 1301, 1101, 0),
    line("->", "ACK", 1101, 1301, 0),
)

_BOTH_FILLED: Final = (
    *opened(100, 300),
    line("->", "ACK", 101, 301, 500),
    line("->", "ACK", 601, 301, 500),
    line("<-", "ACK", 301, 101, 500),
    line("<-", "ACK", 801, 101, 500),
    line("<-", "ACK", 1301, 1101, 0),
    line("->", "ACK", 1101, 1301, 0),
)

#: By the letter a probe counts in SND.NXT, and answers are not throttled.
_COUNTED: Final = PLAIN | {"probe_advances_snd_nxt": True, "challenge_limit": None}

#: So each end refuses the other's ACKs, and answers them.
_REFUSED: Final = (line("->", "ACK", 1102, 1301, 0),) * 2 + (line("<-", "ACK", 1302, 1101, 0),) * 2

_BOTH_WRITE: Final = (server("sleep 80ms", octets(1100)), client(octets(1100)))

WINDOWS: Final = (
    Scenario(
        name="zero-window",
        sid="S-26",
        title="A closed window, and the update is lost",
        chapter=CHAPTER,
        look="The server does not read, and the client probes its closed window with one octet after 1 s, then at "
        "doubling intervals.  The server reads at 9 s, but its window update is lost: the next probe finds the "
        "window open.",
        source="RFC 9293 3.8.6.1 (MUST-36, SHLD-29, SHLD-30)",
        hosts=two_hosts(100, 300),
        scripts=(server("sleep 9s", "recv 500"), client(octets(1500))),
        faults_back=((6, "lose"),),
        end=_OPEN,
        lines=(
            *_FILLED,
            *_PROBED * 3,
            line("x-", "ACK", 301, 1101, 0),
            line("->", "ACK", 1101, 301, 1),
            line("<-", "ACK", 301, 1102, 0),
            line("->", "PSH,ACK", 1102, 301, 499),
            line("<-", "ACK", 301, 1601, 0),
        ),
        times=(("client", "ACK", ("20ms", "100ms", "100ms", "1.12s", "3.12s", "7.12s", "15.12s")),),
        delivered={"server": 1500},
        until="20s",
    ),
    Scenario(
        name="simultaneous-probes",
        sid="S-27",
        title="Both windows are closed, and both ends probe",
        chapter=CHAPTER,
        look="Neither end reads, so both probe.  A probe does not count in SND.NXT, so each answer has a number that "
        "the other end accepts, and the exchange stops until the next probe.",
        source="RFC 9293 3.8.6.1 (A-16)",
        hosts=two_hosts(100, 300),
        scripts=_BOTH_WRITE,
        end=_OPEN,
        lines=(*_BOTH_FILLED, *_BOTH_PROBE * 2),
        times=(("client", "ACK", ("20ms", "100ms", "100ms", "120ms", "1.12s", "1.14s", "3.12s", "3.14s")),),
        delivered={"client": 1000, "server": 1000},
        until="5s",
    ),
    Scenario(
        name="simultaneous-probes-literal",
        sid="S-27",
        title="Both ends probe, and count their probes as sent",
        chapter=CHAPTER,
        look="If a probe counts as sent, the answer to it lies one beyond the other's closed window, and is refused "
        "with an answer that is refused too.  The two never stop, though nothing is lost.",
        source="RFC 9293 3.8.6.1 and 3.10.7.4 as printed (A-16, A-37)",
        hosts=(HostSpec("client", CLIENT[0], 100, _COUNTED), HostSpec("server", SERVER[0], 300, _COUNTED)),
        scripts=_BOTH_WRITE,
        end=_OPEN,
        lines=(
            *_BOTH_FILLED,
            line("->", "ACK", 1101, 1301, 1),
            line("<-", "ACK", 1301, 1101, 1),
            _REFUSED[-1],
            *_REFUSED * 2,
        ),
        delivered={"client": 1000, "server": 1000},
        until="1.18s",
    ),
    Scenario(
        name="shrinking-window",
        sid="S-28",
        title="A window that shrinks",
        chapter=CHAPTER,
        look="500 octets are out when the window shrinks to 200: only what lies inside it is sent again.  Then it "
        "shrinks to nothing, and is probed; when it opens, the rest follows.",
        source="RFC 9293 3.8.6 (MUST-34, MUST-35, SHLD-15, SHLD-16)",
        hosts=two_hosts(100, 300),
        scripts=(server("recv 500"), client(octets(500))),
        faults=((3, "lose"), (4, "lose")),
        acts=(
            ("105ms", to_client(". 301:301(0) ack 101 win 200")),
            ("1.2s", to_client(". 301:301(0) ack 101 win 0")),
        ),
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("-x", "PSH,ACK", 101, 301, 500),
            line("<-", "ACK", 301, 101, 0),
            line("-x", "ACK", 101, 301, 200),
            line("<-", "ACK", 301, 101, 0),
            line("->", "ACK", 101, 301, 1),
            line("<-", "ACK", 301, 102, 0),
            line("->", "PSH,ACK", 102, 301, 499),
            line("<-", "ACK", 301, 601, 0),
        ),
        times=(("client", "ACK", ("20ms", "1.1s", "3.2s")), ("client", "PSH,ACK", ("100ms", "3.42s"))),
        delivered={"server": 500},
        until="12s",
    ),
    Scenario(
        name="silly-window",
        sid="S-29",
        title="A reader of single octets",
        chapter=CHAPTER,
        look="The server reads one octet each millisecond from a full buffer of 1000.  Its window opens in one step, "
        "when 500 octets are free, and the client sends a full segment into it.",
        source="RFC 9293 3.8.6.2 (MUST-38, MUST-39)",
        hosts=two_hosts(100, 300),
        scripts=(server("sleep 1s", *("recv 1", "sleep 1ms") * 500), client(octets(1700))),
        end=_OPEN,
        lines=(
            *_FILLED,
            *_PROBED,
            line("<-", "ACK", 301, 1101, 0),
            line("->", "ACK", 1101, 301, 500),
            line("<-", "ACK", 301, 1601, 0),
        ),
        times=(
            ("client", "ACK", ("20ms", "100ms", "100ms", "1.12s", "1.539s")),
            ("server", "ACK", ("110ms", "1.13s", "1.529s", "1.749s")),
        ),
        delivered={"server": 1500},
        until="2s",
    ),
    Scenario(
        name="nagle-and-delayed-ack",
        sid="S-30",
        title="Nagle's algorithm meets delayed ACKs",
        chapter=CHAPTER,
        look="The client writes twice and waits for the answer.  Its second write waits for the ACK of the first, and "
        "the server holds that ACK back for 200 ms, hoping to send it along with data.",
        source="RFC 9293 3.7.4, 3.8.6.3 (SHLD-7, SHLD-18)",
        hosts=two_hosts(100, 300),
        scripts=_NAGLE,
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "PSH,ACK", 101, 301, 100),
            line("<-", "ACK", 301, 201, 0),
            line("->", "PSH,ACK", 201, 301, 100),
            *_ANSWERED,
        ),
        times=(("server", "ACK", ("310ms",)), ("client", "PSH,ACK", ("100ms", "320ms"))),
        delivered={"client": 6, "server": 200},
        until="2s",
    ),
    Scenario(
        name="no-delay",
        sid="S-30",
        title="The same without Nagle's algorithm",
        chapter=CHAPTER,
        look="Both writes leave at once.  The answer comes 219 ms earlier.",
        source="RFC 9293 3.7.4 (MUST-17)",
        hosts=(
            HostSpec("client", CLIENT[0], 100, PLAIN | {"nagle": False}),
            HostSpec("server", SERVER[0], 300, PLAIN),
        ),
        scripts=_NAGLE,
        end=_OPEN,
        lines=(
            *opened(100, 300),
            line("->", "PSH,ACK", 101, 301, 100),
            line("->", "PSH,ACK", 201, 301, 100),
            *_ANSWERED,
        ),
        times=(("server", "PSH,ACK", ("111ms",)), ("client", "PSH,ACK", ("100ms", "101ms"))),
        delivered={"client": 6, "server": 200},
        until="2s",
    ),
    Scenario(
        name="fin-at-zero-window",
        sid="S-52",
        title="A FIN at a closed window",
        chapter=CHAPTER,
        look="The FIN occupies a number, and the window has none left: it is refused.  After the server has read, the "
        "FIN that is sent again is accepted.",
        source="RFC 9293 3.10.7.4, first (A-15)",
        hosts=two_hosts(100, 300),
        scripts=(
            server("sleep 1500ms", "recv 1000", "recv_to_end", "close"),
            client(octets(1000), "sleep 400ms", "close"),
        ),
        end={"client": CLOSED, "server": CLOSED},
        lines=(
            *opened(100, 300),
            line("->", "ACK", 101, 301, 500),
            line("->", "PSH,ACK", 601, 301, 500),
            line("<-", "ACK", 301, 1101, 0),
            line("->", "FIN,ACK", 1101, 301, 0, "FIN_WAIT_1", "ESTABLISHED"),
            line("<-", "ACK", 301, 1101, 0, "FIN_WAIT_1", "ESTABLISHED"),
            line("->", "FIN,ACK", 1101, 301, 0, "FIN_WAIT_1", "CLOSE_WAIT"),
            line("<-", "ACK", 301, 1101, 0, "FIN_WAIT_1", "LAST_ACK"),
            line("<-", "FIN,ACK", 301, 1102, 0, "TIME_WAIT", "LAST_ACK"),
            line("->", "ACK", 1102, 302, 0, "TIME_WAIT", "CLOSED"),
        ),
        times=(("client", "FIN,ACK", ("500ms", "1.52s")),),
        delivered={"server": 1000},
    ),
)
