"""Random scripts: every form of the grammar, as trees.

Hypothesis chooses a seed and sizes, and the rest follows from them: drawing every leaf would take most of the time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from tcpsim.packetdrill.tree import (
    AnyOf,
    Applied,
    Array,
    Call,
    Code,
    Command,
    Conditional,
    Event,
    Field,
    Icmp,
    Ip,
    Number,
    Option,
    Packet,
    PacketdrillScript,
    SackBlock,
    Setting,
    Struct,
    Symbol,
    Text,
    Whatever,
    When,
)

MOD: Final = 1 << 32
_PLAIN: Final = "".join(chr(n) for n in range(32, 127) if chr(n) not in "`%}")


class Writer:
    """Writes random scripts."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def number(self) -> int:
        """A sequence number: small ones as often as any."""
        return self.r.choice((self.r.randrange(20_000), self.r.randrange(MOD)))

    def word(self) -> str:
        return "".join(self.r.choices("abcdefghij_", k=self.r.randint(2, 9))).strip("_") or "word"

    def name(self) -> str:
        return self.word().upper()

    def text(self) -> str:
        return "".join(self.r.choices(_PLAIN, k=self.r.randint(1, 20))).strip() or "x"

    def maybe(self, make: Callable[[], Any]) -> Any:
        return make() if self.r.random() < 0.5 else None

    # -- times

    def ns(self) -> int:
        return self.r.choice((0, self.r.randrange(10**12), 1000 * self.r.randrange(10**6)))

    def when(self) -> When:
        return When(self.r.choice(("at", "after")), self.ns())

    def later(self) -> When:
        """When a packet may leave: a range, or any time."""
        when = self.when()
        until = when.ns + self.ns()
        return self.r.choice((when, When("any"), when._replace(until=until)))

    def blocking(self) -> When:
        when = self.when()
        return self.r.choice((when, when._replace(ends=when.ns + self.ns())))

    # -- packets

    def option(self) -> Option:
        r = self.r
        return r.choice(
            (
                lambda: Option("mss", (r.randrange(65_536),)),
                lambda: Option("wscale", (r.randrange(256),)),
                lambda: Option(r.choice(("nop", "eol", "sackOK", "FO"))),
                lambda: Option("FO", ("abcd1234",)),
                self._stamps,
                lambda: Option(
                    "sack", tuple(SackBlock(self.number(), self.number()) for _ in range(r.randint(1, 4)))
                ),
                lambda: Option("raw", (r.randbytes(r.randint(1, 8)).hex(),)),
            )
        )()

    def _stamps(self) -> Option:
        echo = self.maybe(self.number)
        return Option("TS", (self.maybe(self.number), echo), echo is not None and self.r.random() < 0.2)

    def ip(self) -> Ip:
        numbered = tuple((name, self.r.randrange(256)) for name in self.r.sample(("ttl", "tos", "hlim"), 2))
        return Ip(self.r.choice((numbered[:1], numbered, (("ect0", None),), (("ce", None), ("ttl", 3)))))

    def packet(self, inbound: bool) -> Packet:
        r = self.r
        flags = "".join(sorted(r.sample("FSRPEWU.", r.randint(1, 4)))) if r.random() < 0.9 else "-"
        options: Any = self.maybe(lambda: tuple(self.option() for _ in range(r.randint(0, 4))))
        hidden = not inbound and r.random() < 0.2
        acks = "." in flags
        return Packet(
            inbound,
            flags,
            None if hidden else self.number(),
            r.choice((0, r.randrange(65_000))),
            self.number() if acks else None,
            r.randrange(65_536) if inbound else self.maybe(lambda: r.randrange(65_536)),
            r.randrange(65_536) if "U" in flags else None,
            Whatever() if not inbound and r.random() < 0.3 else options,
            self.maybe(self.ip) if r.random() < 0.3 else None,
            (1, 65_535) if r.random() < 0.1 else None,
            not hidden and r.random() < 0.1,
            acks and r.random() < 0.1,
        )

    def icmp(self) -> Icmp:
        code = self.r.choice((None, "host_unreachable", "frag_needed"))
        mtu = self.maybe(lambda: self.r.randrange(65_536))
        quoted = self.maybe(lambda: (self.number(), self.r.randrange(65_000)))
        return Icmp(True, self.r.choice(("unreachable", "packet_too_big")), code, mtu, quoted)

    # -- calls

    def value(self, depth: int = 2) -> Any:
        r = self.r
        plain: tuple[Callable[[], Any], ...] = (
            Whatever,
            lambda: Number(r.randrange(1 - MOD, MOD)),
            lambda: Number(r.randrange(MOD), True),
            lambda: Symbol(self.name()),
            lambda: Text("".join(map(chr, r.choices(range(1, 256), k=r.randint(0, 8))))),
            lambda: AnyOf(tuple(Symbol(self.name()) for _ in range(r.randint(2, 3)))),
        )
        deep: tuple[Callable[[], Any], ...] = (
            lambda: Array(tuple(self.value(depth - 1) for _ in range(r.randint(0, 3)))),
            lambda: Applied(self.word(), tuple(self.value(0) for _ in range(r.randint(0, 2)))),
            lambda: Struct(tuple(self._member(depth - 1) for _ in range(r.randint(0, 3)))),
        )
        return r.choice(plain + deep if depth else plain)()

    def _member(self, depth: int) -> Any:
        if self.r.random() < 0.3:
            return self.value(depth)
        args = self.r.choice((None, (), (self.value(0),)))
        return Field(self.word(), args, self.value(depth))

    def call(self) -> Call:
        args = tuple(self.value() for _ in range(self.r.randint(0, 4)))
        if self.r.random() < 0.2:
            return Call(self.word(), args)
        errors = ((None, None), ("EAGAIN", None), ("EAGAIN", "would block"), (None, "flags O_RDWR"))
        errno, note = self.r.choice(errors)  # a name with a note behind it would read as a call
        return Call(self.word(), args, self.value(1) if errno or not note else Number(-1), errno, note)

    # -- the whole

    def event(self) -> Event:
        r = self.r
        made: tuple[Callable[[], Event], ...] = (
            lambda: Event(self.when(), self.packet(True)),
            lambda: Event(self.later(), self.packet(False)),
            lambda: Event(self.when(), self.icmp()),
            lambda: Event(self.blocking(), self.call()),
            lambda: Event(self.when(), Command(self.text())),
            lambda: Event(self.when(), Code(self.text())),
        )
        return r.choice(made)()

    def conditional(self) -> Event | Conditional:
        if self.r.random() < 0.8:
            return self.event()
        return Conditional(self.name(), tuple(self.event() for _ in range(self.r.randint(0, 3))))

    def script(self, events: int) -> PacketdrillScript:
        r = self.r
        settings = tuple(Setting(self.word(), self.maybe(self.word)) for _ in range(r.randint(0, 2)))
        init = self.maybe(lambda: Command(self.text()))
        body = tuple(self.conditional() for _ in range(events))
        cleanup = self.maybe(lambda: Command(self.text())) if init or events else None
        return PacketdrillScript(settings, init, body, cleanup)


SCRIPTS: Final = st.builds(
    lambda seed, events: Writer(seed).script(events), st.integers(0, MOD - 1), st.integers(0, 6)
)
