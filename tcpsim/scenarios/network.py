"""What network and hosts do beside TCP: ICMP errors, while a connection opens and when it is open; a reboot."""

from __future__ import annotations

from typing import Final

from ..net.moves import Call, InjectIcmp, Reboot
from ..tcp.states import CLOSED, ESTABLISHED
from .model import Scenario, ScriptSpec
from .parts import ACCEPTS, CLIENT, CONNECT, OPENS, SERVER, client_connects, opened, two_hosts

CHAPTER: Final = "Resets and half-open"


def _icmp(name: str, seq: int) -> InjectIcmp:
    """An ICMP error about what the client has sent at ``seq``."""
    return InjectIcmp(name, (*SERVER, *CLIENT), seq, 0, 0)


NETWORK: Final = (
    Scenario(
        name="icmp-soft-while-opening",
        sid="S-53",
        title="A soft ICMP error while opening",
        chapter=CHAPTER,
        look="A router says that the host cannot be reached now, and the program is told.  The retries go on, and the "
        "second SYN gets through.",
        source="RFC 9293 3.9.2.2 (MUST-56, SHLD-25)",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "lose"),),
        acts=(("5ms", _icmp("host-unreachable", 99)),),
        end={"client": ESTABLISHED, "server": ESTABLISHED},
        lines=(("-x", "SYN", 99, None, 0, "SYN_SENT", "LISTEN"), *opened(99, 299)),
        told=(("client", "signal soft error"),),
        times=(("client", "SYN", ("0s", "1s")),),
    ),
    Scenario(
        name="icmp-hard-while-opening",
        sid="S-53",
        title="A hard ICMP error while opening",
        chapter=CHAPTER,
        look="Somebody says that nobody is at that port, so the attempt ends at once instead of after minutes.  A new "
        "one, which nothing stops, finds the server.",
        source="RFC 9293 3.9.2.2 (SHLD-26)",
        hosts=two_hosts((99, 399), 299),
        scripts=(ACCEPTS, OPENS),
        faults=((1, "lose"),),
        acts=(("5ms", _icmp("port-unreachable", 99)), ("100ms", client_connects())),
        end={"client": (CLOSED, ESTABLISHED), "server": ESTABLISHED},
        lines=(("-x", "SYN", 99, None, 0, "SYN_SENT", "LISTEN"), *opened(399, 299)),
        told=(("client", "signal unreachable"), ("client", "the script stops")),
        times=(("client", "SYN", ("0s", "100ms")), ("client", "CLOSED", ("5ms",))),
    ),
    Scenario(
        name="icmp-when-open",
        sid="S-53",
        title="ICMP errors about an open connection",
        chapter=CHAPTER,
        look="A soft error is told to the program, and neither it nor a Source Quench does anything to a connection that "
        "is open.  One whose quoted number is not in flight is not even believed.",
        source="RFC 9293 3.9.2.2 (MUST-55, MUST-56), RFC 5927 4.1",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, OPENS),
        acts=(
            ("100ms", _icmp("net-unreachable", 100)),
            ("200ms", _icmp("source-quench", 100)),
            ("300ms", _icmp("port-unreachable", 500)),
        ),
        end={"client": ESTABLISHED, "server": ESTABLISHED},
        lines=opened(99, 299),
        told=(("client", "signal soft error"),),
    ),
    Scenario(
        name="reboot-old-data",
        sid="S-43",
        title="A reboot, the same number, and old data",
        chapter=CHAPTER,
        look="The client reboots, opens again from the same port with the same number, and octets that it sent before the "
        "reboot still come: they fit, and are read.  A number that nobody can foresee, or a quiet time of one MSL after "
        "the start, keeps them out.",
        source="RFC 9293 3.4.2, 3.4.3",
        hosts=two_hosts(99, 299),
        scripts=(ACCEPTS, ScriptSpec("client", (CONNECT, "sleep 30ms", ("send", b"old data")))),
        faults=(("len > 0", "delay", "3s"),),
        acts=(
            ("100ms", Reboot("client")),
            ("150ms", Call("server", "abort", (4,))),
            ("200ms", client_connects()),
        ),
        until="3070ms",
        end={"client": (CLOSED, ESTABLISHED), "server": (CLOSED, ESTABLISHED)},
        lines=(
            *opened(99, 299),
            ("<-", "RST", 300, None, 0, "CLOSED", "CLOSED"),
            *opened(99, 299),
            ("->", "PSH,ACK", 100, 300, 8, "ESTABLISHED", "ESTABLISHED"),
        ),
        delivered={"server": 8},
    ),
)
