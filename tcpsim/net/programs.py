"""Programs for scripts: steps as people write them, checked and turned into plain tuples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.units import parse_time
from . import opening, userland
from .host import READING, WRITING
from .scripts import STEPS, Program
from .sockopts import OPTIONS, READ

#: Which halves ``shutdown`` closes, in words.
HALVES: Final = {"reading": READING, "writing": WRITING, "both": READING | WRITING}

#: The steps that ``repeat`` is made of, which nobody writes.
_INSIDE: Final = ("loop", "again")


def parse_program(steps: Iterable[Any]) -> Program:
    """A program from steps as people write them: ``"connect 10.0.0.2 80"``, ``"sleep 10ms"``, ``("send", b"x")``.

    ``("repeat", 3, ...)`` makes its steps three times, ``("repeat", ...)`` as long as the peer sends.  Raises
    TcpsimError that names the step and what is wrong with it.
    """
    return tuple(parsed for step in steps for parsed in _parse_step(step))


def _parse_step(step: Any) -> Program:
    """The steps that one step of a person's stands for."""
    if not step or not isinstance(step, str | tuple | list):
        raise TcpsimError(f"script step {step!r}: write a call, such as 'listen 80' or ('send', b'...')")
    name, *args = step.split(maxsplit=1) if isinstance(step, str) else step
    if name == "repeat":
        return _parse_repeat(step, args)
    if name not in STEPS or name in _INSIDE:
        known = [one for one in (*STEPS, "repeat") if one not in _INSIDE]
        raise TcpsimError(f"script step {step!r}: no step {name!r}; the steps are {', '.join(known)}")
    if isinstance(step, str) and args:
        args = [args[0].strip()] if name in ("send", "recv_until", "sleep", "timeout") else args[0].split()
    if name == "serve":
        return ((name, parse_program(args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args)),)
    try:
        parsed = tuple(_parse_arg(name, arg) for arg in args)
        _check_step(name, parsed)
    except TcpsimError as error:
        raise TcpsimError(f"script step {step!r}: {error}") from None
    return ((name, *parsed),)


def _parse_repeat(step: Any, args: list[Any]) -> Program:
    """So many rounds one after the other, or a loop that ends with the peer's stream."""
    times = args[0] if args and isinstance(args[0], int) and not isinstance(args[0], bool) else None
    steps = args if times is None else args[1:]
    if len(steps) == 1 and isinstance(steps[0], list):
        steps = steps[0]
    body = parse_program(steps) if not isinstance(step, str) else ()
    if not body or (times is not None and times < 1):
        raise TcpsimError(
            f"script step {step!r}: write ('repeat', 3, STEP, ...), or ('repeat', STEP, ...) without end"
        )
    if times is not None:
        return body * times
    length = len(body) + 1
    return (("loop", length), *body, ("again", length))


def _check_step(name: str, args: tuple[Any, ...]) -> None:
    """Raise TcpsimError unless ``args`` are what the step takes."""
    if name == "recv" and len(args) != 1:
        raise TcpsimError("write recv N, a number of octets from 0")
    if name == "recv_until" and not (len(args) == 1 and isinstance(args[0], bytes)):
        raise TcpsimError("write recv_until OCTETS, such as b'...'")
    if name in ("sleep", "timeout") and len(args) != 1:
        raise TcpsimError(f"write {name} TIME, such as '10ms'")
    if name == "recv_to_end" and args:
        raise TcpsimError("write recv_to_end")
    if name == "shutdown" and args and args[0] not in HALVES.values():
        raise TcpsimError(f"write shutdown, or shutdown {', '.join(HALVES)}")
    if name in userland.ARGUMENTS:
        userland.check_arguments(name, args)
    if name in ("connect", "listen"):
        opening.check_port(args[name == "connect"], name)
    if name == "setsockopt" and (args[0] not in OPTIONS or OPTIONS[args[0]].kind == READ):
        settable = [option for option, row in OPTIONS.items() if row.kind != READ]
        raise TcpsimError(f"no option {args[0]!r} to set; there are {', '.join(settable)}")


def _parse_arg(name: str, arg: Any) -> Any:
    if name in ("sleep", "timeout"):
        return parse_time(arg, name)
    if not isinstance(arg, str):
        return arg
    if name == "shutdown":
        return HALVES.get(arg, arg)
    if name in ("send", "recv_until"):
        import ast  # here, so that starting up does not pay for it

        try:
            return ast.literal_eval(arg)
        except (ValueError, SyntaxError):
            return arg
    return int(arg) if arg.isdecimal() else arg
