"""Progress of what takes long: one line on standard error that changes, and on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], object] | None]:
    """A function to call with how much is done of how much; None where nobody would see it.

    What it wrote is gone at the end.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield None
        return
    widest = 0

    def tell(done: int, whole: int) -> None:
        nonlocal widest
        line = f"{what}: {done:,} of {whole:,}"
        widest = max(widest, len(line))
        stream.write(f"\r{line:<{widest}}")
        stream.flush()

    try:
        yield tell
    finally:
        if widest:
            stream.write(f"\r{'':<{widest}}\r")
            stream.flush()
