"""The grammar of scripts: settings, commands, timed events; both dialects."""

from __future__ import annotations

from typing import Final

from .calls import call
from .packets import packet
from .reading import Reader
from .tree import Code, Command, Conditional, Dialect, Event, PacketdrillScript, Setting, When

_SECOND: Final = 1_000_000_000
_TIME: Final = r"\d+\.\d+|\.\d+|\d+\.(?!\.)|\d+"
#: Seconds that a script may last: more is a mistake, and would not fit the numbers of other tools.
_LONGEST: Final = 10**9


def parse(
    text: str, name: str = "script", dialect: Dialect | None = None, *, default: Dialect = "google"
) -> PacketdrillScript:
    """The script that ``text`` is.  ``name``: the file's, for messages; ``dialect``: None finds it out.

    ``default``: the dialect of a script that could be of either.

    Raises ScriptError: file, line, column, what was expected and what was found.
    """
    r = Reader(text, name)
    settings = []
    while r.peek("--"):
        settings.append(_setting(r))
    init = _command(r) if r.peek("`") else None
    events: list[Event | Conditional] = []
    cleanup = None
    while not r.done():
        if r.peek("`"):
            cleanup = _command(r)
            if not r.done():
                raise r.fail("the end, after the untimed command that cleans up")
        else:
            events.append(_conditional(r) if r.peek("#") else _event(r))
    return PacketdrillScript(tuple(settings), init, tuple(events), cleanup, dialect or dialect_of(text) or default)


#: What only one of the two dialects has, or is written for one of the systems that speak it.
_MARKS: Final[dict[Dialect, tuple[str, ...]]] = {
    "nplab": ("#ifdef", "/udp(", "ecr ...", "val ...", "net.inet.", "kern.ipc.", "kldload", "TCP_FUNCTION_BLK"),
    "google": ("net.ipv4.", "/proc/sys", "defaults.sh", "[ect0]"),
}


def dialect_of(text: str) -> Dialect | None:
    """The dialect whose marks a script has; None if it could be of either."""
    for dialect, marks in _MARKS.items():
        if any(mark in text for mark in marks):
            return dialect
    return None


def _setting(r: Reader) -> Setting:
    """``--name=value``."""
    at = r.place()
    found = r.take(r"--([a-zA-Z_][\w-]*)(?:=([^\s`]*))?", "--name=value")
    return Setting(found[1], found[2], at)


def _command(r: Reader) -> Command:
    r.take("`", "'`'")
    return Command(r.until("`", "this command"))


def _conditional(r: Reader) -> Conditional:
    """``#ifdef NAME`` ... ``#endif``: no else, none inside another."""
    at = r.place()
    start = r.at
    name = r.take(r"#ifdef[ \t]+(\w+)", "#ifdef and a name")[1]
    events: list[Event] = []
    while not r.match(r"#endif\b"):
        if r.done():
            raise r.wrong(f"#ifdef {name} has no end: write #endif", start)
        if r.peek("#"):
            raise r.fail("#endif: there is no #else, and no #ifdef inside another")
        events.append(_event(r))
    return Conditional(name, tuple(events), at)


def _event(r: Reader) -> Event:
    """A time and what happens."""
    at = r.place()
    start = r.at
    when = _when(r)
    r.skip()
    if r.peek("[<>]"):
        what = packet(r)
        if not what.inbound:
            return Event(when, what, at)
        if when.kind == "any" or when.until is not None:
            raise r.wrong("a packet into the endpoint comes at one time: ranges and * are for those out of it", start)
        if when.ends is not None:
            raise r.wrong("a packet takes no time: T...T2 is for calls", start)
        return Event(when, what, at)
    if when.kind == "any" or when.until is not None:
        raise r.wrong("ranges of time and * are for packets out of the endpoint", start)
    if r.peek("`"):
        return Event(when, _command(r), at)
    if r.match(r"%\{"):
        return Event(when, Code(r.until("}%", "this code")), at)
    if r.peek(r"[a-z_]\w*\s*\("):
        return Event(when, call(r), at)
    raise r.fail("a packet (< or >), a system call, a `command` or %{ code }%")


def _when(r: Reader) -> When:
    """``T``, ``+T``, ``T~T``, ``+T~+T``, ``*``, ``T...T2``."""
    if r.match(r"\*"):
        return When("any")
    after = r.match(r"\+") is not None
    ns = _ns(r)
    kind: Final = "after" if after else "at"
    if r.match("~"):
        r.skip()
        at = r.at
        if (r.match(r"\+") is not None) is not after:
            raise r.wrong("both ends of a range are counted alike: T~T or +T~+T", at)
        until = _ns(r)
        if until < ns:
            raise r.wrong("this range ends before it begins", at)
        return When(kind, ns, until=until)
    if r.match(r"\.\.\.(?=\s*\+?[\d.])"):
        at = r.at
        r.match(r"\+")
        ends = _ns(r)
        if ends < ns:
            raise r.wrong("this call returns before it begins", at)
        return When(kind, ns, ends=ends)
    return When(kind, ns)


def _ns(r: Reader) -> int:
    """Seconds with decimals, as ns."""
    found = r.take(_TIME, "a time in seconds, such as 0, +.1 or 1.5")
    whole, _, decimals = found[0].partition(".")
    if len(whole) > 10 or int(whole or 0) > _LONGEST:
        raise r.wrong(f"{found[0]} s is longer than a script can last", found.start())
    return int(whole or 0) * _SECOND + int(decimals[:9].ljust(9, "0") or 0)
