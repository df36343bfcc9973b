"""What a socket call answers when it fails: the operating system's error numbers, by name.

A world holds an error by its name (``"ECONNRESET"``), which means the same everywhere; the number is the
platform's, and is looked up when the exception is made.
"""

from __future__ import annotations

import errno
from typing import Any, Final, NamedTuple

from ..tcp.errors import CallError, Code, TcpsimError


class Failed(NamedTuple):
    """The answer of a call that has failed and has changed something: a pending error was taken.

    ``name``: of the errno.  ``code``: why the connection ended.
    """

    name: str
    code: Code


class SocketError(CallError, OSError):
    """A socket call that failed, as the operating system tells it: ``errno``, ``strerror``; ``code`` as in RFC 9293.

    Its subclasses are also the standard library's: ``except ConnectionRefusedError`` catches a refused one.
    """

    def __init__(self, name: str, code: Code, message: str) -> None:
        super().__init__(code, message)
        self.name = name
        self.errno = getattr(errno, name, None)
        self.strerror = message

    def __str__(self) -> str:
        return f"{self.strerror} ({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return socket_error, (self.name, self.strerror, self.code)


class Refused(SocketError, ConnectionRefusedError):
    """Nobody listens there (ECONNREFUSED)."""


class Reset(SocketError, ConnectionResetError):
    """The peer has reset the connection (ECONNRESET)."""


class Aborted(SocketError, ConnectionAbortedError):
    """The connection was given up on this side (ECONNABORTED)."""


class BrokenPipe(SocketError, BrokenPipeError):
    """Nothing can be sent any more (EPIPE)."""


class TimedOut(SocketError, TimeoutError):
    """The peer did not answer (ETIMEDOUT), or the socket's own time-out is over."""


class WouldBlock(SocketError, BlockingIOError):
    """The call would have to wait (EAGAIN), or goes on meanwhile (EINPROGRESS, EALREADY)."""


_KINDS: Final[dict[str, type[SocketError]]] = {
    "ECONNREFUSED": Refused,
    "ECONNRESET": Reset,
    "ECONNABORTED": Aborted,
    "EPIPE": BrokenPipe,
    "ETIMEDOUT": TimedOut,
    "EAGAIN": WouldBlock,
    "EINPROGRESS": WouldBlock,
    "EALREADY": WouldBlock,
}

#: How a connection ended -> what the next call on its socket is told.
ENDED: Final[dict[Code, str]] = {
    Code.RESET: "ECONNRESET",
    Code.REFUSED: "ECONNREFUSED",
    Code.ABORTED: "ECONNABORTED",
    Code.TIMED_OUT: "ETIMEDOUT",
    Code.USER_TIMEOUT: "ETIMEDOUT",
    Code.UNREACHABLE: "EHOSTUNREACH",
}

#: The code that goes with an errno when RFC 9293 has a word for it.
_CODES: Final[dict[str, Code]] = {
    "EADDRINUSE": Code.ALREADY_EXISTS,
    "EADDRNOTAVAIL": Code.ALREADY_EXISTS,
    "EISCONN": Code.ALREADY_EXISTS,
    "EALREADY": Code.ALREADY_EXISTS,
    "EAGAIN": Code.INSUFFICIENT_RESOURCES,
    "EPIPE": Code.CLOSING,
    "EDESTADDRREQ": Code.REMOTE_UNSPECIFIED,
    "ENETUNREACH": Code.UNREACHABLE,
    **{name: code for code, name in reversed(ENDED.items())},
}


def socket_error(name: str, message: str, code: Code | None = None) -> SocketError:
    """The exception for the errno ``name``.  ``message``: what was called, in which state, what to do instead."""
    return _KINDS.get(name, SocketError)(name, code or _CODES.get(name, Code.NOT_OPEN), message)


class BadArgument(TcpsimError, TypeError):
    """An argument of the wrong kind, as the standard library's sockets refuse it."""


class BadPort(TcpsimError, OverflowError):
    """A port that is no port, as the standard library's sockets refuse it."""
