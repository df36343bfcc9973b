"""Time in ``tcpsim`` is an integer number of nanoseconds of virtual time, from 0."""

from __future__ import annotations

from typing import Final

from .errors import BadValue

US: Final = 1_000
MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND

#: Later than every time: a deadline that is not set.
NEVER: Final = 1 << 62

_UNITS: Final = {"ns": 1, "us": US, "ms": MS, "s": SECOND, "min": MINUTE, "h": 60 * MINUTE}


def parse_time(value: str | int, what: str = "time") -> int:
    """Nanoseconds from ``"10ms"``, ``"1.5s"``, ``"2min"`` or from an int of nanoseconds.

    Raises BadValue that names ``what`` and shows a right form; times are never negative.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise BadValue(f"{what} {value} is negative; give nanoseconds from 0, or text such as '10ms'")
        return value
    text = str(value).strip()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    unit = _UNITS.get(text[len(number) :].strip())
    try:
        amount = float(number)
    except ValueError:
        amount = -1.0
    if unit is None or not 0 <= amount < NEVER:
        raise BadValue(
            f"{what} {value!r} is not a time; write a number of ns, us, ms, s, min or h such as '10ms', "
            "or an int of nanoseconds"
        )
    return round(amount * unit)


def format_time(ns: int) -> str:
    """Seconds with as many decimals as it takes, three at least: ``"0.010"``, ``"0.000000001"``."""
    seconds, rest = divmod(ns, SECOND)
    decimals = f"{rest:09d}".rstrip("0").ljust(3, "0")
    return f"{seconds}.{decimals}"
