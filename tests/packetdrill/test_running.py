"""Scripts run: what passes, what fails and how that is told, what is not supported."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.packetdrill import Outcome, run_script
from tcpsim.profiles import FREEBSD, LINUX, RFC9293

SERVER = """\
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 32792 <mss 1000>
   +0 > S. 0:0(0) ack 1 <...>
  +.1 < . 1:1(0) ack 1 win 32792
   +0 accept(3, ..., ...) = 4
"""


def run(events: str, *, before: str = SERVER, **options: Any) -> Outcome:
    options.setdefault("profile", RFC9293)
    return run_script(before + events, "test.pkt", **options)


def passes(events: str, **options: Any) -> None:
    outcome = run(events, **options)
    assert outcome.verdict == "PASS", f"{outcome.reason}\n{outcome.details}"


def fails(events: str, line: int, words: str, **options: Any) -> Outcome:
    """The script fails at that line of ``events``, counted from 1."""
    outcome = run(events, **options)
    offset = options.get("before", SERVER).count("\n")
    assert (outcome.verdict, outcome.line) == ("FAIL", line + offset), f"{outcome.reason}\n{outcome.details}"
    assert words in outcome.reason
    assert outcome.reason.startswith(f"test.pkt:{outcome.line}: ")
    return outcome


# -- packets


def test_data_both_ways_and_a_close() -> None:
    passes("""
   +0 write(4, ..., 100) = 100
   +0 > P. 1:101(100) ack 1
  +.1 < P. 1:51(50) ack 101 win 32792
  +.2 > . 101:101(0) ack 51
   +0 read(4, ..., 1000) = 50
   +0 close(4) = 0
   +0 > F. 101:101(0) ack 51
   +0 < F. 51:51(0) ack 102 win 32792
   +0 > . 102:102(0) ack 52
""")


def test_a_client_learns_its_port_from_the_syn() -> None:
    passes(
        """\
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 7
+0...0.3 connect(7, ..., ...) = 0
+0 > S 77:77(0) <mss 1460>
+.3 < S. 1000:1000(0) ack 78 win 5000 <mss 1460>
+0 > . 1:1(0) ack 1
+0 write(7, ..., 3) = 3
+0 > P. 1:4(3) ack 1
""",
        before="",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("P. 1:101", ". 1:101"), "expected flags ., not P."),
        (("1:101(100)", "2:102(100)"), "expected first number 2, not 1"),
        (("(100) ack 1", "(100) ack 2"), "expected ack 2, not 1"),
        (("(100) ack 1", "(100) ack 1 win 9"), "expected win 9, not 65535"),
        (("(100) ack 1", "(100) ack 1 <nop,nop>"), "expected other options"),
        (("1:101(100)", "1:91(90)"), "expected 90 octets, not 100"),
        (("(100) ack 1", "(100) ack 1 urg 5"), "expected flags P.U, not P."),
    ],
)
def test_every_field_is_checked(change: tuple[str, str], words: str) -> None:
    old, new = change
    wanted = "   +0 > P. 1:101(100) ack 1\n".replace(old, new)
    if "urg" in wanted:
        wanted = wanted.replace("P.", "P.U")
    outcome = fails("   +0 write(4, ..., 100) = 100\n" + wanted, 2, words)
    assert "  expected: >" in outcome.details
    assert "  actual:   > P. 1:101(100) ack 1 win 65535 <>" in outcome.details
    assert "ESTABLISHED" in outcome.details  # the ladder
    assert "send(100 octets)" in outcome.details


def test_options_are_compared_unless_they_are_dots() -> None:
    head = SERVER.splitlines(keepends=True)[:4]
    rest = "   +0 < S 0:0(0) win 32792 <mss 1000,nop,wscale 2>\n   +0 > S. 0:0(0) ack 1 win 65535 {}\n"
    passes("".join(head) + rest.format("<mss 1460>"), before="")
    fails("".join(head) + rest.format("<mss 1461>"), 6, "option mss", before="")
    fails("".join(head) + rest.format(""), 6, "other options", before="")
    passes("".join(head) + rest.format("<...>"), before="")


def test_segments_in_a_row_are_one_unless_they_are_strict() -> None:
    events = "   +0 write(4, ..., 2000) = 2000\n   +0 > P. 1:2001(2000) ack 1\n"
    passes(events)
    outcome = run(events, before="--strict_segments\n" + SERVER)
    assert outcome.verdict == "FAIL"
    assert "2000 octets, not 1000" in outcome.reason


def test_an_unexpected_packet_fails_the_next_expectation() -> None:
    fails(
        "   +0 < P. 11:21(10) ack 1 win 100\n   +1 write(4, ..., 9) = 9\n   +0 > P. 1:10(9) ack 1\n",
        3,
        "expected flags P., not .",
    )


def test_trailing_packets_are_noted_and_with_strict_fail() -> None:
    events = "   +0 write(4, ..., 100) = 100\n"
    outcome = run(events)
    assert outcome.verdict == "PASS"
    assert outcome.notes == ("nobody expects what leaves at the end: 0.100 > P. 1:101(100) ack 1 win 65535 <>",)
    assert run(events, strict=True).verdict == "FAIL"


# -- time


def test_times() -> None:
    events = """\
   +0 write(4, ..., 100) = 100
   +0 > P. 1:101(100) ack 1
