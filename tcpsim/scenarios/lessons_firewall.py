"""Lesson: how a firewall decides, and what its decisions look like from outside."""

from __future__ import annotations

from typing import Final

from .lesson import Lesson, Part

FIREWALL: Final = Lesson(
    name="firewall",
    sid="L-05",
    title="How a firewall decides",
    look="A firewall reads the five-tuple and the flags of each packet and goes down a list; the first rule that fits "
    "decides.  Whether it drops or rejects makes the difference between waiting and knowing.",
    source="RFC 2979; RFC 9293 3.10.7.1",
    parts=(
        Part(
            "A server with two services, a web server and a database.  Its firewall has three rules: the web is for "
            "everybody, the database for nobody from outside, and what belongs to a connection that was let in may pass.  "
            "Whatever none of them fits is dropped.",
            """
            sim = tcpsim.Simulator(profile="linux")
            client, server = sim.host("client", "10.0.0.1"), sim.host("server", "10.0.0.2")
            sim.link(client, server, delay="10ms")
            rules = (
                "known: accept any established",
                "web: accept in port 80 new",
                "database: reject in port 5432",
            )
            sim.firewall(server, *rules, policy="drop")
            web, database = server.listen(80), server.listen(5432)
            """,
        ),
        Part(
            "The web server answers.  The SYN was let in by the rule *web*, and what followed, the answer that went out "
            "included, by *known*.",
            """
            conn = client.socket()
            conn.connect(("server", 80))
            [(record.by, record.direction, record.seg.letters) for record in sim.trace.of("passed")]
            """,
        ),
        Part(
            "The database is listening, and yet the client is told at once that nobody does: *reject* answers with a RST, "
            "as a closed port would.",
            """
            started = sim.now
            client.socket().connect(("server", 5432))
            (sim.now - started) / 1e6
            sim.trace.of("refused")[-1].by
            """,
            fails=("ConnectionRefusedError",),
        ),
        Part(
            "Any other port: no rule fits, and the policy drops the SYN without a word.  The client cannot tell a dropped "
            "SYN from a lost one, so it tries again and again, and gives up after two minutes.",
            """
            started = sim.now
            client.socket().connect(("server", 22))
            (sim.now - started) // 10**9
            [record.t // 10**9 for record in sim.trace.of("refused") if record.by == "firewall: policy"]
            """,
            fails=("TimeoutError",),
        ),
        Part(
            "That is why a scanner calls a port closed when it hears a RST, and filtered when it hears nothing.  And it is "
            "why the connection that was let in goes on working: its packets are known.",
            """
            peer, _ = web.accept()
            conn.send(b"still here")
            peer.recv()
            """,
        ),
    ),
    checks=(
        ("conn.state.name == 'ESTABLISHED'", "the web is open"),
        ("[record.by for record in sim.trace.of('passed')][:3] == ['web', 'known', 'known']", "the rules decide in order"),
        ("{record.by for record in sim.trace.of('refused')} == {'firewall: database', 'firewall: policy'}",
         "every refusal has a name"),
        ("database.state.name == 'LISTEN'", "the database was listening all the time"),
    ),
)  # fmt: skip
