"""Sequence-number arithmetic modulo 2**32 (RFC 9293 3.4).

A sequence number is an int in ``range(2**32)``.  Comparisons follow the serial-number rule: ``a`` comes
before ``b`` when walking forward from ``a`` reaches ``b`` in fewer than 2**31 steps.  Two numbers exactly
2**31 apart are unordered; TCP never compares such numbers because no window reaches 2**31.

The hot functions of the engine write these expressions out; everything else calls them.
"""

from __future__ import annotations

MOD = 1 << 32
MASK = MOD - 1
HALF = 1 << 31


def add(seq: int, octets: int) -> int:
    """``seq`` moved by ``octets`` (which may be negative), modulo 2**32."""
    return (seq + octets) & MASK


def diff(a: int, b: int) -> int:
    """The signed distance from ``b`` to ``a``: in ``-2**31 .. 2**31 - 1``, positive when ``a`` is later."""
    return ((a - b + HALF) & MASK) - HALF


def lt(a: int, b: int) -> bool:
    """``a < b``: ``a`` comes before ``b``."""
    return (b - a - 1) & MASK < HALF - 1


def le(a: int, b: int) -> bool:
    """``a =< b``: ``a`` comes before ``b`` or is ``b``."""
    return (b - a) & MASK < HALF


def gt(a: int, b: int) -> bool:
    """``a > b``: ``a`` comes after ``b``."""
    return (a - b - 1) & MASK < HALF - 1


def ge(a: int, b: int) -> bool:
    """``a >= b``: ``a`` comes after ``b`` or is ``b``."""
    return (a - b) & MASK < HALF


def later(a: int, b: int) -> int:
    """Whichever of the two comes later."""
    return a if (a - b) & MASK < HALF else b


def in_window(seq: int, left: int, size: int) -> bool:
    """Whether ``left =< seq < left + size``: an empty window contains nothing."""
    return (seq - left) & MASK < size
