"""Verdicts for people and for tools: lines, a summary by folder, JSON, JUnit."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable

from .verdicts import VERDICTS, Outcome

_WIDTH = max(map(len, VERDICTS))


def told(outcome: Outcome, *, details: bool = True) -> str:
    """One script: its verdict, and unless it has passed why; ``details``: the ladder of a failure too."""
    text = f"{outcome.verdict:<{_WIDTH}}  {outcome.reason or outcome.file}\n"
    text += "".join(f"{'':<{_WIDTH}}  note: {note}\n" for note in outcome.notes)
    if details and outcome.details:
        text += "".join(f"    {line}".rstrip() + "\n" for line in outcome.details.splitlines())
    return text


def summary(outcomes: Iterable[Outcome]) -> str:
    """How many scripts of each folder have which verdict, and of all."""
    by_folder: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        by_folder.setdefault(os.path.dirname(outcome.file) or ".", Counter())[outcome.verdict] += 1
    total: Counter[str] = sum(by_folder.values(), Counter())
    rows = [*sorted(by_folder.items()), ("all", total)] if len(by_folder) > 1 else [("all", total)]
    shown = [verdict for verdict in VERDICTS if total[verdict] or verdict in ("PASS", "FAIL")]
    width = max(len(name) for name, _ in rows)
    lines = [f"{'':<{width}}" + "".join(f"  {verdict:>{len(verdict)}}" for verdict in shown)]
    lines += [
        f"{name:<{width}}" + "".join(f"  {counts[verdict]:>{len(verdict)}}" for verdict in shown)
        for name, counts in rows
    ]
    return "\n".join(lines) + "\n"


def to_json(outcomes: Iterable[Outcome]) -> str:
    """A list of ``{"file", "verdict", "line", "reason"}``."""
    return json.dumps([outcome.to_json() for outcome in outcomes], indent=2) + "\n"


def to_junit(outcomes: Iterable[Outcome]) -> bytes:
    """JUnit's XML: a suite for each folder, a case for each script."""
    from xml.etree import ElementTree as ET

    root = ET.Element("testsuites", name="tcpsim packetdrill")
    suites: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        suites.setdefault(os.path.dirname(outcome.file) or ".", []).append(outcome)
    for folder, members in suites.items():
        counts = Counter(member.verdict for member in members)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=folder,
            tests=str(len(members)),
            failures=str(counts["FAIL"]),
            errors=str(counts["PARSE-ERROR"]),
            skipped=str(counts["UNSUPPORTED"]),
        )
        for member in members:
            case = ET.SubElement(suite, "testcase", classname=folder, name=os.path.basename(member.file))
            kind = {"FAIL": "failure", "PARSE-ERROR": "error", "UNSUPPORTED": "skipped"}.get(member.verdict)
            if kind is not None:
                ET.SubElement(case, kind, message=_printable(member.reason)).text = _printable(member.details)
    ET.indent(root)
    octets: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _printable(text: str) -> str:
    """``text`` without what XML cannot hold."""
    return "".join(
        char if char in "\n\t" or (char.isprintable() and not 0xD800 <= ord(char) < 0xE000) else "?" for char in text
    )
