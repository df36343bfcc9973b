"""Copying a world for one event: an event changes one host, so the others can be shared.

For drivers that keep many worlds and make every move by hand, such as the explorer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .world import World

#: What is replaced and never changed, so that copies share it.
_SHARED: Final = ("by_address", "joined")

#: What every branch begins anew, or what ``branch`` looks after itself.
_ANEW: Final = {"heap": "[]", "log": "None", "full": "False", "_dirty": "[]", "before": "{}", "cause": "None"}
_APART: Final = ("conns", "hosts", "scripts")


def _generated() -> Callable[[World], World]:
    """The function that copies all but hosts, connections and scripts: containers are copied, the rest is shared.

    It is made from the slots of ``World``, so that a new one is not forgotten.
    """
    sample = World(0)
    lines = ["new = make(World)"]
    for name in World.__slots__:
        if name in _APART:
            continue
        copied = isinstance(getattr(sample, name), dict | list | set) and name not in _SHARED
        value = _ANEW.get(name) or (f"world.{name}.copy()" if copied else f"world.{name}")
        lines.append(f"new.{name} = {value}")
    namespace: dict[str, Any] = {"make": object.__new__, "World": World}
    exec("def rest(world):\n    " + "\n    ".join([*lines, "return new"]), namespace)
    found: Callable[[World], World] = namespace["rest"]
    return found


_rest: Final = _generated()


def branch(world: World, index: int | None) -> World:
    """A copy in which an event on the host ``index`` may happen; with None, one of the network alone.

    Other hosts and their connections are shared with ``world``, and so are links and firewalls, which remember
    their past for the sake of weather and counts only.  There is no trace, and the event heap is left behind: what
    is due can only be made to happen by hand.
    """
    new = _rest(world)
    new.conns = conns = world.conns.copy()
    new.hosts = world.hosts
    if index is not None:
        own = {number: conn.copy() for number, conn in conns.items() if conn.host == index}
        conns.update(own)
        new.hosts = world.hosts.copy()
        new.hosts[index] = world.hosts[index].copy(own)
    # A script is changed by events of its own host only.
    new.scripts = {number: one.copy() if one.host == index else one for number, one in world.scripts.items()}
    return new
