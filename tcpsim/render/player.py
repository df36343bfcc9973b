"""The player: a trace as one HTML file to step through, without network and without other files.

The ladder and both state machines side by side.  Everything in it is read off the trace; without its script the
page is a still picture with the steps in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from ..tcp.units import format_time
from ..trace.trace import Trace
from .edges import NAMES, edges_of, figure5_rows, state_name
from .errors import check_choice
from .player_data import LIMIT, Play, page_data, read_play
from .player_ladder import ROW, ladder_svg
from .player_machine import machine
from .story import LEFT, RIGHT

#: Nothing may be loaded, whatever a payload holds: the page has all it needs.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

_BAR: Final = """<div id="bar" role="toolbar" aria-label="Player" hidden>
<button id="first" title="Home">First</button>
<button id="back" aria-label="One step back" title="One step back (←)">Back</button>
<button id="play" title="Play or pause (space)">Play</button>
<button id="next" aria-label="One step on" title="One step on (→)">Step</button>
<button id="last" title="End">Last</button>
<input id="scrub" type="range" min="0" max="0" value="0" step="1" aria-label="Step">
<span id="where"></span>
<label>Speed <select id="speed"><option value="0.5">½</option><option value="1" selected>1</option>
<option value="2">2</option><option value="4">4</option></select></label>
<label><input id="veil" type="checkbox"> Hide what is to come</label>
</div>"""

_KEYS: Final = """<p id="keys" class="quiet" hidden>Keys: <kbd>space</kbd> play or pause, <kbd>←</kbd> <kbd>→</kbd> step,
<kbd>↑</kbd> <kbd>↓</kbd> packet, <kbd>Home</kbd> <kbd>End</kbd> first and last, <kbd>Page</kbd> ten steps,
<kbd>Esc</kbd> back to the step. The address holds the place.</p>"""


def player(
    trace: Trace,
    *,
    title: str = "",
    text: str = "",
    numbers: str = "absolute",
    names: str = "tcpsim",
    hosts: Iterable[Any] | None = None,
    conn: Any = None,
    first: int = 1,
    most: int = LIMIT,
) -> str:
    """The page as HTML.

    ``title``, ``text``: above it; by default the scenario's name.  ``numbers``: SEQ and ACK "absolute" or
    "relative"; the details give both.  ``names``: the states' spelling, "tcpsim" or "rfc".  ``hosts``: which two,
    left first.  ``conn``: only this connection.  ``first``, ``most``: the first of the trace's steps to hold,
    counted from 1, and how many at most; a page that leaves some out says so.

    Its fragment is the place: ``#step=7&packet=3``.  Reasons are fullest for a trace at level full.  Raises
    ``UnknownChoice`` for a wrong option, host, connection or window.
    """
    check_choice("spelling of names", names, NAMES)
    play = read_play(trace, numbers=numbers, names=names, hosts=hosts, conn=conn, first=first, most=most)
    title = title or str(trace.header.get("scenario", "")) or "TCP, step by step"
    return "\n".join(_page(trace, play, title, text)) + "\n"


def _page(trace: Trace, play: Play, title: str, text: str) -> Iterator[str]:
    data = page_data(trace, play) | {"total": play.total}
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield f'<link rel="icon" href="data:,"><title>{escape(title)}</title>'
    yield f"<style>\n{part('player.css')}</style></head><body>"
    yield f"<header><h1>{escape(title)}</h1>"
    for words in (text, *_remarks(play)):
        if words:
            yield f"<p>{escape(words)}</p>"
    yield f'</header>{_BAR}<p id="now" role="status" aria-live="polite"></p>'
    yield f'<main>{_machine(play, LEFT, "left")}<section id="rungs" class="box" tabindex="0" aria-label="Ladder">'
    left, right = (f"{name} {where}" for name, where in zip(play.story.hosts, play.story.addresses, strict=True))
    yield f'<div id="heads"><span>{escape(left)}</span><span>{escape(right)}</span></div>'
    yield f"{ladder_svg(play)}</section>{_machine(play, RIGHT, 'right')}</main>"
    yield '<div id="below"><section id="packet" class="box" aria-labelledby="title"><h2 id="title">Details</h2>'
    yield '<noscript>Without JavaScript this page stands still.</noscript><dl id="fields"></dl>'
    yield '<div id="reasons"></div></section>'
    yield f'<section class="box"><h2>Step by step</h2><ol id="steps" start="{play.start + 1}">'
    yield from _steps(play)
    yield f"</ol></section></div>{_KEYS}"
    yield f'<script type="application/json" id="data">{_json(data)}</script>'
    yield f"<script>const ROW = {ROW};\n{part('player.js')}</script></body></html>"


def _remarks(play: Play) -> Iterator[str]:
    """What the page does not show."""
    if play.more:
        yield f"Shown are {' and '.join(play.story.hosts)}; the trace has {', '.join(play.more)} too."
    if len(play.steps) < play.total:
        first, last = play.start + 1, play.start + len(play.steps)
        yield f"Shown are steps {first:,} to {last:,} of {play.total:,}; export with first= and most= for others."
    if not play.total:
        yield "Nothing has happened in this trace."


def _machine(play: Play, side: int, name: str) -> str:
    host = play.story.hosts[side] or "nobody"
    known = {(edge.src, edge.dst) for edge in edges_of(figure5_rows())}
    extra = [edge for edge in play.followed if edge not in known]
    drawn = machine(f"states{side}", play.names, extra)
    return (
        f'<section id="{name}" class="box machine" aria-label="State of {escape(host)}"><h2>{escape(host)}</h2>{drawn}'
        f'<p id="rule{side}" class="rule"></p><dl id="values{side}" class="values"></dl></section>'
    )


def _steps(play: Play) -> Iterator[str]:
    for i, step in enumerate(play.steps):
        moved = (
            f"; {play.story.hosts[move.side]} {state_name(move.src, play.names)} → {state_name(move.dst, play.names)}"
            for move in step.moves
        )
        moves = "".join(dict.fromkeys(moved))  # a socket connected to itself moves both machines
        yield (
            f'<li><a href="#step={play.start + i + 1}"><span class="t">{format_time(step.t)}</span> '
            f"{escape(step.words)}{escape(moves)}</a></li>"
        )


def _json(data: dict[str, Any]) -> str:
    """As JSON that no ``</script>`` in a payload can end."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def part(name: str) -> str:
    """A file of the page, without what only its writer needs: comments on lines of their own, indentation."""
    source = files(__package__).joinpath("player_page", name).read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))
