"""What happened: records, the trace that holds them, and its file format."""

from .records import Record
from .trace import Trace

__all__ = ["Record", "Trace"]
