"""Which row of transitions.tsv is tested by what, or why it is not: data for the tests and the docs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# Imported for what they register.
from tests.conformance import rows_opening, rows_synchronised
from tests.conformance.registry import HANDLERS, changing, table

MODULES: Final = (rows_opening, rows_synchronised)


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
DEFERRED: Final = _matching(
    {
        "*.icmp_*": "ICMP reaches a connection by way of the socket layer",
        "time_wait.syn.6191_ts_*": "timestamps are part of the data path",
        "time_wait.syn.6191_first_ts": "timestamps are part of the data path",
        "time_wait.syn.6191_drop": "timestamps are part of the data path",
        "*.keepalive*": "keep-alive is part of the data path",
        "fin_wait_2.idle": "the FIN_WAIT_2 timer is part of the data path",
        "*.half_duplex": "data after a half-duplex close is part of the data path",
    }
)

#: Never to be seen in tcpsim.
RULED_OUT: Final = _matching(
    {
        "*.sec.mismatch": "there are no security compartments (RFC 9293 appendix A.1)",
        "syn_sent.rst.seq_check": "a verified erratum removes it (A-33)",
        "syn_rcvd.fin.listed": "SYN_RECV never reaches the eighth check (A-10)",
        "syn_rcvd.urg_text.not_listed": "SYN_RECV never reaches the sixth and seventh check (A-10)",
    }
)


def entries() -> Iterator[tuple[str, str]]:
    """(row id, test or reason) for every state-changing row and every other row that is covered."""
    known = set(changing()) | HANDLERS.keys()
    for id in table():
        if id in known:
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
    covered = sum(id in HANDLERS for id in changing())
    lines = [
        "# Which test covers which transition",
        "",
        f"Of the {len(changing())} rows of tests/data/transitions.tsv that change a connection's state,",
        f"{covered} have a test in tests/conformance/test_rows.py that bears their id. The others are",
        "listed with the reason. Rows that leave the state as it is follow where they have a test.",
        "",
        "| row | from | to | test |",
        "|---|---|---|---|",
    ]
    for id, test in entries():
        row = table()[id]
        lines.append(f"| `{id}` | {row['state']} | {row['next_state']} | {test} |")
    return "\n".join(lines) + "\n"
