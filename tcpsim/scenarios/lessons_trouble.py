"""Lessons: connections in use, peers that have gone, and crowds at the door."""

from __future__ import annotations

from typing import Final

from .lesson import Lesson, Part

HTTP_SHORT_AND_LONG: Final = Lesson(
    name="http-short-and-long",
    sid="L-09",
    title="HTTP, short and long",
    look="HTTP/1.0 pays for a connection with every request, HTTP/1.1 keeps one.  Seen from below the difference is "
    "round trips, segments, and who closes.",
    source="RFC 9112 9.3; RFC 1945",
    extra=("h11",),
    parts=(
        Part(
            "The messages are real ones, built by a library.  A request is some lines, the last of them empty.",
            """
            from tcpsim.scenarios import http
            print(http.request("/a").decode())
            """,
        ),
        Part(
            "HTTP/1.0: one connection for each request.  The server reads to the empty line, answers and closes; the end "
            "of the stream is the end of the answer.  Three requests, so three handshakes and three times goodbye.",
            """
            sim = tcpsim.Simulator()
            client, server = sim.host("client", iss=100), sim.host("server", iss=300)
            sim.link(client, server, delay="10ms")
            answer = http.response(b"hello", close=True)
            sim.script(server, "listen 80", ("serve", ("recv_until", b"\\r\\n\\r\\n"), ("send", answer), "close"))
            get = ("connect server 80", ("send", http.request("/a", version="1.0")), "recv_to_end", "close")
            sim.script(client, ("repeat", 3, *get))
            sim.run(for_="10s")
            short = len(sim.trace.sent())
            short, len(sim.trace.sent(where="client", flags="S"))
            client.ss()
            server.ss()
            """,
        ),
        Part(
            "The server has closed first each time, so it is the one that keeps three connections in TIME_WAIT.  A busy "
            "HTTP/1.0 server has thousands.",
        ),
        Part(
            "HTTP/1.1: the connection stays.  The length of the answer stands in its head, so its end can be found without "
            "the end of the stream.  The server goes round in a loop, and closes when nothing has come for five seconds.",
            """
            sim = tcpsim.Simulator()
            client, server = sim.host("client", iss=100), sim.host("server", iss=300)
            sim.link(client, server, delay="10ms")
            answer = http.response(b"hello")
            loop = ("repeat", ("recv_until", b"\\r\\n\\r\\n"), ("send", answer))
            sim.script(server, "listen 80", ("serve", "timeout 5s", loop, "close"))
            ask = (("send", http.request("/a")), f"recv {len(answer)}")
            sim.script(client, "connect server 80", ("repeat", 3, *ask), "recv_to_end", "close")
            sim.run(for_="10s")
            short, len(sim.trace.sent())
            sim.ladder()
            """,
        ),
        Part(
            "Pipelining: all three requests at once, without waiting for the answers, which come back in order.  One "
            "round trip for the lot.  TCP does not know that there are three: it carries octets.",
            """
            sim = tcpsim.Simulator()
            client, server = sim.host("client", iss=100), sim.host("server", iss=300)
            sim.link(client, server, delay="10ms")
            sim.script(server, "listen 80", ("serve", "timeout 5s", loop, "close"))
            three = b"".join(http.request(f"/{name}") for name in "abc")
            http.requests_in(three)
            conn = client.socket()
            conn.connect(("server", 80))
            before = sim.now
            conn.sendall(three)
            heard = b""
            while len(heard) < 3 * len(answer):
                heard += conn.recv()
            http.bodies_in(heard)
            (sim.now - before) / 1e6, "ms"
            """,
        ),
    ),
    checks=(
        ("http.bodies_in(heard) == [b'hello'] * 3", "three requests were answered"),
        ("http.requests_in(three) == [('/a', '1.1'), ('/b', '1.1'), ('/c', '1.1')]", "the requests are HTTP"),
        ("http.requests_in(http.request(version='1.0')) == [('/', '1.0')]", "the short ones were HTTP/1.0"),
        ("len(sim.trace.sent(where='client', flags='S')) == 1", "one connection was enough"),
    ),
)

