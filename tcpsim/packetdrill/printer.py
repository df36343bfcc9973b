"""A script as text again: reading what is printed gives an equal tree."""

from __future__ import annotations

from typing import Any

from ..tcp.seq import MASK
from .tree import (
    AnyOf,
    Applied,
    Array,
    Call,
    Code,
    Command,
    Conditional,
    Event,
    Field,
    Foreign,
    Icmp,
    Number,
    Option,
    Packet,
    PacketdrillScript,
    SackBlock,
    Struct,
    Symbol,
    Text,
    Whatever,
    When,
)

_SECOND = 1_000_000_000
#: Times stand in a column of this width.
_WIDTH = 8


def format_script(script: PacketdrillScript) -> str:
    """The text of ``script``: without comments, one event a line."""
    lines = [f"--{name}" + ("" if value is None else f"={value}") for name, value, _ in script.options]
    if script.init is not None:
        lines += [f"`{script.init.text}`", ""]
    for event in script.events:
        if isinstance(event, Conditional):
            lines += [f"#ifdef {event.name}", *map(format_event, event.events), "#endif"]
        else:
            lines.append(format_event(event))
    if script.cleanup is not None:
        lines += ["", f"`{script.cleanup.text}`"]
    return "\n".join(lines) + "\n"


def format_event(event: Event) -> str:
    """One event: its time, then what happens."""
    return f"{format_when(event.when):>{_WIDTH}} {format_action(event.what)}"


def format_action(what: Packet | Icmp | Foreign | Call | Command | Code) -> str:
    """What an event does, without its time."""
    match what:
        case Packet():
            return format_packet(what)
        case Icmp():
            return _icmp(what)
        case Foreign(inbound, text):
            return f"{'<' if inbound else '>'} {text}"
        case Call():
            return format_call(what)
        case Command(text):
            return f"`{text}`"
        case Code(text):
            return f"%{{{text}}}%"


# -- times


def format_when(when: When) -> str:
    """``0``, ``+.1``, ``+0~+.5``, ``*``, ``1...2``."""
    if when.kind == "any":
        return "*"
    sign = "+" if when.kind == "after" else ""
    start = sign + _seconds(when.ns)
    if when.until is not None:
        return f"{start}~{sign}{_seconds(when.until)}"
    return start if when.ends is None else f"{start}...{_seconds(when.ends)}"


def _seconds(ns: int) -> str:
    whole, rest = divmod(ns, _SECOND)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


# -- packets


def format_packet(packet: Packet) -> str:
    """``> S. 0:0(0) ack 1 <mss 1460>``."""
    words = ["<" if packet.inbound else ">"]
    if packet.ip is not None:
        words.append(f"[{', '.join(name if n is None else f'{name} {n}' for name, n in packet.ip.fields)}]")
    words.append(packet.flags)
    if packet.seq is None:
        words.append(f"...({packet.octets})")
    else:
        mark = "!" if packet.absolute else ""
        words.append(f"{packet.seq}{mark}:{(packet.seq + packet.octets) & MASK}{mark}({packet.octets})")
    for name, value in (("ack", packet.ack), ("win", packet.win), ("urg", packet.urg)):
        if value is not None:
            words.append(f"{name} {value}" + ("!" if name == "ack" and packet.absolute_ack else ""))
    if isinstance(packet.options, Whatever):
        words.append("<...>")
    elif packet.options is not None:
        words.append(f"<{','.join(map(format_option, packet.options))}>")
    if packet.udp is not None:
        words.append(f"/udp({packet.udp[0]} > {packet.udp[1]})")
    return " ".join(words)


def format_option(option: Option) -> str:
    """``mss 1460``, ``TS val 1 ecr ...``, ``sack 1:11 21:31``."""
    values = ["..." if value is None else value for value in option.values]
    match option.kind:
        case "raw":
            return f"0x{values[0]}"
        case "TS":
            return f"TS val {values[0]} ecr {values[1]}" + ("!" if option.absolute else "")
        case _:
            return " ".join([option.kind, *map(_plain, values)])


def _plain(value: Any) -> str:
    return f"{value.left}:{value.right}" if isinstance(value, SackBlock) else str(value)


def _icmp(message: Icmp) -> str:
    words = ["<" if message.inbound else ">", "icmp", message.type]
    if message.code is not None:
        words.append(message.code)
    if message.mtu is not None:
        words.append(f"mtu {message.mtu}")
    if message.quoted is not None:
        seq, octets = message.quoted
        words.append(f"[{seq}:{(seq + octets) & MASK}({octets})]")
    return " ".join(words)


# -- calls


def format_call(call: Call) -> str:
    """``read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)``."""
    words = [f"{call.name}({', '.join(map(format_value, call.args))})"]
    if call.result is not None:
        words.append(f"= {format_value(call.result)}")
    if call.errno is not None:
        words.append(call.errno)
    if call.note is not None:
        words.append(f"({call.note})")
    return " ".join(words)


def format_value(value: Any) -> str:
    """An argument or a result."""
    match value:
        case Whatever():
            return "..."
        case Number(number, hexadecimal):
            return f"{number:#x}" if hexadecimal else str(number)
        case Text(text):
            return _quoted(text)
        case Symbol(name):
            return name
        case AnyOf(parts):
            return "|".join(map(format_value, parts))
        case Array(items):
            return f"[{', '.join(map(format_value, items))}]"
        case Struct(items):
            return f"{{{', '.join(map(format_value, items))}}}"
        case Applied(name, args):
            return f"{name}({', '.join(map(format_value, args))})"
        case Field(name, args, inner):
            applied = "" if args is None else f"({', '.join(map(format_value, args))})"
            return f"{name}{applied}={format_value(inner)}"
    raise TypeError(f"{value!r} is no value of a script")


def _quoted(text: str) -> str:
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'
