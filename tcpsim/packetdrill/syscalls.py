"""System calls of a script: what is asked of the endpoint, and whether its answer is the one that is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from .endpoint import Answer, NotOffered
from .optvals import check_option, option_to_set
from .polling import CALLS as POLLING
from .prepared import Prepared, World, buffer_size, lengths, octets_in
from .tree import Call, Number, Symbol, Whatever
from .values import is_null, name_of, names_in, same_errno
from .verdicts import ScriptFailed


class _Flags(NamedTuple):
    """Flags of send() and recv(): those that the endpoint knows, by name."""

    text: str


#: Flags that change nothing here, with or without them.
_WITHOUT_EFFECT: Final = frozenset(("MSG_NOSIGNAL", "MSG_TRUNC"))
_KNOWN_FLAGS: Final = frozenset(("MSG_PEEK", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_OOB", "MSG_MORE", "MSG_EOR"))


def prepare(world: World, call: Call) -> Prepared:
    """What a call asks.  Raises NotOffered for one that nobody here knows, or with arguments nobody knows."""
    function = _CALLS.get(call.name)
    if function is None:
        raise NotOffered(f"the system call {call.name}()")
    try:
        return function(world, call)
    except IndexError:
        raise ScriptFailed(f"{call.name}() has more arguments than the {len(call.args)} given") from None


def check(world: World, call: Call, prepared: Prepared, answer: Answer) -> None:
    """Compare what a call has returned.  Raises ScriptFailed with both sides."""
    expected = (
        None if call.result is None or isinstance(call.result, Whatever) else world.platform.number(call.result)
    )
    errno = call.errno
    result = answer.result
    if prepared.fd and answer.errno is None:
        if expected is not None and expected >= 0:
            world.fds[expected] = result
            result = expected
    if answer.errno is None and prepared.result is not None:
        result = prepared.result(answer)
    wrong = expected is not None and result != expected
    if errno is not None and answer.errno is not None and not same_errno(errno, answer.errno):
        wrong = True
    if wrong or (errno is not None and answer.errno is None):
        raise ScriptFailed(
            f"{call.name}() returned {_told(result, answer.errno)}, not {_told(expected, errno)}",
            *world.sides(call, call._replace(result=Number(result), errno=answer.errno, note=None)),
        )
    if answer.errno is None and prepared.check is not None:
        prepared.check(answer)


def known_calls() -> list[str]:
    """The names of the calls there are."""
    return list(_CALLS)


def _told(result: int | None, errno: str | None) -> str:
    return f"{result}" + (f" {errno}" if errno else "")


# -- opening


def _socket(world: World, call: Call) -> Prepared:
    kind, protocol = call.args[1], call.args[2]
    number = world.platform.number
    words = names_in(kind) if not isinstance(kind, Number) else ("SOCK_STREAM",)
    if "SOCK_STREAM" not in words:
        raise NotOffered(f"sockets of type {' '.join(words)}")
    if number(protocol) not in (0, number(Symbol("IPPROTO_TCP"))):
        raise NotOffered("sockets of another protocol than TCP")
    family = call.args[0]
    version = world.version
    if not isinstance(family, Whatever):
        six = number(family) == number(Symbol("AF_INET6"))
        if number(family) not in (2, number(Symbol("AF_INET6"))) or six != (world.version == 6):
            raise NotOffered("sockets of another address family than --ip_version's")
    return Prepared("socket", (version, "SOCK_NONBLOCK" in words), fd=True, note="socket")


def _bind(world: World, call: Call) -> Prepared:
    return Prepared("bind", (world.fd(call, 0), world.local, world.bind_port))


def _listen(world: World, call: Call) -> Prepared:
    backlog = world.platform.number(call.args[1])
    return Prepared("listen", (world.fd(call, 0), backlog), note="listen")


def _accept(world: World, call: Call) -> Prepared:
    return Prepared("accept", (world.fd(call, 0),), fd=True, note="accept")


def _connect(world: World, call: Call) -> Prepared:
    return Prepared("connect", (world.fd(call, 0), world.remote, world.connect_port), note="connect")


# -- data


def _flags(node: Any) -> _Flags:
    names = names_in(node)
    for name in names:
        if name == "MSG_FASTOPEN":
            raise NotOffered("TCP Fast Open")
        if name not in _KNOWN_FLAGS | _WITHOUT_EFFECT:
            raise NotOffered(f"the flag {name}")
    return _Flags("|".join(name for name in names if name in _KNOWN_FLAGS))


def _sending(world: World, call: Call, octets: int, flags: str = "", *, null: bool = False) -> Prepared:
    if null and octets:
        return Prepared("", (), answer=Answer(-1, "EFAULT"))
    args = (world.fd(call, 0), bytes(octets))
    return Prepared("write", (*args, flags) if flags else args)


def _write(world: World, call: Call) -> Prepared:
    return _sending(world, call, octets_in(world, call.args[2]), null=is_null(call.args[1]))


def _send(world: World, call: Call) -> Prepared:
    flags = _flags(call.args[3]).text if len(call.args) > 3 else ""
    return _sending(world, call, octets_in(world, call.args[2]), flags, null=is_null(call.args[1]))


def _writev(world: World, call: Call) -> Prepared:
    return _sending(world, call, sum(lengths(world, call.args[1])))


def _sendmsg(world: World, call: Call) -> Prepared:
    octets = buffer_size(world, call.args[1], sending=True)
    return _sending(world, call, octets, _flags(call.args[2]).text if len(call.args) > 2 else "")


def _reading(world: World, call: Call, n: int, flags: str = "", *, null: bool = False) -> Prepared:
    fd = world.fd(call, 0)
    args = (fd, n, *((flags,) if flags else ()))
    if null and n:
        return Prepared("read", (fd, n, "MSG_PEEK"), faults=True)
    return Prepared("read", args)


def _read(world: World, call: Call) -> Prepared:
    return _reading(world, call, octets_in(world, call.args[2]), null=is_null(call.args[1]))


def _recv(world: World, call: Call) -> Prepared:
    flags = _flags(call.args[3]).text if len(call.args) > 3 else ""
    return _reading(world, call, octets_in(world, call.args[2]), flags, null=is_null(call.args[1]))


def _readv(world: World, call: Call) -> Prepared:
    return _reading(world, call, sum(lengths(world, call.args[1])))


def _recvmsg(world: World, call: Call) -> Prepared:
    octets = buffer_size(world, call.args[1], sending=False)
    return _reading(world, call, octets, _flags(call.args[2]).text if len(call.args) > 2 else "")


# -- ending


def _shutdown(world: World, call: Call) -> Prepared:
    return Prepared("shutdown", (world.fd(call, 0), world.platform.number(call.args[1])))


def _close(world: World, call: Call) -> Prepared:
    return Prepared("close", (world.fd(call, 0),), note="close")


# -- options and state


def _setsockopt(world: World, call: Call) -> Prepared:
    name, value = option_to_set(world, call)
    if name is None:
        return Prepared("", (), answer=Answer(0))
    return Prepared("setsockopt", (world.fd(call, 0), name, value))


def _getsockopt(world: World, call: Call) -> Prepared:
    name = name_of(call.args[2], "the socket option")
    return Prepared("getsockopt", (world.fd(call, 0), name), check=lambda answer: check_option(world, call, answer))


def _fcntl(world: World, call: Call) -> Prepared:
    command = name_of(call.args[1], "fcntl()'s command")
    fd = world.fd(call, 0)
    platform = world.platform
    if command == "F_GETFL":
        waits, never = platform.number(Symbol("O_RDWR")), platform.number(Symbol("O_NONBLOCK"))
        return Prepared("fcntl", (fd, command), result=lambda answer: waits | (never if answer.value else 0))
    if command == "F_SETFL":
        return Prepared("fcntl", (fd, command, platform.has(call.args[2], "O_NONBLOCK")))
    raise NotOffered(f"fcntl {command}")


#: Other names of the same.
_IOCTLS: Final = {"FIONREAD": "SIOCINQ", "TIOCOUTQ": "SIOCOUTQ", "FIONWRITE": "SIOCOUTQ"}


def _ioctl(world: World, call: Call) -> Prepared:
    command = name_of(call.args[1], "ioctl()'s command")
    wanted = call.args[2]

    def check_value(answer: Answer) -> None:
        if isinstance(wanted, Whatever) or answer.value == world.platform.number(wanted):
            return
        raise ScriptFailed(
            f"ioctl({command}) told {answer.value}, not {world.platform.number(wanted)}",
            *world.sides(call, call._replace(args=(*call.args[:2], world.array(answer.value)))),
        )

    return Prepared("ioctl", (world.fd(call, 0), _IOCTLS.get(command, command)), check=check_value)


_CALLS: Final[dict[str, Callable[[World, Call], Prepared]]] = {
    "socket": _socket,
    "bind": _bind,
    "listen": _listen,
    "accept": _accept,
    "connect": _connect,
    "write": _write,
    "send": _send,
    "sendto": _send,
    "sendmsg": _sendmsg,
    "writev": _writev,
    "read": _read,
    "recv": _recv,
    "recvfrom": _recv,
    "recvmsg": _recvmsg,
    "readv": _readv,
    "shutdown": _shutdown,
    "close": _close,
    "setsockopt": _setsockopt,
    "getsockopt": _getsockopt,
    "fcntl": _fcntl,
    "ioctl": _ioctl,
    **POLLING,
}
