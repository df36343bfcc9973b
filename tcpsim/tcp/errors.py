"""What a user call may answer (RFC 9293 3.10), by symbolic code: the RFC's own strings disagree (A-24)."""

from __future__ import annotations

import enum


class Code(enum.Enum):
    """Why a call failed, or how a connection ended."""

    NOT_OPEN = "connection does not exist"
    ALREADY_EXISTS = "connection already exists"
    REMOTE_UNSPECIFIED = "remote socket unspecified"
    INSUFFICIENT_RESOURCES = "insufficient resources"
    CLOSING = "connection closing"
    RESET = "connection reset"
    REFUSED = "connection refused"
    ABORTED = "connection aborted by this side"
    TIMED_OUT = "connection timed out"
    UNREACHABLE = "destination unreachable"
    USER_TIMEOUT = "connection aborted due to user timeout"


class TcpsimError(Exception):
    """Every mistake that tcpsim reports by itself: bad arguments, files, scripts, names."""


class BadValue(TcpsimError, ValueError):
    """A text or number that cannot be read as what it should be."""


class CallError(TcpsimError):
    """A user call that the connection's state does not allow.  Nothing has changed.

    ``code``: the reason.  The message says what was called, in which state, and what to do instead.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(f"{message} ({code.value})")
        self.code = code


class NotationError(TcpsimError, ValueError):
    """A segment in words that cannot be read.

    ``text``: what was given.  ``column``: where it stops making sense, from 1.
    """

    def __init__(self, text: str, column: int, problem: str) -> None:
        super().__init__(f"{text!r}, column {column}: {problem}")
        self.text = text
        self.column = column


class MissingRow(RuntimeError):
    """The engine reached a conclusion for which the transition table has no row: a defect in tcpsim."""
