"""The project's own scripts: each passes under the profile whose folder it is in, and no packet is left over.

`scripts/PROFILE/TOPIC/NAME.pkt`; a topic that is the name of a state holds what arrives in it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.kernel_scripts import by_profile, playable, read_table
from tcpsim.packetdrill import run_file
from tcpsim.profiles import FREEBSD, LINUX, RFC9293, Profile
from tcpsim.tcp.states import State
from tools.kernel_page import CAUSES

SCRIPTS = Path(__file__).with_name("scripts")
PROFILES: dict[str, Profile] = {"rfc9293": RFC9293, "linux": LINUX, "freebsd": FREEBSD}
ALL = sorted(path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.pkt"))

#: An event is told by how a script is called; ACK and data have their own places in the checks.
EVENTS = {
    "RST": r"rst(_|$)",
    "SYN": r"syn($|_exact|_inside|_again|_beyond|_new|_old|_data|_right)",
    "ACK": r"ack($|_bad|_good|_places|_numbers|_inside|_outside)",
    "FIN": r"fin($|_ack|_again|_early|_without_ack|_bad_ack)|data_fin",
    "SYN+FIN": r"syn_fin",
    "SYN+ACK": r"syn_ack",
    "data": r"(data|syn_data|syn_ack_data)",
}


@pytest.mark.parametrize("name", ALL)
def test_a_script_passes_under_its_profile(name: str) -> None:
    outcome = run_file(SCRIPTS / name, profile=PROFILES[name.split("/")[0]], strict=True)
    assert outcome.verdict == "PASS", f"{outcome.reason}\n{outcome.details}"


@pytest.mark.parametrize("state", [state.name.lower() for state in State])
def test_every_event_arrives_in_every_state(state: str) -> None:
    names = [path.stem for path in (SCRIPTS / "rfc9293" / state).glob("*.pkt")]
    missing = [event for event, pattern in EVENTS.items() if not any(re.match(pattern, name) for name in names)]
    assert not missing


def test_the_kernels_table_is_of_these_scripts_and_this_profile() -> None:
    """What a kernel did cannot be repeated everywhere; what stands beside it can."""
    _, rows = read_table(SCRIPTS.with_name("kernel.tsv"))
    assert [row.script for row in rows] == playable()
    told = {row.script: row.linux for row in rows}
    found = {row.script: by_profile(row.script)[0] for row in rows}
    assert told == found, "python -m benchmarks.kernel_scripts --profile-only -o tests/packetdrill/kernel.tsv"


def test_where_kernel_and_profile_part_the_cause_is_told() -> None:
    _, rows = read_table(SCRIPTS.with_name("kernel.tsv"))
    assert {row.script for row in rows if not row.agrees} == CAUSES.keys()


def test_other_profiles_have_the_scripts_of_what_they_do_differently() -> None:
    for profile in ("linux", "freebsd"):
        assert len([name for name in ALL if name.startswith(f"{profile}/")]) >= 25


def test_scripts_say_what_they_show_and_where_that_stands() -> None:
    for name in ALL:
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        head = text.split("\n\n")[0]
        assert head.startswith("// "), name
        assert re.search(r"RFC \d+|\w+\(\d\)|ruling A-\d+", head), name
        assert max(map(len, text.splitlines())) <= 120, name
