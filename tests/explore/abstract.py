"""Opening and closing without sequence numbers, as a table: the same rules as spin/tcp.pml states.

Two ends, a first-in first-out channel of some slots each way, some losses.  A message that finds its channel full
is lost.  A state is (states of both ends, what is on its way to each, losses left).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

#: (state, message) -> (state, answer); what is not here is taken in and changes nothing.
ARRIVES = {
    ("LISTEN", "SYN"): ("SYN_RECV", "SYNACK"),
    ("SYN_SENT", "SYNACK"): ("ESTAB", "ACK"),
    ("SYN_SENT", "RST"): ("GONE", None),
    ("SYN_RECV", "SYN"): ("SYN_RECV", "SYNACK"),
    ("SYN_RECV", "ACK"): ("ESTAB", None),
    ("SYN_RECV", "FIN"): ("CLOSE_WAIT", "FINACK"),
    ("ESTAB", "SYNACK"): ("ESTAB", "ACK"),
    ("ESTAB", "FIN"): ("CLOSE_WAIT", "FINACK"),
    ("FIN_WAIT_1", "SYNACK"): ("FIN_WAIT_1", "ACK"),
    ("FIN_WAIT_1", "FINACK"): ("FIN_WAIT_2", None),
    ("FIN_WAIT_1", "FIN"): ("CLOSING", "FINACK"),
    ("FIN_WAIT_2", "FIN"): ("TIME_WAIT", "FINACK"),
    ("CLOSE_WAIT", "FIN"): ("CLOSE_WAIT", "FINACK"),
    ("CLOSING", "FINACK"): ("TIME_WAIT", None),
    ("CLOSING", "RST"): ("GONE", None),
    ("CLOSING", "FIN"): ("CLOSING", "FINACK"),
    ("LAST_ACK", "FINACK"): ("GONE", None),
    ("LAST_ACK", "RST"): ("GONE", None),
    ("LAST_ACK", "FIN"): ("LAST_ACK", "FINACK"),
    ("TIME_WAIT", "FIN"): ("TIME_WAIT", "FINACK"),
    ("GONE", "FIN"): ("GONE", "RST"),
}
#: What the user or 2MSL does: state -> (state, message).
CALLS = {
    "FRESH": ("SYN_SENT", "SYN"),
    "ESTAB": ("FIN_WAIT_1", "FIN"),
    "CLOSE_WAIT": ("LAST_ACK", "FIN"),
    "TIME_WAIT": ("GONE", None),
}
#: What is sent again.
REPEATS = {"SYN_SENT": "SYN", "SYN_RECV": "SYNACK", "FIN_WAIT_1": "FIN", "CLOSING": "FIN", "LAST_ACK": "FIN"}


class State(NamedTuple):
    ends: tuple[str, str]
    to: tuple[tuple[str, ...], tuple[str, ...]]
    losses: int


class Abstract:
    def __init__(self, slots: int, losses: int) -> None:
        self.slots = slots
        self.losses = losses

    def start(self) -> State:
        return State(("FRESH", "LISTEN"), ((), ()), self.losses)

    def key(self, state: State) -> State:
        return state

    def successors(self, state: State) -> Iterator[tuple[str, Any, State | None]]:
        for end in (0, 1):
            now = state.ends[end]
            if now in CALLS:
                yield "call", (now, end), self._sent(state, end, *CALLS[now])
            if state.to[end]:
                message = state.to[end][0]
                taken = self._taken(state, end)
                yield "deliver", (message, end), self._sent(taken, end, *ARRIVES.get((now, message), (now, None)))
                if state.losses:
                    yield "loss", (message, end), taken._replace(losses=state.losses - 1)
            if now in REPEATS and not any(state.to):
                yield "timeout", (now, end), self._sent(state, end, now, REPEATS[now])

    def _taken(self, state: State, end: int) -> State:
        to = [*state.to]
        to[end] = to[end][1:]
        return state._replace(to=(to[0], to[1]))

    def _sent(self, state: State, end: int, now: str, message: str | None) -> State:
        ends, to = [*state.ends], [*state.to]
        ends[end] = now
        if message is not None and len(to[1 - end]) < self.slots:
            to[1 - end] += (message,)
        return State((ends[0], ends[1]), (to[0], to[1]), state.losses)
