"""Setting up: what is put in by mistake is named, with what to write instead, and nothing is half made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpsim import Simulator, TcpsimError, pair, profiles


def hosts(sim: Simulator | None = None) -> Simulator:
    sim = sim or Simulator()
    sim.host("client", "10.0.0.1")
    sim.host("server", "10.0.0.2")
    return sim


WRONG: list[tuple[str, Callable[[Simulator], Any], str]] = [
    ("no address", lambda sim: sim.host("x", "10.0.0"), "'10.0.0' is not an IPv4 or IPv6 address"),
    ("a name for an address", lambda sim: sim.host("x", "localhost"), "'localhost' is not an IPv4 or IPv6 address"),
    ("address taken", lambda sim: sim.host("x", "10.0.0.2"), "address 10.0.0.2 belongs to server already"),
    ("second address taken", lambda sim: sim.host("x", "10.0.0.9", "10.0.0.1"), "belongs to client already"),
    ("address twice", lambda sim: sim.host("x", "10.0.0.9", "10.0.0.9"), "10.0.0.9 of host x is given twice"),
    ("name taken", lambda sim: sim.host("client"), "host name 'client' is taken; choose another"),
    ("no name", lambda sim: sim.host(""), "host name '' is empty; choose another"),
    ("unknown profile", lambda sim: sim.host("x", profile="minix"), "no profile 'minix'; there are rfc9293"),
    ("unknown switch", lambda sim: sim.host("x", nagel=False), "has no switch 'nagel'; it has .*nagle"),
    ("iss negative", lambda sim: sim.host("x", iss=-1), "iss -1 of host x is not a sequence number in 0 .. 2"),
    ("iss too large", lambda sim: sim.host("x", iss=2**32), "iss 4294967296 of host x is not a sequence number"),
    ("iss no number", lambda sim: sim.host("x", iss="100"), "iss .* of host x is not a sequence number"),
    ("iss a bool", lambda sim: sim.host("x", iss=True), "iss True of host x is not a sequence number"),
    ("iss a fraction", lambda sim: sim.host("x", iss=[1.5]), "iss 1.5 of host x is not a sequence number"),
    ("iss list", lambda sim: sim.host("x", iss=[1, 2**32]), "iss 4294967296 of host x is not a sequence number"),
    ("self link", lambda sim: sim.link("client", "client"), "a link joins two hosts; a host reaches itself without"),
    ("unknown end", lambda sim: sim.link("client", "nobody"), "no host 'nobody'; the hosts are client, server"),
    ("loss above one", lambda sim: sim.link("client", "server", loss=1.5), "loss 1.5 is not a probability in 0 .. 1"),
    ("loss negative", lambda sim: sim.link("client", "server", loss=-0.1), "loss -0.1 is not a probability"),
    ("loss no number", lambda sim: sim.link("client", "server", loss="10%"), "loss '10%' is not a probability"),
    ("loss nan", lambda sim: sim.link("client", "server", loss=float("nan")), "loss nan is not a probability"),
    ("delay negative", lambda sim: sim.link("client", "server", delay=-1), "delay -1 is negative"),
    ("delay no time", lambda sim: sim.link("client", "server", delay="fast"), "link client-server: delay 'fast' is not a"),
    ("delay without unit", lambda sim: sim.link("client", "server", delay="10"), "delay '10' is not a time"),
    ("no fault", lambda sim: sim.link("client", "server", faults=[(1, "burn")]), r"\(1, 'burn'\) is no fault; write"),
    ("fault zero", lambda sim: sim.link("client", "server", faults=[(0, "lose")]), "n counts packets from 1"),
    ("faults no list", lambda sim: sim.link("client", "server", faults_back=["lose"]), "'lose' is no fault; write"),
    ("unknown host", lambda sim: sim.script("nobody", "listen 80"), "no host 'nobody'; the hosts are client, server"),
    ("script to nobody", lambda sim: sim.script("client", "connect nobody 80"), "no host 'nobody'; the hosts are"),
    ("connect to nobody", lambda sim: sim.hosts["client"].connect("nobody", 80), "no host 'nobody'; the hosts are"),
    ("port zero", lambda sim: sim.hosts["client"].connect("server", 0), r"connect\(\): port 0 is not in 1 .. 65535"),
    ("port too large", lambda sim: sim.hosts["server"].listen(65536), r"listen\(\): port 65536 is not in 1 .. 65535"),
    ("port negative", lambda sim: sim.hosts["server"].listen(-1), "port -1 is not in 1 .. 65535"),
    ("port a word", lambda sim: sim.hosts["client"].connect("server", "http"), "http"),
    ("port a bool", lambda sim: sim.hosts["server"].listen(True), "True"),
    ("local port", lambda sim: sim.hosts["client"].connect("server", 80, local_port=70000), "port 70000 is not in 0 .. 65535"),
    ("foreign address", lambda sim: sim.hosts["server"].listen(80, "10.0.0.9"), "10.0.0.9 is not an address of server"),
    ("listen twice", lambda sim: [sim.hosts["server"].listen(80) for _ in "ab"], "somebody listens there already"),
]  # fmt: skip


@pytest.mark.parametrize(("do", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_mistake_is_named_and_nothing_is_half_made(do: Callable[[Simulator], Any], message: str) -> None:
    sim = hosts()
    twice = "somebody" in message
    before = sim.world.key(), dict(sim.world.by_address), list(sim.hosts), repr(sim.trace.header)
    with pytest.raises(TcpsimError, match=message) as caught:
        do(sim)
    assert "\n" not in str(caught.value)
    if not twice:
        assert (sim.world.key(), dict(sim.world.by_address), list(sim.hosts), repr(sim.trace.header)) == before
        assert (sim.position, sim.trace.raw) == (0, [])
    # And one can go on.
    sim = hosts() if twice else sim
    sim.link("client", "server")
    sim.hosts["server"].listen(80)
    sim.hosts["client"].connect("server", 80)
    sim.run()
    assert sim.trace.fired(where="server")[-1] == "syn_recv.ack_of_syn"


def test_a_link_joins_two_hosts_once() -> None:
    sim = hosts()
    sim.link("client", "server")
    for ends in (("client", "server"), ("server", "client")):
        with pytest.raises(TcpsimError, match="these hosts are joined already"):
            sim.link(*ends)


@pytest.mark.parametrize("what", ["host", "link", "script"])
def test_set_up_comes_before_the_first_step(what: str) -> None:
    sim = hosts()
    sim.hosts["server"].listen(80)
    do = {
        "host": lambda: sim.host("late"),
        "link": lambda: sim.link("client", "server"),
        "script": lambda: sim.script("client", "listen 80"),
    }[what]
    with pytest.raises(
        TcpsimError, match=rf"^{what}\(\) at step 1: set up hosts, links and scripts before the first"
    ):
        do()
    assert list(sim.hosts) == ["client", "server"]


@pytest.mark.parametrize("seed", ["1", 1.5, None, True])
def test_a_seed_is_an_int(seed: Any) -> None:
    with pytest.raises(TcpsimError, match="seed .* is not an int"):
        Simulator(seed)


def test_levels_and_profiles_by_name() -> None:
    with pytest.raises(TcpsimError, match="trace 'verbose': the levels are brief, full and off"):
        Simulator(trace="verbose")
    with pytest.raises(TcpsimError, match="no profile 'minix'"):
        Simulator(profile="minix")
    assert Simulator(profile="rfc9293-literal").profile is profiles.RFC9293_LITERAL


def test_hosts_get_addresses_of_their_own() -> None:
    sim = Simulator()
    sim.host("fixed", "10.0.0.2", "192.0.2.1")
    assert [sim.host(name).addresses for name in "abc"] == [("10.0.0.1",), ("10.0.0.3",), ("10.0.0.4",)]
    assert sim.hosts["fixed"].addresses == ("10.0.0.2", "192.0.2.1")


def test_a_hosts_own_profile_and_switches() -> None:
    sim = Simulator(profile="rfc9293_literal")
    plain, own, changed = sim.host("plain"), sim.host("own", profile="rfc9293"), sim.host("changed", nagle=False)
    assert plain.data.profile is profiles.RFC9293_LITERAL
    assert own.data.profile is profiles.RFC9293
    assert changed.data.profile == profiles.RFC9293_LITERAL.but(nagle=False)


def test_addresses_of_both_kinds() -> None:
    sim = Simulator(trace="full")
    sim.host("a", "2001:db8::1")
    sim.host("b", "2001:db8::2")
    sim.link("a", "b", delay="1ms")
    sim.hosts["b"].listen(80)
    conn = sim.hosts["a"].connect("b", 80)
    sim.run()
    assert conn.state.name == "ESTABLISHED"
    assert sim.trace.sent()[0].dst == "[2001:db8::2]:80"
    assert sim.hosts["a"].sockets()[0]["peer"] == "[2001:db8::2]:80"


def test_links_differ_by_direction() -> None:
    """Faults are each direction's own; n counts the packets of that direction."""
    sim = hosts(Simulator(trace="full"))
    sim.link("client", "server", delay="5ms", faults=[(2, "lose")], faults_back=iter([(1, "duplicate")]))
    sim.hosts["server"].listen(80)
    sim.hosts["client"].connect("server", 80)
    sim.run(for_="500ms")
    assert [(record.by, record.seg.letters) for record in sim.trace.of("lost")] == [("lose #2", ".")]  # type: ignore[union-attr]
    doubled = [(record.by, record.seg.letters) for record in sim.trace.of("duplicated")]  # type: ignore[union-attr]
    assert doubled == [("duplicate #1", "S.")]


