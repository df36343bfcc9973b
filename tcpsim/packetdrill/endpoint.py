"""What the runner asks of the stack that it tests: put a packet in, take one out, make a call, let time pass.

``simulated.py`` has the one on a simulation.  Another stack, or a kernel behind a TUN device, can be put here.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from ..tcp.profiles import Profile
from ..tcp.segment import Flow, Segment


class Answer(NamedTuple):
    """What a call has returned.

    ``result``: its number; -1 with ``errno``, a name.  ``value``: what it has stored, such as an option's value or
    poll()'s events.
    """

    result: int
    errno: str | None = None
    value: Any = None


class Sent(NamedTuple):
    """A packet that has left the endpoint.  ``t``: when, ns; ``ttl``, ``dscp``: of its IP header."""

    t: int
    seg: Segment
    ttl: int = 64
    dscp: int = 0


class NotOffered(Exception):
    """The endpoint cannot do what a script asks for: ``feature``, in words."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


class Endpoint(Protocol):
    """A stack under test.  Times in ns since the beginning; errors by name.

    Sequence numbers, timestamps and ports are the stack's own: the runner maps the script's onto them.
    """

    @property
    def now(self) -> int:
        """The time."""

    def inject(self, *segments: Segment) -> None:
        """Packets arrive now, in one event, and are dealt with."""

    def inject_icmp(self, name: str, flow: Flow, seq: int, mtu: int) -> None:
        """An ICMP error arrives now, about the packet of ``flow`` (its receiver first) at ``seq``.

        ``name``: as in ``tcpsim.tcp.notices.ERRORS``.
        """

    def take(self) -> list[Sent]:
        """The packets that have left since this was asked last, in order."""

    def call(self, name: str, *args: Any) -> Answer | None:
        """Make a system call; None: it waits, and ``answer`` tells when it is done.

        Raises NotOffered for one that the endpoint does not have.
        """

    def answer(self) -> Answer | None:
        """What the call that waits has returned meanwhile; None while it waits."""

    def step(self, until: int) -> bool:
        """Let the next event happen that is due by ``until``; without one, the clock shows ``until``, and False."""

    def configure(self, **switches: Any) -> None:
        """Change switches of the profile, as an administrator does.  Raises NotOffered."""

    def info(self, fd: int) -> dict[str, int]:
        """TCP_INFO of a descriptor, by the names of the fields, in the units of Linux."""

    def count(self, state: str) -> int:
        """How many connections are in the state of that name."""

    @property
    def profile(self) -> Profile:
        """What it follows now."""

    def story(self) -> str:
        """What has happened until now and why, for people; "" if that is not known."""
