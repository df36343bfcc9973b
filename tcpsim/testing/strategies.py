"""Hypothesis strategies for TCP: numbers near the edges, segments, faults, applications.

Everything shrinks towards the dull: numbers to the first centre, segments to an empty ACK that is expected, faults
to none, scripts to an open and a close without data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..net.scripts import Program
from ..tcp.options import WireError, encode_options
from ..tcp.segment import ACK, FIN, PSH, RST, SYN, Flow, Option, Segment
from ..tcp.seq import HALF, MASK, add
from ..tcp.tcb import Tcb
from ..tcp.units import MS, SECOND
from .playing import KINDS, Fault

#: A connection for segments that belong to none in particular: receiver first.
SOME_FLOW: Final[Flow] = ("10.0.0.1", 40000, "10.0.0.2", 80)

#: The flags that mean something, the most ordinary first.
USUAL_FLAGS: Final = (ACK, ACK | PSH, FIN | ACK, RST, RST | ACK, SYN, SYN | ACK, FIN, 0, SYN | FIN)

#: How long ``faults`` delays a packet, ns: from "overtaken by the next" to "long after its retransmission", and
#: below an MSL of two minutes.
DELAYS: Final = (1 * MS, 15 * MS, 25 * MS, 250 * MS, 1 * SECOND, 4 * SECOND, 100 * SECOND)


def seqnums(*, around: Iterable[int] = (), near: int = 8) -> SearchStrategy[int]:
    """Sequence numbers: mostly within ``near`` of 0, of 2**31, or of a number in ``around``; else any.

    Shrinks to the first of ``around``, or else to 0.
    """
    centres = (*(number & MASK for number in around), 0, HALF)
    # As many choices for a number far from everything as for a close one: fewer would count as simpler.
    offsets = st.integers(-near, near) | st.integers(0, MASK)
    return st.builds(add, st.sampled_from(centres), offsets)


#: Options by name, each as ``tcpsim.tcp.options`` spells it; only a SYN means the first three.
_OPTIONS: Final[dict[str, SearchStrategy[Option]]] = {
    "mss": st.tuples(st.just("mss"), st.sampled_from((1460, 536, 1, 0, 65535)) | st.integers(0, 65535)),
    "wscale": st.tuples(st.just("wscale"), st.sampled_from((0, 7, 14, 15)) | st.integers(0, 255)),
    "sackOK": st.just(("sackOK",)),
    "sack": st.lists(st.tuples(seqnums(), seqnums()), min_size=1, max_size=3).map(lambda blocks: ("sack", *blocks)),
    "TS": st.just(("TS",)),
    "nop": st.just(("nop",)),
    "unknown": st.tuples(st.just("unknown"), st.sampled_from((253, 254, 28, 30)), st.binary(max_size=4)),
}


def options(
    *, kinds: Sequence[str] = ("mss", "wscale", "sackOK", "sack", "nop", "unknown"), max_options: int = 4
) -> SearchStrategy[tuple[Option, ...]]:
    """Options of a segment, each kind once at most, as many as a header has room for; shrinks to none.

    ``kinds``: which.  ``"TS"`` is the place of the timestamps, so it needs a segment that has some.
    """
    one = st.sampled_from(tuple(kinds)).flatmap(_OPTIONS.__getitem__)
    several = st.lists(one, max_size=max_options, unique_by=lambda option: option[0])
    return several.map(_that_fit)


def _that_fit(several: Iterable[Option]) -> tuple[Option, ...]:
    """The first of these that a header has room for, and timestamps with them."""
    kept: tuple[Option, ...] = ()
    for option in several:
        try:
            encode_options((*kept, option), 0, 0)
        except WireError:
            break
        kept = (*kept, option)
    return kept


def edges(tcb: Tcb) -> tuple[int, ...]:
    """The numbers at which the receive checks of ``tcb`` change their mind, RCV.NXT first."""
    return tcb.rcv_nxt, add(tcb.rcv_nxt, tcb.rcv_wnd), add(tcb.rcv_nxt, tcb.rcv_wnd // 2), tcb.irs


def segments(
    *,
    tcb: Tcb | None = None,
    flow: Flow | None = None,
    flags: Sequence[int] = USUAL_FLAGS,
    max_octets: int = 4,
    near: int = 2,
) -> SearchStrategy[Segment]:
    """Segments that reach a connection.

    ``tcb``: whose windows' edges the numbers are near to; without it they are arbitrary.  ``flow``: receiver first;
    by default the block's.  ``flags``: which combinations; an empty sequence allows every one of the 256.
    ``max_octets``: of data.  ``near``: how far from an edge.
    """
    ack: SearchStrategy[int]
    if tcb is None:
        seq = ack = seqnums()
    else:
        seq = seqnums(around=edges(tcb), near=near)
        oldest = add(tcb.snd_una, -tcb.max_snd_wnd)
        ack = seqnums(around=(tcb.snd_nxt, tcb.snd_una, oldest, tcb.iss), near=near)
    return st.builds(
        Segment,
        st.just(flow or (SOME_FLOW if tcb is None else tcb.flow)),
        seq,
        ack,
        st.sampled_from(tuple(flags)) if flags else st.integers(0, 255),
        st.sampled_from((65535, 0, 1, 1000)) | st.integers(0, 65535),
        st.binary(max_size=max_octets),
        options=st.just(()) | options(),
    )


def resets(tcb: Tcb, *, near: int = 2) -> SearchStrategy[Segment]:
    """Forged resets near the edges of the receive window of ``tcb``."""
    seq = st.builds(add, st.sampled_from(edges(tcb)), st.integers(-near, near))
    return st.builds(
        Segment, st.just(tcb.flow), seq, st.just(tcb.snd_nxt), st.sampled_from((RST, RST | ACK)), st.just(0)
    )


def faults(
    *,
    max_faults: int = 3,
    hosts: Sequence[str] = ("client", "server"),
    packets: int = 8,
    kinds: Sequence[str] = KINDS,
    delays: Sequence[int] = DELAYS,
) -> SearchStrategy[tuple[Fault, ...]]:
    """At most ``max_faults`` faults for ``play``, each of another packet.  Shrinks to none.

    ``packets``: the first so many packets of each host can be hit.  ``kinds``: of ``playing.KINDS``.  ``delays``: the
    times, ns, by which a packet may be delayed.
    """
    one = single_faults(hosts=hosts, packets=packets, kinds=kinds, delays=delays)
    several = st.lists(one, max_size=max_faults, unique_by=lambda fault: (fault.host, fault.n))
    return several.map(tuple)


def single_faults(
    *,
    hosts: Sequence[str] = ("client", "server"),
    packets: int = 8,
    kinds: Sequence[str] = KINDS,
    delays: Sequence[int] = DELAYS,
) -> SearchStrategy[Fault]:
    """A fault for ``play``; shrinks to the loss of the first packet of the first host.  Parameters as for ``faults``."""
    plain = [kind for kind in kinds if kind != "delay"]
    numbers = st.integers(1, packets)
    choices: list[SearchStrategy[Fault]] = []
    if plain:
        choices.append(st.builds(Fault, st.sampled_from(hosts), numbers, st.sampled_from(plain), st.just(0)))
    if "delay" in kinds:
        late = st.sampled_from(delays)
        choices.append(st.builds(Fault, st.sampled_from(hosts), numbers, st.just("delay"), late))
    return st.one_of(choices)


class Programs(NamedTuple):
    """Two applications that talk to each other; give each to ``Simulator.script``.

    ``sent``: how many octets each of the two sends in all.
    """

    client: Program
    server: Program
    sent: tuple[int, int]


#: How an application ends: as the last user would, or listening until the peer has ended as well.
_ENDINGS: Final[tuple[Program, ...]] = (
    (("close",),),
    (("shutdown",), ("recv_to_end",), ("close",)),
    (("recv_to_end",), ("close",)),
)


@st.composite
def scripts(
    draw: st.DrawFn,
    *,
    hosts: tuple[str, str] = ("client", "server"),
    ports: tuple[int, int] = (40000, 80),
    crossing: bool | None = None,
    max_exchanges: int = 3,
    max_octets: int = 40,
) -> Programs:
    """Two applications that open a connection, exchange octets in an order both know, and close.

    What one sends the other receives, so that both come to their end if the network lets them.  ``crossing``: whether
    both connect at once (simultaneous open) or one listens; None draws it.  Both may close at once, or one may
    wait for the other.  ``max_exchanges``, ``max_octets``: how much is sent, and in how many pieces.
    """
    both = draw(st.booleans()) if crossing is None else crossing
    programs: tuple[list[Any], list[Any]]
    if both:
        programs = (
            [("connect", hosts[1], ports[1], ports[0])],
            [("connect", hosts[0], ports[0], ports[1])],
        )
    else:
        programs = [("connect", hosts[1], ports[1], ports[0])], [("listen", ports[1]), ("accept",)]
    sent = [0, 0]
    exchange = st.tuples(st.sampled_from((0, 1)), st.integers(1, max_octets))
    for sender, n in draw(st.lists(exchange, max_size=max_exchanges)):
        data = bytes((sent[sender] + i) & 0xFF for i in range(n))
        programs[sender].append(("send", data))
        programs[1 - sender].append(("recv", n))
        sent[sender] += n
    # Two that wait for each other's end would wait for ever.
    first = draw(st.sampled_from(_ENDINGS[:2]))
    second = draw(st.sampled_from(_ENDINGS))
    order = draw(st.booleans())
    programs[order].extend(first)
    programs[not order].extend(second)
    return Programs(tuple(programs[0]), tuple(programs[1]), (sent[0], sent[1]))


st.register_type_strategy(Programs, scripts())
