"""The grammar of system calls and their arguments: ``setsockopt(3, SOL_SOCKET, SO_RCVBUF, [1000], 4) = 0``."""

from __future__ import annotations

import re
from typing import Any, Final

from .reading import Reader
from .tree import AnyOf, Applied, Array, Call, Field, Number, Struct, Symbol, Text, Whatever

_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'"}


def call(r: Reader) -> Call:
    """A call, what it returns, and why it fails if it should."""
    name = r.take(r"[a-z_]\w*(?=\s*\()", "a system call, such as accept(...)")[0]
    args = _arguments(r)
    if not r.match("="):
        return Call(name, args)
    result = _value(r)
    errno = r.match(r"E[A-Z0-9]+\b")
    note = None
    if r.match(r"\("):
        note = r.until(")", "this note")
    return Call(name, args, result, errno[0] if errno else None, note)


def _arguments(r: Reader) -> tuple[Any, ...]:
    r.take(r"\(", "'('")
    return _list(r, r"\)", "')'")


def _list(r: Reader, end: str, words: str) -> tuple[Any, ...]:
    """Values with commas between them, up to ``end``."""
    items: list[Any] = []
    if r.match(end):
        return ()
    while True:
        items.append(_member(r) if end == "}" else _value(r))
        if r.match(end):
            return tuple(items)
        r.take(",", f"',' and another value, or {words}")


def _value(r: Reader) -> Any:
    """A value, or several with | between them."""
    parts = [_single(r)]
    while r.match(r"\|(?!\|)"):
        parts.append(_single(r))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _single(r: Reader) -> Any:
    if r.match(r"\.\.\."):
        return Whatever()
    if r.match(r"\["):
        return Array(_list(r, "]", "']'"))
    if r.match(r"\{"):
        return Struct(_list(r, "}", "'}'"))
    found = r.match(r"-?0x([0-9a-fA-F]+)\b")
    if found:
        return Number(int(found[0], 16), True)
    found = r.match(r"-?\d+\b")
    if found:
        return Number(int(found[0]))
    if r.peek('"'):
        return _text(r)
    found = r.take(r"[A-Za-z_]\w*", 'a value: a number, a name, a "text", [array], {struct} or ...')
    return Applied(found[0], _arguments(r)) if r.peek(r"\(") else Symbol(found[0])


def _text(r: Reader) -> Text:
    start = r.at
    found = r.match(r'"((?:[^"\\\n]|\\.)*)"')
    if found is None:
        raise r.wrong('this text has no end: write "', start)

    def meant(escape: re.Match[str]) -> str:
        word = escape[1]
        if word in _ESCAPES:
            return _ESCAPES[word]
        if word[0] in "xuU" and len(word) > 1 and int(word[1:], 16) < 0x110000:
            return chr(int(word[1:], 16))
        at = start + 1 + escape.start()
        raise r.wrong(f'\\{word} is no escape: there are \\n, \\r, \\t, \\0, \\\\, \\" and \\x41', at)

    return Text(_ESCAPE.sub(meant, found[1]))


def _member(r: Reader) -> Any:
    """``name = value``, ``name(args) = value``, or a value alone."""
    found = r.match(r"([A-Za-z_]\w*)(?=\s*(?:=(?!=)|\([^()]*\)\s*=))")
    if found is None:
        return _value(r)
    args = _arguments(r) if r.peek(r"\(") else None
    r.take("=", "'='")
    return Field(found[1], args, _value(r))