+1~+1.2 > P. 1:101(100) ack 1
    * > P. 1:101(100) ack 1
   10 < . 1:1(0) ack 101 win 100
"""
    passes(events)
    fails(events.replace("+1~+1.2", "+2"), 3, "this packet left at 1.100 s, not at 2.100 s")
    fails(events.replace("+1~+1.2", "+.1~+.2"), 3, "this packet left at 1.100 s, not at 0.200 s .. 0.300 s"[:40])
    fails(events.replace("   10 <", "    1 <"), 5, "this is due at 1.000 s, and it is 3.100 s already")


def test_tolerance() -> None:
    events = "   +0 write(4, ..., 100) = 100\n   +0 > P. 1:101(100) ack 1\n +.9 > P. 1:101(100) ack 1\n"
    passes(events)  # 12.5 % of 0.9 s
    fails(events, 3, "this packet left at", before="--tolerance_percent=1\n" + SERVER)
    passes(events, before="--tolerance_percent=1\n--tolerance_usecs=200000\n" + SERVER)


def test_no_packet_at_all() -> None:
    outcome = fails("   +0 > P. 1:101(100) ack 1\n", 1, "no packet left by 2.100 s")
    assert "  actual:   nothing" in outcome.details


# -- calls


def test_blocking_calls_run_beside_the_packets() -> None:
    events = """\
   +0...0.4 read(4, ..., 100) = 10
   +.4 < P. 1:11(10) ack 1 win 100
"""
    passes(events)
    outcome = fails(events.replace("0.4 ", "0.9 "), 1, "read() returned at 0.500 s, not at 1.000 s")
    assert outcome.verdict == "FAIL"
    fails(events.replace("+0...0.4", "+0"), 1, "read() waits, and should have returned at once")
    fails("   +0...0.5 read(4, ..., 100) = 10\n", 1, "read() still waits")


def test_results_and_errors() -> None:
    passes("""\
   +0 fcntl(4, F_GETFL) = 0x2 (flags O_RDWR)
   +0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
   +0 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
   +0 recv(4, ..., 100, MSG_PEEK) = -1 EWOULDBLOCK (the same)
   +0 shutdown(4, SHUT_WR) = 0
   +0 send(4, ..., 100, 0) = -1 EPIPE (Broken pipe)
   +0 close(9) = -1 EBADF
""")
    outcome = fails("   +0 listen(4, 5) = 0\n", 1, "listen() returned -1 EINVAL, not 0")
    assert "  actual:   listen(4, 5) = -1 EINVAL" in outcome.details
    fails("   +0 write(4, ..., 10) = 9\n", 1, "write() returned 10, not 9")
    fails("   +0 shutdown(4, SHUT_WR) = 0\n   +0 write(4, ..., 1) = -1 ENOTCONN\n", 2, "EPIPE")


def test_options_of_sockets() -> None:
    passes("""\
   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
   +0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0
   +0 getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, [8]) = 0
   +0 getsockopt(4, SOL_TCP, TCP_MAXSEG, [1000], [4]) = 0
   +0 < R. 1:1(0) ack 1 win 0
   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [ECONNRESET], [4]) = 0
   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
""")
    fails("   +0 getsockopt(4, SOL_TCP, TCP_MAXSEG, [999], [4]) = 0\n", 1, "TCP_MAXSEG reads back 1000")
    fails("   +0 getsockopt(4, SOL_SOCKET, SO_ERROR, [EPIPE], [4]) = 0\n", 1, "SO_ERROR reads back 0")


def test_poll_and_epoll() -> None:
    passes("""\
   +0 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1
   +0...0.3 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 1000) = 1
  +.3 < P. 1:11(10) ack 1 win 100
   +0 epoll_create(1) = 5
   +0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0
   +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 1
   +0 read(4, ..., 10) = 10
   +0 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 0) = 0
   +0 close(5) = 0
