"""The one connection that a script tests: which packets are its own, and how far the script has come with it."""

from __future__ import annotations

from typing import Literal

from ..tcp.segment import ACK, SYN, Flow, parse_flags
from .endpoint import Sent
from .numbers import Numbers
from .tree import Packet
from .verdicts import ScriptFailed

#: "new": a socket that does nothing yet.  "listening", "connecting": what it is about to do.  "open": packets fly.
Stage = Literal["new", "listening", "connecting", "open"]

#: The first of the ports that the script's end connects from.
FIRST_PORT = 49_152


class Subject:
    """A socket under test.  ``fd``: the endpoint's descriptor, -1 before accept()."""

    def __init__(self, stage: Stage, fd: int = -1, numbers: Numbers | None = None) -> None:
        self.stage: Stage = stage
        self.fd = fd
        self.numbers = numbers


class Subjects:
    """Every socket of a run, and the current one, which packets are for.

    ``local``, ``remote``: (address, port) of the endpoint and of the script's end, as they are where nothing else
    is known: those that bind() and connect() get.  ``scaled``: as for ``Numbers``.
    """

    def __init__(self, local: tuple[str, int], remote: tuple[str, int], *, scaled: bool = False) -> None:
        self._local = local
        self._remote = remote
        self._scaled = scaled
        self._next_port = FIRST_PORT
        self.current: Subject | None = None
        self._all: list[Subject] = []

    def note(self, what: str, fd: int) -> None:
        """A call has been made on descriptor ``fd``: ``what`` it was."""
        if what == "socket":
            self._add(Subject("new", fd))
        elif what == "accept":
            waiting = [one for one in self._all if one.stage == "open" and one.fd == -1]
            if waiting:
                waiting[0].fd = fd
        elif what in ("listen", "connect"):
            one = next((one for one in reversed(self._all) if one.fd == fd), None)
            if one is not None and one.stage in ("new", "listening"):
                one.stage = "listening" if what == "listen" else "connecting"
            elif one is not None and what == "connect" and (one.numbers is None or one.stage == "open"):
                one.stage, one.numbers = "connecting", None
                self.current = one

    def _add(self, one: Subject) -> None:
        self._all.append(one)
        self.current = one

    # -- packets

    def arriving(self, packet: Packet) -> Numbers:
        """The numbers of the connection that an inbound packet is for; the first to a listener begins one."""
        one = self.current
        if one is None or one.stage in ("new", "listening"):
            flow: Flow = (*self._local, self._remote[0], self._next_port)
            self._next_port += 1
            numbers = Numbers(flow, scaled=self._scaled)
            numbers.remote = packet.seq
            self._add(Subject("open", -1, numbers))
            return numbers
        if one.numbers is None:
            raise ScriptFailed("a packet arrives before the endpoint has sent its SYN")
        if one.numbers.remote is None and parse_flags(packet.flags) & SYN:
            one.numbers.remote = packet.seq
        return one.numbers

    def owns(self, sent: Sent) -> bool:
        """Whether a packet that has left is the current connection's; a connect()'s first SYN tells its port."""
        one = self.current
        seg = sent.seg
        if one is None:
            return False
        if (
            one.stage == "connecting"
            and one.numbers is None
            and seg.flags & (SYN | ACK) == SYN
            and seg.flow[:2] == self._remote
        ):
            one.numbers = Numbers((seg.flow[2], seg.flow[3], seg.flow[0], seg.flow[1]), scaled=self._scaled)
            one.stage = "open"
        numbers = one.numbers
        if numbers is None or seg.flow != (numbers.flow[2], numbers.flow[3], numbers.flow[0], numbers.flow[1]):
            return False
        if numbers.local is None and seg.flags & SYN:
            numbers.local = seg.seq
        return True

    def expecting(self, packet: Packet) -> None:
        """The script is about to expect ``packet``: a SYN tells what it calls the endpoint's ISN."""
        one = self.current
        if one is not None and one.numbers is not None and parse_flags(packet.flags) & SYN and packet.seq is not None:
            one.numbers.local_script = packet.seq

    def numbers(self) -> Numbers | None:
        """Those of the current connection."""
        return None if self.current is None else self.current.numbers
