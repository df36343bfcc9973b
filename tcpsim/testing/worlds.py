"""Hypothesis strategies for what connections live in: weather, links, topologies, schedules, whole stories.

Everything shrinks towards the dull: weather to fair weather, links to the usual one, topologies to two hosts on a
link, schedules to the clock's order.  Faults are few and are counted, so that every packet gets through in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..net.link import Weather, check_weather
from ..net.simulator import Simulator
from ..scenarios.model import HostSpec, Scenario, ScriptSpec
from ..tcp.profiles import PROFILES, RFC9293, Profile
from ..tcp.states import CLOSED
from ..tcp.units import MS, SECOND, format_time
from .schedule import Choice
from .strategies import DELAYS, Programs, scripts, seqnums

#: Nobody gives up or complains, however long it takes: for properties that ask for arrival in the end.
PATIENT: Final = RFC9293.but(r1=1_000_000, r2=None, r2_syn=None, user_timeout=None)

#: What a fault of a link can be.
FAULTS: Final = ("lose", "duplicate", "delay", "corrupt")

_CHANCES: Final = (0.0, 0.05, 0.3)


def profiles() -> SearchStrategy[Profile]:
    """The named profiles; shrinks to ``rfc9293``."""
    return st.sampled_from(tuple(PROFILES.values()))


def weather(
    *,
    max_faults: int = 3,
    packets: int = 12,
    kinds: Sequence[str] = FAULTS,
    delays: Sequence[int] = DELAYS,
    jitter: bool = True,
) -> SearchStrategy[dict[str, Any]]:
    """Options of ``Simulator.link`` for bad weather that ends; shrinks to none at all, ``{}``.

    At most ``max_faults`` faults in both directions together, each of another of the first so many ``packets``;
    ``kinds``: of ``FAULTS``; ``delays``: ns.  ``jitter``: packets may overtake each other by chance.
    """
    number = st.integers(1, packets)
    plain = [kind for kind in kinds if kind != "delay"]
    choices: list[SearchStrategy[tuple[Any, ...]]] = []
    if plain:
        choices.append(st.tuples(st.booleans(), number, st.sampled_from(plain)))
    if "delay" in kinds:
        choices.append(st.tuples(st.booleans(), number, st.just("delay"), st.sampled_from(delays)))
    few = st.lists(st.one_of(choices), max_size=max_faults, unique_by=lambda fault: fault[:2])
    shaken = st.sampled_from((0, 5 * MS, 40 * MS)) if jitter else st.just(0)
    return st.builds(_link_options, few, shaken)


def _link_options(faults: list[tuple[Any, ...]], jitter: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for back, *fault in faults:
        name = "faults_back" if back else "faults"
        options[name] = (*options.get(name, ()), tuple(fault))
    return options | ({"jitter": jitter, "reorders": True} if jitter else {})


@st.composite
def links(draw: st.DrawFn, /, **bad: Any) -> dict[str, Any]:
    """Options of ``Simulator.link``: delay, rate with a queue, MTU, and ``weather(**bad)``; shrinks to ``{}``."""
    options: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "delay": st.sampled_from((1 * MS, 10 * MS, 100 * MS, 1 * SECOND)),
                "rate": st.sampled_from((10_000_000, 56_000)),
                "mtu": st.sampled_from((1500, 576, 296)),
            },
        )
    )
    return options | draw(weather(**bad))


def weathers() -> SearchStrategy[Weather]:
    """One direction of a link as the frozen value, chance and all: losses may go on for ever.  Shrinks to the usual."""
    chances = {name: st.sampled_from(_CHANCES) for name in ("loss", "duplicate", "corrupt", "reorder")}
    optional: dict[str, Any] = chances | {"jitter": st.sampled_from((0, 5 * MS)), "mtu": st.sampled_from((1500, 576))}
    return st.fixed_dictionaries({}, optional=optional).map(lambda options: check_weather("link", options))


def schedules(
    *, max_choices: int = 12, max_faults: int = 3, delays: Sequence[int] = DELAYS[:-1]
) -> SearchStrategy[tuple[Choice, ...]]:
    """For ``follow``: which packet arrives next, which timer runs out early, what is lost, doubled or late.

    At most ``max_faults`` of them lose, double or delay.  Shrinks to ``()``, the clock's own order.
    """

    def bounded(chosen: list[Choice]) -> tuple[Choice, ...]:
        left = max_faults
        kept = []
        for choice in chosen:
            harms = choice.what in ("duplicate", "drop", "delay")
            if not harms or left:
                kept.append(choice)
            left -= harms and left > 0
        return tuple(kept)

    return st.lists(choices(delays=delays), max_size=max_choices).map(bounded)


def choices(*, delays: Sequence[int] = DELAYS[:-1]) -> SearchStrategy[Choice]:
    """One choice of a schedule; shrinks to the earliest event."""
    which = st.integers(0, 3)
    order = st.builds(Choice, st.sampled_from(("step", "deliver", "wake", "expire")), which, st.just(0))
    harm = st.builds(Choice, st.sampled_from(("duplicate", "drop")), which, st.just(0))
    return order | harm | st.builds(Choice, st.just("delay"), which, st.sampled_from(tuple(delays)))


class Topology(NamedTuple):
    """Hosts, the first two ``client`` and ``server``, routers between them, and links: (one end, the other, options)."""

    hosts: tuple[str, ...]
    routers: tuple[str, ...]
    links: tuple[tuple[str, str, dict[str, Any]], ...]

    def build(self, seed: int = 0, **options: Any) -> Simulator:
        """A simulator with these; ``options`` as for ``Simulator``."""
        sim = Simulator(seed, **options)
        for name in self.hosts:
            sim.host(name)
        for name in self.routers:
            sim.router(name)
        for one, other, link in self.links:
            sim.link(one, other, **link)
        return sim


@st.composite
def topologies(draw: st.DrawFn, /, *, max_hosts: int = 4, max_routers: int = 3, **bad: Any) -> Topology:
    """Networks in which every host reaches every other; links as ``links(**bad)``.

    Routers form a tree, with one more link now and then, and hosts hang on it; without routers every two hosts have
    a link.  Shrinks to a client and a server on one link.
    """
    hosts = ("client", "server", *(f"host{n}" for n in range(3, 1 + draw(st.integers(2, max_hosts)))))
    routers = tuple(f"r{n}" for n in range(1, 1 + draw(st.integers(0, max_routers))))
    joined: list[tuple[str, str]] = []
    for n, router in enumerate(routers[1:], 1):
        joined.append((draw(st.sampled_from(routers[:n])), router))
    if routers:
        joined += [(host, draw(st.sampled_from(routers))) for host in hosts]
    else:
        joined += _pairs(hosts)  # hosts do not forward
    spare = [pair for pair in _pairs(routers) if pair not in joined]
    if spare:
        joined += draw(st.lists(st.sampled_from(spare), max_size=1))
    return Topology(hosts, routers, tuple((one, other, draw(links(**bad))) for one, other in joined))


def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one, other) for n, one in enumerate(names) for other in names[n + 1 :]]


@st.composite
def scenarios(
    draw: st.DrawFn,
    /,
    *,
    profile: Profile = PATIENT,
    max_faults: int = 3,
    max_exchanges: int = 3,
    max_octets: int = 40,
) -> Scenario:
    """Whole stories: two applications, a link with few faults, and what must be seen at the end.

    ``Scenario.play`` runs one, and ``Scenario.check`` asks whether both ends came to CLOSED and every octet arrived,
    so that ``scenario.check(scenario.play())`` is a property.  The profile has to be patient.  Shrinks to an open and
    a close in fair weather.
    """
    programs: Programs = draw(scripts(max_exchanges=max_exchanges, max_octets=max_octets))
    bad = draw(weather(max_faults=max_faults, jitter=False))
    isses = draw(st.tuples(seqnums(), seqnums()))
    names = ("client", "server")
    return Scenario(
        name="drawn",
        sid="",
        title="Drawn by hypothesis",
        chapter="",
        look="",
        source="tcpsim.testing.scenarios",
        hosts=tuple(
            HostSpec(name, f"10.0.0.{n}", iss=iss) for n, (name, iss) in enumerate(zip(names, isses, strict=True), 1)
        ),
        scripts=(ScriptSpec("server", programs.server), ScriptSpec("client", programs.client)),
        end=dict.fromkeys(names, CLOSED),
        faults=tuple(map(_told, bad.get("faults", ()))),
        faults_back=tuple(map(_told, bad.get("faults_back", ()))),
        profile=profile,
        delivered={"client": programs.sent[1], "server": programs.sent[0]},
    )


def _told(fault: tuple[Any, ...]) -> Any:
    """A fault as scenarios write it: the time in words."""
    return (*fault[:2], f"{format_time(fault[2])}s") if len(fault) > 2 else fault


st.register_type_strategy(Topology, topologies())
st.register_type_strategy(Scenario, scenarios())
