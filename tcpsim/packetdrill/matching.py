"""Whether a packet that has left is the one that the script expects: every difference, in words."""

from __future__ import annotations

from typing import Final

from ..tcp.segment import parse_flags
from .endpoint import Sent
from .numbers import Numbers
from .tree import Dialect, Ip, Option, Packet, Whatever

#: The ECN field by its names.
ECN: Final = {"noecn": 0, "not-ect": 0, "ect1": 1, "ect0": 2, "ce": 3}


def ip_of(sent: Sent, expected: Packet) -> Ip | None:
    """What the IP header says of what the script asks; None if it asks nothing."""
    if expected.ip is None:
        return None
    names = {number: name for name, number in reversed(ECN.items()) if name != "not-ect"}
    fields: list[tuple[str, int | None]] = []
    for name, _ in expected.ip.fields:
        if name in ECN or name == "ect01":
            fields.append((names[sent.seg.ecn], None))
        elif name == "ecn":
            fields.append((name, sent.seg.ecn))
        elif name == "tos":
            fields.append((name, sent.dscp << 2 | sent.seg.ecn))
        elif name in ("ttl", "hlim"):
            fields.append((name, sent.ttl))
        else:
            fields.append((name, 0))
    return Ip(tuple(fields))


def differences(expected: Packet, actual: Packet, dialect: Dialect) -> list[str]:
    """What is wrong with ``actual``; empty when it is the one expected."""
    found = []
    if parse_flags(expected.flags) != parse_flags(actual.flags):
        found.append(f"flags {expected.flags}, not {actual.flags}")
    if expected.seq is not None and expected.seq != actual.seq:
        found.append(f"first number {expected.seq}, not {actual.seq}")
    if expected.octets != actual.octets:
        found.append(f"{expected.octets} octets, not {actual.octets}")
    if (expected.ack or 0) != (actual.ack or 0) and not (expected.ack is None and actual.ack is None):
        found.append(f"ack {expected.ack}, not {actual.ack}")
    if expected.win is not None and expected.win != actual.win:
        found.append(f"win {expected.win}, not {actual.win}")
    if (expected.urg or 0) != (actual.urg or 0):
        found.append(f"urg {expected.urg}, not {actual.urg}")
    found += _ip_differences(expected, actual)
    if not isinstance(expected.options, Whatever):
        assert not isinstance(actual.options, Whatever)
        found += _option_differences(expected.options or (), actual.options or (), dialect)
    return found


def _ip_differences(expected: Packet, actual: Packet) -> list[str]:
    if expected.ip is None or actual.ip is None:
        return []
    found = []
    for (name, number), (other, value) in zip(expected.ip.fields, actual.ip.fields, strict=True):
        same = ECN[name] == ECN[other] if name in ECN else number == value
        if name == "ect01":
            same = other in ("ect0", "ect1")
        if not same:
            found.append(f"{name if number is None else f'{name} {number}'}, not {other if value is None else value}")
    return found


def _option_differences(expected: tuple[Option, ...], actual: tuple[Option, ...], dialect: Dialect) -> list[str]:
    """Options are compared in order; a timestamp's value is not looked at, nor, by google's dialect, its echo."""
    kinds = [_kind(option) for option in expected]
    if kinds != [_kind(option) for option in actual]:
        return ["other options"]
    found = []
    for want, have in zip(expected, actual, strict=True):
        if want.kind == "TS":
            echo = want.values[1]
            if dialect == "nplab" and echo is not None and echo != have.values[1]:
                found.append(f"ecr {echo}, not {have.values[1]}")
        elif want.values != have.values:
            found.append(f"option {want.kind}")
    return found


def _kind(option: Option) -> str:
    return option.kind if option.kind != "raw" else f"0x{option.values[0]}"


def stamp_difference(expected: Packet, actual: Packet, tick_us: int, tolerance: int) -> str:
    """How the timestamp is further from the expected one than ``tolerance``, ns; "" if it is not.

    ``tick_us``: what one of its ticks lasts; 0: it is not looked at.
    """
    want, have = (_stamp(packet.options) for packet in (expected, actual))
    if not tick_us or want is None or have is None:
        return ""
    ahead = (have - want + (1 << 31)) % (1 << 32) - (1 << 31)
    return f"TS val {want}, not {have}" if abs(ahead) * tick_us * 1000 > tolerance else ""


def _stamp(options: object) -> int | None:
    if not isinstance(options, tuple):
        return None
    for option in options:
        if option.kind == "TS":
            return option.values[0]  # type: ignore[no-any-return]
    return None


def merged(first: Packet, rest: Packet) -> Packet | None:
    """Two packets in a row as the one they could have been; None if they do not continue each other."""
    assert first.seq is not None
    same = (first.ack, first.win, first.urg) == (rest.ack, rest.win, rest.urg)
    bare = {"P", "F", "W"}
    if (
        not same
        or rest.seq != (first.seq + first.octets) % (1 << 32)
        or set(first.flags) - bare != set(rest.flags) - bare
    ):
        return None
    flags = rest.flags.replace("W", "") + ("W" if "W" in first.flags else "")
    return rest._replace(seq=first.seq, octets=first.octets + rest.octets, flags=flags)


__all__ = ["Numbers", "differences", "ip_of", "merged", "stamp_difference"]
