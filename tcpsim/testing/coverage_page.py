"""Rule coverage as one HTML page: the state diagram as a heat map, every row, check and verdict, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from ..explain.checks import CHECKS
from ..render.state_svg import state_diagram_svg
from ..tcp.states import BY_ID, State
from ..tcp.verdicts import VERDICTS
from .coverage import Item, RuleCoverage, floor_percent
from .coverage_table import words

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE: Final = """
body { font: 15px/1.45 Helvetica, Arial, 'Liberation Sans', sans-serif; color: #1f2328; background: #fff;
       max-width: 1180px; margin: 2em auto; padding: 0 1.2em }
h1 { font-size: 1.5em; margin-bottom: .2em } h2 { font-size: 1.15em; margin: 2em 0 .5em }
figure { margin: 1em 0; overflow-x: auto } figure svg { max-width: 100%; height: auto }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; border-bottom: 2px solid #b6bec8; padding: .25em .7em .25em 0 }
td { border-bottom: 1px solid #e3e7ec; padding: .25em .7em .25em 0; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 1.2em }
code { font: 13px/1.4 'DejaVu Sans Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere }
tr.missing td { background: #fdeceb } tr.missing td.n { color: #b3001e; font-weight: 600 }
tr.apart td { color: #4d555e; background: #f3f5f8 }
.sums { display: flex; flex-wrap: wrap; gap: .6em 2.4em; margin: 1em 0 } .sums b { font-size: 1.35em; display: block }
.bar { height: 6px; width: 9em; background: #fdd7d3; margin-top: .25em }
.bar i { display: block; height: 6px; background: #0b4f9e }
p.quiet { color: #4d555e }
"""


def coverage_page(
    coverage: RuleCoverage,
    unreachable: Mapping[Item, str] | None = None,
    *,
    names: str = "tcpsim",
    title: str = "Rule coverage",
) -> str:
    """The page: self-contained, no script, nothing from elsewhere.

    ``unreachable``: what is not counted, and why.  ``names``: spelling of the states, "tcpsim" or "rfc".
    """
    unreachable = unreachable or {}
    heat = state_diagram_svg(names=names, heat=coverage.counts["row"], all=True)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *_sums(coverage, unreachable),
        "<h2>The state diagram</h2>",
        '<p class="quiet">An edge is the wider the more often it ran, with the number beside it; dotted ones never did.</p>',
        f"<figure>{heat}</figure>",
        *_missing(coverage, unreachable),
        *_rows(coverage, unreachable, names),
        *_table("Checks", "check", coverage, unreachable),
        *_table("Verdicts", "verdict", coverage, unreachable),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _sums(coverage: RuleCoverage, unreachable: Mapping[Item, str]) -> Iterator[str]:
    yield f'<div class="sums"><div><b>{floor_percent(coverage, unreachable)}</b>of all that can be reached</div>'
    for kind, name in (("row", "rows"), ("check", "checks"), ("verdict", "verdicts")):
        ran, all = coverage.totals(unreachable, kind)
        share = 100 * ran // all if all else 100
        yield f'<div><b>{ran} of {all}</b>{name}<div class="bar"><i style="width:{share}%"></i></div></div>'
    yield "</div>"


def _missing(coverage: RuleCoverage, unreachable: Mapping[Item, str]) -> Iterator[str]:
    missing = coverage.missing(unreachable)
    yield "<h2>Not reached</h2>"
    if not missing:
        yield "<p>Nothing: everything that can be reached has run.</p>"
    else:
        yield "<table><tr><th>what</th><th>it is about</th></tr>"
        for item in missing:
            yield f'<tr class="missing"><td>{_name(item)}</td><td>{escape(words(item))}</td></tr>'
        yield "</table>"
    if unreachable:
        yield "<h2>Out of reach, and not counted</h2><table><tr><th>what</th><th>why</th></tr>"
        for item, why in unreachable.items():
            yield f'<tr class="apart"><td>{_name(item)}</td><td>{escape(why)}</td></tr>'
        yield "</table>"


def _rows(coverage: RuleCoverage, unreachable: Mapping[Item, str], names: str) -> Iterator[str]:
    yield "<h2>Rows of the transition table</h2><table>"
    yield '<tr><th class="n">times</th><th>row</th><th>event</th><th>if</th><th>to</th><th>RFC 9293</th></tr>'
    for item, times in coverage.items("row"):
        row = BY_ID[item.id]
        to = _spelled(row.dst, names)
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (row.cue.event, row.when, to, row.ref))
        yield f"<tr{_look(item, times, unreachable)}>{_times(times)}<td>{_name(item, bare=True)}</td>{cells}</tr>"
    yield "</table>"


def _table(heading: str, kind: str, coverage: RuleCoverage, unreachable: Mapping[Item, str]) -> Iterator[str]:
    yield f'<h2>{heading}</h2><table><tr><th class="n">times</th><th>{kind}</th><th>meaning</th><th>RFC 9293</th></tr>'
    for item, times in coverage.items(kind):
        meaning, ref = (
            (CHECKS[item.id].asks, CHECKS[item.id].ref)
            if kind == "check"
            else (VERDICTS[item.id].words, VERDICTS[item.id].ref)
        )
        yield (
            f"<tr{_look(item, times, unreachable)}>{_times(times)}<td>{_name(item, bare=True)}</td>"
            f"<td>{escape(meaning)}</td><td>{escape(ref)}</td></tr>"
        )
    yield "</table>"


def _name(item: Item, *, bare: bool = False) -> str:
    return f"<code>{escape(item.id if bare else str(item))}</code>"


def _times(times: int) -> str:
    return f'<td class="n">{times or "never"}</td>'


def _look(item: Item, times: int, unreachable: Mapping[Item, str]) -> str:
    if item in unreachable:
        return ' class="apart"'
    return "" if times else ' class="missing"'


def _spelled(state: State, names: str) -> str:
    return state.rfc_name if names == "rfc" else state.name
