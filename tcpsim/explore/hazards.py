"""Set-ups of what comes from outside or from the past: old duplicates, reboots, attackers."""

from __future__ import annotations

from typing import Final

from .actors import Forge, actor
from .bounds import Bounds
from .properties import GENERAL
from .setups import APART, CLIENT, CONNECT, ESTABLISHED, SERVER, Expect, Setup

#: What holds although somebody forges segments.
_ATTACKED: Final = (
    "invariants",
    "stream_ends_at_fin",
    "numbers_never_retreat",
    "arrivals",
    "no_reset_answers_a_reset",
)

_SERVE_TWICE: Final = actor(SERVER, "listen 80", "accept", "close", "accept", "close")
_OPEN_TWICE: Final = actor(CLIENT, CONNECT, "close", CONNECT, "close")


def _attack(name: str, title: str, look: str, source: str, forge: Forge, asked: str, switch: str) -> Setup:
    """An established connection and one forged segment; ``switch`` turns the defence off."""
    return Setup(
        name, title, look, source,
        (actor(SERVER, "listen 80", "accept", "close"), actor(CLIENT, CONNECT, "close"), actor(SERVER, forge)),
        Bounds(),
        (*_ATTACKED, asked),
        prelude=ESTABLISHED,
        expects=(Expect("rfc9293"), Expect("rfc9293", (asked,), switches={switch: False})),
    )  # fmt: skip


_BLIND: Final = (
    Setup(
        "forged-fin",
        "A forged FIN where the next octet is expected",
        "An attacker off the path guesses the next sequence number; the client closes too.",
        "RFC 9293 3.10.7.4",
        (actor(SERVER, "listen 80", "accept", "close"), actor(CLIENT, CONNECT, "close"), actor(SERVER, Forge(SERVER, "F."))),
        Bounds(),
        _ATTACKED,
        prelude=ESTABLISHED,
        expects=(Expect("rfc9293"), Expect("rfc9293_literal", ("stream_ends_at_fin",))),
    ),
    _attack(
        "blind-reset", "A forged RST in the window, but not at its edge",
        "An attacker off the path hits the window; only an exact guess may reset.",
        "RFC 5961 3", Forge(SERVER, "R", seq=7), "nobody_is_reset", "rst_exact",
    ),
    _attack(
        "blind-syn", "A forged SYN in the window",
        "An attacker off the path hits the window with a SYN.",
        "RFC 5961 4", Forge(SERVER, "S", seq=7), "nobody_is_reset", "syn_challenged",
    ),
    _attack(
        "blind-data", "Forged octets with an ACK far behind",
        "An attacker off the path hits the window, but knows nothing about what the server has sent.",
        "RFC 5961 5", Forge(SERVER, "P.", ack=-100_000, octets=b"!"), "nothing_forged_is_read", "ack_range_checked",
    ),
    Setup(
        "exact-reset",
        "A forged RST at exactly the right number",
        "What RFC 5961 cannot prevent.",
        "RFC 5961 3",
        (actor(SERVER, "listen 80", "accept", "close"), actor(CLIENT, CONNECT, "close"), actor(SERVER, Forge(SERVER, "R"))),
        Bounds(),
        (*_ATTACKED, "nobody_is_reset"),
        prelude=ESTABLISHED,
        expects=(Expect("rfc9293", ("nobody_is_reset",)),),
    ),
)  # fmt: skip

