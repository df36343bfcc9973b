"""A thousand short packetdrill scripts, as a folder of them is run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

SCRIPT = """\
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
   +0 > S. 0:0(0) ack 1 <...>
  +.1 < . 1:1(0) ack 1 win 257
   +0 accept(3, ..., ...) = 4
   +0 write(4, ..., {octets}) = {octets}
   +0 > P. 1:{end}({octets}) ack 1
  +.1 < . 1:1(0) ack {end} win 257
   +0 %{{ assert tcpi_unacked == 0 }}%
   +0 close(4) = 0
   +0 > F. {end}:{end}(0) ack 1
  +.1 < F. 1:1(0) ack {after} win 257
   +0 > . {after}:{after}(0) ack 2
"""


def thousand_scripts(jobs: int = 2) -> float:
    """Seconds for a thousand scripts in ``jobs`` processes; each has to pass."""
    from tcpsim.packetdrill.folders import find_scripts, run_files
    from tcpsim.tcp.profiles import LINUX

    with tempfile.TemporaryDirectory() as folder:
        for n in range(1000):
            octets = n % 900 + 1
            text = SCRIPT.format(octets=octets, end=octets + 1, after=octets + 2)
            Path(folder, f"{n:04}.pkt").write_text(text, encoding="utf-8")
        start = perf_counter()
        outcomes = list(run_files(find_scripts([folder]), jobs=jobs, profile=LINUX))
        seconds = perf_counter() - start
    failed = [outcome.reason for outcome in outcomes if outcome.verdict != "PASS"]
    assert not failed, failed[0]
    return seconds
