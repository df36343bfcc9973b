"""JSON Lines read back into a trace: what ``jsonl.to_lines`` has written."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from enum import Enum
from ipaddress import ip_address
from typing import Any, Final

from ..tcp.errors import Code, TcpsimError
from ..tcp.segment import parse_flags
from ..tcp.states import BY_ID, State
from .raw import REFER
from .records import KINDS
from .trace import SCHEMA, Trace

#: Fields that every record has; the rest is its body.
_COMMON: Final = 6  # n, kind, t, where, conn, cause

#: Variables whose values are written by name.
_NAMED: Final[dict[str, type[Enum]]] = {"state": State, "error": Code}

_FAULTS: Final = (KeyError, TypeError, ValueError, AttributeError)


class UnreadableTrace(TcpsimError, ValueError):
    """A file is no trace, or one of another schema; the message names file, line and remedy."""


def from_lines(lines: Iterable[str], *, name: str = "trace") -> Trace:
    """The trace that ``lines`` hold: a header line, then a line for each record.

    ``name``: what messages call the file.  Payload that was not written stays unknown.  A check's reason is the
    text in the file.  Raises UnreadableTrace that names the line.
    """
    numbered = enumerate(lines, 1)
    first = next(numbered, None)
    if first is None or not first[1].strip():
        raise UnreadableTrace(
            f"{name} is empty: a trace begins with a header line, as 'tcpsim play --json' writes it"
        )
    trace = _header(_object(first[1], f"{name}, line 1"), name)
    for number, line in numbered:
        if line.strip():
            _append(trace, _object(line, f"{name}, line {number}"), f"{name}, line {number}")
    return trace


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UnreadableTrace(f"{where} is not JSON; is this a file that tcpsim has written?") from None
    if not isinstance(found, dict):
        raise UnreadableTrace(f"{where} is no JSON object; is this a file that tcpsim has written?")
    return found


def _header(found: dict[str, Any], name: str) -> Trace:
    schema = found.pop("schema", None)
    if schema is None:
        raise UnreadableTrace(f"{name}, line 1 has no schema number; is this a trace that tcpsim has written?")
    if schema != SCHEMA:
        raise UnreadableTrace(
            f"{name} has schema {schema}, and this version reads schema {SCHEMA}; use the version that wrote it"
        )
    level = found.pop("level", "brief")
    hosts = found.get("hosts", [])
    try:
        for host in hosts:
            if not (isinstance(host["name"], str) and all(isinstance(one, str) for one in host["addresses"])):
                raise TypeError
    except _FAULTS:
        raise UnreadableTrace(f"{name}, line 1: a host needs a name and its addresses as text") from None
    return Trace(found, level)


def _append(trace: Trace, found: dict[str, Any], where: str) -> None:
    kind = found.get("kind")
    if kind not in KINDS:
        raise UnreadableTrace(f"{where}: no record of kind {kind!r}; there are {', '.join(KINDS)}")
    if found.get("n") != len(trace.raw):
        raise UnreadableTrace(f"{where}: record {found.get('n')!r} where number {len(trace.raw)} belongs")
    try:
        body = _body(trace, kind, found)
        cause = found["cause"]
        if kind in REFER and cause == trace.place_of(body[0]):
            cause = None  # a trace knows it
        raw = (kind, _whole(found["t"]), _text(found["where"]), _number(found.get("conn")), _number(cause), *body)
    except _FAULTS as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be: {error}"
        raise UnreadableTrace(f"{where}: this {kind} record {what}") from None
    trace.raw.append(raw)


def _body(trace: Trace, kind: str, found: dict[str, Any]) -> list[Any]:
    if kind in REFER or kind == "checked":
        packet = found["packet"]
        if trace.place_of(packet) is None:
            raise ValueError(f"no record before it introduces packet {packet!r}")
    if kind in REFER:
        kept = [field for field in KINDS[kind]._fields[_COMMON:] if field not in ("packet", "seg")]
        return [packet, *(_same(found[field]) for field in kept)]
    if kind == "fired" and found["rule"] not in BY_ID:
        raise ValueError(f"there is no rule {found['rule']!r}")
    names = KINDS[kind]._fields[_COMMON:]
    body = [_READ.get(field, _same)(found[field]) for field in names]
    if "seg" in names and trace.level == "full" and not body[1][8]:
        body[1] = (*body[1][:10], b"", *body[1][11:])  # level full knows the payload, even where there is none
    return body


def _plain(value: Any) -> dict[str, Any]:
    """A move stays in the words of the file, as a running simulation records it."""
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no object")
    return value


def _changes(value: Any) -> dict[str, tuple[Any, Any]]:
    """Name -> (before, after); states and errors are what they were."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, (before, after) in _plain(value).items():
        both = _same(before), _same(after)
        named = _NAMED.get(name)
        found[name] = both if named is None else (_member(named, both[0]), _member(named, both[1]))
    return found


def _member(named: type[Enum], value: Any) -> Any:
    return None if value is None else named[value]


def _header_tuple(seg: dict[str, Any]) -> tuple[Any, ...]:
    """The plain tuple of ``raw.header_of``."""
    flow = (*_endpoint(seg["dst"]), *_endpoint(seg["src"]))
    flags = parse_flags(seg["flags"])
    octets = base64.b64decode(seg["data"], validate=True) if "data" in seg else None
    options, stamps = _options([_same(one) for one in seg["options"]])
    return (
        flow, _whole(seg["seq"]), _number(seg["ack"]) or 0, flags, _whole(seg["wnd"]), _whole(seg["up"]), *stamps,
        _whole(seg["len"]), options, octets, _whole(seg.get("ecn", 0)),
    )  # fmt: skip


def _options(found: list[tuple[Any, ...]]) -> tuple[tuple[Any, ...], tuple[int | None, int | None]]:
    """The options, and the timestamps: their place is kept unless it is the last one, where they go anyway."""
    for place, option in enumerate(found):
        if option[0] == "TS":
            _, tsval, tsecr = option
            rest = found[place + 1 :]
            return (*found[:place], *([("TS",), *rest] if rest else [])), (_whole(tsval), _number(tsecr))
    return tuple(found), (None, None)


def _endpoint(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.strip("[]")
    ip_address(address)
    return address, int(port)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r} is no whole number")
    return value


def _number(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _same(value: Any) -> Any:
    """Lists as tuples, as a running simulation writes them; octets as octets."""
    if isinstance(value, list):
        return tuple(_same(item) for item in value)
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return {name: _same(item) for name, item in value.items()}
    return value


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "seg": _header_tuple,
    "packet": _whole,
    "original": _whole,
    "position": _whole,
    "move": _plain,
    "changed": _changes,
    "octets": _whole,
    "due": _whole,
    "because": _text,
    "check": _text,
    "rule": _text,
    "timer": _text,
    "name": _text,
    "text": _text,
}

__all__ = ["UnreadableTrace", "from_lines"]
