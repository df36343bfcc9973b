"""What happened: records, the trace that holds them, and its file format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .trace import Trace

if TYPE_CHECKING:
    from .records import Record

__all__ = ["Record", "Trace"]


def __getattr__(name: str) -> Any:
    """``Record``, which only those who read a trace need."""
    if name == "Record":
        from .records import Record

        return Record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
