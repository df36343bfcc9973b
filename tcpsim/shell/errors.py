"""What goes wrong between tcpsim and the person at the keyboard, in one line each."""

from __future__ import annotations

from ..tcp.errors import TcpsimError


class ShellError(TcpsimError):
    """Wrong usage, or a file that cannot be read or written: exit code 2."""


class CannotWrite(ShellError):
    """Output that could not be written; nothing of it is left behind."""


class ScriptStopped(ShellError):
    """A script on standard input stopped at an error; the message names its line."""


def first_line(error: BaseException) -> str:
    """The first line of what ``error`` says; more would break the promise of one line on stderr."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def in_one_line(error: BaseException, known: object = ()) -> str:
    """What a person has to know about ``error``: its class too, unless it is one of ours.

    ``known``: the names there are, for suggesting one where a name does not exist.
    """
    if isinstance(error, TcpsimError):
        return first_line(error)
    said = f"{type(error).__name__}: {first_line(error)}" if str(error) else type(error).__name__
    if isinstance(error, NameError) and error.name:
        from difflib import get_close_matches

        names = [str(name) for name in known] if isinstance(known, dict) else []
        near = get_close_matches(error.name, names, 1)
        said += f"; did you mean {near[0]}?" if near else "; help() lists what there is"
    return said
