"""What a connection tells of an event goes into the world's trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.tcb import TIMERS
from ..tcp.units import NEVER
from .host import Conn

if TYPE_CHECKING:
    from .world import World


def drain(world: World, conn: Conn) -> None:
    """Move what the engine told into the trace, with time, place and cause."""
    assert conn.log is not None
    assert world.log is not None
    where = world.hosts[conn.host].name
    for kind, *body in conn.log:
        if kind == "checked":
            body.insert(0, world.packet)
        world.log.append((kind, world.now, where, conn.number, world.cause, *body))
    conn.log.clear()


def tell_changes(world: World, conn: Conn, where: str) -> None:
    """Level full: the variables and timers that this event changed."""
    assert world.log is not None
    before = world.before.pop(conn.number)
    after = conn.tcb.variables()
    changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    timers = {name: changed.pop(f"{name}_due")[1] for name in TIMERS if f"{name}_due" in changed}
    if changed:
        world.log.append(("vars", world.now, where, conn.number, world.cause, changed))
    for name, due in timers.items():
        told = ("timer_stopped", world.now, where, conn.number, world.cause, name)
        world.log.append(told if due == NEVER else ("timer_set", *told[1:], due))
