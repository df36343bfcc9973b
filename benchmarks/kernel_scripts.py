"""Play the project's own packetdrill scripts to the Linux kernel of this machine.

``python -m benchmarks.kernel_scripts --packetdrill PATH [-o FILE] [--only TEXT] [--profile-only]``: each script that a
kernel can run (google's dialect; those of ``rfc9293`` and ``linux``) goes to the real packetdrill, in a network
namespace of its own, and to the runner here with the profile ``linux``.  The table says, for each, what both made of it.

It takes about ten minutes, most of it waiting: a kernel has no virtual time.  A script that fails is tried twice more,
since a busy machine is late.  It needs Linux, root, ``unshare``, ``ip``, /dev/net/tun and a packetdrill binary
(https://github.com/google/packetdrill), and says what is missing (exit 2).
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks.linux import SETTINGS, missing

SCRIPTS = Path(__file__).parents[1] / "tests" / "packetdrill" / "scripts"
FOLDERS = ("rfc9293", "linux")
HEAD = "script\tkernel\tlinux\twhere the kernel stopped\twhere the profile stopped"
TRIES = 3
LONGEST = 160  #: seconds that a script may take
TOLERANCE_US = 60_000
TIMED_OUT = 124  #: what timeout(1) returns

#: What packetdrill says, in fewer words and without what differs from run to run.
SAID = (
    (r"Timed out waiting for packet", "no packet"),
    (r"live packet field (\w+)", r"another packet: \1"),
    (r"live packet payload", "another packet: octets"),
    (r"bad outbound TCP options|bad value in outbound TCP option", "another packet: options"),
    (r"timing error", "at another time"),
    (r"runtime error in (\w+) call", r"another result of \1()"),
    (r"error in Python code", "an assertion does not hold"),
)


class Row(NamedTuple):
    """One line of the table; ``at_*``: the line and why, empty for PASS."""

    script: str
    kernel: str
    linux: str
    at_kernel: str
    at_linux: str

    @property
    def agrees(self) -> bool:
        """Whether kernel and profile made the same of it."""
        return self.kernel == self.linux


def read_table(path: Path) -> tuple[str, list[Row]]:
    """What the table was made with, and its rows."""
    first, head, *lines = path.read_text(encoding="utf-8").splitlines()
    if head != HEAD:
        raise ValueError(f"{path}: its columns are not {HEAD!r}; make it anew")
    return first.removeprefix("# "), [Row(*line.split("\t")) for line in lines]


def playable() -> list[str]:
    """The scripts that a kernel can be asked about."""
    from tcpsim.packetdrill import parse

    names = sorted(path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.pkt"))
    texts = {name: (SCRIPTS / name).read_text(encoding="utf-8") for name in names if name.split("/")[0] in FOLDERS}
    return [name for name, text in texts.items() if not _nplab(text, parse(text, name).dialect)]


def _nplab(text: str, dialect: str) -> bool:
    """Whether google's packetdrill cannot read it: absolute numbers, options as octets."""
    code = re.sub(r"//.*", "", text)
    return dialect == "nplab" or re.search(r"\d!|<[^>]*0x", code) is not None


def by_profile(name: str) -> tuple[str, str]:
    """Verdict of the runner with the profile ``linux``, and where it stopped."""
    from tcpsim.packetdrill import run_file
    from tcpsim.profiles import LINUX

    outcome = run_file(SCRIPTS / name, profile=LINUX)
    return outcome.verdict, f"{outcome.line}: {_plain(outcome.reason)}" if outcome.reason else ""


def _plain(reason: str) -> str:
    return reason.split(": ", 1)[-1].replace("\t", " ")


def by_kernel(binary: str, name: str) -> tuple[str, str]:
    """Verdict of the real packetdrill, and where it stopped."""
    sysctls = "; ".join(f"sysctl -q -w 'net.ipv4.{key}={value}' 2>/dev/null" for key, value in SETTINGS.items())
    play = f'exec timeout {LONGEST} "$0" --tolerance_usecs={TOLERANCE_US} "$1"'
    inside = f"ip link set lo up; {sysctls}; {play}"
    said = ""
    for _ in range(TRIES):
        done = subprocess.run(
            ["unshare", "-n", "sh", "-c", inside, binary, str(SCRIPTS / name)],
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.returncode:
            return "PASS", ""
        said = done.stderr + done.stdout
        if done.returncode == TIMED_OUT:
            break
    return "FAIL", _where(said)


def _where(said: str) -> str:
    line = re.search(r"\.pkt:(\d+)", said)
    for pattern, words in SAID:
        found = re.search(pattern, said)
        if found:
            return f"{line[1] if line else '?'}: {found.expand(words)}"
    return f"{line[1] if line else '?'}: {said.strip().splitlines()[0][:60] if said.strip() else 'it waits'}"


def table(binary: str, only: str) -> Iterator[Row]:
    """A row for each script whose name contains ``only``."""
    names = [name for name in playable() if only in name]
    with ThreadPoolExecutor(3) as pool:
        for name, (kernel, at_kernel) in zip(
            names, pool.map(lambda name: by_kernel(binary, name), names), strict=True
        ):
            linux, at_linux = by_profile(name)
            yield Row(name, kernel, linux, at_kernel, at_linux)


def renewed(rows: list[Row]) -> Iterator[Row]:
    """The same rows with what the profile makes of the scripts now."""
    for row in rows:
        if (SCRIPTS / row.script).is_file():
            linux, at_linux = by_profile(row.script)
            yield row._replace(linux=linux, at_linux=at_linux)


def merged(old: list[Row], new: Iterator[Row]) -> Iterator[Row]:
    """The new rows, and those of the old ones that they do not replace, in order."""
    yield from sorted(({row.script: row for row in old} | {row.script: row for row in new}).values())


def write(target: str | None, kernel: str, rows: Iterator[Row]) -> None:
    """The table into a file, telling how far it is, or else to the terminal."""
    lines = [f"# {kernel}", HEAD]
    for row in rows:
        lines.append("\t".join(row))
        if target:
            print(f"{row.kernel:4} {row.linux:4} {row.script}", flush=True)
    text = "\n".join(lines) + "\n"
    if target:
        Path(target).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel_scripts", description=__doc__)
    parser.add_argument("--packetdrill", default="packetdrill", metavar="PATH", help="the binary; else from PATH")
    parser.add_argument("-o", metavar="FILE", help="write the table there: tests/packetdrill/kernel.tsv")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="scripts whose name contains TEXT; other rows of FILE stay"
    )
    parser.add_argument(
        "--profile-only", action="store_true", help="keep what the kernel did in FILE, ask the profile again"
    )
    options = parser.parse_args()
    if options.profile_only:
        kernel, rows = read_table(Path(options.o))
        write(options.o, kernel, renewed(rows))
        return
    why = missing()
    if why is None and shutil.which(options.packetdrill) is None:
        why = f"there is no {options.packetdrill}: build it from github.com/google/packetdrill, and give --packetdrill PATH"
    if why is not None:
        print(f"cannot ask a kernel here: {why}", file=sys.stderr)
        raise SystemExit(2)
    rows = table(options.packetdrill, options.only)
    if options.only and options.o and Path(options.o).exists():
        rows = merged(read_table(Path(options.o))[1], rows)
    write(options.o, f"Linux {platform.release().split('-')[0]}", rows)


if __name__ == "__main__":
    main()
