"""Lessons: what a socket is, who accepts what, what waits, and which numbers stand for it."""

from __future__ import annotations

from typing import Final

from .lesson import Lesson, Part

WHAT_IS_A_SOCKET: Final = Lesson(
    name="what-is-a-socket",
    sid="L-01",
    title="What is a socket?",
    look="A socket is one end of a connection, and five things name a connection: the protocol, two addresses and two "
    "ports.  Any of them may be the same in two connections, but not all five.",
    source="RFC 9293 3.3.1, 3.4; POSIX socket()",
    parts=(
        Part(
            "Two hosts, one cable.  The client makes a socket.  All that it has so far is a number, its descriptor: no "
            "address, no port, no peer.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            sock = client.socket()
            sock.fileno(), sock.getsockname()
            sock.getpeername()
            """,
            fails=("OSError",),
        ),
        Part(
            "The server listens on port 80, and the client connects.  Now the client's end has a name.  The port on its "
            "own side was chosen by the host: it is one of the ephemeral ports.",
            """
            listener = server.listen(80)
            sock.connect(("server", 80))
            sock.getsockname(), sock.getpeername()
            """,
        ),
        Part(
            "The server's end of the same connection has the same two names, the other way round.  Together with the "
            "protocol, TCP, that makes five things: the *five-tuple*.  Every packet carries it, and it is all a host "
            "looks at to find out whose packet it is.",
            """
            peer, address = listener.accept()
            peer.getsockname(), peer.getpeername()
            address == sock.getsockname()
            """,
        ),
        Part(
            "A second connection between the same hosts, to the same port.  Four of the five are the same; the client's "
            "port is not, and that is enough.",
            """
            other = client.socket()
            other.connect(("server", 80))
            other_peer, _ = listener.accept()
            sock.getsockname()[1] != other.getsockname()[1]
            """,
        ),
        Part(
            "So what is said in one is not heard in the other, though both arrive at port 80 of the server.",
            """
            sock.send(b"to the first"), other.send(b"to the second")
            peer.recv(), other_peer.recv()
            server.ss()
            """,
        ),
        Part(
            "The first line is the listener.  It has no peer, so it is no end of a connection: it is where connections "
            "come from.",
        ),
    ),
    checks=(
        ("(sock.getsockname(), sock.getpeername()) == (peer.getpeername(), peer.getsockname())",
         "both ends have the same names, the other way round"),
        ("peer.getsockname() == other_peer.getsockname() == ('10.0.0.2', 80)", "both connections are with port 80"),
        ("len({s.getsockname() + s.getpeername() for s in (sock, other)}) == 2", "the two connections differ"),
    ),
)  # fmt: skip

PORTS_AND_ACCEPT: Final = Lesson(
    name="ports-and-accept",
    sid="L-02",
    title="One port, many connections",
    look="A listener holds a port and gives birth to connections that share it.  When it goes away, they stay.",
    source="RFC 9293 3.9.1.1, 3.10.7.2; POSIX accept()",
    parts=(
        Part(
            "A server takes port 80, as a program does: socket, bind, listen.  The address 0.0.0.0 stands for every "
            "address of the host.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            listener = server.socket()
            listener.bind(("0.0.0.0", 80))
            listener.listen(8)
            listener.getsockname()
            """,
        ),
        Part(
            "Nobody else may have the port meanwhile.",
            """
            server.socket().bind(("0.0.0.0", 80))
            """,
            fails=("OSError",),
        ),
        Part(
            "Three clients come at once.  Their handshakes are finished by the host, without a word from the program: "
            "three connections stand in the listener's queue, and Recv-Q of the listener counts them.",
            """
            clients = [client.connect("server", 80) for _ in range(3)]
            sim.run(for_="1s")
            server.ss()
            """,
        ),
        Part(
            "accept() takes them out of the queue, one by one, in the order in which they were finished.  Each gets a "
            "socket of its own.  All of them have port 80 here; they differ in who is at the other end.",
            """
            accepted = [listener.accept() for _ in clients]
            [sock.getsockname() for sock, _ in accepted]
            [address == conn.getsockname() for (_, address), conn in zip(accepted, clients)]
            """,
        ),
        Part(
            "Each is a stream of its own.",
            """
            for n, conn in enumerate(clients):
                conn.sendall(b"I am client %d" % n)
            [sock.recv() for sock, _ in accepted]
            """,
        ),
        Part(
            "The server closes its listener.  What it has accepted lives on; who comes now is refused.",
            """
            listener.close()
            accepted[0][0].send(b"still here")
            clients[0].recv()
            client.socket().connect(("server", 80))
            server.ss()
            """,
            fails=("ConnectionRefusedError",),
        ),
    ),
    checks=(
        ("{sock.getsockname() for sock, _ in accepted} == {('10.0.0.2', 80)}", "every accepted socket has port 80"),
        ("len({sock.getpeername() for sock, _ in accepted}) == 3", "three clients were accepted"),
        ("[conn.state.name for conn in clients] == ['ESTABLISHED'] * 3", "the connections outlive the listener"),
        ("all(row['state'].name == 'ESTABLISHED' for row in server.sockets())", "nobody listens any more"),
    ),
)

