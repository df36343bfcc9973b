"""Whether what happened is what the table promised.

For every event in a trace, what it really produced (segments, timers, signals) is the union of what the rows
that fired in it promise in ``do``. The trace has to be of level full, where timers are told. Rows promise only
what follows from a change of state, so three things are told apart from what they promise:

- retransmissions: a SYN, a SYN,ACK or a FIN is new only the first time it occupies its number;
- answers of the checks (a challenge ACK, a reset): these are promised by the verdict that stopped a segment;
- acknowledgments of text, which leave with or without a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from tcpsim.tcp import PROFILES, RFC9293, Do, Profile, State
from tcpsim.tcp.segment import ACK, FIN, RST, SYN
from tcpsim.tcp.states import BY_ID
from tcpsim.tcp.verdicts import VERDICTS
from tcpsim.trace import Trace
from tcpsim.trace.records import Arrived, Header

Raw = tuple[Any, ...]  # (kind, t, where, conn, cause, *body)

SIGNALS: Final = {do.value: do for do in Do if do.name.startswith("SIGNAL_")}
#: A connection that ends in the same event does not do these any more.
WITHDRAWN_AT_THE_END: Final = {Do.SND_ACK, Do.SND_FIN, Do.START_2MSL}
#: The retransmission timer says it, and no state changes.
TOLD_WITHOUT_A_ROW: Final = {Do.SIGNAL_SOFT_ERROR, Do.SIGNAL_R1, Do.SIGNAL_URGENT}


class PromiseBroken(AssertionError):
    """The engine did something no row and no verdict promises, or left a promise unkept."""


def events(trace: Trace) -> Iterator[list[int]]:
    """The places of the records of each event, in order.

    An event begins with a record that has no cause; one that a move by hand has brought about begins with the
    move, which may let several packets arrive at once.
    """
    current: list[int] = []
    by_hand: dict[str, Any] | None = None
    for n, (kind, _, _, conn, cause, *body) in enumerate(trace.raw):
        begins = cause is None
        if begins and by_hand is not None and kind != "move":
            begins = not _brought_about(by_hand, kind, conn, body)
        if begins:
            if current:
                yield current
            current = []
            by_hand = body[1] if kind == "move" else None
        current.append(n)
    if current:
        yield current


def _brought_about(move: dict[str, Any], kind: str, conn: int | None, body: list[Any]) -> bool:
    """Whether a record without cause follows from the move made by hand just before."""
    match move["move"]:
        case "deliver":
            return kind == "arrived" and body[0] in move["packets"]
        case "expire":
            return kind == "timer_fired" and (conn, body[0]) == (move["conn"], move["timer"])
        case "wake":
            return kind in ("call", "note")
    return False


class _Books:
    """What is known of each connection between events."""

    def __init__(self) -> None:
        self.states: dict[int, State] = {}
        self.new: set[tuple[Any, ...]] = set()  # the SYNs and FINs that were sent already
        self.owed_fin: set[int] = set()
        self.over: set[int] = set()
        self.rejects = False  # a firewall's rule may answer in this event
        self.answers_empty = False  # A-17, to the letter: MAY-13 for segments without sequence space too


def check_promises(trace: Trace) -> None:
    """Raise PromiseBroken, with the event, unless every event kept what its rows promised."""
    assert trace.level == "full", "timers are told at level full only"
    books = _Books()
    books.answers_empty = _answers_empty_segments(trace)
    for event in events(trace):
        try:
            _check_event(trace, event, books)
        except PromiseBroken as error:
            story = "\n".join(f"  {record}" for record in trace[event[0] : event[-1] + 1])
            raise PromiseBroken(f"{error}\n{story}") from None


def _answers_empty_segments(trace: Trace) -> bool:
    def profile(host: dict[str, Any]) -> Profile:
        return PROFILES.get(host["profile"].rstrip("+"), RFC9293).but(**host["switches"])

    return any(profile(host).empty_segments_draw_acks for host in trace.header["hosts"])


def _check_event(trace: Trace, places: list[int], books: _Books) -> None:
    raws = [trace.raw[n] for n in places]
    roots = {place for place, raw in zip(places, raws, strict=True) if raw[4] is None}
    for raw in raws:
        if raw[4] is not None and raw[4] not in roots:
            raise PromiseBroken(f"a record names record {raw[4]}, of another event, as its cause: {raw}")
    books.rejects = any(raw[0] == "refused" and raw[6].startswith("firewall: ") for raw in raws)
    arrived = [record.seg for n in places if isinstance(record := trace[n], Arrived)]
    for conn in dict.fromkeys(raw[3] for raw in raws):
        _check_connection(conn, [raw for raw in raws if raw[3] == conn], books, arrived)


def _check_connection(conn: int | None, raws: list[Raw], books: _Books, arrived: list[Header]) -> None:
    began_in = None if conn is None else books.states.get(conn)
    rows = [BY_ID[raw[5]] for raw in raws if raw[0] == "fired"]
    for row in rows:
        assert conn is not None
        state = books.states.setdefault(conn, row.src)
        if state is not row.src:
            raise PromiseBroken(f"{row.id} fired in {state}")
        books.states[conn] = row.dst
    promised = {do for row in rows for do in row.do if do not in row.deferred}
    if any(Do.SND_FIN in row.do for row in rows):
        assert conn is not None
        books.owed_fin.add(conn)
    if conn in books.over and any(raw[0] in ("sent", "timer_fired", "timer_set") for raw in raws):
        raise PromiseBroken(f"connection {conn} is deleted, and still acts")
    if Do.DELETE_TCB in promised:
        promised -= WITHDRAWN_AT_THE_END
        assert conn is not None
        books.over.add(conn)
        books.owed_fin.discard(conn)
        _check_deleted(conn, raws)

    produced = _sent(conn, raws, books) | _timers(raws)
    acks = any(raw[0] == "sent" and raw[6][3] & ACK for raw in raws)
    signals = Counter(SIGNALS[raw[5]] for raw in raws if raw[0] == "note" and raw[5] in SIGNALS)
    replies = {
        word.strip()
        for raw in raws
        if raw[0] == "checked" and raw[7] is not None
        for word in VERDICTS[raw[7]].reply.split(" at ")[:1]
    }

    # Everything promised was done.
    missing = promised - produced - set(signals) - {Do.CREATE_TCB, Do.DELETE_TCB, Do.SND_ACK}
    if Do.SND_ACK in promised and not acks:
        missing.add(Do.SND_ACK)
    if missing:
        raise PromiseBroken(
            f"promised by {[row.id for row in rows]} and not done: {sorted(do.value for do in missing)}"
        )

    # Everything done was promised: by a row now, by a deferred FIN before, or by a verdict.
    excess = produced - promised
    if Do.SND_FIN in excess and conn in books.owed_fin:
        excess.remove(Do.SND_FIN)
    if Do.SND_FIN in produced:
        assert conn is not None
        books.owed_fin.discard(conn)
    if Do.SND_RST in excess and replies & {"RST", "RST,ACK"}:
        excess.remove(Do.SND_RST)
    if conn is None and books.rejects:
        excess.discard(Do.SND_RST)
    if Do.START_2MSL in excess and began_in is State.TIME_WAIT:
        excess.remove(Do.START_2MSL)  # begun anew
    if excess:
        raise PromiseBroken(
            f"done and not promised by {[row.id for row in rows]}: {sorted(do.value for do in excess)}"
        )

    # What the user is told, as often as the rows say.
    told = Counter(do for row in rows for do in row.do if do in SIGNALS.values())
    for do in TOLD_WITHOUT_A_ROW:
        signals.pop(do, None)
    if signals != told:
        raise PromiseBroken(f"the user was told {signals}, and {[row.id for row in rows]} promise {told}")
    if arrived and not books.answers_empty and not any(seg.len or seg.flags & (SYN | FIN) for seg in arrived):
        _check_bare_ack(raws, promised, replies)


def _check_deleted(conn: int, raws: list[Raw]) -> None:
    """The block really is back in CLOSED, unless it was opened and deleted in one event."""
    changed = [raw[5]["state"][1] for raw in raws if raw[0] == "vars" and "state" in raw[5]]
    if changed not in ([State.CLOSED], []):
        raise PromiseBroken(f"connection {conn} should be deleted, and is in {changed[0]}")


def _sent(conn: int | None, raws: list[Raw], books: _Books) -> set[Do]:
    """The SYNs, FINs and RSTs among what was sent; a repeated SYN or FIN is nothing new."""
    done: set[Do] = set()
    for raw in raws:
        if raw[0] != "sent":
            continue
        flow, seq, _, flags, *_, octets, _, _, _ = raw[6]
        if flags & RST:
            done.add(Do.SND_RST)
        if flags & SYN and _is_new((conn, flow, "SYN", seq, flags & ACK), books):
            done.add(Do.SND_SYNACK if flags & ACK else Do.SND_SYN)
        if flags & FIN and _is_new((conn, flow, "FIN", (seq + octets) % 2**32), books):
            done.add(Do.SND_FIN)
    return done


def _is_new(what: tuple[Any, ...], books: _Books) -> bool:
    new = what not in books.new
    books.new.add(what)
    return new


def _timers(raws: list[Raw]) -> set[Do]:
    return {Do.START_2MSL for raw in raws if raw[0] == "timer_set" and raw[5] == "time_wait"}


def _check_bare_ack(raws: list[Raw], promised: set[Do], replies: set[str]) -> None:
    """A segment without text or control bits draws no bare ACK, else two ends would never fall silent.

    Unless a row or a verdict says so, octets kept from earlier became readable, or the user has just made room.
    """
    bare = any(raw[0] == "sent" and raw[6][3] & (ACK | SYN | FIN | RST) == ACK and not raw[6][8] for raw in raws)
    reason = any(raw[0] == "delivered" or (raw[0] == "call" and raw[5] == "recv") for raw in raws)
    if bare and not reason and Do.SND_ACK not in promised and not replies & {"ACK", "challenge ACK"}:
        raise PromiseBroken("an empty segment was answered with a bare ACK, and no row or verdict says so")
