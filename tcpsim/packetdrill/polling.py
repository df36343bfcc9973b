"""poll() and epoll in scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .endpoint import Answer, NotOffered
from .prepared import Prepared, World
from .simpolls import EVENTS
from .tree import AnyOf, Array, Call, Field, Number, Struct, Symbol, Whatever
from .values import field, name_of, names_in
from .verdicts import ScriptFailed

#: Events that are one with another here.
_ALSO: Final = {"POLLRDNORM": "POLLIN", "POLLWRNORM": "POLLOUT", "POLLRDBAND": "POLLPRI"}


def _mask(node: Any) -> int:
    """The bits of ``POLLIN|POLLOUT``."""
    if isinstance(node, Number):
        return node.value
    mask = 0
    for name in names_in(node):
        plain = name.replace("EPOLL", "POLL")
        bit = EVENTS.get(_ALSO.get(plain, plain))
        if bit is None and plain not in ("POLLET", "POLLONESHOT"):
            raise NotOffered(f"the event {name}")
        mask |= bit or 0
    return mask


def _names(mask: int, prefix: str = "POLL") -> Any:
    found = [Symbol(name.replace("POLL", prefix)) for name, bit in EVENTS.items() if mask & bit]
    return Number(0) if not found else found[0] if len(found) == 1 else AnyOf(tuple(found))


def _poll(world: World, call: Call) -> Prepared:
    fds, count, timeout = call.args[:3]
    if not isinstance(fds, Array) or len(fds.items) != world.platform.number(count):
        raise ScriptFailed(f"poll() says {world.platform.number(count)} descriptors and lists others")
    wanted = []
    for one in fds.items:
        fd, events = field(one, "fd", 0), field(one, "events", 1)
        wanted.append((world.live(world.platform.number(fd)), _mask(events)))

    def check(answer: Answer) -> None:
        actual = tuple(
            Struct(
                (Field("fd", None, field(one, "fd", 0)), Field("events", None, field(one, "events", 1)),
                 Field("revents", None, _names(events)))
            )
            for one, events in zip(fds.items, answer.value, strict=True)
        )  # fmt: skip
        for one, events in zip(fds.items, answer.value, strict=True):
            expected = field(one, "revents", 2)
            if expected is not None and not isinstance(expected, Whatever) and _mask(expected) != events:
                raise ScriptFailed(
                    "poll() told other events",
                    *world.sides(call, call._replace(args=(Array(actual), *call.args[1:]))),
                )

    return Prepared("poll", (wanted, world.platform.number(timeout)), check=check)


def _epoll_create(world: World, call: Call) -> Prepared:
    return Prepared("epoll_create", (), fd=True)


def _epoll_ctl(world: World, call: Call) -> Prepared:
    what = name_of(call.args[1], "epoll_ctl()'s command")
    event = call.args[3] if len(call.args) > 3 else None
    data, events = _data(event), field(event, "events", 0)
    names = () if events is None or isinstance(events, Number) else names_in(events)
    for name in names:
        _mask(Symbol(name))
    return Prepared("epoll_ctl", (world.fd(call, 0), what, world.fd(call, 2), names, data))


def _data(event: Any) -> Any:
    """What an event carries: (kind, value)."""
    for kind in ("fd", "ptr", "u32", "u64"):
        found = field(event, kind, 99)
        if found is not None:
            return kind, found
    return None


def _epoll_wait(world: World, call: Call) -> Prepared:
    event, most, timeout = call.args[1:4]

    def check(answer: Answer) -> None:
        if not answer.value:
            return
        events, data = answer.value[0]
        expected = field(event, "events", 0)
        wanted = _data(event)
        if isinstance(event, Whatever) or expected is None:
            return
        if _mask(expected) != events or (wanted is not None and wanted != data):
            shown = Struct(
                (Field("events", None, _names(events, "EPOLL")), *([Field(data[0], None, data[1])] if data else []))
            )
            actual = call._replace(args=(call.args[0], shown, *call.args[2:]))
            raise ScriptFailed("epoll_wait() told another event", *world.sides(call, actual))

    args = (world.fd(call, 0), world.platform.number(most), world.platform.number(timeout))
    return Prepared("epoll_wait", args, check=check)


CALLS: Final[dict[str, Callable[[World, Call], Prepared]]] = {
    "poll": _poll,
    "epoll_create": _epoll_create,
    "epoll_ctl": _epoll_ctl,
    "epoll_wait": _epoll_wait,
}
