"""The set-ups of opening, closing, sending and aborting, and all set-ups by name."""

from __future__ import annotations

from typing import Final

from ..tcp.units import SECOND
from .actors import actor
from .bounds import Bounds
from .hazards import HAZARDS
from .properties import GENERAL
from .setups import CLIENT, CONNECT, ESTABLISHED, SERVER, SETTLE, Expect, Setup

#: A window of two octets, so that a third has to wait; nothing else holds data back.
_TINY: Final = {"rcv_buf": 2, "mss": 2, "mss_default": 2, "nagle": False}

_PLAIN: Final = (
    Setup(
        "handshake-and-close",
        "A client opens, both sides close",
        "The client may close at any time, even before it is connected; the server when it has accepted.",
        "RFC 9293 3.5, 3.6",
        (actor(SERVER, "listen 80", "accept", "close"), actor(CLIENT, CONNECT, "close")),
        Bounds(loss=1),
        (*GENERAL, "CLOSING/CLOSING"),
        expects=(
            Expect("rfc9293"),
            Expect("rfc9293", bounds={"loss": 0, "duplicate": 1}),
            Expect("rfc9293_literal", ("fin_restarts_2msl", "no_livelock")),
        ),
    ),
    Setup(
        "simultaneous-open",
        "Both sides open actively, both close",
        "The SYNs cross, or one finds a closed port.",
        "RFC 9293 3.5, Figure 7",
        (actor(SERVER, "connect client 40000 80", "close"), actor(CLIENT, CONNECT, "close")),
        Bounds(loss=0),
        (*GENERAL, "CLOSING/CLOSING", "SYN_RECV/SYN_RECV"),
        expects=(Expect("rfc9293"), Expect("rfc9293_literal", ("no_livelock",))),
    ),
    Setup(
        "silent-abort",
        "Both sides close, and the server's user loses patience",
        "Once both sides have closed, ABORT tells nobody.",
        "RFC 9293 3.10.5",
        (actor(SERVER, "listen 80", "accept", "shutdown", "abort"), actor(CLIENT, CONNECT, "close")),
        Bounds(loss=1),
        GENERAL,
        expects=(Expect("rfc9293", ("closable",)),),
    ),
    Setup(
        "abort",
        "One side closes, the other may abort at any time",
        "The server's user may end the connection at once, even when its FIN is still on its way.",
        "RFC 9293 3.10.5",
        (actor(SERVER, "listen 80", "accept", "shutdown | abort", "abort"), actor(CLIENT, CONNECT, "close")),
        Bounds(loss=1),
        GENERAL,
        expects=(
            Expect("rfc9293", ("closable",)),
            # The timer gives up on a peer whose user only takes his time: CLOSED meets CLOSE_WAIT.
            Expect("rfc9293", ("ends_agree",), switches={"fin_wait_2_timeout": 60 * SECOND}),
        ),
    ),
    Setup(
        "both-windows-closed",
        "Both sides send more than the other takes, and probe",
        "Each side has sent two octets into a window of two, a third waits, and nobody has read yet.",
        "RFC 9293 3.8.6.1",
        (
            actor(SERVER, "listen 80", "accept", ("send", b"xyz"), "recv 2"),
            actor(CLIENT, CONNECT, ("send", b"abc"), "recv 2"),
        ),
        Bounds(packets=3, early=("persist",)),
        ("invariants", "ends_agree", "numbers_never_retreat", "arrivals", "no_livelock"),
        prelude=(*ESTABLISHED, CLIENT, SETTLE, SERVER, SETTLE),
        switches=_TINY,
        expects=(Expect("rfc9293"), Expect("rfc9293_literal", ("no_livelock",))),
    ),
    Setup(
        "data-and-close",
        "A client sends, both sides close",
        "Two octets in segments of one; data and FIN may overtake each other.",
        "RFC 9293 3.7, 3.8",
        (
            actor(SERVER, "listen 80", "accept", "close"),
            actor(CLIENT, CONNECT, ("send", b"ab"), "close"),
        ),
        Bounds(packets=3),
        GENERAL,
        prelude=ESTABLISHED,
        switches={"mss": 1, "mss_default": 1, "nagle": False},
        expects=(Expect("rfc9293"), Expect("rfc9293_literal", ("no_livelock",))),
    ),
)

#: The set-ups by name.
SETUPS: Final[dict[str, Setup]] = {setup.name: setup for setup in (*_PLAIN, *HAZARDS)}
