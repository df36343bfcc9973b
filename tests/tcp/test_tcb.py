"""The block of variables: copy, key and earliest are generated from the fields, so each field is tried."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.tcp import Code, State, Tcb
from tcpsim.tcp.buffers import ReceiveBuffer, SendBuffer
from tcpsim.tcp.hystart import HyStart
from tcpsim.tcp.rack import Rack
from tcpsim.tcp.scoreboard import Scoreboard
from tcpsim.tcp.tcb import BLANK, NAMES, TIMERS, Cubic, Limits, Prr, SegmentCubic, Undo
from tcpsim.tcp.units import NEVER

ALL = list(Tcb.__annotations__)
VARIABLES = [name for name in ALL if name != "wake"]  # when the network looks again, no variable


#: How the fields are made that hold neither numbers nor buffers.
MAKE: dict[str, Any] = {
    "recovery": lambda n: "fast" if n == 0 else "rto",
    "scoreboard": Scoreboard,
    "rack": Rack,
    "undo": lambda n: Undo(n, None),
    "cubic": Cubic,
    "cubic_segments": SegmentCubic,
    "hystart": HyStart,
    "prr": lambda n: Prr(n, 2, 3),
    "dsack": lambda n: (n, n + 1),
    "pushed": lambda n: (n, n + 1),
    "limits": lambda n: Limits("busy", n, 1, 2, 3),
    "chunks": lambda n: ((n, True),),
    "bursts": lambda n: (n,),
    "records": lambda n: (n, n + 3),
}


def plain(tcb: Tcb) -> dict[str, Any]:
    """Every field as a value that compares by content."""
    return {name: value.key() if hasattr(value := getattr(tcb, name), "key") else value for name in ALL}


def change(tcb: Tcb, name: str) -> None:
    """Give the field another value, or the buffer another octet."""
    value = getattr(tcb, name)
    if isinstance(value, SendBuffer | ReceiveBuffer):
        value.append(b"x")
    elif name == "previous":
        tcb.previous = Tcb(iss=7 if value is None else value.iss + 1)
    elif isinstance(value, HyStart):
        value.sent(7, len(value.marks))
    elif isinstance(value, Scoreboard):
        value.add([(value.una + 5, value.una + 6)], value.una + 9)
    elif name in MAKE:
        setattr(tcb, name, MAKE[name](7) if value is None else MAKE[name](len(str(value))))
    elif name == "error":
        tcb.error = Code.RESET if value is None else None
    elif isinstance(value, State):
        tcb.state = State((value + 1) % 11)
    elif isinstance(value, bool):
        setattr(tcb, name, not value)
    elif isinstance(value, tuple):
        setattr(tcb, name, ("192.0.2.1", value[1] + 1, "192.0.2.2", 6))
    else:
        setattr(tcb, name, 5 if value is None else value + 1)


def full_block() -> Tcb:
    """A block in which no field has its default, and no two numbers are equal."""
    tcb = Tcb()
    for place, name in enumerate(ALL):
        value = getattr(tcb, name)
        if type(value) is int or (value is None and name not in ("error", "previous", *MAKE)):
            setattr(tcb, name, 1000 + place)
        else:
            change(tcb, name)
    return tcb


def test_the_full_block_is_full() -> None:
    blank = plain(BLANK)
    assert [name for name, value in plain(full_block()).items() if value == blank[name]] == []


@pytest.mark.parametrize("make", [Tcb, full_block])
def test_a_copy_is_equal_in_every_field(make: Any) -> None:
    tcb = make()
    copy = tcb.copy()
    assert type(copy) is Tcb
    assert plain(copy) == plain(tcb)
    assert copy.key() == tcb.key()
    assert hash(copy.key()) == hash(tcb.key())


@pytest.mark.parametrize("make", [Tcb, full_block])
@pytest.mark.parametrize("name", ALL)
def test_a_copy_is_independent_in_every_field(name: str, make: Any) -> None:
    tcb = make()
    before = plain(tcb), tcb.key()
    copy = tcb.copy()
    change(copy, name)
    assert plain(copy)[name] != before[0][name]
    assert (plain(tcb), tcb.key()) == before


@pytest.mark.parametrize("make", [Tcb, full_block])
@pytest.mark.parametrize("name", VARIABLES)
def test_the_key_tells_every_variable(name: str, make: Any) -> None:
    tcb = make()
    before = tcb.key()
    change(tcb, name)
    assert tcb.key() != before


def test_when_the_network_looks_again_is_no_variable() -> None:
    tcb = Tcb()
    change(tcb, "wake")
    assert tcb.key() == Tcb().key()


def test_pieces_held_early_are_in_the_key() -> None:
    tcb = Tcb()
    tcb.rcv_buf.hold(2**32 - 1, b"abc", 10)
    assert tcb.key() != Tcb().key()
    assert tcb.copy().key() == tcb.key()


@given(st.lists(st.integers(0, 10**12) | st.just(NEVER), min_size=len(TIMERS), max_size=len(TIMERS)))
def test_earliest_is_the_minimum(deadlines: list[int]) -> None:
    tcb = Tcb(**{f"{name}_due": due for name, due in zip(TIMERS, deadlines, strict=True)})
    assert tcb.earliest() == min(deadlines)


def test_every_deadline_is_a_timer() -> None:
    assert {name.removesuffix("_due") for name in ALL if name.endswith("_due")} == set(TIMERS)


@given(st.permutations(ALL), st.integers(0, len(ALL)))
def test_equal_keys_mean_equal_variables(names: list[str], n: int) -> None:
    one, other = Tcb(), Tcb()
    for name in names[:n]:
        change(one, name)
    for name in reversed(names[:n]):
        change(other, name)
    assert one.key() == other.key()


def test_variables_tell_all_but_payload() -> None:
    told = full_block().variables()
    assert set(told) == {*VARIABLES, "early", "pipe", "sacked"} - {"hystart", "previous", "rack", "scoreboard"}
    assert (told["snd_buf"], told["rcv_buf"], told["early"]) == (1, 1, 0)
    assert told["snd_una"] == full_block().snd_una


def test_pickles() -> None:
    tcb = full_block()
    assert plain(pickle.loads(pickle.dumps(tcb))) == plain(tcb)


def test_the_names_are_the_fields() -> None:
    assert list(NAMES) == ALL
