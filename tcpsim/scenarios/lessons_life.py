"""Lessons: how a connection begins, how it ends, and what the end leaves behind."""

from __future__ import annotations

from typing import Final

from .lesson import Lesson, Part

#: Two hosts with initial sequence numbers that are easy to follow.
_TWO_HOSTS: Final = """
sim = tcpsim.Simulator()
client, server = sim.host("client", iss=100), sim.host("server", iss=300)
sim.link(client, server, delay="10ms")
listener = server.listen(80)
"""

HANDSHAKE_EXPLAINED: Final = Lesson(
    name="handshake-explained",
    sid="L-06",
    title="The handshake, step by step",
    look="Each side tells the other where its sequence numbers begin, and hears that this was understood.  Two numbers, "
    "two confirmations, and one segment that carries two of them: that makes three.",
    source="RFC 9293 3.5",
    parts=(
        Part(
            "The client's numbers will begin at 100 and the server's at 300.  (Real ones are hard to guess: RFC 6528.)",
            _TWO_HOSTS,
        ),
        Part(
            "connect() sends a SYN and waits in SYN_SENT.  The SYN takes one sequence number, 100, so the next to send is "
            "101, and nothing of it is acknowledged: SND.UNA is 100.",
            """
            conn = client.connect("server", 80)
            conn.state, conn.tcb.snd_una, conn.tcb.snd_nxt
            list(sim.in_flight.values())
            """,
        ),
        Part(
            "step() lets one event happen: the SYN arrives.  The listener stays as it is, and a child of it begins the "
            "connection: it expects 101 next, and answers with a SYN of its own that acknowledges the client's.",
            """
            sim.step()
            """,
        ),
        Part(
            "The answer arrives.  For the client the connection is open now: its SYN is acknowledged, and it has seen the "
            "server's.  The server does not know that yet.",
            """
            sim.step()
            conn.state, conn.tcb.snd_una, conn.tcb.rcv_nxt
            server.ss()
            """,
        ),
        Part(
            "The third segment.  It carries no data and takes no number, and the server's side is open as well.",
            """
            sim.step()
            sock, address = listener.accept()
            sock.state, sock.tcb.snd_una, sock.tcb.rcv_nxt
            """,
        ),
        Part(
            "The three of them, with the states of both ends.",
            """
            sim.ladder()
            """,
        ),
        Part(
            "What if the second one had been lost?  Go back to before it arrived, and let it be so: the client's timer "
            "runs out after a second, and it asks again.",
            """
            sim.back(3)
            sim.drop()
            sim.run()
            conn.state, sim.now / 1e9
            """,
        ),
    ),
    checks=(
        ("conn.state.name == 'ESTABLISHED'", "the lost answer was made good"),
        ("sim.now >= 1_000_000_000", "that took a time-out"),
        ("conn.tcb.irs == 300 and conn.tcb.iss == 100", "the numbers are the ones that were given"),
    ),
)

CLOSE_IN_FOUR_STEPS: Final = Lesson(
    name="close-in-four-steps",
    sid="L-07",
    title="Closing, in four steps",
    look="A connection is two streams, and each is closed by its own sender: FIN and ACK, twice.  Who says goodbye first "
    "waits at the end.",
    source="RFC 9293 3.6, Figure 12",
    parts=(
        Part(
            "A connection, with nothing said.",
            _TWO_HOSTS
            + """
conn = client.connect("server", 80)
sock, _ = listener.accept()
""",
        ),
        Part(
            "The client closes.  A FIN leaves, which takes a number as a SYN does, and the client is in FIN_WAIT_1: it "
            "waits for the FIN to be acknowledged.",
            """
            conn.close()
            conn.state
            sim.step()
            """,
        ),
        Part(
            "The server has acknowledged the FIN, and is in CLOSE_WAIT: it waits for its own program to close.  The "
            "program learns of the end as recv() gives no octets.",
            """
            sock.recv()
            sim.step()
            conn.state, sock.state
            """,
        ),
        Part(
            "A server that forgets to close stays in CLOSE_WAIT for ever: the most common leak of all.  This one closes, "
            "and waits for the last acknowledgment.",
            """
            sock.close()
            sock.state
            sim.run(for_="100ms")
            conn.state, sock.state
            """,
        ),
        Part(
            "The server is done.  The client, which closed first, is in TIME_WAIT for twice the maximum lifetime of a "
            "segment: its last ACK might have been lost, and old segments might still be under way.",
            """
            client.ss()
            sim.run()
            conn.state, sim.now // 10**9
            sim.ladder()
            """,
        ),
    ),
    checks=(
        ("sim.trace.fired(conn)[-4:] == ['established.close', 'fin_wait_1.ack_of_fin', 'fin_wait_2.fin', "
         "'time_wait.timeout_2msl']", "the client went through the four states in order"),
        ("sim.trace.fired(sock)[-3:] == ['established.fin', 'close_wait.close', 'last_ack.ack_of_fin']",
         "the server went its way"),
        ("sim.now >= 240_000_000_000", "TIME_WAIT has lasted 2MSL"),
    ),
)  # fmt: skip

