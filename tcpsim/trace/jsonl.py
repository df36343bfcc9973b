"""Traces as JSON Lines: a header line, then a line for each record."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from .records import Fired, Header, Moved, Record
from .trace import SCHEMA, Trace


def to_lines(trace: Trace, *, data: bool = True, more: dict[str, Any] | None = None) -> Iterator[str]:
    """The lines of the file, each ending in a newline.  ``more``: what else the header tells.

    ``data``: whether payload is written (base64); else only its length is, in scripts and moves too.
    """
    yield _dump({"schema": SCHEMA, **plain(trace.header, data=data), **(more or {}), "level": trace.level})
    for record in trace:
        yield _dump(to_data(record, data=data))


def to_data(record: Record, *, data: bool = True) -> dict[str, Any]:
    """One record as plain data, in the words of the file format."""
    line: dict[str, Any] = {
        "n": record.n,
        "t": record.t,
        "where": record.where,
        "kind": record.kind,
        "cause": record.cause,
    }
    if record.conn is not None:
        line["conn"] = record.conn
    if isinstance(record, Fired):
        return line | {"rule": record.rule, "from": str(record.src), "to": str(record.dst)}
    if isinstance(record, Moved):
        return line | {"position": record.position, "move": plain(record.move, data=data)}
    for name, value in record._asdict().items():
        if name == "seg":
            line["seg"] = segment_data(value, data=data)
        elif name not in ("n", "kind", "t", "where", "conn", "cause"):
            line[name] = plain(value)
    return line


def segment_data(seg: Header, *, data: bool = True) -> dict[str, Any]:
    """A segment's header as plain data: absolute numbers, flags in tcpdump's letters, octets of data."""
    stamps = ["TS", seg.tsval, seg.tsecr]
    options = [stamps if option == ("TS",) else list(option) for option in seg.options]
    if seg.tsval is not None and not any(option[0] == "TS" for option in options):
        options.append(stamps)
    line: dict[str, Any] = {
        "src": seg.src,
        "dst": seg.dst,
        "seq": seg.seq,
        "ack": seg.ack if seg.has_ack else None,
        "flags": seg.letters,
        "wnd": seg.wnd,
        "up": seg.up,
        "len": seg.len,
        "options": plain(options),
    }
    if seg.ecn:
        line["ecn"] = seg.ecn
    if data and seg.data:
        line["data"] = base64.b64encode(seg.data).decode()
    return line


def plain(value: Any, *, data: bool = True) -> Any:
    """``value`` in JSON's types: octets as ``{"base64": ...}`` (without ``data`` as ``{"octets": n}``), enumerations
    by name."""
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()} if data else {"octets": len(value)}
    if hasattr(value, "name") and hasattr(value, "value"):
        return value.name
    if isinstance(value, int | float):
        return value
    if isinstance(value, dict):
        if not data and set(value) == {"base64"}:  # a move is plain already
            return {"octets": len(base64.b64decode(value["base64"]))}
        return {str(name): plain(item, data=data) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item, data=data) for item in value]
    return str(value)


def _dump(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
