"""Damaged scripts have a verdict: whatever stands in them, nothing is raised and nothing fails inside."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tcpsim.packetdrill import format_script, run_script
from tcpsim.profiles import FREEBSD, LINUX
from tests.packetdrill.strategies import Writer

SCRIPTS = sorted(Path(__file__).with_name("scripts").rglob("*.pkt"))
TEXTS = [path.read_text() for path in SCRIPTS[:: max(1, len(SCRIPTS) // 40)]]
PIECES = [
    "-1",
    "0",
    "99999999999",
    "...",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "SO_ERROR",
    "NULL",
    '"x"',
    "htons(1)",
    "|",
    "5!",
    "+9",
]


@given(st.sampled_from(TEXTS), st.integers(0, 1 << 32))
def test_words_are_replaced(text: str, seed: int) -> None:
    r = random.Random(seed)
    words = text.split(" ")
    for _ in range(r.randint(1, 3)):
        place = r.randrange(len(words))
        words[place] = r.choice((*PIECES, r.choice(words)))
    check(" ".join(words), seed)


@given(st.sampled_from(TEXTS), st.integers(0, 1 << 32))
def test_lines_are_lost_doubled_and_exchanged(text: str, seed: int) -> None:
    r = random.Random(seed)
    lines = text.split("\n")
    for _ in range(r.randint(1, 4)):
        one, other = r.randrange(len(lines)), r.randrange(len(lines))
        lines[one] = r.choice(("", lines[other], lines[one] + "\n" + lines[other]))
    check("\n".join(lines), seed)


@given(st.integers(0, 1 << 32), st.integers(0, 6))
def test_any_script_of_the_grammar_has_a_verdict(seed: int, events: int) -> None:
    check(format_script(Writer(seed).script(events)), seed)


def check(text: str, seed: int) -> None:
    outcome = run_script(text, "x.pkt", profile=(LINUX, FREEBSD)[seed % 2])
    assert outcome.verdict in ("PASS", "FAIL", "UNSUPPORTED", "PARSE-ERROR")
    assert "itself failed" not in outcome.reason
    assert outcome.verdict == "PASS" or outcome.reason.startswith("x.pkt:")