HALF_CLOSE: Final = Lesson(
    name="half-close",
    sid="L-08",
    title="Half a connection",
    look="shutdown() closes one half: this side has no more to say, and still listens.  That is how a program says "
    "\"that was all, now you\".",
    source="RFC 9293 3.6 (half-close); POSIX shutdown()",
    parts=(
        Part(
            "A server that sorts lines can begin only when it has all of them.  The end of the client's stream tells it; "
            "if the client closed its whole socket to say so, nobody would be there to hear the answer.",
            _TWO_HOSTS
            + """
conn = client.connect("server", 80)
sock, _ = listener.accept()
conn.sendall(b"pear\\napple\\nfig\\n")
import socket
conn.shutdown(socket.SHUT_WR)
""",
        ),
        Part(
            "The server reads to the end: no octets mean that nothing more will come.  Its own half is still open.",
            """
            sock.recv(), sock.recv()
            conn.state, sock.state
            """,
        ),
        Part(
            "FIN_WAIT_2 and CLOSE_WAIT: the client has closed and the server has not.  They can stay so for as long as "
            "it takes to sort.",
            """
            sock.sendall(b"apple\\nfig\\npear\\n")
            sock.close()
            conn.recv(), conn.recv()
            """,
        ),
        Part(
            "What the client may not do any more is send.",
            """
            conn.send(b"kiwi\\n")
            conn.close()
            sim.run(for_="1s")
            sim.ladder()
            """,
            fails=("BrokenPipeError",),
        ),
    ),
    checks=(
        ("any(seg.len for seg in sim.trace.sent(where='server'))", "the server has answered after the client's FIN"),
        ("conn.state.name == 'TIME_WAIT'", "the client closed first, and waits"),
    ),
)  # fmt: skip

TIME_WAIT_AND_PORT_REUSE: Final = Lesson(
    name="time-wait-and-port-reuse",
    sid="L-12",
    title="TIME_WAIT, and the port it keeps",
    look="Whoever closes first keeps the five-tuple of the connection for a while.  That is a nuisance for a server that is "
    "started anew, and SO_REUSEADDR is the cure.",
    source="RFC 9293 3.6.1; RFC 6191; POSIX SO_REUSEADDR",
    parts=(
        Part(
            "A server serves one client and closes first.  It is left with a connection in TIME_WAIT.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            listener = server.socket()
            listener.bind(("", 80))
            listener.listen()
            conn = client.socket()
            conn.bind(("10.0.0.1", 5000))
            conn.connect(("server", 80))
            sock, _ = listener.accept()
            sock.close(), conn.recv(), conn.close()
            sim.run(for_="1s")
            server.ss()
            """,
        ),
        Part(
            "Now the server is stopped and started again.  It cannot have its port: the old connection still has it.",
            """
            listener.close()
            fresh = server.socket()
            fresh.bind(("", 80))
            """,
            fails=("OSError",),
        ),
        Part(
            "SO_REUSEADDR says: I know, and I want the port all the same.  It has to be set on the old socket as well as "
            "on the new one, so a server sets it before every bind.  Here is a server that did.",
            """
            import socket
            sim.run(for_="60s")
            old = server.socket()
            old.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            old.bind(("", 80)), old.listen()
            conn = client.socket()
            conn.bind(("10.0.0.1", 5000))
            conn.connect(("server", 80))
            sock, _ = old.accept()
            sock.close(), conn.recv(), conn.close(), old.close()
            sim.run(for_="1s")
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            fresh.bind(("", 80)), fresh.listen()
            server.ss()
            """,
        ),
        Part(
            "What TIME_WAIT protects is the five-tuple, not the port: a client with another port gets in at once.  And a "
            "client with the *same* port?  Its SYN carries a number beyond all that the old connection has seen, which "
            "proves that it is no straggler of it; so Linux lets it in, and the wait ends early.",
            """
            conn = client.socket()
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            conn.bind(("10.0.0.1", 5000))
            conn.connect(("server", 80))
            sim.trace.fired(where="server")[-1]
            """,
        ),
        Part(
            "To the standard's letter that is an option (MAY-2).  Without it the old connection answers with a challenge, "
            "and the new one has to wait.",
        ),
    ),
    checks=(
        ("conn.state.name == 'ESTABLISHED'", "the client got in again from the same port"),
        ("'time_wait.syn_reopens' in sim.trace.fired(where='server')", "its SYN has ended TIME_WAIT"),
        ("fresh.state.name == 'LISTEN'", "the server got its port back"),
    ),
)

LIFE: Final = (HANDSHAKE_EXPLAINED, CLOSE_IN_FOUR_STEPS, HALF_CLOSE, TIME_WAIT_AND_PORT_REUSE)
