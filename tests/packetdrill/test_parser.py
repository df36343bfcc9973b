"""Scripts are read, printed and read again; what cannot be read is told by line and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.packetdrill import PacketdrillScript, ScriptError, format_script, parse, plain
from tcpsim.packetdrill.tree import Call, Code, Command, Conditional, Icmp, Packet, SackBlock, Whatever, When
from tests.packetdrill.strategies import SCRIPTS

HANDSHAKE = """\
--tolerance_usecs=10000
// A comment, and a command that sets up.
`./defaults.sh
sysctl -q net.ipv4.tcp_sack=1`

    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 bind(3, ..., ...) = 0     /* a comment
                                   of two lines */
   +0 listen(3, 1) = 0
 +.1 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
   +0 > S. 0:0(0) ack 1 <...>
   *  > P. 1:1001(1000) ack 1
 +.1~+.2 > . ...(0) ack 2 win 5 <>
  1...1.5 read(4, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)
   +0 < icmp unreachable frag_needed mtu 800 [1:1001(1000)]
   +0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%
#ifdef FAST
   +0 < [ect0, ttl 9] . 1:1(0) ack 1 win 9 <nop,nop,sack 1:11 21:31,TS val 7 ecr ...>
#endif
`rm -f /tmp/x`
"""


def test_every_form() -> None:
    script = parse(HANDSHAKE, "handshake.pkt")
    assert [(setting.name, setting.value) for setting in script.options] == [("tolerance_usecs", "10000")]
    assert script.init == Command("./defaults.sh\nsysctl -q net.ipv4.tcp_sack=1")
    assert script.cleanup == Command("rm -f /tmp/x")
    events = [event for event in script.events if not isinstance(event, Conditional)]
    assert [type(event.what) for event in events] == [Call, Call, Call, *[Packet] * 4, Call, Icmp, Code]
    assert [event.when for event in events[3:8]] == [
        When("after", 100_000_000),
        When("after", 0),
        When("any"),
        When("after", 100_000_000, until=200_000_000),
        When("at", 1_000_000_000, ends=1_500_000_000),
    ]
    assert events[0].at == (6, 5)
    syn, synack, _, last = (event.what for event in events[3:7])
    assert isinstance(syn, Packet)
    assert (syn.flags, syn.seq, syn.win, syn.ack) == ("S", 0, 32792, None)
    assert isinstance(synack, Packet)
    assert synack.options == Whatever()
    assert isinstance(last, Packet)
    assert (last.seq, last.octets, last.options) == (None, 0, ())
    (conditional,) = (event for event in script.events if isinstance(event, Conditional))
    (fast,) = conditional.events
    assert fast.what.ip.fields == (("ect0", None), ("ttl", 9))
    assert fast.what.options[2].values == (SackBlock(1, 11), SackBlock(21, 31))
    assert script.dialect == "nplab"


def test_the_dialect_can_be_given() -> None:
    assert parse("0 close(3) = 0").dialect == "google"
    assert parse("0 close(3) = 0", dialect="nplab").dialect == "nplab"


@given(SCRIPTS)
def test_what_is_printed_reads_the_same(script: PacketdrillScript) -> None:
    again = parse(format_script(script), dialect=script.dialect)
    assert plain(again) == script
    assert format_script(again) == format_script(script)


@given(SCRIPTS, st.data())
def test_damage_is_told_or_does_no_harm(script: PacketdrillScript, data: st.DataObject) -> None:
    text = format_script(script)
    at = data.draw(st.integers(0, len(text)))
    damaged = data.draw(
        st.sampled_from(
            [text[:at], text[:at] + text[at + 1 :], text[:at] + "(" + text[at:], text[:at] + "9" + text[at:]]
        )
    )
    problem = None
    try:
        parse(damaged, "x.pkt")
    except ScriptError as error:
        problem = error
    if problem is not None:
        assert 1 <= problem.at.line <= damaged.count("\n") + 1
        assert str(problem).startswith(f"x.pkt:{problem.at.line}:{problem.at.column}: ")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("0 < S 0:0(0)", (1, 13), "expected win and the window, which every packet into the endpoint has"),
        ("0 < S 0:1(0) win 9", (1, 9), "0:1(0): 0 and 0 octets make 0"),
        ("0 > Q 0:0(0)", (1, 5), "flags 'Q': expected S, F, R, P, E, W, A, U and . for ACK"),
        ("0 < . 0:0(0) ack 1 win 99999", (1, 24), "win 99999 is too large: the most is 65535"),
        ("0 < . 0:0(0) ack 1 win 9 <nope>", (1, 27), "no option 'nope': expected one of mss, wscale"),
        ("0 < . 0:0(0) ack 1 win 9 <...>", (1, 3), "<...> is for those out of it"),
        ("0 < S 0:0(0) ack 1 win 9", (1, 14), "ack without its flag"),
        ("0 > . 0:0(0) ack 1 urg 9", (1, 3), "urg without the flag U"),
        ("* < S 0:0(0) win 9", (1, 1), "a packet into the endpoint comes at one time"),
        ("0~1 close(3) = 0", (1, 1), "ranges of time and * are for packets out of the endpoint"),
        ("2~1 > S 0:0(0)", (1, 3), "this range ends before it begins"),
        ("2~+3 > S 0:0(0)", (1, 3), "both ends of a range are counted alike"),
        ("2...1 close(3) = 0", (1, 5), "this call returns before it begins"),
        ("0 close(3 = 0", (1, 11), "expected ',' and another value, or ')', found '='"),
        ('0 open("x) = 0', (1, 8), 'this text has no end: write "'),
        ("0 `sleep 1", (1, 4), "this command has no end: write `"),
        ("0 %{ assert 1", (1, 5), "this code has no end: write }%"),
        ("/* never", (1, 1), "this comment has no end: write */"),
        ("#ifdef A\n0 close(3) = 0\n", (1, 1), "#ifdef A has no end: write #endif"),
        ("#ifdef A\n#else\n#endif", (2, 1), "there is no #else"),
        ("`a`\n0 close(3) = 0\n`b`\n0 close(4) = 0", (4, 1), "expected the end, after the untimed command"),
        ("close(3) = 0", (1, 1), "expected a time in seconds, such as 0, +.1 or 1.5, found 'close'"),
        ("0\n\n  boom", (3, 3), "expected a packet (< or >), a system call, a `command` or %{ code }%, found 'boom'"),
        ("99999999999 close(3) = 0", (1, 1), "longer than a script can last"),
    ],
)
def test_mistakes(text: str, place: tuple[int, int], words: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse(text, "wrong.pkt")
    assert caught.value.at == place
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"wrong.pkt:{place[0]}:{place[1]}: ")
