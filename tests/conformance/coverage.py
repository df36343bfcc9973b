"""Which row of transitions.tsv is tested by what, or why it is not: data for the tests and the docs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# Imported for what they register.
from tests.conformance import (
    rows_acks,
    rows_calls,
    rows_data,
    rows_hosts,
    rows_icmp,
    rows_opening,
    rows_options,
    rows_segments,
    rows_synchronised,
    rows_waiting,
)
from tests.conformance.registry import HANDLERS, changing, table

MODULES: Final = (
    rows_opening,
    rows_synchronised,
    rows_calls,
    rows_segments,
    rows_acks,
    rows_waiting,
    rows_data,
    rows_options,
    rows_hosts,
    rows_icmp,
)


def _matching(patterns: dict[str, str]) -> dict[str, str]:
    """id -> reason, for the ids that begin or end with a pattern, or are one."""
    found = {}
    for pattern, reason in patterns.items():
        star = pattern.strip("*")
        for id in table():
            ends = pattern.startswith("*") and (id.endswith(star) or (pattern.endswith("*") and star in id))
            if (
                id == pattern
                or ends
                or (not pattern.startswith("*") and pattern.endswith("*") and id.startswith(star))
            ):
                found[id] = reason
    return found


#: Tested when what they speak of is built.
DEFERRED: Final[dict[str, str]] = {}

#: Never to be seen in tcpsim.
RULED_OUT: Final = _matching(
    {
        "*.sec.mismatch": "there are no security compartments (RFC 9293 appendix A.1)",
        "*.rcv_syn.security": "there are no security compartments (RFC 9293 appendix A.1)",
        "syn_sent.sec.*": "there are no security compartments (RFC 9293 appendix A.1)",
        "closed.open.diffserv_denied": "a simulated host has one user, who may use every code point",
        "closed.open.security_denied": "there are no security compartments (RFC 9293 appendix A.1)",
        "*.unauthorised": "a simulated host has one user, who may use every connection",
        "closed.open.no_resources": "a simulated host has room for every connection it is asked for",
        "listen.open_active.no_resources": "the request is carried out at once: there is no queue to be full",
        "*.receive.no_resources": "RECEIVE answers at once: there is no queue of requests to be full",
        "syn_sent.rst.seq_check": "a verified erratum removes it (A-33)",
        "syn_rcvd.fin.listed": "SYN_RECV never reaches the eighth check (A-10)",
        "syn_rcvd.urg_text.not_listed": "SYN_RECV never reaches the sixth and seventh check (A-10)",
    }
)


def entries() -> Iterator[tuple[str, str]]:
    """(row id, test or reason) for every row of the table."""
    for id in table():
        yield id, tested_by(id)


def tested_by(id: str) -> str:
    """The test of the row, or why it has none."""
    if id in HANDLERS:
        return f"test_row[{id}]"
    if id in DEFERRED:
        return f"deferred: {DEFERRED[id]}"
    return f"ruled out: {RULED_OUT[id]}"


def docs_table() -> str:
    """The table as Markdown, with its heading."""
    rows = table()
    change = set(changing())
    lines = [
        "# Which test covers which transition",
        "",
        f"Of the {len(rows)} rows of tests/data/transitions.tsv, {len(change)} change a connection's state. Of these,",
        f"{sum(id in HANDLERS for id in change)} have a test in tests/conformance/test_rows.py that bears their id; of the",
        f"{len(rows) - len(change)} that leave the state as it is, {sum(id in HANDLERS for id in rows.keys() - change)}.",
        "The others are listed with the reason. Every test also runs where sequence numbers wrap.",
        "",
        "| row | from | to | test |",
        "|---|---|---|---|",
    ]
    for id, test in entries():
        row = rows[id]
        lines.append(f"| `{id}` | {row['state']} | {row['next_state']} | {test} |")
    return "\n".join(lines) + "\n"