BLOCKING_ACCEPT: Final = Lesson(
    name="blocking-accept",
    sid="L-03",
    title="What accept waits for",
    look="A call that has nothing to give waits, and meanwhile the world goes on.  There are three ways not to wait: not "
    "at all, not too long, and only when something is there.",
    source="POSIX accept(), poll(); RFC 9293 3.9.1",
    parts=(
        Part(
            "A server listens.  In two seconds, and not before, a client will come: it runs a script, a list of calls.",
            """
            sim = tcpsim.Simulator(profile="linux")
            client, server = sim.host("client"), sim.host("server")
            sim.link(client, server, delay="10ms")
            sim.script(client, "sleep 2s", "connect server 80", "send b'hello'")
            listener = server.listen(80)
            """,
        ),
        Part(
            "accept() does not look busy while it waits, and neither does the simulation: virtual time jumps from event "
            "to event.  It returns when the handshake is finished, one and a half round trips after the client has begun.",
            """
            sock, address = listener.accept()
            sim.now / 1e9
            sock.recv()
            """,
        ),
        Part(
            "Now nobody else will come.  A real program would wait for ever; here the simulation knows that nothing more "
            "can happen, and says so.",
            """
            listener.accept()
            """,
            fails=("Deadlock",),
        ),
        Part(
            "Not to wait at all: a non-blocking socket.  The error has a number, EAGAIN.",
            """
            listener.setblocking(False)
            listener.accept()
            """,
            fails=("BlockingIOError",),
        ),
        Part(
            "Not to wait too long: a time-out.  It passes in virtual time, too.",
            """
            listener.settimeout(5)
            before = sim.now
            listener.accept()
            (sim.now - before) / 1e9
            """,
            fails=("TimeoutError",),
        ),
        Part(
            "Only when something is there: ask first.  A listener is readable when accept() would not wait, and a "
            "connection when recv() would not.",
            """
            client.connect("server", 80)
            readable, _, _ = server.api.select([listener, sock], [], [], 1)
            readable == [listener]
            listener.accept()[1] != address
            """,
        ),
    ),
    checks=(
        ("address == client.socket(3).getsockname()", "the script's connection was accepted"),
        ("readable == [listener]", "select() has found the listener"),
        ("sim.now >= before + 5_000_000_000", "the time-out took five seconds of virtual time"),
    ),
)

DESCRIPTOR_TABLE: Final = Lesson(
    name="descriptor-table",
    sid="L-04",
    title="The descriptor table",
    look="A program knows its sockets by small numbers, the lowest that are free.  Closing gives the number back at once; "
    "the connection takes its time.",
    source="POSIX open() (lowest free descriptor), close(); RFC 9293 3.6",
    parts=(
        Part(
            "0, 1 and 2 are the standard streams of every program, so the first socket is 3.",
            """
            sim, client, server = tcpsim.pair(profile="linux")
            listener = server.listen(80)
            first, second, third = (client.socket() for _ in range(3))
            client.fds()
            """,
        ),
        Part(
            "accept() makes a descriptor as well: the listener keeps its own.",
            """
            second.connect(("server", 80))
            peer, _ = listener.accept()
            server.fds()
            """,
        ),
        Part(
            "A closed descriptor's number is the first to be used again.  The old name is not the new socket: here every "
            "use of a number has a generation, so a mistake shows; on a real system it would quietly hit the wrong file.",
            """
            first.close()
            again = client.socket()
            again.fileno(), first.fileno()
            first.bind(("", 0))
            """,
            fails=("OSError",),
        ),
        Part(
            "close() gives the number back at once.  The connection behind it still has to say goodbye: it is in the "
            "host's table of sockets, and no longer in the program's table of descriptors.",
            """
            second.close()
            client.fds()
            client.ss()
            """,
        ),
        Part(
            "The other end must close too.  Then the side that closed first waits in TIME_WAIT, for a minute on Linux, "
            "and nobody's descriptor stands for it.",
            """
            peer.recv(), peer.close()
            sim.run(for_="1s")
            client.ss()
            sim.run(for_="60s")
            client.ss()
            """,
        ),
    ),
    checks=(
        ("again.fileno() == 3", "the lowest free number is taken"),
        ("sorted(client.fds()) == [3, 5]", "closed descriptors are gone"),
        ("client.sockets() == []", "after TIME_WAIT nothing is left"),
    ),
)

SOCKETS: Final = (WHAT_IS_A_SOCKET, PORTS_AND_ACCEPT, BLOCKING_ACCEPT, DESCRIPTOR_TABLE)
