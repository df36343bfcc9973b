"""Socket options in scripts: what setsockopt() is given, and whether getsockopt() shows what is expected."""

from __future__ import annotations

from typing import Any, Final

from .endpoint import Answer, NotOffered
from .prepared import World
from .tree import Array, Call, Field, Number, Struct, Symbol, Text, Whatever
from .values import field, name_of, same_errno
from .verdicts import ScriptFailed

#: Options that change nothing here.
_WITHOUT_EFFECT: Final = frozenset(
    ("IP_MTU_DISCOVER", "IPV6_MTU_DISCOVER", "SO_PRIORITY", "SO_MARK", "SO_NO_CHECK", "SO_BUSY_POLL", "SO_DEBUG",
     "SO_TIMESTAMP", "SO_NOSIGPIPE", "SO_ZEROCOPY", "TCP_LOG")
)  # fmt: skip
#: Other names of the same.
_SAME: Final = {"TCP_NOPUSH": "TCP_CORK", "TCP_KEEPALIVE": "TCP_KEEPIDLE"}
#: FreeBSD's stacks that are the one here.
_STACKS: Final = ("freebsd", "default", "")


def option_to_set(world: World, call: Call) -> tuple[str | None, Any]:
    """(name, value) of a setsockopt(); no name: it changes nothing here."""
    name = name_of(call.args[2], "the socket option")
    value = call.args[3]
    if name in _WITHOUT_EFFECT:
        return None, 0
    if name == "SO_LINGER":
        on, seconds = (world.platform.number(_member(value, *which)) for which in (("onoff", 0), ("linger", 1)))
        return name, seconds if on else -1
    if name == "TCP_FUNCTION_BLK":
        stack = field(value, "function_set_name", 0)
        if isinstance(stack, Text) and stack.value in _STACKS:
            return None, 0
        raise NotOffered("another TCP stack than the default one")
    if name == "TCP_CONGESTION":
        if not isinstance(value, Text):
            raise NotOffered("such a TCP_CONGESTION")
        return name, value.value
    return _SAME.get(name, name), world.platform.number(value, f"value of {name}")


def _member(node: Any, name: str, at: int) -> Any:
    found = next(
        (field(node, known, at) for known in (name, f"l_{name}") if field(node, known, at) is not None), None
    )
    if found is None:
        raise NotOffered("such a struct linger")
    return found


def check_option(world: World, call: Call, answer: Answer) -> None:
    """Compare what getsockopt() shows with arguments 3 and 4.  Raises ScriptFailed."""
    name = name_of(call.args[2], "the socket option")
    wanted = call.args[3]
    if isinstance(wanted, Whatever):
        return
    if isinstance(wanted, Array) and len(wanted.items) == 1 and isinstance(wanted.items[0], Whatever | Struct):
        wanted = wanted.items[0]
        if isinstance(wanted, Whatever):
            return
    if name == "SO_ERROR":
        have = answer.value or ""
        if not same_errno(world.platform.errno(_only(wanted)), have):
            _fail(world, call, Symbol(have) if have else Number(0))
    elif name == "TCP_INFO":
        _check_info(world, call, wanted, world.platform.info(answer.value))
    elif name == "SO_LINGER":
        have = int(answer.value >= 0), max(answer.value, 0)
        if tuple(world.platform.number(_member(wanted, *which)) for which in (("onoff", 0), ("linger", 1))) != have:
            _fail(
                world, call, Struct((Field("onoff", None, Number(have[0])), Field("linger", None, Number(have[1]))))
            )
    elif isinstance(wanted, Text):
        if wanted.value.rstrip("\0") != answer.value:
            _fail(world, call, Text(str(answer.value)))
    elif answer.value != world.platform.number(wanted):
        _fail(world, call, Number(answer.value))


def _only(node: Any) -> Any:
    return node.items[0] if isinstance(node, Array) and len(node.items) == 1 else node


def _check_info(world: World, call: Call, wanted: Any, info: dict[str, int]) -> None:
    if not isinstance(wanted, Struct):
        raise NotOffered("such a struct tcp_info")
    for item in wanted.items:
        if not isinstance(item, Field):
            raise NotOffered("a struct tcp_info without names")
        if isinstance(item.value, Whatever):
            continue
        if item.name not in info:
            raise NotOffered(f"TCP_INFO's {item.name}")
        if world.platform.number(item.value) != info[item.name]:
            raise ScriptFailed(
                f"{item.name} is {info[item.name]}, not {world.platform.number(item.value)}",
                ("expected", f"{item.name}={world.platform.number(item.value)}"),
                ("actual", f"{item.name}={info[item.name]}"),
            )


def _fail(world: World, call: Call, have: Any) -> None:
    shown = Array((have,)) if isinstance(have, Number | Symbol) else have
    actual = call._replace(args=(*call.args[:3], shown, *call.args[4:]))
    name = name_of(call.args[2], "the socket option")
    told = have.name if isinstance(have, Symbol) else have.value if isinstance(have, Number | Text) else "otherwise"
    raise ScriptFailed(f"{name} reads back {told}", *world.sides(call, actual))
