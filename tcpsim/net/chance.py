"""Chance without state: every draw is a pure function of what it is for.

Taking one packet away does not reshuffle the others, and there is no generator state to copy or save.
"""

from __future__ import annotations

from math import ceil
from typing import Final

_MASK64: Final = (1 << 64) - 1


def secret(seed: int, name: str) -> bytes:
    """The key of a host's initial sequence numbers (RFC 6528), 16 octets."""
    return _hash(seed, name, 16)


def stream(seed: int, name: str) -> int:
    """A 64-bit number for one purpose on one link; ``draw`` takes it with a packet's number."""
    return int.from_bytes(_hash(seed, name, 8), "big")


def _hash(seed: int, name: str, size: int) -> bytes:
    from hashlib import blake2b  # a tenth of the package's start-up

    return blake2b(f"{seed} {name}".encode(), digest_size=size).digest()


def draw(start: int, n: int) -> float:
    """The ``n``-th draw of a stream, uniform in [0, 1): splitmix64's output function."""
    z = (start + n * 0x9E3779B97F4A7C15) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)


def first_below(start: int, bound: float, n: int, end: int) -> int:
    """The first number from ``n`` to before ``end`` whose draw is below ``bound``; ``end`` if there is none."""
    most = ceil(bound * (1 << 53)) << 11
    step = (start + n * 0x9E3779B97F4A7C15) & _MASK64
    while n < end:
        z = ((step ^ (step >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
        if z ^ (z >> 31) < most:
            return n
        step = (step + 0x9E3779B97F4A7C15) & _MASK64
        n += 1
    return end
