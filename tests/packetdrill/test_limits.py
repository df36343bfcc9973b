"""What limits sending, and for how long: what TCP_INFO of Linux tells, with times from a clock."""

from __future__ import annotations

from tcpsim.packetdrill import run_script
from tcpsim.profiles import LINUX, RFC9293

HEAD = """\
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 1000 <mss 1000>
   +0 > S. 0:0(0) ack 1 <...>
  +.1 < . 1:1(0) ack 1 win 1000
   +0 accept(3, ..., ...) = 4
"""


def test_the_window_and_the_buffer() -> None:
    text = (
        HEAD
        + """\
   +0 %{ assert tcpi_busy_time == 0 }%
   +0 write(4, ..., 2000) = 2000
   +0 > P. 1:1001(1000) ack 1
 +.05 %{ assert tcpi_busy_time == 50000 and tcpi_rwnd_limited == 50000, tcpi_rwnd_limited }%
   +0 < . 1:1(0) ack 1001 win 2000
   +0 > P. 1001:2001(1000) ack 1
 +.02 %{ assert tcpi_busy_time == 70000 and tcpi_rwnd_limited == 50000 and tcpi_sndbuf_limited == 0 }%
   +0 < . 1:1(0) ack 2001 win 2000
   +1 %{ assert tcpi_busy_time == 70000 }%
"""
    )
    outcome = run_script(text, profile=LINUX)
    assert outcome.verdict == "PASS", outcome.reason


def test_other_stacks_do_not_tell() -> None:
    outcome = run_script(HEAD + "   +0 %{ assert tcpi_busy_time == 0 }%\n", profile=RFC9293)
    assert outcome.verdict == "UNSUPPORTED"
    assert outcome.reason.endswith("TCP_INFO's tcpi_busy_time")
