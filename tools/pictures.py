"""What ``diagrams/`` holds.  To add a picture, add a line to a chapter below."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple
from xml.etree import ElementTree

from tcpsim import Simulator
from tcpsim.render import (
    joint_diagram_svg,
    ladder,
    ladder_svg,
    player,
    render_dot,
    sequence_svg,
    state_diagram_dot,
    state_diagram_mmd,
    state_diagram_svg,
    variables_svg,
)
from tcpsim.render.mermaid import sequence_mmd
from tcpsim.scenarios import SCENARIOS, get_scenario
from tcpsim.trace import Trace

#: Scenarios whose ladder goes to diagrams/ladders/, and whose player to diagrams/players/: the RFC's figures.
LADDERS: tuple[str, ...] = (
    "three-way-handshake",
    "simultaneous-open",
    "old-duplicate-syn",
    "half-open",
    "half-open-live-side-sends",
    "old-duplicate-syn-two-listeners",
    "normal-close",
    "simultaneous-close",
)


class Picture(NamedTuple):
    """A file of ``diagrams/``: where the index shows it, what it says about it, and how it is made.

    ``structural``: another program lays it out, and each of its versions differently, so that only what is drawn
    is compared, not where.
    """

    chapter: str
    caption: str
    draw: Callable[[], str]
    structural: bool = False


def pictures() -> dict[str, Picture]:
    """The pictures by file name, in the order of the index."""
    return {name: picture for chapter in (_states, _pairs, _ladders, _plots, _players) for name, picture in chapter()}


def _states() -> Iterator[tuple[str, Picture]]:
    chapter, stem = "The state machine", "tcp-state-diagram"
    yield f"{stem}.svg", Picture(
        chapter, "The eleven states and the edges of RFC 9293's Figure 5, in the style of W. R. Stevens.",
        state_diagram_svg,
    )  # fmt: skip
    yield (
        f"{stem}-rfc.svg",
        Picture(
            chapter,
            "The same in the RFC's own words and spelling.",
            lambda: state_diagram_svg(style="rfc", names="rfc"),
        ),
    )
    yield (
        f"{stem}-uml.svg",
        Picture(
            chapter, "The same as UML writes it: event [guard] / action.", lambda: state_diagram_svg(style="uml")
        ),
    )
    yield (
        f"{stem}-all.svg",
        Picture(
            chapter,
            "With every transition of the RFC's text that its figure lacks.",
            lambda: state_diagram_svg(all=True),
        ),
    )
    yield f"{stem}-close.svg", Picture(
        chapter, "What both ends do in the scenario `normal-close`, in order: round numbers for the client, square ones "
        "for the server.", lambda: state_diagram_svg(highlight=trace_of("normal-close")),
    )  # fmt: skip
    yield (
        f"{stem}-heat.svg",
        Picture(
            chapter, "How often each edge runs in all scenarios together.", lambda: state_diagram_svg(heat=library())
        ),
    )
    yield f"{stem}.mmd", Picture(chapter, "For Mermaid.", state_diagram_mmd)
    yield (
        f"{stem}.gv",
        Picture(chapter, "For Graphviz: `dot -Tsvg tcp-state-diagram.gv -o states.svg`.", state_diagram_dot),
    )
    for style in ("stevens", "rfc", "uml"):
        yield (
            f"graphviz/{stem}-{style}.svg",
            Picture(
                chapter,
                f"Laid out by Graphviz, style {style}.",
                lambda style=style: by_graphviz(style),
                structural=True,
            ),
        )


def _pairs() -> Iterator[tuple[str, Picture]]:
    yield (
        "tcp-joint-diagram.svg",
        Picture(
            "Both ends at once",
            "The pairs of states that the ends of a connection are in, over all scenarios, and the moves between them.",
            lambda: joint_diagram_svg(library()),
        ),
    )


def _ladders() -> Iterator[tuple[str, Picture]]:
    chapter = "Ladders"
    for name in (*LADDERS, "lost-syn-ack"):
        scenario = get_scenario(name)
        title = f"{scenario.title} ({scenario.source})"
        if name in LADDERS:
            yield f"ladders/{name}.txt", Picture(chapter, f"{title}: scenario `{name}`.",
                                                 lambda name=name: ladder(trace_of(name)))  # fmt: skip
        yield f"ladders/{name}.svg", Picture(
            chapter, f"{title}, as a picture.",
            lambda name=name, scenario=scenario: ladder_svg(trace_of(name), title=scenario.title),
        )  # fmt: skip
    yield (
        "ladders/normal-close.mmd",
        Picture(chapter, "Normal close, for Mermaid.", lambda: sequence_mmd(trace_of("normal-close"))),
    )


def _plots() -> Iterator[tuple[str, Picture]]:
    chapter = "Plots"
    yield (
        "plots/time-sequence.svg",
        Picture(chapter, "Sequence numbers over time: a transfer with two losses.", lambda: sequence_svg(transfer())),
    )
    yield (
        "plots/variables.svg",
        Picture(chapter, "What the sender's variables did meanwhile.", lambda: variables_svg(transfer())),
    )


def _players() -> Iterator[tuple[str, Picture]]:
    for name in LADDERS:
        yield (
            f"players/{name}.html",
            Picture(
                "Players",
                f"Scenario `{name}`, a page to step through: download it and open it in a browser.",
                lambda name=name: scenario_player(name),
            ),
        )


@cache
def trace_of(name: str) -> Trace:
    """The trace of a scenario of the library, played to its end, with every check and variable."""
    return SCENARIOS[name].play(trace="full").trace


def library() -> list[Trace]:
    """The traces of all scenarios."""
    return [trace_of(name) for name in SCENARIOS]


def scenario_player(name: str) -> str:
    """The player of a scenario of the library."""
    scenario = get_scenario(name)
    return player(trace_of(name), title=f"{scenario.title} ({scenario.source})", text=scenario.look)


@cache
def transfer() -> Trace:
    """60 kB from one host to another, and two segments are lost on the way."""
    sim = Simulator(seed=1, trace="full")
    sim.host("client", iss=1000)
    sim.host("server", iss=5000, rcv_buf=20_000)
    sim.link("client", "server", delay="20ms", faults=[(14, "lose"), (31, "lose")])
    sim.script("server", "listen 80", "accept", ("recv", 60_000))
    sim.script("client", ("connect", "server", 80), ("send", b"x" * 60_000))
    sim.run(until="20s")
    return sim.trace


def _told() -> list[str]:
    """The variables worth a curve, as far as the transfer's sender has them."""
    told = {name for record in transfer().of("vars", where="client") for name in record.changed}
    return [name for name in ("cwnd", "ssthresh", "snd_wnd", "srtt", "rto") if name in told]


