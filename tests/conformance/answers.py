"""Every user call in every state (RFC 9293 3.10.1 to 3.10.6): what it answers and what it does.

An answer is a code, which means that nothing has changed; or the state that follows and what is sent.
"""

from __future__ import annotations

from typing import Final

from tcpsim.tcp import Code, Profile, State
from tests.helpers.lab import Lab, reach

(CLOSED, LISTEN, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING,
 LAST_ACK, TIME_WAIT) = State  # fmt: skip

SYN: Final = "S 100:100(0) win 1000"
Answer = Code | tuple[State, list[str]]

OPEN: Final = dict.fromkeys(State, Code.ALREADY_EXISTS)
OVER: Final = dict.fromkeys((FIN_WAIT_1, FIN_WAIT_2, CLOSING, LAST_ACK, TIME_WAIT), Code.CLOSING)

ANSWERS: Final[dict[str, dict[State, Answer]]] = {
    "open_passive": {**OPEN, CLOSED: (LISTEN, [])},
    "open_active": {**OPEN, CLOSED: (SYN_SENT, [SYN]), LISTEN: (SYN_SENT, [SYN])},
    "send": {
        CLOSED: Code.NOT_OPEN,
        LISTEN: (SYN_SENT, [SYN]),
        SYN_SENT: (SYN_SENT, []),
        SYN_RECV: (SYN_RECV, []),
        ESTABLISHED: (ESTABLISHED, ["P. 101:104(3) ack 301 win 1000"]),
        CLOSE_WAIT: (CLOSE_WAIT, ["P. 101:104(3) ack 302 win 999"]),
        **OVER,
    },
    "receive": {
        CLOSED: Code.NOT_OPEN,
        LISTEN: (LISTEN, []),
        SYN_SENT: (SYN_SENT, []),
        SYN_RECV: (SYN_RECV, []),
        ESTABLISHED: (ESTABLISHED, []),
        FIN_WAIT_1: (FIN_WAIT_1, []),
        FIN_WAIT_2: (FIN_WAIT_2, []),
        CLOSE_WAIT: Code.CLOSING,
        CLOSING: Code.CLOSING,
        LAST_ACK: Code.CLOSING,
        TIME_WAIT: Code.CLOSING,
    },
    "close": {
        CLOSED: Code.NOT_OPEN,
        LISTEN: (CLOSED, []),
        SYN_SENT: (CLOSED, []),
        SYN_RECV: (FIN_WAIT_1, ["F. 101:101(0) ack 301 win 1000"]),
        ESTABLISHED: (FIN_WAIT_1, ["F. 101:101(0) ack 301 win 1000"]),
        CLOSE_WAIT: (LAST_ACK, ["F. 101:101(0) ack 302 win 999"]),
        **OVER,
    },
    "abort": {
        CLOSED: Code.NOT_OPEN,
        LISTEN: (CLOSED, []),
        SYN_SENT: (CLOSED, []),
        SYN_RECV: (CLOSED, ["R 101:101(0) win 1000"]),
        ESTABLISHED: (CLOSED, ["R 101:101(0) win 1000"]),
        FIN_WAIT_1: (CLOSED, ["R 102:102(0) win 1000"]),
        FIN_WAIT_2: (CLOSED, ["R 102:102(0) win 1000"]),
        CLOSE_WAIT: (CLOSED, ["R 101:101(0) win 999"]),
        CLOSING: (CLOSED, []),
        LAST_ACK: (CLOSED, []),
        TIME_WAIT: (CLOSED, []),
    },
    "status": {state: (state, []) for state in State} | {CLOSED: Code.NOT_OPEN},
}


def make_call(lab: Lab, name: str) -> object:
    return lab.send(b"abc") if name == "send" else getattr(lab, name)()


def check_answer(name: str, state: State, profile: Profile) -> None:
    """The call ``name`` in ``state`` is answered as the table says."""
    lab = reach(state, profile)
    answer = ANSWERS[name][state]
    if isinstance(answer, Code):
        assert lab.error(lambda: make_call(lab, name)) is answer
        return
    before = lab.conn.key()
    result = make_call(lab, name)
    assert (lab.state, lab.sent()) == answer
    assert lab.signals() == []
    if name == "receive":
        assert result is None
    if name == "status":
        assert isinstance(result, dict)
        assert result["state"] is state
    if name in ("receive", "status"):
        assert lab.conn.key() == before
    if lab.state is CLOSED:
        assert lab.running() == []
