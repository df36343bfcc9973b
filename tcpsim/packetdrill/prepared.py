"""What all calls of a script share: the descriptors, addresses and constants, and a call that is ready to be made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .endpoint import Answer, NotOffered
from .printer import format_call
from .tree import Array, Call, Number, Struct
from .values import Platform, field

#: The most octets that one call may move: more would fill the memory.
MOST: Final = 1 << 27


class Prepared(NamedTuple):
    """A call of the endpoint.  ``name``, ``args``: of ``Endpoint.call``; no name: ``answer`` is known already.

    ``fd``: it returns a descriptor.  ``result``: the number that is returned, where the answer holds another.
    ``check``: looks at what was stored.  ``note``: what the runner has to note of it.  ``faults``: reading into no
    buffer: EFAULT where there is something to read.
    """

    name: str
    args: tuple[Any, ...]
    fd: bool = False
    result: Callable[[Answer], int] | None = None
    check: Callable[[Answer], None] | None = None
    note: str = ""
    answer: Answer | None = None
    faults: bool = False


class World:
    """What calls need to know of the run.  ``fds``: the script's descriptors -> the endpoint's."""

    def __init__(
        self, platform: Platform, *, local: str, remote: str, bind_port: int, connect_port: int, version: int
    ) -> None:
        self.platform = platform
        self.local = local
        self.remote = remote
        self.bind_port = bind_port
        self.connect_port = connect_port
        self.version = version
        self.fds: dict[int, int] = {}

    def fd(self, call: Call, at: int) -> int:
        """The endpoint's descriptor for an argument; one that nothing has is one that is not open."""
        return self.live(self.platform.number(call.args[at], "descriptor"))

    def live(self, fd: int) -> int:
        """The endpoint's descriptor for the script's."""
        return self.fds.get(fd, -1)

    def sides(self, expected: Call, actual: Call) -> tuple[tuple[str, str], ...]:
        """Both sides of a comparison, for a message."""
        return ("expected", format_call(expected)), ("actual", format_call(actual))

    def array(self, value: int) -> Array:
        """``[value]``."""
        return Array((Number(value),))


def octets_in(world: World, size: Any) -> int:
    """How many octets a call is to read or write."""
    octets = world.platform.number(size, "length")
    if not 0 <= octets <= MOST:
        raise NotOffered(f"a length of {octets} octets")
    return octets


def lengths(world: World, vector: Any) -> list[int]:
    """The lengths of ``[{..., 100}, {..., 200}]``."""
    if not isinstance(vector, Array):
        raise NotOffered("such a list of buffers")
    found = [field(one, "iov_len", 1) for one in vector.items]
    if None in found:
        raise NotOffered("such a list of buffers")
    return [octets_in(world, one) for one in found]


def buffer_size(world: World, message: Any, *, sending: bool) -> int:
    """The octets of a struct msghdr.  Raises NotOffered for one with control messages."""
    if not isinstance(message, Struct):
        raise NotOffered("such a message header")
    control = field(message, "msg_control", 99)
    if isinstance(control, Array | Struct) and control.items:
        raise NotOffered("control messages of " + ("sendmsg()" if sending else "recvmsg()"))
    vector = field(message, "msg_iov", 1)
    if vector is None:
        raise NotOffered("a message header without msg_iov")
    return sum(lengths(world, vector))
