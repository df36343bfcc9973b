"""A simulation as a script: Python that sets it up again and makes the same moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..net.moves import (
    Call,
    Corrupt,
    Delay,
    Deliver,
    Drop,
    Duplicate,
    Move,
    Reboot,
    SetFirewall,
    SetLink,
)
from ..net.simulator import Simulator
from ..tcp.profiles import PROFILES, RFC9293, Profile


def replay_script(
    sim: Simulator,
    *,
    then: Move | str | None = None,
    check: bool = False,
    honest: bool = True,
    ask: Iterable[tuple[str, str]] = (),
) -> str:
    """Python source that rebuilds ``sim`` from its set-up and makes every move again; it needs only tcpsim.

    The script leaves the simulation in ``sim``.  ``then``: one more move, which may raise: a ``Move``, or
    ``"step"``.  ``check``: let the script end with ``check_run``, which raises for the first broken
    invariant (``honest``: as there).  ``ask``: (import, line) of what else it is to end with.  Raises TcpsimError for
    a simulation that keeps no history.
    """
    run = sim.fork()
    run.goto(0)
    lines: list[str] = []
    steps = 0

    def catch_up(now: int) -> None:
        """The events by the clock, and time that passes without one."""
        nonlocal steps
        lines.extend([] if not steps else ["sim.step()"] if steps == 1 else [f"sim.step({steps})"])
        steps = 0
        if run.now < now:
            lines.append(f"sim.run(until={now})")

    recorded = {position: (when, move) for position, when, move in sim.recorded()}
    for position in range(sim.position):
        if position in recorded:
            when, move = recorded[position]
            catch_up(when)
            lines.append(_line(move))
        else:
            steps += 1
        run.goto(position + 1)
    catch_up(sim.now)
    if then is not None:
        lines.append("sim.step()" if isinstance(then, str) else _line(then))
    used = sorted({line.split("(")[1] for line in lines if line.startswith("sim.apply(")})
    head = ["import tcpsim"]
    if used:
        head.append(f"from tcpsim.net.moves import {', '.join(used)}")
    if check:
        head.append("from tcpsim.testing.watch import check_run")
        lines.append("check_run(sim)" if honest else "check_run(sim, honest=False)")
    for needed, line in ask:
        head.append(needed)
        lines.append(line)
    return "\n".join([*head, "", *_set_up(sim), "", *lines]) + "\n"


def _line(move: Move) -> str:
    """One move, in the shortest words that make it."""
    match move:
        case Call(host, name, args):
            return f"sim.call({', '.join(map(_shown, (host, name, *args)))})"
        case Deliver(packets):
            return f"sim.deliver({', '.join(map(str, packets))})"
        case Corrupt(packet, bit) if bit is not None:
            return f"sim.corrupt({packet}, bit={bit})"
        case Drop(packet) | Duplicate(packet) | Corrupt(packet):
            return f"sim.{type(move).__name__.lower()}({packet})"
        case Delay(packet, by):
            return f"sim.delay({packet}, by={by})"
        case Reboot(host, down) if down:
            return f"sim.reboot({host!r}, down={down})"
        case Reboot(host):
            return f"sim.reboot({host!r})"
        case SetLink(a, b, changes):
            return f"sim.weather({', '.join([repr(a), repr(b), *(f'{name}={value!r}' for name, value in changes)])})"
        case SetFirewall(host, rules, policy):
            return f"sim.firewall({', '.join(map(repr, (host, *rules)))}, policy={policy!r})"
        case _:
            return f"sim.apply({type(move).__name__}({', '.join(map(repr, move))}))"


def _shown(value: Any) -> str:
    """An expression for a plain value; many octets that are all alike in short."""
    if isinstance(value, bytes) and len(value) > 40 and len(set(value)) == 1:
        return f"{value[:1]!r} * {len(value)}"
    if type(value) is tuple:
        return f"({', '.join(map(_shown, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _set_up(sim: Simulator) -> list[str]:
    """The lines that make the simulator, its hosts, links and scripts."""
    header = sim.trace.header
    lines = [f"sim = tcpsim.Simulator({header['seed']}, profile={_profile(sim.profile)}, trace={sim.trace.level!r})"]
    for host in header["hosts"]:
        given = [repr(host["name"]), *map(repr, host["addresses"])]
        profile = sim.world.host(host["name"]).profile
        if profile != sim.profile:
            given.append(f"profile={_profile(profile)}")
        if host["iss"] is not None:
            given.append(f"iss={host['iss']!r}")
        given += [f"{name}={host[name]!r}" for name in ("forwards", "ttl", "dscp") if name in host]
        lines.append(f"sim.host({', '.join(given)})")
    for link in header["links"]:
        given = [*map(repr, link["ends"])]
        given += [
            f"{name}={value!r}"
            for name, value in link.items()
            if name != "ends" and (value or name not in ("loss", "faults", "faults_back"))
        ]
        lines.append(f"sim.link({', '.join(given)})")
    for guard in header.get("firewalls", ()):
        lines.append(
            f"sim.firewall({', '.join(map(repr, (guard['host'], *guard['rules'])))}, policy={guard['policy']!r})"
        )
    for route in header.get("routes", ()):
        lines.append(f"sim.route({route['host']!r}, {route['destination']!r}, {route['via']!r})")
    for script in header["scripts"]:
        steps = ", ".join(map(_shown, script["steps"]))
        at = f", at={script['at']}" if script["at"] else ""
        at += ", restarts=True" if script.get("restarts") else ""
        lines.append(f"sim.script({script['host']!r}, {steps}{at})")
    return lines


def _profile(profile: Profile) -> str:
    """An expression that gives the profile: a named one, and the switches that differ from it."""
    base = PROFILES.get(profile.name.removesuffix("+"), RFC9293)
    changed: dict[str, Any] = {
        name: value for name, value, usual in zip(Profile._fields, profile, base, strict=True) if value != usual
    }
    name = f"tcpsim.profiles.{base.name.upper()}"
    if changed.get("name") == f"{base.name}+" and len(changed) > 1:
        del changed["name"]
    return f"{name}.but({', '.join(f'{key}={value!r}' for key, value in changed.items())})" if changed else name
