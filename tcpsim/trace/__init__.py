"""What happened: records, the trace that holds them, and its file format."""

from .trace import Trace

__all__ = ["Trace"]