def by_graphviz(style: str) -> str:
    """The state diagram as the ``dot`` program draws it; "" where it is not installed."""
    if shutil.which("dot") is None:
        return ""
    return render_dot(state_diagram_dot(style=style, names="rfc" if style == "rfc" else "tcpsim")).decode()


def structure(svg: str) -> list[str]:
    """What a picture of Graphviz's shows, whatever the layout: its nodes, its edges and their words."""
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    return sorted(
        "|".join([group.get("class", ""), group.findtext(f"{space}title", ""),
                  *(text.text or "" for text in group.iter(f"{space}text"))])
        for group in root.iter(f"{space}g")
        if group.get("class") in ("node", "edge")
    )  # fmt: skip


def index(made: dict[str, str]) -> str:
    """The README of ``diagrams/``, which shows them."""
    lines = [
        "# Diagrams",
        "",
        "Generated by `python tools/generate.py diagrams` from the transition table and from played scenarios.",
        "",
    ]
    chapter = ""
    for name, picture in pictures().items():
        if picture.chapter != chapter:
            chapter = picture.chapter
            lines += [f"## {chapter}", ""]
        lines += [f"### [{name}]({name})", "", picture.caption, ""]
        if name.endswith(".svg"):
            lines += [f"![{picture.caption}]({name})", ""]
        elif name.endswith((".txt", ".mmd")):
            language = "text" if name.endswith(".txt") else "mermaid"
            lines += [f"```{language}", made[name].rstrip("\n"), "```", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
