"""The verbs that show what is the case, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..explain import explain as explained
from ..explain import term_text
from ..explain.why import Why
from ..net import Host, Socket
from . import output
from .errors import ShellError
from .pictures import DEFAULT_FILE, Drawn, draw
from .registry import verb
from .session import Said, Session, situation


@verb("Looking")
def ladder(
    session: Session,
    *,
    numbers: str = "absolute",
    names: str = "tcpsim",
    conn: Any = None,
    hosts: Iterable[Any] | None = None,
    **look: Any,
) -> Said:
    """Draw what has happened: time runs down, states stand at the sides.

    numbers="relative" counts from each side's first number, names="rfc" spells as the RFC does, conn=conn
    shows one connection, hosts=("client", "server") says who stands where.  color, ascii and width are the
    terminal's unless given.
    """
    unknown = [name for name in look if name not in ("color", "ascii", "width")]
    if unknown:
        raise ShellError(f"ladder(): no option {unknown[0]!r}; help(ladder) tells which there are")
    look = output.look().options() | look
    return Said(session.sim.ladder(numbers=numbers, names=names, conn=conn, hosts=hosts, **look))


@verb("Looking")
def why(session: Session, record: Any = None, *, packet: int | None = None) -> Why:
    """Why the last step went as it did.

    The checks in order with the numbers compared, the rule that fired, the variables before and after, what was
    sent, and what began it all.  why(12) asks about record 12 of sim.trace, why(sim.trace[-3]) about any record,
    why(packet=4) what became of packet 4.
    """
    return session.sim.why(record, packet=packet)


@verb("Looking")
def explain(session: Session, term: Any) -> Said:
    """What a state, rule, check, variable or requirement means.

    explain("TIME_WAIT"), explain("snd_una"), explain("syn_sent.rcv_synack"), explain("MUST-13"),
    explain("rst_exact") for a switch of a profile, explain("3.10.7.4") for a section.  A socket is explained by its state.
    """
    if isinstance(term, Socket):
        term = term.state
    return Said("\n".join(map(term_text, explained(str(term)))))


@verb("Looking")
def ss(session: Session, host: str | Host | None = None) -> Said:
    """The sockets of all hosts, or of one, as the command ss does."""
    sim = session.sim
    hosts = list(sim.hosts.values())
    if host is not None:
        name = host.name if isinstance(host, Host) else host
        if name not in sim.hosts:
            raise ShellError(f"ss(): no host {host!r}; the hosts are {', '.join(sim.hosts) or 'none yet'}")
        hosts = [sim.hosts[name]]
    return Said("\n\n".join(f"{one.name}\n{one.ss()}" for one in hosts))


@verb("Looking")
def diagram(
    session: Session,
    file: str = DEFAULT_FILE,
    *,
    style: str = "stevens",
    names: str = "tcpsim",
    engine: str | None = None,
) -> Drawn:
    """Write the state diagram to a file, with the hosts marked.

    Both hosts' states and the ways they took stand out.  The suffix decides the format: .svg, .gv, .png,
    .pdf.  style="rfc" labels in the RFC's own words, names="rfc" spells as it does, engine="graphviz" lets
    Graphviz lay it out.
    """
    sim = session.sim
    return draw(file, engine=engine, remark=situation(sim), style=style, names=names, highlight=sim.trace)
