"""Fault rules: what a link does to single packets, the n-th or those of which an expression holds.

``(3, "lose")``: the third packet of a direction.  ``("SYN and not ACK", "lose")``: each one of which that holds.
``("len > 0", 2, "duplicate")``: the second of those.  What is done: ``"lose"``, ``"duplicate"``,
``("delay", "5ms")``: that much later, so that it may be overtaken, ``"corrupt"``: one bit is flipped, ``"mark"``: it
tells of congestion (RFC 3168), if it says that its sender understands that.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..tcp.errors import TcpsimError
from ..tcp.units import format_time, parse_time

#: What a rule can do.
ACTIONS: Final = ("lose", "duplicate", "delay", "corrupt", "mark")

#: A rule as people write it: ``(n, what)``, ``(expression, what)``, ``(expression, n, what)``, each with a time
#: behind "delay".
Fault = tuple[Any, ...]

_RIGHT: Final = (
    "write (n, 'lose'), (n, 'duplicate'), (n, 'corrupt'), (n, 'mark') or (n, 'delay', '5ms'): n counts packets from 1; "
    "or an expression instead of n or before it, such as ('SYN and not ACK', 'lose') or ('len > 0', 2, 'lose')"
)


class Rule(NamedTuple):
    """A rule as it is followed: of the packets of which ``when`` holds ("": of all), the ``nth`` (0: each one).

    ``what``: one of ``ACTIONS``; ``later``: ns, for a delay.
    """

    when: str
    nth: int
    what: str
    later: int = 0

    @property
    def name(self) -> str:
        """How the trace and the hit counts call it: ``lose #3``, ``lose SYN``, ``delay len > 0 #2 by 0.005 s``."""
        words = [self.what, *([self.when] if self.when else []), *([f"#{self.nth}"] if self.nth else [])]
        return " ".join(words)

    @property
    def told(self) -> Fault:
        """As people write it, in plain data; the time in ns."""
        head: tuple[Any, ...] = (self.when,) if self.when else ()
        nth: tuple[Any, ...] = (self.nth,) if self.nth else ()
        return (*head, *nth, self.what, *([self.later] if self.what == "delay" else []))

    def words(self) -> str:
        """The name, and how much later."""
        return f"{self.name} by {format_time(self.later)} s" if self.what == "delay" else self.name


def check_faults(faults: Any, what: str) -> tuple[Rule, ...]:
    """The rules.  Raises TcpsimError that shows a right form."""
    if isinstance(faults, str):
        raise TcpsimError(f"{what}: {faults!r} is no list of faults; {_RIGHT}")
    return tuple(_check_fault(fault, what) for fault in faults)


def _check_expression(text: str, what: str) -> str:
    from .fields import check_expression  # parses Python: few rules ask for that

    return check_expression(text, what)


def _check_fault(fault: Any, what: str) -> Rule:
    if isinstance(fault, Rule):
        fault = fault.told
    if isinstance(fault, tuple | list):
        rest = list(fault)
        when = _check_expression(rest.pop(0), what) if rest and isinstance(rest[0], str) and len(rest) > 1 else ""
        nth = rest.pop(0) if rest and isinstance(rest[0], int) and not isinstance(rest[0], bool) else 0
        if (when or nth) and nth >= 0 and (nth or len(fault) == len(rest) + 1):
            match rest:
                case ["lose" | "duplicate" | "corrupt" | "mark" as name]:
                    return Rule(when, nth, str(name))
                case ["delay", later]:
                    of = f"packet {nth}" if nth else repr(when)
                    return Rule(when, nth, "delay", parse_time(later, f"{what}: delay of {of}"))
    raise TcpsimError(f"{what}: {fault!r} is no fault; {_RIGHT}")
