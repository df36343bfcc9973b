"""A host crashes and starts again: what it forgets, how long it is off, and how long it keeps quiet.

Its peers are not told.  Initial sequence numbers that are derived come from a new secret (RFC 6528); those that were
given go on as given, so that a collision of numbers can be seen.  With the switch ``quiet_time`` a host opens
nothing for so long after a start, so that whatever it has sent before has left the network (RFC 9293 3.4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.errors import CallError, Code, TcpsimError
from ..tcp.units import format_time
from .chance import secret
from .host import HostData

if TYPE_CHECKING:
    from .world import World


def crash(world: World, host: HostData) -> int:
    """``host`` forgets everything but its name, its addresses and its firewall's rules; how many connections."""
    forgotten = [conn for conn in world.conns.values() if conn.host == host.index]
    for conn in forgotten:
        world.forget(conn)
    host.conns.clear()
    host.listeners.clear()
    host.sharing.clear()
    host.fds.clear()
    for script in [script for script in world.scripts.values() if script.host == host.index]:
        del world.scripts[script.number]
    if host.index in world.guards:
        world.guards[host.index].tracked.clear()
    return len(forgotten)


def start(world: World, host: HostData, down: int) -> None:
    """``host`` is on again after ``down`` ns; its scripts begin, and with ``quiet_time`` it waits."""
    up = world.now + down
    host.secret = secret(world.seed, f"{host.name} after {host.secret.hex()}")
    world.off.pop(host.index, None)
    if down:
        world.off[host.index] = up
    if host.profile.quiet_time:
        world.quiet[host.index] = up + host.profile.quiet_time
    for index, program, at in world.starters:
        if index == host.index:
            world.add_script(index, program, down + at)


def is_off(world: World, index: int) -> bool:
    """Whether the host is off now: nothing reaches it."""
    return world.now < world.off.get(index, 0)


def is_quiet(world: World, index: int) -> bool:
    """Whether the host may open nothing yet."""
    return world.now < world.quiet.get(index, 0)


def check_up(world: World, host: HostData, what: str) -> None:
    """Raise TcpsimError while the host is off."""
    if is_off(world, host.index):
        until = format_time(world.off[host.index])
        raise TcpsimError(f"{what}: {host.name} is off until {until} s; run until then")


def check_quiet(world: World, host: HostData) -> None:
    """Raise CallError INSUFFICIENT_RESOURCES while the host keeps quiet after a start."""
    if is_quiet(world, host.index):
        until = format_time(world.quiet[host.index])
        raise CallError(
            Code.INSUFFICIENT_RESOURCES,
            f"open on {host.name}: it keeps quiet until {until} s, so that its old segments are gone; open after that",
        )