_PAST: Final = (
    Setup(
        "two-incarnations",
        "A 4-tuple is used twice, with one old duplicate",
        "The client opens the same 4-tuple again as soon as it may; one packet is doubled and may arrive late.",
        "RFC 9293 3.4.3, 3.6.1; RFC 1337",
        (_SERVE_TWICE, _OPEN_TWICE),
        Bounds(duplicate=1, packets=3),
        (*GENERAL, "reopens"),
        prelude=ESTABLISHED,
    ),
    Setup(
        "time-wait-assassination",
        "Both sides close, and something old finds TIME_WAIT",
        "It draws an ACK, which the closed peer answers with a RST.",
        "RFC 1337",
        (actor(SERVER, "listen 80", "accept", "close"), actor(CLIENT, CONNECT, "close")),
        Bounds(duplicate=1),
        ("invariants", "closable", "no_livelock", "time_wait_is_waited_out"),
        prelude=ESTABLISHED,
        expects=(
            Expect("rfc9293", ("time_wait_is_waited_out",)),
            Expect("rfc9293", switches={"time_wait_ignores_rst": True}),
        ),
    ),
    Setup(
        "time-wait-reuse",
        "The client opens the same 4-tuple again while the server is in TIME_WAIT",
        "Without a rule for it the SYN is challenged, and its sender resets TIME_WAIT away; so does a packet that is late.",
        "RFC 9293 3.6.1; RFC 6191",
        (_SERVE_TWICE, _OPEN_TWICE),
        Bounds(early=()),
        (*GENERAL, "reopens", "time_wait_is_waited_out"),
        prelude=ESTABLISHED,
        expects=(
            Expect("rfc9293", ("time_wait_is_waited_out",)),
            Expect("rfc9293", switches={"time_wait_ignores_rst": True}),
            Expect("rfc9293", switches={"reopen_time_wait": "may2", "time_wait_ignores_rst": True}),
            Expect("rfc9293", switches={"reopen_time_wait": "6191", "time_wait_ignores_rst": True}),
        ),
    ),
    *(
        Setup(
            name, title, look,
            "RFC 1337 (first hazard), RFC 9293 3.4.3",
            (
                actor(SERVER, "listen 80", "accept", "reboot", "listen 80", "accept", "close"),
                actor(CLIENT, CONNECT, ("send", b"!"), "reboot", CONNECT, "close"),
            ),
            Bounds(),
            ("invariants", "numbers_never_retreat", "nothing_forged_is_read", "reopens", "closable", "no_livelock"),
            prelude=(*ESTABLISHED, CLIENT, CLIENT, SERVER, SERVER),
            apart=apart,
            expects=(Expect("rfc9293", fails),),
        )
        for name, title, look, apart, fails in (
            (
                "old-octets-same-isn", "After a reboot an old segment with data is in flight, and the ISN is the same",
                "Nobody has kept quiet for an MSL, so the old octets fit into the new connection.",
                0, ("nothing_forged_is_read", "closable", "no_livelock"),
            ),
            (
                "old-octets", "After a reboot an old segment with data is in flight",
                "The new ISN lies far enough away.",
                APART, (),
            ),
        )
    ),
    Setup(
        "half-open",
        "The client has rebooted and opens the same 4-tuple again",
        "The server knows nothing of the reboot: its end is still established.",
        "RFC 9293 3.5.1, Figure 9",
        (actor(SERVER, "listen 80", "accept", "close", "accept", "close"), actor(CLIENT, CONNECT, "reboot", CONNECT, "close")),
        Bounds(loss=1),
        ("invariants", "numbers_never_retreat", "arrivals", "no_reset_answers_a_reset", "closable", "reopens", "no_livelock"),
        prelude=(*ESTABLISHED, CLIENT),
    ),
    Setup(
        "half-open-live-side-sends",
        "The client has rebooted, and the server sends",
        "The segment finds no connection and draws a RST.",
        "RFC 9293 3.5.1, Figure 10",
        (actor(SERVER, "listen 80", "accept", ("send", b"x"), "close"), actor(CLIENT, CONNECT, "reboot")),
        Bounds(loss=1),
        ("invariants", "numbers_never_retreat", "arrivals", "no_reset_answers_a_reset", "closable", "no_livelock"),
        prelude=(*ESTABLISHED, CLIENT),
    ),
)  # fmt: skip

HAZARDS: Final = (*_BLIND, *_PAST)