KEEP_ALIVE_AND_HALF_DEAD: Final = Lesson(
    name="keep-alive-and-half-dead",
    sid="L-10",
    title="A peer that is gone without a word",
    look="Silence looks the same from a peer that has nothing to say and from one that is no more.  Who wants to know has to "
    "ask: TCP's keep-alive, after two hours, or the program's own heartbeat.",
    source="RFC 9293 3.8.4; RFC 1122 4.2.3.6",
    parts=(
        Part(
            "A connection, well and idle.  Then somebody pulls the cable.  Nothing happens on either side: an idle "
            "connection sends nothing, so nothing gets lost.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            listener = server.listen(80)
            conn = client.connect("server", 80)
            sock, _ = listener.accept()
            sim.run(for_="1s")
            sim.weather("client", "server", loss=1.0), sim.weather("server", "client", loss=1.0)
            sim.run(for_="24h")
            conn.state, sock.state
            """,
        ),
        Part(
            "A day later both believe in each other.  With keep-alive, the host asks: after so many seconds of silence a "
            "segment with an old number, which any living peer must answer.  (The default is two hours; this one is set "
            "to a minute, then ten seconds between three probes.)",
            """
            import socket
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
                conn.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
            before = sim.now
            conn.recv()
            (sim.now - before) // 10**9
            conn.state, sock.state
            """,
            fails=("TimeoutError",),
        ),
        Part(
            "The client knows now.  The server still does not: it has not asked.  It is half of a connection.",
        ),
        Part(
            "Another way to be half-dead: the server's host crashes and comes up again.  It is there, but has forgotten.  "
            "The first thing that the client says is answered with a RST.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            listener = server.listen(80)
            conn = client.connect("server", 80)
            sock, _ = listener.accept()
            sim.run(for_="1s")
            sim.reboot("server")
            server.ss()
            conn.send(b"are you there?")
            conn.recv()
            """,
            fails=("ConnectionResetError",),
        ),
        Part(
            "A program that cannot wait for minutes has a heartbeat of its own: a question from time to time, and an "
            "answer within seconds.  This one asks every ten seconds and waits for three; after half a minute the cable "
            "goes.",
            """
            sim = tcpsim.Simulator(profile="linux")
            client, server = sim.host("client"), sim.host("server")
            sim.link(client, server, delay="10ms")
            sim.script(server, "listen 80", ("serve", ("repeat", "recv 4", ("send", b"pong")), "close"))
            beat = (("send", b"ping"), "recv 4", "sleep 10s")
            sim.script(client, "connect server 80", "timeout 3s", ("repeat", 9, *beat))
            sim.run(until="35s")
            sim.weather("client", "server", loss=1.0), sim.weather("server", "client", loss=1.0)
            sim.run(until="60s")
            [(note.t / 1e9, note.text) for note in sim.trace.of("note", where="client")][-1]
            """,
        ),
    ),
    checks=(
        ("sim.trace.of('note', where='client')[-1].text == 'the script stops: recv: nothing came within 3.000 s'",
         "the heartbeat has found out"),
        ("43_000_000_000 <= sim.trace.of('note', where='client')[-1].t <= 44_000_000_000",
         "it took no longer than one beat and three seconds"),
    ),
)  # fmt: skip

BACKLOG_AND_SYN_FLOOD: Final = Lesson(
    name="backlog-and-syn-flood",
    sid="L-11",
    title="The backlog, and a flood of SYNs",
    look="A listener has room for so many handshakes that are not finished.  Who sends SYNs and never answers fills it, and "
    "honest clients find the door shut.",
    source="RFC 9293 3.10.7.2; RFC 4987; S-16",
    parts=(
        Part(
            "A server with room for three.  It gives a handshake up after 20 seconds without an answer.",
            """
            sim = tcpsim.Simulator()
            server = sim.host("server", "10.0.0.2", iss=300, r2_syn=20 * 10**9)
            client = sim.host("client", "10.0.0.1", iss=100)
            bystander = sim.host("bystander", "10.0.0.9")
            sim.link(client, server, delay="10ms"), sim.link(bystander, server, delay="10ms")
            listener = server.listen(80, backlog=3)
            """,
        ),
        Part(
            "Now SYNs come in from addresses that nobody has.  Each gets a SYN,ACK that leads nowhere, and a place in the "
            "queue.  A place is all it costs, and there are three.",
            """
            from tcpsim.net.moves import Inject
            SYN = tcpsim.Flags.SYN
            for port in (1, 2, 3, 4):
                forged = tcpsim.Segment(("10.0.0.2", 80, "203.0.113.66", port), 9000, 0, SYN, 1000)
                sim.apply(Inject(forged.key(), 0))
            sim.run(for_="100ms")
            server.ss()
            [(record.by, record.t / 1e6) for record in sim.trace.of("refused") if record.by == "backlog"]
            """,
        ),
        Part(
            "The fourth was dropped without a word.  So is the honest client's, and its second, and its third: it waits "
            "twice as long each time.",
            """
            conn = client.connect("server", 80)
            sim.run(for_="10s")
            conn.state, conn.tcb.rtx_count
            """,
        ),
        Part(
            "After 20 seconds the forged handshakes have run out, and there is room.  The client's next attempt gets in: "
            "31 seconds late.",
            """
            sim.until("ESTABLISHED"), listener.accept()
            [record.t // 10**9 for record in sim.trace.of("sent", where="client") if record.seg.letters == "S"]
            """,
        ),
        Part(
            "If the forged address belongs to somebody, the flood fails: that host knows nothing of a connection, and "
            "answers the SYN,ACK with a RST.  The place is free again after one round trip.",
            """
            sim.run(for_="1s")
            for port in (1, 2, 3):
                forged = tcpsim.Segment(("10.0.0.2", 80, "10.0.0.9", port), 9000, 0, SYN, 1000)
                sim.apply(Inject(forged.key(), 0))
            sim.run(for_="5ms")
            [row["state"].name for row in server.sockets()].count("SYN_RECV")
            sim.run(for_="20ms")
            [row["state"].name for row in server.sockets()].count("SYN_RECV")
            """,
        ),
        Part(
            "The other queue holds connections that are finished and wait for accept().  A slow program fills that one "
            "without any malice.",
        ),
    ),
    checks=(
        ("conn.state.name == 'ESTABLISHED'", "the honest client got in at last"),
        ("len(sim.trace.sent(where='client', flags='S')) == 6", "it took six attempts"),
        (
            "len([r for r in sim.trace.of('refused') if r.by == 'backlog']) == 6",
            "one forged and five honest SYNs were dropped",
        ),
        (
            "[row['state'].name for row in server.sockets()] == ['LISTEN', 'ESTABLISHED']",
            "the RSTs have freed the queue",
        ),
    ),
)

TROUBLE: Final = (HTTP_SHORT_AND_LONG, KEEP_ALIVE_AND_HALF_DEAD, BACKLOG_AND_SYN_FLOOD)