def test_pair_is_two_hosts_on_a_link() -> None:
    sim, client, server = pair(delay="3ms", seed=5, profile="rfc9293_literal", trace="full")
    assert (client.addresses, server.addresses) == (("10.0.0.1",), ("10.0.0.2",))
    assert (sim.trace.header["seed"], sim.trace.level) == (5, "full")
    assert sim.trace.header["links"][0]["delay"] == 3_000_000
    assert client.data.profile is profiles.RFC9293_LITERAL


def test_the_header_tells_how_it_was_set_up() -> None:
    sim = hosts()
    sim.host("third", iss=[1, 2], msl=5)
    sim.link("client", "third", delay="7ms", loss=0.25, faults=[(1, "lose")])
    sim.script("third", "listen 80", ("serve", "recv_to_end"), at="1s")
    header = sim.trace.header
    assert [host["name"] for host in header["hosts"]] == ["client", "server", "third"]
    assert header["hosts"][2] == {
        "name": "third", "addresses": ["10.0.0.3"], "profile": "rfc9293", "iss": (1, 2), "switches": {"msl": 5},
    }  # fmt: skip
    (link,) = header["links"]
    assert (link["ends"], link["delay"], link["loss"], link["faults"]) == (
        ["client", "third"], 7_000_000, 0.25, ((1, "lose"),),
    )  # fmt: skip
    assert header["scripts"] == [
        {"host": "third", "at": 10**9, "steps": (("listen", 80), ("serve", (("recv_to_end",),)))}
    ]
