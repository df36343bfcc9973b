"""The trace: an append-only list of what happened, with filters made for assertions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final, overload

from ..tcp.because import because
from ..tcp.segment import parse_flags
from .raw import INTRODUCE, REFER
from .shown import bundle

if TYPE_CHECKING:
    from .records import Header, Record

#: The number of the file format; a reader refuses any other.
SCHEMA: Final = 1


class Trace:
    """Records in order.  ``header``: seed, profile, hosts, links ... as plain data.  ``level``: brief or full.

    ``trace[3]`` is a typed record, ``len(trace)`` the number of records; ``raw`` holds the plain tuples.
    """

    __slots__ = ("_indexed", "_packets", "header", "level", "raw")

    #: Draws a trace as SVG.  Set from above, where pictures are known: imports go down only.
    painter: ClassVar[Callable[[Trace], str] | None] = None

    def __init__(self, header: dict[str, Any] | None = None, level: str = "brief") -> None:
        self.header = header or {}
        self.level = level
        self.raw: list[tuple[Any, ...]] = []
        self._packets: dict[int, tuple[int, tuple[Any, ...]]] = {}
        self._indexed = 0

    def cut(self, length: int) -> None:
        """Forget all records from ``length`` on: the world has gone back."""
        del self.raw[length:]
        if self._indexed > length:
            self._indexed = 0
            self._packets.clear()

    def introduced(self, packet: int) -> tuple[int, Header] | None:
        """The place of the record that put ``packet`` on its way, and its header."""
        from .records import Header

        found = self._found(packet)
        return None if found is None else (found[0], Header._make(found[1]))

    def place_of(self, packet: int) -> int | None:
        """The place of the record that put ``packet`` on its way; None where nothing did."""
        found = self._found(packet)
        return None if found is None else found[0]

    def _found(self, packet: int) -> tuple[int, tuple[Any, ...]] | None:
        raw = self.raw
        for n in range(self._indexed, len(raw)):
            record = raw[n]
            if record[0] in INTRODUCE:
                self._packets[record[5]] = n, record[6]
        self._indexed = len(raw)
        return self._packets.get(packet)

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, n: int) -> Record: ...
    @overload
    def __getitem__(self, n: slice) -> list[Record]: ...
    def __getitem__(self, n: int | slice) -> Record | list[Record]:
        if isinstance(n, slice):
            return [self._read(i) for i in range(*n.indices(len(self.raw)))]
        if n < 0:
            n += len(self.raw)
        if not 0 <= n < len(self.raw):
            raise IndexError(f"the trace has records 0 .. {len(self.raw) - 1}, not {n}")
        return self._read(n)

    def __iter__(self) -> Iterator[Record]:
        return (self._read(n) for n in range(len(self.raw)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return self.raw == other.raw

    __hash__ = None  # type: ignore[assignment]

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        """What Jupyter shows: text, and a picture where a floor above has said how to draw one."""
        painter = type(self).painter
        return bundle(repr(self), None if painter is None else lambda: painter(self), include, exclude)

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} records, level {self.level}>"

    def _read(self, n: int) -> Record:
        from .records import KINDS, Header

        kind, t, where, conn, cause, *body = self.raw[n]
        if kind in INTRODUCE:
            body[1] = Header._make(body[1])
        elif kind in REFER:
            found = self.introduced(body[0])
            assert found is not None, f"record {n} names packet {body[0]}, which nothing introduced"
            body.insert(1, found[1])
            if cause is None:
                cause = found[0]
        elif kind == "checked":
            packet, check, _, numbers = body
            found = self.introduced(packet)
            assert found is not None, f"record {n} names packet {packet}, which nothing introduced"
            if not isinstance(numbers, str):  # a trace that was read from a file has the words
                seg = found[1]
                body[3] = because(check, seg.flags, seg.seq, seg.ack, seg.len, numbers)
        record: Record = KINDS[kind](n, kind, t, where, conn, cause, *body)
        return record

    def of(self, *kinds: str, conn: Any = None, where: str | None = None) -> list[Record]:
        """The records of those kinds (all if none is named), of one connection or one host."""
        number = getattr(conn, "number", conn)
        return [
            self._read(n)
            for n, raw in enumerate(self.raw)
            if (not kinds or raw[0] in kinds)
            and (number is None or raw[3] == number)
            and (where is None or raw[2] == where)
        ]

    def fired(self, conn: Any = None, *, where: str | None = None) -> list[str]:
        """The ids of the rows that fired, in order: of one connection (a socket or its number), of one host."""
        from .records import Fired

        return [record.rule for record in self.of("fired", conn=conn, where=where) if isinstance(record, Fired)]

    def sent(self, conn: Any = None, *, where: str | None = None, flags: str | None = None) -> list[Header]:
        """The segments sent: by one host, with exactly the given flags (tcpdump's letters)."""
        from .records import Sent

        bits = None if flags is None else parse_flags(flags)
        return [
            record.seg
            for record in self.of("sent", conn=conn, where=where)
            if isinstance(record, Sent) and (bits is None or record.seg.flags == bits)
        ]

    def arrived(self, conn: Any = None, *, where: str | None = None) -> list[Header]:
        """The segments that arrived: at one host."""
        from .records import Arrived

        return [record.seg for record in self.of("arrived", conn=conn, where=where) if isinstance(record, Arrived)]