""")
    fails("   +0 poll([{fd=4, events=POLLOUT, revents=0}], 1, 0) = 1\n", 1, "poll() told other events")


def test_queues_by_ioctl() -> None:
    passes("   +0 < P. 1:11(10) ack 1 win 100\n   +0 ioctl(4, SIOCINQ, [10]) = 0\n")
    fails("   +0 ioctl(4, SIOCINQ, [10]) = 0\n", 1, "ioctl(SIOCINQ) told 0, not 10")


# -- commands and code


def test_sysctls_change_the_profile() -> None:
    head = "`sysctl -q net.ipv4.tcp_timestamps=0 net.ipv4.tcp_sack=0`\n"
    passes(
        head + "0 socket(..., SOCK_STREAM, 0) = 3\n+0...0.5 connect(3, ..., ...) = 0\n"
        "+0 > S 0:0(0) win 64240 <mss 1460,nop,wscale 7>\n +.5 < S. 0:0(0) ack 1 win 100\n +0 > . 1:1(0) ack 1 <>\n"
        "+0 `true`\n",
        before="",
        profile=LINUX,
    )


def test_what_would_run_a_shell_is_not_supported() -> None:
    outcome = run("   +0 `tc qdisc add dev tun0 root netem loss 1%`\n")
    assert (outcome.verdict, outcome.line) == ("UNSUPPORTED", 9)
    assert outcome.reason == "test.pkt:9: not supported: the command 'tc qdisc add dev tun0 root netem loss 1%'"


def test_state_counts() -> None:
    passes("   +0 `sockstat -4 -P tcp | grep -c ESTABLISHED`\n", profile=FREEBSD)
    fails("   +0 `sockstat -4 -P tcp | grep -c TIME_WAIT`\n", 1, "ends with 1", profile=FREEBSD)


def test_assertions() -> None:
    passes("""\
   +0 %{ assert tcpi_state == TCP_ESTABLISHED and 1 <= tcpi_snd_mss <= 1000, 'mss=%d' % tcpi_snd_mss }%
   +0 %{
x = tcpi_unacked + 1
if x == 1:
    print(x, "fine")
assert x in (1, 2)
}%
""")
    fails(
        "   +0 %{ assert tcpi_snd_mss == 999 }%\n",
        1,
        "does not hold: assert tcpi_snd_mss == 999: tcpi_snd_mss = 1000",
    )
    fails("   +0 %{ assert nonsense }%\n", 1, "'nonsense', which is nothing here")
    assert run("   +0 %{ assert tcpi_rcv_ooopack == 0 }%\n").reason.endswith(
        "not supported: TCP_INFO's tcpi_rcv_ooopack"
    )
    for evil in (
        "__import__('os')",
        "().__class__",
        "open('x')",
        "'a' * 10**9",
        "10 ** 9",
        "import os",
        "(lambda: 1)()",
    ):
        assert run(f"   +0 %{{ {evil} }}%\n").verdict == "UNSUPPORTED", evil


# -- what is not run


@pytest.mark.parametrize(
    ("events", "feature"),
    [
        ("   +0 splice(4, NULL, 5, NULL, 10, 0) = 10\n", "the system call splice()"),
        ("   +0 setsockopt(4, SOL_TCP, TCP_FASTOPEN, [1], 4) = 0\n", "the socket option TCP_FASTOPEN"),
        ("   +0 send(4, ..., 10, MSG_ZEROCOPY) = 10\n", "the flag MSG_ZEROCOPY"),
        ("   +0 < . 1:1(0) ack 1 win 9 <md5 abcd>\n", "the TCP option md5"),
        ("   +0 < . 1:1(0) ack 1 win 9 /udp(9 > 9)\n", "TCP over UDP"),
        ("   +0 `sysctl -w net.unknown=1`\n", "the sysctl net.unknown"),
        ("   +0 write(4, ..., 4294967295) = 5\n", "a length of 4294967295 octets"),
        ("   +0 < udp (1000)\n", "packets of udp"),
        ("   +0 > sctp: INIT[flgs=0,\n     tag=1]\n", "packets of sctp"),
        ("   +0 `sockstat -4 | grep -c NONSENSE`\n", "counting connections in NONSENSE"),
    ],
)
def test_unsupported(events: str, feature: str) -> None:
    outcome = run(events)
    assert (outcome.verdict, outcome.line) == ("UNSUPPORTED", 9)
    assert outcome.reason == f"test.pkt:9: not supported: {feature}"


def test_a_script_that_cannot_be_read() -> None:
    outcome = run_script("0 socket(\n", "bad.pkt")
    assert (outcome.verdict, outcome.line) == ("PARSE-ERROR", 2)
    assert outcome.reason.startswith("bad.pkt:2:1: expected a value")


def test_conditionals() -> None:
    events = "#ifdef FAST\n   +0 write(4, ..., 5) = 4\n#endif\n"
    passes(events)
    fails(events, 2, "write() returned 5, not 4", defines=["FAST"])
